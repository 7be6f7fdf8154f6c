//! The `BulkRequest` message, RFC 7644 §3.7, read before anything is carried out.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::{Error, ResourceType, message::member, urn};

/// Characters of a `bulkId`.
const MAX_BULK_ID_CHARS: usize = 256;

/// How much one Bulk request may ask for; `ServiceProviderConfig` announces it (RFC 7643 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Operations, `maxOperations`.
    pub max_operations: usize,
    /// Bytes of the body, `maxPayloadSize`. Kept by whoever reads the body.
    pub max_payload_bytes: usize,
}

/// 100 operations, 1 MiB.
pub const DEFAULT_LIMITS: Limits = Limits { max_operations: 100, max_payload_bytes: 1024 * 1024 };

/// Methods of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Creates.
    Post,
    /// Replaces.
    Put,
    /// Modifies.
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    /// As it crosses the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// A Bulk body.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkRequest {
    /// After how many failures the rest is left; `None` is never.
    pub fail_on_errors: Option<usize>,
    pub(super) operations: Vec<Operation>,
}

/// One operation: what the answer repeats of it, and what it asks for, or why that cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operation {
    pub method: Option<String>,
    pub path: Option<String>,
    pub bulk_id: Option<String>,
    pub asked: Result<Asked, Error>,
}

/// What an operation asks for; `bulkId:` references are still in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub method: Method,
    pub resource_type: &'static ResourceType,
    /// The resource, for every method but POST.
    pub id: Option<String>,
    pub version: Option<String>,
    pub data: Value,
}

impl BulkRequest {
    /// Reads a body. Member names are read in any letter case, unknown members are ignored.
    ///
    /// # Errors
    /// `invalidSyntax` for another message, for a `bulkId` that is given twice, and for a `failOnErrors` that is no
    /// whole number; 413 for more operations than the limit. What is wrong with a single operation is answered for
    /// that operation.
    pub fn parse(body: Value, limits: &Limits) -> Result<BulkRequest, Error> {
        let Value::Object(mut body) = body else {
            return Err(Error::invalid_syntax("The body of a Bulk request must be a JSON object."));
        };
        let is_bulk = member(&body, "schemas").and_then(Value::as_array).is_some_and(|ids| {
            ids.iter().filter_map(Value::as_str).any(|id| id.eq_ignore_ascii_case(urn::BULK_REQUEST))
        });
        if !is_bulk {
            return Err(Error::invalid_syntax(format!("schemas must contain {}.", urn::BULK_REQUEST)));
        }
        let fail_on_errors = match member(&body, "failOnErrors") {
            None | Some(Value::Null) => None,
            Some(number) => match number.as_u64() {
                // "The number of errors that the service provider will accept": the first one reaches 0 as well as 1.
                Some(number) => Some(usize::try_from(number).unwrap_or(usize::MAX).max(1)),
                None => return Err(Error::invalid_syntax("failOnErrors must be a whole number above 0.")),
            },
        };
        let Some(Value::Array(operations)) = take(&mut body, "Operations") else {
            return Err(Error::invalid_syntax("Operations must be an array."));
        };
        if operations.len() > limits.max_operations {
            return Err(Error::payload_too_large(format!(
                "A Bulk request may have {} operations at most; send the rest in another one.",
                limits.max_operations
            )));
        }
        let operations = operations.into_iter().map(read).collect::<Vec<_>>();
        refuse_doubled_ids(&operations)?;
        Ok(BulkRequest { fail_on_errors, operations })
    }

    /// How many operations it has.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }
}

/// A reference to a `bulkId` given twice would mean two resources.
fn refuse_doubled_ids(operations: &[Operation]) -> Result<(), Error> {
    let mut seen = HashMap::new();
    for (i, operation) in operations.iter().enumerate() {
        let Some(id) = &operation.bulk_id else { continue };
        if let Some(earlier) = seen.insert(id.as_str(), i) {
            let (first, second) = (earlier + 1, i + 1);
            return Err(Error::invalid_syntax(format!(
                "Operations {first} and {second} have the same bulkId; each needs its own."
            )));
        }
    }
    Ok(())
}

