//! The compact form of a signed JWT, RFC 7515 §7.1, read without believing it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::claims::Claims;

/// Bytes of a JWT: more than any issuer sends for a machine.
const BYTES_MAX: usize = 8 * 1024;

/// The signatures that are believed (RFC 7518 §3.1). Not `none`, and none with a shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
}

impl Algorithm {
    /// As it stands in headers and keys.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
        }
    }
}

/// A JWT, as it came.
#[derive(Debug)]
pub(super) struct Jwt<'t> {
    pub(super) algorithm: Algorithm,
    /// Which key, as the issuer names it.
    pub(super) key_id: Option<String>,
    pub(super) claims: Claims,
    /// What was signed.
    pub(super) signed: &'t str,
    pub(super) signature: Vec<u8>,
}

/// RFC 7515 §4.1. Keys in a header, and addresses of keys, are not even read.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<serde::de::IgnoredAny>,
}

impl<'t> Jwt<'t> {
    /// Reads it; nothing for what is not one, or one that is signed as we do not believe.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        if text.len() > BYTES_MAX {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let header: Header = serde_json::from_slice(&decoded(header)?).ok()?;
        // What must be understood and is not makes it invalid (§4.1.11); we know no extension.
        if header.crit.is_some() || !header.typ.as_deref().is_none_or(is_access_token) {
            return None;
        }
        let algorithms = [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256];
        let algorithm = algorithms.into_iter().find(|algorithm| algorithm.as_str() == header.alg)?;
        let claims = serde_json::from_slice(&decoded(payload)?).ok()?;
        let signature = decoded(signature).filter(|signature| !signature.is_empty())?;
        Some(Self { algorithm, key_id: header.kid, claims, signed, signature })
    }
}

/// `JWT`, or what RFC 9068 §2.1 calls an access token. Any other type was made for another purpose (RFC 8725 §3.11).
fn is_access_token(media_type: &str) -> bool {
    let name = media_type.strip_prefix("application/").unwrap_or(media_type);
    name.eq_ignore_ascii_case("jwt") || name.eq_ignore_ascii_case("at+jwt")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn encoded(header: &serde_json::Value, payload: &str, signature: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", part(&header.to_string()), part(payload), part(signature))
    }

    #[test]
    fn only_signatures_with_public_keys_are_read() {
        let payload = json!({"iss": "https://idp", "aud": "bridge", "exp": 1}).to_string();
        let read = |header: serde_json::Value| {
            Jwt::parse(&encoded(&header, &payload, "x")).map(|jwt| (jwt.algorithm, jwt.key_id))
        };
        let kid = |kid: &str| Some(kid.to_owned());
        assert_eq!(read(json!({"alg": "RS256"})), Some((Algorithm::Rs256, None)));
        assert_eq!(
            read(json!({"alg": "PS256", "kid": "1", "typ": "at+jwt"})),
            Some((Algorithm::Ps256, kid("1")))
        );
        assert_eq!(
            read(json!({"alg": "ES256", "kid": "2", "typ": "application/at+JWT", "jku": "https://evil"})),
            Some((Algorithm::Es256, kid("2")))
        );
        for alg in ["none", "None", "HS256", "rs256", "RS512", "EdDSA", ""] {
            assert_eq!(read(json!({"alg": alg})), None, "{alg}");
        }
        for header in [
            json!({}),
            json!({"alg": "RS256", "crit": ["exp"]}),
            json!({"alg": "RS256", "typ": "dpop+jwt"}),
            json!({"alg": ["RS256"]}),
            json!(["RS256"]),
        ] {
            assert_eq!(read(header.clone()), None, "{header}");
        }
    }

    #[test]
    fn what_is_not_whole_is_not_read() {
        let header = json!({"alg": "RS256"});
        let payload = json!({"iss": "https://idp", "aud": "bridge", "exp": 1}).to_string();
        let whole = encoded(&header, &payload, "x");
        assert!(Jwt::parse(&whole).is_some());
        let no_signature = whole.rsplit_once('.').unwrap().0.to_owned() + ".";
        let more = format!("{whole}.eA");
        let padded = format!("{whole}=");
        let long = encoded(&header, &format!("{}{payload}", " ".repeat(BYTES_MAX)), "x");
        for text in [no_signature.as_str(), &more, &padded, &long, "", ".", "..", "a.b.c"] {
            assert!(Jwt::parse(text).is_none(), "{text:.80}");
        }
        let claims = |payload: &str| Jwt::parse(&encoded(&header, payload, "x")).is_some();
        assert!(!claims(r#"{"iss": "a", "iss": "b", "aud": "c", "exp": 1}"#), "a claim that comes twice");
        assert!(!claims(r#"{"iss": "a", "aud": "c"}"#), "no end");
        assert!(!claims(r#"{"aud": "c", "exp": 1}"#), "no issuer");
    }
}
