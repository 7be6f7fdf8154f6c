//! Concur users as synced.
use crate::{Conn, Error, ids::AccountId};
use jiff::Timestamp;
use serde_json::Value;
/// A Concur user as last read.
#[derive(Clone, Debug, PartialEq)]
pub struct ConcurUser {
    pub account: AccountId,
    pub concur_user_id: String,
    pub user_name: String,
    pub external_id: Option<String>,
    pub employee_number: Option<String>,
    pub display_name: Option<String>,
    pub active: bool,
    pub raw: Value,
    pub updated_at: Timestamp,
    pub removed_at: Option<Timestamp>,
}
/// A user as just read.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub concur_user_id: String,
    pub user_name: String,
    pub external_id: Option<String>,
    pub employee_number: Option<String>,
    pub display_name: Option<String>,
    pub active: bool,
    pub raw: Value,
}
/// Counts rows that changed.
pub fn upsert(
    _conn: &mut Conn,
    _account: AccountId,
    _users: &[NewUser],
    _now: Timestamp,
) -> Result<usize, Error> {
    unimplemented!()
}
pub fn get(
    _conn: &mut Conn,
    _account: AccountId,
    _concur_user_id: &str,
) -> Result<Option<ConcurUser>, Error> {
    unimplemented!()
}
pub fn page(
    _conn: &mut Conn,
    _account: AccountId,
    _after: Option<&str>,
    _limit: usize,
) -> Result<Vec<ConcurUser>, Error> {
    unimplemented!()
}
pub fn count(_conn: &mut Conn, _account: AccountId) -> Result<usize, Error> {
    unimplemented!()
}
