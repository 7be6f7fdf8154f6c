//! Concur's tokens.
use crate::{Conn, Error, ids::AccountId};
use jiff::Timestamp;
use secrecy::SecretString;

/// Concur's tokens of an account.
#[derive(Clone, Debug)]
pub struct OauthTokens {
    pub access_token: SecretString,
    pub access_expires_at: Timestamp,
    pub refresh_token: SecretString,
    pub refresh_issued_at: Timestamp,
    pub previous_refresh_token: Option<SecretString>,
    pub geolocation: String,
    pub scopes: Vec<String>,
}
/// What a token answer of Concur brings.
#[derive(Clone, Debug)]
pub struct NewOauthTokens {
    pub access_token: SecretString,
    pub access_expires_at: Timestamp,
    pub refresh_token: SecretString,
    pub refresh_issued_at: Timestamp,
    pub geolocation: String,
    pub scopes: Vec<String>,
}
pub fn load(_conn: &mut Conn, _account: AccountId) -> Result<Option<OauthTokens>, Error> {
    unimplemented!()
}
/// Saves; a refresh token that differs from the stored one moves that one to `previous_refresh_token`.
pub fn save(
    _conn: &mut Conn,
    _account: AccountId,
    _tokens: &NewOauthTokens,
    _now: Timestamp,
) -> Result<(), Error> {
    unimplemented!()
}
/// The new refresh token has worked: forget the one before.
pub fn forget_previous(_conn: &mut Conn, _account: AccountId) -> Result<(), Error> {
    unimplemented!()
}
/// Takes the refresh lease unless another owner holds it beyond `now`.
pub fn try_lease(
    _conn: &mut Conn,
    _account: AccountId,
    _owner: &str,
    _now: Timestamp,
    _until: Timestamp,
) -> Result<bool, Error> {
    unimplemented!()
}
pub fn release_lease(_conn: &mut Conn, _account: AccountId, _owner: &str) -> Result<(), Error> {
    unimplemented!()
}
