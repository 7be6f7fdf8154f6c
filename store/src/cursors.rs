//! Cursors.
use crate::{Conn, Error, ids::AccountId};
use jiff::Timestamp;
use serde_json::Value;
pub fn get(
    _conn: &mut Conn,
    _account: AccountId,
    _data_type: &str,
    _name: &str,
) -> Result<Option<Value>, Error> {
    unimplemented!()
}
pub fn put(
    _conn: &mut Conn,
    _account: AccountId,
    _data_type: &str,
    _name: &str,
    _value: &Value,
    _now: Timestamp,
) -> Result<(), Error> {
    unimplemented!()
}
pub fn delete(_conn: &mut Conn, _account: AccountId, _data_type: &str, _name: &str) -> Result<bool, Error> {
    unimplemented!()
}
