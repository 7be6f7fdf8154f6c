//! Sealed credentials.
use crate::{Conn, Error, ids::AccountId};
use jiff::Timestamp;
use secrecy::SecretString;

/// Which secret of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    ClientId,
    ClientSecret,
    CompanyRequestToken,
    Username,
    Password,
    WebhookKey,
}
pub fn put(
    _conn: &mut Conn,
    _account: AccountId,
    _kind: Kind,
    _value: &SecretString,
    _now: Timestamp,
) -> Result<(), Error> {
    unimplemented!()
}
pub fn get(_conn: &mut Conn, _account: AccountId, _kind: Kind) -> Result<Option<SecretString>, Error> {
    unimplemented!()
}
pub fn delete(_conn: &mut Conn, _account: AccountId, _kind: Kind) -> Result<bool, Error> {
    unimplemented!()
}
