//! SCIM resources.
use crate::{
    Conn, Error,
    ids::{AccountId, ResourceId},
};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// Kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceType {
    User,
    Group,
}
/// A stored SCIM resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    pub id: ResourceId,
    pub account: AccountId,
    pub resource_type: ResourceType,
    pub scim_id: Uuid,
    pub user_name: Option<String>,
    pub user_name_folded: Option<String>,
    pub external_id: Option<String>,
    pub employee_number: Option<String>,
    pub active: bool,
    pub body: Value,
    pub version: i64,
    pub shown: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
}
/// The part of a resource that a write sets.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    pub user_name: Option<String>,
    pub user_name_folded: Option<String>,
    pub external_id: Option<String>,
    pub employee_number: Option<String>,
    pub active: bool,
    pub body: Value,
    pub emails_folded: Vec<String>,
}
/// A new resource.
#[derive(Clone, Debug)]
pub struct NewResource {
    pub account: AccountId,
    pub resource_type: ResourceType,
    pub scim_id: Uuid,
    pub content: Content,
    pub created_at: Timestamp,
}
/// How to find a resource.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// folded
    UserName(String),
    ExternalId(String),
    /// folded
    Email(String),
    EmployeeNumber(String),
}
pub fn insert(_conn: &mut Conn, _new: &NewResource) -> Result<Resource, Error> {
    unimplemented!()
}
/// Not deleted ones only; of this account only.
pub fn get_by_scim_id(
    _conn: &mut Conn,
    _account: AccountId,
    _resource_type: ResourceType,
    _scim_id: Uuid,
) -> Result<Option<Resource>, Error> {
    unimplemented!()
}
/// By internal id, tombstones included.
pub fn get(_conn: &mut Conn, _id: ResourceId) -> Result<Resource, Error> {
    unimplemented!()
}
/// Compare-and-set on the version; `Stale` if it moved, `NotFound` if deleted. Returns the new row.
pub fn update(
    _conn: &mut Conn,
    _id: ResourceId,
    _expected_version: i64,
    _content: &Content,
    _now: Timestamp,
) -> Result<Resource, Error> {
    unimplemented!()
}
/// Leaves a tombstone that keeps the link to the Concur user.
pub fn soft_delete(
    _conn: &mut Conn,
    _id: ResourceId,
    _expected_version: Option<i64>,
    _now: Timestamp,
) -> Result<Resource, Error> {
    unimplemented!()
}
pub fn find(
    _conn: &mut Conn,
    _account: AccountId,
    _resource_type: ResourceType,
    _lookup: &Lookup,
) -> Result<Vec<Resource>, Error> {
    unimplemented!()
}
/// The newest tombstone of that user name.
pub fn find_deleted(
    _conn: &mut Conn,
    _account: AccountId,
    _user_name_folded: &str,
) -> Result<Option<Resource>, Error> {
    unimplemented!()
}
/// Total and one page in stable order (created_at, id); `start` from 0.
pub fn page(
    _conn: &mut Conn,
    _account: AccountId,
    _resource_type: ResourceType,
    _start: usize,
    _count: usize,
) -> Result<(usize, Vec<Resource>), Error> {
    unimplemented!()
}
pub fn mark_shown(_conn: &mut Conn, _ids: &[ResourceId]) -> Result<(), Error> {
    unimplemented!()
}
/// Replaces the public id by the Concur UUID if nobody has seen the resource yet; false if shown or taken.
pub fn adopt_scim_id(_conn: &mut Conn, _id: ResourceId, _concur_uuid: Uuid) -> Result<bool, Error> {
    unimplemented!()
}
/// Compensation: puts the resource back to `before` (also undeletes), or removes it for good when there was none before. The version still rises.
pub fn restore(
    _conn: &mut Conn,
    _id: ResourceId,
    _before: Option<&Content>,
    _now: Timestamp,
) -> Result<(), Error> {
    unimplemented!()
}
/// Number of active users (for the brake).
pub fn count_active_users(_conn: &mut Conn, _account: AccountId) -> Result<usize, Error> {
    unimplemented!()
}
/// The content of a resource as it stands, e-mails included (to keep for `restore`).
pub fn content(_conn: &mut Conn, _id: ResourceId) -> Result<Content, Error> {
    unimplemented!()
}
