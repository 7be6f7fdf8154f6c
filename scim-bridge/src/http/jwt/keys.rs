//! The public keys of an issuer, RFC 7517 and RFC 7518 §6.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

use super::compact::{Algorithm, Jwt};

/// Keys of a set that are looked at: an issuer has a handful.
const KEYS_MAX: usize = 64;

/// Why there are no keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoKeys(pub(crate) String);

/// A JWK set, as far as it is of use.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeySet(Vec<Key>);

/// What a set says about a JWT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// One of its keys has signed it.
    Signed,
    /// The key that is named has not.
    Forged,
    /// The key that is named is not there.
    NoSuchKey,
}

#[derive(Debug, Clone)]
struct Key {
    id: Option<String>,
    /// The only algorithm it is for, if it says so.
    algorithm: Option<String>,
    public: Public,
}

#[derive(Debug, Clone)]
enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a set. Keys of other kinds, and for other purposes, are left out (RFC 7517 §5).
    ///
    /// # Errors
    /// What is no set, or one without a key that could verify a signature.
    pub(crate) fn parse(set: &Value) -> Result<Self, NoKeys> {
        let set = Set::deserialize(set).map_err(|error| NoKeys(format!("no JWK set: {error}")))?;
        let readable = |key: &Value| Jwk::deserialize(key).ok().and_then(Jwk::into_key);
        let keys: Vec<Key> = set.keys.iter().take(KEYS_MAX).filter_map(readable).collect();
        if keys.is_empty() {
            return Err(NoKeys("the JWK set has no RSA or P-256 key for signatures".to_owned()));
        }
        Ok(Self(keys))
    }

    /// Whether one of the keys has signed it: that which is named, or any if none is.
    pub(super) fn matches(&self, jwt: &Jwt<'_>) -> Match {
        let named = |key: &&Key| jwt.key_id.is_none() || key.id == jwt.key_id;
        let mut candidates = self.0.iter().filter(named).filter(|key| key.is_for(jwt.algorithm)).peekable();
        if candidates.peek().is_none() {
            return Match::NoSuchKey;
        }
        if candidates.any(|key| key.has_signed(jwt)) { Match::Signed } else { Match::Forged }
    }
}

impl Jwk {
    fn into_key(self) -> Option<Key> {
        let for_signatures = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !for_signatures {
            return None;
        }
        let decoded = |part: Option<String>| URL_SAFE_NO_PAD.decode(part?.trim_end_matches('=')).ok();
        let public = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Public::Rsa { n: decoded(self.n)?, e: decoded(self.e)? },
            ("EC", Some("P-256")) => {
                let (x, y) = (decoded(self.x)?, decoded(self.y)?);
                // The uncompressed form of SEC 1 §2.3.3.
                Public::P256([&[4][..], &x, &y].concat())
            }
            _ => return None,
        };
        Some(Key { id: self.kid, algorithm: self.alg, public })
    }
}

impl Key {
    fn is_for(&self, algorithm: Algorithm) -> bool {
        let of_its_kind = match self.public {
            Public::Rsa { .. } => matches!(algorithm, Algorithm::Rs256 | Algorithm::Ps256),
            Public::P256(_) => algorithm == Algorithm::Es256,
        };
        of_its_kind && self.algorithm.as_deref().is_none_or(|only| only == algorithm.as_str())
    }

    fn has_signed(&self, jwt: &Jwt<'_>) -> bool {
        let (signed, signature) = (jwt.signed.as_bytes(), jwt.signature.as_slice());
        match (&self.public, jwt.algorithm) {
            (Public::Rsa { n, e }, Algorithm::Rs256) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
            }
            (Public::Rsa { n, e }, Algorithm::Ps256) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PSS_2048_8192_SHA256, signed, signature).is_ok()
            }
            (Public::P256(point), Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature).is_ok()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_a_set_only_keys_for_signatures_are_kept() {
        let rsa = json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"});
        let kept = |key: &Value| KeySet::parse(&json!({"keys": [key]})).is_ok();
        assert!(kept(&rsa));
        let with = |name: &str, value: Value| {
            let mut key = rsa.clone();
            key[name] = value;
            key
        };
        assert!(kept(&with("use", json!("sig"))) && !kept(&with("use", json!("enc"))));
        assert!(kept(&with("key_ops", json!(["verify"]))) && !kept(&with("key_ops", json!(["encrypt"]))));
        assert!(!kept(&json!({"kty": "oct", "k": "c2VjcmV0"})), "a shared secret is no public key");
        assert!(!kept(&json!({"kty": "EC", "crv": "P-384", "x": "AQ", "y": "AQ"})));
        assert!(!kept(&json!({"kty": "RSA", "n": "!", "e": "AQAB"})) && !kept(&json!("key")));
        assert!(KeySet::parse(&json!({"keys": []})).is_err() && KeySet::parse(&json!([])).is_err());
        let mixed = json!({"keys": [{"kty": "oct"}, 7, rsa]});
        assert_eq!(KeySet::parse(&mixed).unwrap().0.len(), 1, "what is not understood is left out");
    }
}
