//! Whether an event was signed by SAP Concur: public keys, from a key set or a file, and what a signature is compared with.
//!
//! The page "Event Subscription Service v4" promises a `Concur-Signature` with every delivery and publishes an RSA key,
//! but not what exactly is signed, nor how. Taken here is the plain reading, the body as it arrived, by either of the two
//! schemes that RFC 8017 has: PKCS #1 v1.5 and PSS (with a salt of any length), both over SHA-256. Which of them it was is
//! told, so that it can be looked at. Public values alone are handled, so nothing has to take the same time.
//! Not here: fetching key sets, which is a verb (`api::SigningKeys`).

mod pem;
mod pss;

use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::Deserialize;
use std::fmt;

/// Sizes of an RSA modulus that are taken, in bits.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Longest public exponent, in bytes; 65537 takes three.
const EXPONENT_BYTES_MAX: usize = 4;
/// Longest `Concur-Signature` that is looked at: 8192 bits in Base64, and some room.
const HEADER_BYTES_MAX: usize = 2048;

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// How a signature was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5 with SHA-256, which JSON Web Signatures call RS256.
    Pkcs1,
    /// RSASSA-PSS with SHA-256 and MGF1 over the same.
    Pss,
}

impl Scheme {
    /// Its name in logs and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pkcs1 => "rsa_pkcs1_sha256",
            Self::Pss => "rsa_pss_sha256",
        }
    }
}

/// A public RSA key of SAP Concur.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Big-endian, without leading zeros.
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    /// There is no `PUBLIC KEY` in it.
    #[error("expected `-----BEGIN PUBLIC KEY-----`, Base64 lines and `-----END PUBLIC KEY-----`")]
    NoPem,
    /// It is a key of another kind, or cut.
    #[error("expected a public RSA key (SubjectPublicKeyInfo)")]
    NotRsa,
    /// It is too short to be trusted or too long to be real.
    #[error("expected an RSA key of 2048 to 8192 bits with an exponent of at most 32 bits")]
    Size,
}

/// A member of a JSON Web Key Set (RFC 7517). What is no RSA key is left out by whoever reads the set.
#[derive(Deserialize)]
pub(crate) struct Jwk {
    #[serde(default)]
    kty: String,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

impl Jwk {
    /// The key, if it is one that signs with RSA.
    pub(crate) fn key(&self) -> Option<SigningKey> {
        let signs = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        if self.kty != "RSA" || !signs {
            return None;
        }
        SigningKey::new(&decode(&self.n)?, &decode(&self.e)?).ok()
    }
}

impl SigningKey {
    /// The keys of a PEM text, such as the one that the page "Event Subscription Service v4" shows; other text around
    /// them does not matter.
    ///
    /// # Errors
    /// [`NotAKey`]; also when there is none at all.
    pub fn from_pem(text: &str) -> Result<Vec<Self>, NotAKey> {
        pem::keys(text)
    }

    fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, NotAKey> {
        let (modulus, exponent) = (without_zeros(modulus), without_zeros(exponent));
        let bits = modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
        if !MODULUS_BITS.contains(&bits) || exponent.is_empty() || exponent.len() > EXPONENT_BYTES_MAX {
            return Err(NotAKey::Size);
        }
        Ok(Self { modulus: modulus.to_vec(), exponent: exponent.to_vec() })
    }

    /// Whether `signature` was made over `body` with this key's private half, and how.
    pub fn verify(&self, body: &[u8], signature: &Signature) -> Option<Scheme> {
        let key = RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent };
        if key.verify(&RSA_PKCS1_2048_8192_SHA256, body, &signature.0).is_ok() {
            return Some(Scheme::Pkcs1);
        }
        pss::is_signed(&self.modulus, &self.exponent, body, &signature.0).then_some(Scheme::Pss)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} bits)", self.modulus.len() * 8)
    }
}

/// The bytes of a `Concur-Signature`.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