fn read(operation: Value) -> Operation {
    let Value::Object(mut members) = operation else {
        let error = Error::invalid_syntax("An operation must be a JSON object.");
        return Operation { method: None, path: None, bulk_id: None, asked: Err(error) };
    };
    let text = |members: &Map<String, Value>, name: &str| {
        member(members, name).and_then(Value::as_str).map(str::to_owned)
    };
    let (method, path) = (text(&members, "method"), text(&members, "path"));
    let bulk_id = text(&members, "bulkId").filter(|id| !id.is_empty());
    let asked = read_asked(&mut members, method.as_deref(), path.as_deref(), bulk_id.as_deref());
    Operation { method, path, bulk_id, asked }
}

fn read_asked(
    members: &mut Map<String, Value>,
    method: Option<&str>,
    path: Option<&str>,
    bulk_id: Option<&str>,
) -> Result<Asked, Error> {
    let method = [Method::Post, Method::Put, Method::Patch, Method::Delete]
        .into_iter()
        .find(|known| method.is_some_and(|method| method.eq_ignore_ascii_case(known.as_str())))
        .ok_or_else(|| Error::invalid_syntax("method must be POST, PUT, PATCH or DELETE."))?;
    let path = path.ok_or_else(|| Error::invalid_syntax("path is required, such as /Users."))?;
    if bulk_id.is_some_and(|id| id.chars().count() > MAX_BULK_ID_CHARS) {
        return Err(Error::invalid_syntax(format!(
            "bulkId may have {MAX_BULK_ID_CHARS} characters at most."
        )));
    }
    let (resource_type, id) = read_path(path)?;
    match (method, &id) {
        (Method::Post, Some(_)) => {
            return Err(Error::method_not_allowed("POST goes to an end point, such as /Users."));
        }
        (Method::Put | Method::Patch | Method::Delete, None) => {
            let method = method.as_str();
            return Err(Error::method_not_allowed(format!(
                "{method} goes to a resource, such as /Users/<id>."
            )));
        }
        _ => {}
    }
    if method == Method::Post && bulk_id.is_none() {
        return Err(Error::invalid_syntax("A POST needs a bulkId (RFC 7644 section 3.7)."));
    }
    let version = match take(members, "version") {
        None | Some(Value::Null) => None,
        Some(Value::String(version)) => Some(version),
        Some(_) => return Err(Error::invalid_syntax("version must be text, an entity tag.")),
    };
    let data = match (method, take(members, "data")) {
        (Method::Delete, _) => Value::Null,
        (_, Some(data @ Value::Object(_))) => data,
        _ => return Err(Error::invalid_syntax("data is required and must be a JSON object.")),
    };
    Ok(Asked { method, resource_type, id, version, data })
}

/// `/Users` or `/Users/<id>`, relative to the base address; the first slash may be missing, a last one may be there.
fn read_path(path: &str) -> Result<(&'static ResourceType, Option<String>), Error> {
    let relative = path.strip_prefix('/').unwrap_or(path);
    let relative = relative.strip_suffix('/').unwrap_or(relative);
    let (endpoint, id) = match relative.split_once('/') {
        Some((endpoint, id)) => (endpoint, Some(id.to_owned())),
        None => (relative, None),
    };
    let resource_type =
        ResourceType::all().into_iter().find(|rt| rt.endpoint.strip_prefix('/') == Some(endpoint));
    match resource_type {
        Some(resource_type) => Ok((resource_type, id)),
        None => {
            Err(Error::not_found("path must begin with the end point of a resource type, such as /Users."))
        }
    }
}

fn take(members: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let key = members.keys().find(|key| key.eq_ignore_ascii_case(name))?.clone();
    members.remove(&key)
}
