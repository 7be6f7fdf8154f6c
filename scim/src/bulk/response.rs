//! The `BulkResponse` message, RFC 7644 §3.7.3.

use serde_json::{Map, Value, json};

use super::{
    request::Operation,
    run::{State, Step},
};
use crate::{Error, urn};

/// A result for every operation that has ended. `status` is a text (the errata of the RFC, and all its long
/// examples); an operation that failed carries its error body, and every one but a failed POST its address.
pub(super) fn render(steps: &[Step], base_url: &str) -> Value {
    let results = steps.iter().filter_map(|step| match &step.state {
        State::Ended(outcome) => Some(result(&step.operation, outcome.as_ref(), base_url)),
        State::Waiting | State::Partial(_) | State::Failing(..) => None,
    });
    json!({"schemas": [urn::BULK_RESPONSE], "Operations": results.collect::<Vec<_>>()})
}

fn result(operation: &Operation, outcome: Result<&super::Success, &Error>, base_url: &str) -> Value {
    let mut result = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            result.insert(name.to_owned(), value);
        }
    };
    let asked = operation.asked.as_ref().ok();
    let method = asked.map(|asked| asked.method.as_str()).or(operation.method.as_deref());
    put("method", method.map(Value::from));
    put("bulkId", operation.bulk_id.as_deref().map(Value::from));
    match outcome {
        Ok(success) => {
            put("location", Some(success.location.as_str().into()));
            put("version", success.version.as_deref().map(Value::from));
            put("status", Some(success.status.to_string().into()));
        }
        Err(error) => {
            let is_post = method.is_some_and(|method| method.eq_ignore_ascii_case("POST"));
            let path = operation.path.as_deref().filter(|_| !is_post);
            put("location", path.map(|path| format!("{base_url}/{}", path.trim_start_matches('/')).into()));
            put("status", Some(error.status.to_string().into()));
            put("response", Some(error.to_json()));
        }
    }
    Value::Object(result)
}
