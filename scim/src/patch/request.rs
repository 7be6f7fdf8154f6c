//! The PATCH message, RFC 7644 §3.5.2, read and checked before any resource is looked at.

use serde_json::Value;

use crate::{Error, Path, habits, message::member, urn};

/// Operations of one request.
pub const MAX_OPERATIONS: usize = 100;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Sets, completes or appends.
    Add,
    /// Unassigns.
    Remove,
    /// Sets, whatever was there.
    Replace,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What it does.
    pub op: Op,
    /// What it does it to; `None` is the resource.
    pub path: Option<Path>,
    /// With what; `Some(Null)` was sent as `null`. Always there for `add` and `replace`.
    pub value: Option<Value>,
}

/// A PATCH body.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchRequest {
    /// In the order in which they are applied; may be empty (Microsoft's validator sends that).
    pub operations: Vec<Operation>,
}

impl PatchRequest {
    /// Reads a body. Member names are read in any letter case, members nobody knows are ignored (Entra sends `name`
    /// and `id`).
    ///
    /// # Errors
    /// `invalidSyntax` for another message or an unknown `op`; `invalidPath` and `invalidFilter` for a path;
    /// `noTarget` for a `remove` without path; `invalidValue` for `add` or `replace` without value; 413 for more than
    /// [`MAX_OPERATIONS`].
    pub fn parse(body: &Value) -> Result<PatchRequest, Error> {
        let Some(body) = body.as_object() else {
            return Err(Error::invalid_syntax("The body of a PATCH must be a JSON object."));
        };
        let is_patch = member(body, "schemas").and_then(Value::as_array).is_some_and(|ids| {
            ids.iter().filter_map(Value::as_str).any(|id| id.eq_ignore_ascii_case(urn::PATCH_OP))
        });
        if !is_patch {
            return Err(Error::invalid_syntax(format!("schemas must contain {}.", urn::PATCH_OP)));
        }
        let Some(operations) = member(body, "Operations").and_then(Value::as_array) else {
            return Err(Error::invalid_syntax("Operations must be an array."));
        };
        if operations.len() > MAX_OPERATIONS {
            let detail = format!(
                "A PATCH may have {MAX_OPERATIONS} operations at most; send the rest in another one."
            );
            return Err(Error::payload_too_large(detail));
        }
        let numbered = operations.iter().enumerate();
        let operations: Result<_, Error> = numbered.map(|(i, operation)| read(i + 1, operation)).collect();
        Ok(PatchRequest { operations: operations? })
    }
}

fn read(number: usize, operation: &Value) -> Result<Operation, Error> {
    let named = |detail: &str| format!("Operation {number}: {detail}");
    let Some(members) = operation.as_object() else {
        return Err(Error::invalid_syntax(named("it must be an object.")));
    };
    let op = member(members, "op").and_then(Value::as_str).and_then(habits::operation);
    let Some(op) = op else {
        return Err(Error::invalid_syntax(named("op must be add, remove or replace.")));
    };
    let path = match member(members, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.is_empty() => None,
        Some(Value::String(text)) => {
            Some(Path::parse(text).map_err(|error| Error { detail: named(&error.detail), ..error })?)
        }
        Some(_) => return Err(Error::invalid_path(named("path must be text."))),
    };
    let value = member(members, "value").cloned();
    match op {
        Op::Remove if path.is_none() => Err(Error::no_target(named("remove needs a path."))),
        Op::Add | Op::Replace if value.is_none() => {
            Err(Error::invalid_value(named("add and replace need a value; null unassigns.")))
        }
        _ => Ok(Operation { op, path, value }),
    }
}
