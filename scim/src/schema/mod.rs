//! Schemas as data.
mod attribute;
pub use attribute::{Attribute, Kind, Mutability, Returned, Uniqueness};
/// A schema, RFC 7643 §7.
#[derive(Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Schema {
    pub id: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    pub attributes: &'static [Attribute],
}
/// A resource type, RFC 7643 §6.
#[derive(Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ResourceType {
    pub name: &'static str,
    /// `/Users`
    pub endpoint: &'static str,
    pub description: &'static str,
    pub schema: &'static Schema,
    pub extensions: &'static [&'static Schema],
}
impl ResourceType {
    /// User.
    pub fn user() -> &'static ResourceType {
        unimplemented!()
    }
    /// Group.
    pub fn group() -> &'static ResourceType {
        unimplemented!()
    }
}
