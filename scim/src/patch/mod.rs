//! PATCH, RFC 7644 §3.5.2.
use crate::{Error, Path, Resource};
use serde_json::Value;
/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Op {
    Add,
    Remove,
    Replace,
}
/// One operation.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Operation {
    pub op: Op,
    pub path: Option<Path>,
    pub value: Option<Value>,
}
/// A PATCH body.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct PatchRequest {
    pub operations: Vec<Operation>,
}
impl PatchRequest {
    /// Reads a body.
    pub fn parse(_body: &Value) -> Result<PatchRequest, Error> {
        unimplemented!()
    }
}
/// Applies all operations or none.
pub fn apply(_resource: &Resource, _request: &PatchRequest) -> Result<Resource, Error> {
    unimplemented!()
}
