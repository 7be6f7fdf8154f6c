//! Resource ↔ Concur user.
use crate::{
    Conn, Error,
    ids::{AccountId, ResourceId},
};
use jiff::Timestamp;
use serde_json::Value;

/// Which Concur user a resource is.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub resource_id: ResourceId,
    pub account: AccountId,
    pub concur_user_id: Option<String>,
    pub known: Option<Value>,
    pub adopted: bool,
    pub updated_at: Timestamp,
}
/// Delivery state of one extension of a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ExtensionState {
    pub extension: String,
    pub state: String,
    pub provision_id: Option<String>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub updated_at: Timestamp,
}
pub fn get(_conn: &mut Conn, _resource: ResourceId) -> Result<Option<Link>, Error> {
    unimplemented!()
}
/// Insert or replace.
pub fn put(_conn: &mut Conn, _link: &Link) -> Result<(), Error> {
    unimplemented!()
}
pub fn set_known(
    _conn: &mut Conn,
    _resource: ResourceId,
    _known: &Value,
    _now: Timestamp,
) -> Result<(), Error> {
    unimplemented!()
}
/// All resources (tombstones too) linked to the Concur user, newest first.
pub fn by_concur_user(
    _conn: &mut Conn,
    _account: AccountId,
    _concur_user_id: &str,
) -> Result<Vec<Link>, Error> {
    unimplemented!()
}
pub fn extensions(_conn: &mut Conn, _resource: ResourceId) -> Result<Vec<ExtensionState>, Error> {
    unimplemented!()
}
pub fn put_extension(_conn: &mut Conn, _resource: ResourceId, _state: &ExtensionState) -> Result<(), Error> {
    unimplemented!()
}
