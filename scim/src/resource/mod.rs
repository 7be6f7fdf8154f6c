//! Resources.
use crate::{Error, Projection, ResourceType};
use jiff::Timestamp;
use serde_json::{Map, Value};
/// A resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    resource_type: &'static ResourceType,
    attributes: Map<String, Value>,
}
/// What the server adds, RFC 7643 §3.1.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Meta {
    pub id: String,
    pub resource_type: &'static str,
    pub created: Timestamp,
    pub last_modified: Timestamp,
    /// Rendered as `W/"n"`.
    pub version: u64,
    pub location: String,
}
impl Meta {
    /// The entity tag, `W/"n"`.
    pub fn etag(&self) -> String {
        unimplemented!()
    }
}
#[allow(missing_docs)]
impl Resource {
    pub fn from_client(_rt: &'static ResourceType, _body: &Value) -> Result<Resource, Error> {
        unimplemented!()
    }
    pub fn check_required(&self) -> Result<(), Error> {
        unimplemented!()
    }
    pub fn from_stored(_rt: &'static ResourceType, _attributes: Value) -> Resource {
        unimplemented!()
    }
    pub fn to_stored(&self) -> Value {
        unimplemented!()
    }
    pub fn resource_type(&self) -> &'static ResourceType {
        self.resource_type
    }
    pub fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }
    pub fn get(&self, _path: &str) -> Option<&Value> {
        unimplemented!()
    }
    pub fn get_str(&self, _path: &str) -> Option<&str> {
        unimplemented!()
    }
    pub fn is_active(&self) -> bool {
        unimplemented!()
    }
    pub fn user_name(&self) -> Option<&str> {
        unimplemented!()
    }
    pub fn external_id(&self) -> Option<&str> {
        unimplemented!()
    }
    pub fn set(&mut self, _path: &str, _value: Value) {
        unimplemented!()
    }
    pub fn remove(&mut self, _path: &str) -> Option<Value> {
        unimplemented!()
    }
    pub fn render(&self, _meta: &Meta, _projection: &Projection) -> Value {
        unimplemented!()
    }
}
/// PUT.
pub fn replace(_before: &Resource, _body: &Value) -> Result<Resource, Error> {
    unimplemented!()
}
