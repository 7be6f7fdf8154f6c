//! Our bearer tokens.
use crate::{
    Conn, Error,
    ids::{AccountId, TokenId},
};
use jiff::Timestamp;
use secrecy::SecretString;

/// One of our bearer tokens, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub account: Option<AccountId>,
    pub name: String,
    pub scopes: Vec<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
}
/// A new token.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub account: Option<AccountId>,
    pub name: String,
    pub scopes: Vec<String>,
    pub expires_at: Timestamp,
    pub now: Timestamp,
}
/// Makes a token; the plaintext is shown once and not stored.
pub fn create(
    _conn: &mut Conn,
    _new: &NewToken,
    _rng: &mut impl rand::CryptoRng,
) -> Result<(Token, SecretString), Error> {
    unimplemented!()
}
/// Whether the text has the form and checksum of our tokens; no database.
pub fn is_well_formed(_plaintext: &str) -> bool {
    unimplemented!()
}
/// The token if it is known, unexpired and not revoked.
pub fn authenticate(
    _conn: &mut Conn,
    _plaintext: &SecretString,
    _now: Timestamp,
) -> Result<Option<Token>, Error> {
    unimplemented!()
}
pub fn revoke(_conn: &mut Conn, _id: &TokenId, _now: Timestamp) -> Result<bool, Error> {
    unimplemented!()
}
/// All tokens, or those of one account.
pub fn list(_conn: &mut Conn, _account: Option<AccountId>) -> Result<Vec<Token>, Error> {
    unimplemented!()
}
pub fn touch_last_used(_conn: &mut Conn, _id: &TokenId, _now: Timestamp) -> Result<(), Error> {
    unimplemented!()
}
