//! Accounts.
use crate::{Conn, Error, ids::AccountId};
use jiff::Timestamp;
use serde_json::Value;

/// One connected Concur company (design D1).
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    pub id: AccountId,
    pub name: String,
    pub company_uuid: String,
    pub authentication_type: AuthenticationType,
    pub base_uri: String,
    pub geolocation: Option<String>,
    pub settings: Value,
    pub first_connected_at: Option<Timestamp>,
    pub paused_at: Option<Timestamp>,
    pub paused_reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
/// What the Concur tokens of an account speak for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationType {
    UserLevel,
    CompanyLevel,
}
/// A new account.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub name: String,
    pub company_uuid: String,
    pub authentication_type: AuthenticationType,
    pub base_uri: String,
    pub settings: Value,
    pub now: Timestamp,
}
pub fn insert(_conn: &mut Conn, _new: &NewAccount) -> Result<Account, Error> {
    unimplemented!()
}
pub fn get(_conn: &mut Conn, _id: AccountId) -> Result<Account, Error> {
    unimplemented!()
}
pub fn by_name(_conn: &mut Conn, _name: &str) -> Result<Option<Account>, Error> {
    unimplemented!()
}
pub fn list(_conn: &mut Conn) -> Result<Vec<Account>, Error> {
    unimplemented!()
}
pub fn set_name(_conn: &mut Conn, _id: AccountId, _name: &str, _now: Timestamp) -> Result<(), Error> {
    unimplemented!()
}
pub fn set_settings(
    _conn: &mut Conn,
    _id: AccountId,
    _settings: &Value,
    _now: Timestamp,
) -> Result<(), Error> {
    unimplemented!()
}
pub fn set_geolocation(
    _conn: &mut Conn,
    _id: AccountId,
    _geolocation: &str,
    _now: Timestamp,
) -> Result<(), Error> {
    unimplemented!()
}
/// Sets the first connection date once; later calls change nothing and return the stored date.
pub fn set_first_connected(_conn: &mut Conn, _id: AccountId, _at: Timestamp) -> Result<Timestamp, Error> {
    unimplemented!()
}
pub fn pause(_conn: &mut Conn, _id: AccountId, _reason: &str, _now: Timestamp) -> Result<(), Error> {
    unimplemented!()
}
pub fn resume(_conn: &mut Conn, _id: AccountId, _now: Timestamp) -> Result<(), Error> {
    unimplemented!()
}