impl Signature {
    /// Reads the header's value: Base64 of either alphabet, padded or not. `None` for anything else.
    pub fn from_header(value: &str) -> Option<Self> {
        let value = value.trim();
        if value.is_empty() || value.len() > HEADER_BYTES_MAX {
            return None;
        }
        decode(value).map(Self)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({} bytes)", self.0.len())
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let standard = GeneralPurpose::new(&STANDARD, ANY_PADDING);
    let url_safe = GeneralPurpose::new(&URL_SAFE, ANY_PADDING);
    standard.decode(text).or_else(|_| url_safe.decode(text)).ok()
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The public half of the key that the simulator signs with. The signatures below were made with openssl:
    /// `openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:max -sign key.pem body`.
    const KEY: &str = include_str!("testdata/simulator.pem");
    const BODY: &[u8] = br#"{"id":"e1","topic":"public.concur.user.provisioning"}"#;
    const PKCS1: &str = include_str!("testdata/pkcs1.txt");
    const PSS_SALT_32: &str = include_str!("testdata/pss_salt_32.txt");
    const PSS_SALT_MAX: &str = include_str!("testdata/pss_salt_max.txt");
    const PSS_SALT_0: &str = include_str!("testdata/pss_salt_0.txt");

    fn key() -> SigningKey {
        SigningKey::from_pem(KEY).unwrap().remove(0)
    }

    #[test]
    fn what_openssl_signed_is_recognised_with_its_scheme() {
        #[track_caller]
        fn check(header: &str, expected: Scheme) {
            let signature = Signature::from_header(header).unwrap();
            assert_eq!(key().verify(BODY, &signature), Some(expected));
        }
        check(PKCS1, Scheme::Pkcs1);
        check(PSS_SALT_32, Scheme::Pss);
        check(PSS_SALT_MAX, Scheme::Pss);
        check(PSS_SALT_0, Scheme::Pss);
        let url_safe = PKCS1.trim().trim_end_matches('=').replace('+', "-").replace('/', "_");
        check(&url_safe, Scheme::Pkcs1);
    }

    #[test]
    fn another_body_or_a_changed_signature_is_not_recognised() {
        for header in [PKCS1, PSS_SALT_32, PSS_SALT_MAX, PSS_SALT_0] {
            let signature = Signature::from_header(header).unwrap();
            assert_eq!(key().verify(b"another body", &signature), None);
            for at in (0..signature.0.len()).step_by(17) {
                let mut changed = signature.clone();
                changed.0[at] ^= 1;
                assert_eq!(key().verify(BODY, &changed), None, "byte {at}");
            }
            for length in [0, 1, 255] {
                let cut = Signature(signature.0[..length].to_vec());
                assert_eq!(key().verify(BODY, &cut), None, "{length} bytes");
            }
        }
        // Numbers that are no signature at all, the largest of them beyond the modulus.
        for byte in [0, 1, 0x7f, 0xff] {
            assert_eq!(key().verify(BODY, &Signature(vec![byte; 256])), None);
        }
    }

    #[test]
    fn a_header_that_is_no_base64_or_endless_is_nothing() {
        for header in ["", "  ", "not base64!", "v1=abc"] {
            assert_eq!(Signature::from_header(header), None, "{header}");
        }
        assert_eq!(Signature::from_header(&"A".repeat(4096)), None);
    }

    #[test]
    fn short_keys_and_keys_of_other_kinds_are_refused() {
        assert_eq!(SigningKey::new(&[0xff; 255], &[1, 0, 1]), Err(NotAKey::Size));
        assert_eq!(SigningKey::new(&[0xff; 1025], &[1, 0, 1]), Err(NotAKey::Size));
        assert_eq!(SigningKey::new(&[0xff; 256], &[1; 5]), Err(NotAKey::Size));
        assert_eq!(SigningKey::new(&[], &[]), Err(NotAKey::Size));
        let jwk = |text: &str| serde_json::from_str::<Jwk>(text).unwrap().key();
        let n = format!("{}A", "r".repeat(341));
        assert!(jwk(&format!(r#"{{"kty": "RSA", "use": "sig", "n": "{n}", "e": "AQAB"}}"#)).is_some());
        assert!(jwk(&format!(r#"{{"kty": "RSA", "use": "enc", "n": "{n}", "e": "AQAB"}}"#)).is_none());
        assert!(jwk(&format!(r#"{{"kty": "EC", "n": "{n}", "e": "AQAB"}}"#)).is_none());
        assert!(jwk(r#"{"kty": "RSA", "n": "AQAB", "e": "AQAB"}"#).is_none());
        assert!(jwk("{}").is_none());
    }
}
