//! Access with the JWTs of an issuer that the operator trusts (B16): Entra ID, Okta, a workload's own identity.
//!
//! A JWT stands for a token of ours that has no secret ([`store::tokens::Trust`]): same caller, same scopes, same
//! revocation. It is believed when the issuer is trusted, the audience and the claims are those asked for, the signature
//! fits a key of the issuer, and the time is right. RFC 7515, RFC 7517, RFC 7519, and what RFC 8725 advises: the
//! algorithms are ours to choose, keys come from the operator's address and never from the token, and a token that is
//! bound to its sender is not taken from a bearer. Why one was refused is told to nobody.

mod claims;
mod compact;
mod issuers;
mod keys;

use std::time::Instant;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use store::accounts::Account;
use store::tokens::{self, Keys, Token, Trust};

use self::compact::Jwt;
pub(crate) use self::issuers::Issuers;
pub(crate) use self::keys::KeySet;
use self::keys::{Match, NoKeys};
use super::error::Error;
use crate::bridge::Bridge;

/// Whether a bearer token has the form of a JWT. Ours have no dots.
pub(super) fn looks_like_one(plaintext: &SecretString) -> bool {
    plaintext.expose_secret().split('.').count() == 3
}

/// The token that a JWT stands for, and its account; nothing if it stands for none.
///
/// # Errors
/// [`Error::KeysUnavailable`] when no key of a trusted issuer is known and none can be fetched, or the store's.
pub(super) async fn authenticate(
    bridge: &Bridge,
    plaintext: &SecretString,
    at: Instant,
) -> Result<Option<(Token, Option<Account>)>, Error> {
    let now = bridge.clock.now();
    let Some(jwt) = Jwt::parse(plaintext.expose_secret()) else { return Ok(None) };
    if !jwt.claims.are_timely(now) || jwt.claims.is_bound() {
        return Ok(None);
    }
    let Some((token, trust)) = stands_for(bridge, &jwt, now).await? else { return Ok(None) };
    if !is_signed(bridge, &token, &trust, &jwt, at).await? {
        return Ok(None);
    }
    let Some(id) = token.account else { return Ok(Some((token, None))) };
    let account = bridge.store.read(move |conn| store::accounts::get(conn, id)).await?;
    Ok(Some((token, Some(account))))
}

/// The one live token that the claims fit, if they are true.
async fn stands_for(bridge: &Bridge, jwt: &Jwt<'_>, now: Timestamp) -> Result<Option<(Token, Trust)>, Error> {
    let issuer = jwt.claims.issuer.clone();
    let mut found = bridge.store.read(move |conn| tokens::trusted(conn, &issuer, now)).await?;
    found.retain(|(_, trust)| jwt.claims.fit(trust));
    if found.len() > 1 {
        let token = found.iter().map(|(token, _)| token.id.as_str()).collect::<Vec<_>>().join(",");
        tracing::warn!(token, "a JWT fits more than one trusted issuer, so none: tell them apart by claims");
        return Ok(None);
    }
    Ok(found.pop())
}

/// Whether a key of the issuer has signed it. A key that is not known yet is looked for once more.
async fn is_signed(
    bridge: &Bridge,
    token: &Token,
    trust: &Trust,
    jwt: &Jwt<'_>,
    at: Instant,
) -> Result<bool, Error> {
    let url = match &trust.keys {
        Keys::Given(set) => {
            return Ok(KeySet::parse(set).is_ok_and(|keys| keys.matches(jwt) == Match::Signed));
        }
        Keys::At(url) => url,
    };
    let keys = bridge.issuers.keys(url, at).await.map_err(|NoKeys(reason)| {
        tracing::warn!(token = %token.id, error = reason, "the keys of a trusted issuer cannot be had");
        Error::KeysUnavailable
    })?;
    match keys.matches(jwt) {
        Match::Signed => Ok(true),
        Match::Forged => Ok(false),
        Match::NoSuchKey => {
            let newer = bridge.issuers.keys_again(url, at).await;
            Ok(newer.is_some_and(|keys| keys.matches(jwt) == Match::Signed))
        }
    }
}
