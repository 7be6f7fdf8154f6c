//! The public keys of a data centre. They are public: no token is sent, and no company is asked about.
//! Source: page "Authentication" (`/oauth2/v0/jwks`); RFC 7517.

use crate::{
    Error, Http, Origin,
    http::{Endpoint, Payload},
    signature::{Jwk, SigningKey},
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

static JWKS: Endpoint = Endpoint::get("oauth.jwks");

pub(super) static ENDPOINTS: &[&Endpoint] = &[&JWKS];

#[derive(Deserialize)]
struct KeySet {
    #[serde(default)]
    keys: Vec<Value>,
}

/// The RSA keys that the data centre at `origin` signs with. What else stands in its key set is left out.
///
/// # Errors
/// [`Error`] of the exchange; [`Error::Decode`] when the answer is no key set.
pub async fn signing_keys(http: &Http, origin: &Origin, now: Timestamp) -> Result<Vec<SigningKey>, Error> {
    let answer =
        http.exchange(&JWKS, origin, "/oauth2/v0/jwks", Payload::None, None, now).await?.success()?;
    let set: KeySet = answer.decode()?;
    let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok()?.key());
    Ok(keys.collect())
}
