//! Message envelopes.
use serde_json::Value;
/// A `ListResponse`, RFC 7644 §3.4.2.
pub fn list_response(_total: usize, _start_index: usize, _resources: Vec<Value>) -> Value {
    unimplemented!()
}
