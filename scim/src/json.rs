//! JSON with limits.
use crate::Error;
use serde_json::Value;
/// Reads one JSON document.
pub fn parse(_bytes: &[u8]) -> Result<Value, Error> {
    unimplemented!()
}
