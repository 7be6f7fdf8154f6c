//! How a message proves where it comes from: HMAC-SHA256 over id, time and body, by a secret that only the receiver has.
//! Source: Standard Webhooks specification, *Signature scheme* and *Secret format*.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::Rng as _;
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};

/// What every secret begins with.
const PREFIX: &str = "whsec_";
/// Random bytes in a secret; the specification wants 24 to 64.
const SECRET_BYTES: usize = 32;

/// A new secret, in the form that receivers' libraries take.
pub(super) fn new_secret() -> SecretString {
    let mut bytes = [0_u8; SECRET_BYTES];
    rand::rng().fill_bytes(&mut bytes);
    SecretString::from(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// The header `webhook-signature` of a message; `None` for a secret that is not one of ours.
pub fn sign(secret: &SecretString, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let bytes = STANDARD.decode(secret.expose_secret().strip_prefix(PREFIX)?).ok()?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
    let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(tag.as_ref())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the libraries of Standard Webhooks are tested with.
    #[test]
    fn a_signature_is_the_one_that_others_compute() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn secrets_are_new_and_sign() {
        let (one, other) = (new_secret(), new_secret());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert!(sign(&one, "a", 1, "b").is_some());
        assert_ne!(sign(&one, "a", 1, "b"), sign(&other, "a", 1, "b"));
        assert_eq!(sign(&SecretString::from("guess"), "a", 1, "b"), None);
    }
}
