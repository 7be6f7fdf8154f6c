//! Access tokens: what a client gets for its credentials, RFC 6749 §4.4. `cca_<key id>_<expiry>_<scopes>_<HMAC>`.
//!
//! Nothing is stored of one. It is bound to the row of the token that stood for the client, and dies with it; it says
//! which of that row's scopes it carries, and until when. Expiry: seconds since 1970; scopes: one bit for each of the
//! row's list, which never changes; both hexadecimal.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use super::{Token, secret};
use crate::ids::TokenId;
use crate::{Conn, Error};

const PREFIX: &str = "cca_";
const PURPOSE: &str = "scim-bridge 2026 access tokens";

/// What a text claims that has the form of an access token.
pub(super) struct Claim<'t> {
    pub(super) id: TokenId,
    expires_at: i64,
    scopes: u64,
    signed: &'t str,
    signature: Vec<u8>,
}

/// Makes an access token with those of the token's scopes that are in `scopes`, valid until `expires_at`; the token's
/// own end comes first.
///
/// # Errors
/// A master key that cannot sign.
pub fn issue_access(
    conn: &mut Conn,
    token: &Token,
    scopes: &[String],
    expires_at: Timestamp,
) -> Result<SecretString, Error> {
    let mask = token
        .scopes
        .iter()
        .enumerate()
        .filter(|(_, scope)| scopes.contains(scope))
        .fold(0_u64, |mask, (place, _)| mask | bit(place));
    let seconds = expires_at.min(token.expires_at).as_second();
    let signed = format!("{PREFIX}{}_{seconds:x}_{mask:x}", token.id);
    let signature = secret::hmac(&conn.master_key, PURPOSE, &signed)?;
    Ok(SecretString::from(format!("{signed}_{}", URL_SAFE_NO_PAD.encode(signature))))
}

fn bit(place: usize) -> u64 {
    u32::try_from(place).ok().and_then(|place| 1_u64.checked_shl(place)).unwrap_or(0)
}

/// What the text claims; whether it is true, [`Claim::holds`] tells.
pub(super) fn claim(plaintext: &str) -> Option<Claim<'_>> {
    let rest = plaintext.strip_prefix(PREFIX)?;
    // base64url may hold an underscore, so the signature is what follows the third one.
    let mut parts = rest.splitn(4, '_');
    let (id, expires_at, scopes, signature) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let signed = plaintext.get(..plaintext.len() - signature.len() - 1)?;
    Some(Claim {
        id: id.parse().ok()?,
        expires_at: i64::from_str_radix(expires_at, 16).ok()?,
        scopes: u64::from_str_radix(scopes, 16).ok()?,
        signed,
        signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
    })
}

impl Claim<'_> {
    /// Whether we signed it and it has not expired.
    pub(super) fn holds(&self, conn: &Conn, now: Timestamp) -> Result<bool, Error> {
        let signature = secret::hmac(&conn.master_key, PURPOSE, self.signed)?;
        let equal: bool = signature.as_slice().ct_eq(self.signature.as_slice()).into();
        Ok(equal && now.as_second() < self.expires_at)
    }

    /// Those of the row's scopes that it carries.
    pub(super) fn narrow(&self, scopes: Vec<String>) -> Vec<String> {
        let carried = |place: usize| self.scopes & bit(place) != 0;
        scopes.into_iter().enumerate().filter(|(place, _)| carried(*place)).map(|(_, scope)| scope).collect()
    }
}

/// Whether the text begins like an access token.
pub(super) fn looks_like_one(plaintext: &SecretString) -> bool {
    plaintext.expose_secret().starts_with(PREFIX)
}
