//! An answer as bytes, and how it becomes a value: success or failure first, then JSON with a path in every complaint.
//! Not here: which shape is expected (`model`).

use crate::{
    Error,
    error::{CallContext, ErrorBody, Failure},
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A complete answer of any status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) call: CallContext,
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) server_time: Option<Timestamp>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The answer if its status is 2xx, else the error it stands for.
    pub(crate) fn success(self) -> Result<Self, Error> {
        match self.status {
            200..=299 => Ok(self),
            _ => Err(Error::from_failure(self.into_failure())),
        }
    }

    pub(crate) fn into_failure(self) -> Failure {
        let Self { call, status, retry_after, body, .. } = self;
        Failure { call, status, retry_after, body: ErrorBody::read(&body) }
    }

    /// Reads the body.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        decode(&self.body).map_err(|fault| self.undecodable(fault.path, fault.reason))
    }

    /// The error for a body that is JSON and yet not what was expected.
    pub(crate) fn undecodable(&self, path: impl Into<String>, reason: impl Into<String>) -> Error {
        Error::Decode {
            call: self.call.clone(),
            status: self.status,
            path: path.into(),
            reason: reason.into(),
        }
    }
}

/// Where and why JSON could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DecodeFault {
    pub(crate) path: String,
    pub(crate) reason: String,
}

/// Reads JSON, naming the path of the first fault.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeFault> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| DecodeFault {
        path: error.path().to_string(),
        reason: without_values(&error.into_inner().to_string()),
    })?;
    json.end()
        .map_err(|error| DecodeFault { path: ".".to_owned(), reason: without_values(&error.to_string()) })?;
    Ok(value)
}

/// serde quotes the value it did not expect, which may be a name or an address: replace what stands in quotes.
fn without_values(reason: &str) -> String {
    match (reason.find('"'), reason.rfind('"')) {
        (Some(first), Some(last)) if first < last => format!("{}…{}", &reason[..=first], &reason[last..]),
        _ => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the shape is of interest")]
    struct List {
        items: Vec<Row>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the shape is of interest")]
    struct Row {
        active: bool,
    }

    #[test]
    fn a_fault_names_its_path_and_never_the_value() {
        #[track_caller]
        fn check(json: &str, path: &str, reason: &str) {
            let fault = decode::<List>(json.as_bytes()).unwrap_err();
            assert_eq!(fault.path, path, "{json}");
            assert!(fault.reason.starts_with(reason), "{}", fault.reason);
        }
        let value = r#"{"items": [{"active": true}, {"active": "Jane \"J\" Doe"}]}"#;
        check(value, "items[1].active", "invalid type: string \"…\", expected a boolean");
        check(r#"{"items": [{}]}"#, "items[0]", "missing field `active`");
        check("", ".", "EOF while parsing a value");
        check(r#"{"items": [{"active": tr"#, "items[0].active", "EOF while parsing");
        check(r#"{"items": []} trailing"#, ".", "trailing characters");
        check("<html>", ".", "expected value");
    }
}
