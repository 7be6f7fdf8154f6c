//! Operations as JSON: a page of them, newest first, and one with all its attempts.

use serde_json::{Value, json};
use store::ids::{AccountId, OperationId};
use store::operations::{self, Attempt, ExtensionOutcome, Operation, State};
use store::resources::{self, Lookup, ResourceType};
use store::{Conn, Error};
use uuid::Uuid;

/// Which operations.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of this account.
    pub account: AccountId,
    /// In one of these states; empty: any.
    pub states: Vec<State>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Of the user with this SCIM id or, unless deleted, this userName.
    pub user: Option<String>,
    /// Older than this one: the next page.
    pub before: Option<OperationId>,
    /// At most so many.
    pub limit: usize,
}

/// A page: `operations`, and `next_cursor` where there may be more. `None`: there is no such user.
///
/// # Errors
/// The store's.
pub fn list(conn: &mut Conn, wanted: &Wanted) -> Result<Option<Value>, Error> {
    let resource_id = match &wanted.user {
        None => None,
        Some(user) => match user_of(conn, wanted.account, user)? {
            None => return Ok(None),
            found => found,
        },
    };
    let filter = operations::Filter {
        chain: None,
        account: Some(wanted.account),
        resource_id,
        states: wanted.states.clone(),
        kind: wanted.kind.clone(),
        before: wanted.before,
    };
    let found = operations::list(conn, &filter, wanted.limit)?;
    let shown: Vec<Value> =
        found.iter().map(|operation| summary(conn, operation)).collect::<Result<_, _>>()?;
    let mut page = json!({"operations": shown});
    if let Some(last) = found.last().filter(|_| found.len() == wanted.limit) {
        page["next_cursor"] = last.id.to_string().into();
    }
    Ok(Some(page))
}

/// One operation of the account: what became of it, attempt by attempt and extension by extension.
///
/// # Errors
/// The store's.
pub fn show(conn: &mut Conn, account: AccountId, id: OperationId) -> Result<Option<Value>, Error> {
    let operation = match operations::get(conn, id) {
        Err(Error::NotFound { .. }) => return Ok(None),
        other => other?,
    };
    if operation.account != account {
        return Ok(None);
    }
    let mut shown = summary(conn, &operation)?;
    shown["attempts"] = operations::attempts(conn, id)?.iter().map(attempt).collect();
    shown["extensions"] = operations::extensions(conn, id)?.iter().map(extension).collect();
    Ok(Some(shown))
}

/// The exact request that would be sent for an operation of the account; see [`crate::delivery::preview`].
///
/// # Errors
/// The store's.
pub fn request(conn: &mut Conn, account: AccountId, id: OperationId) -> Result<Option<Value>, Error> {
    match operations::get(conn, id) {
        Err(Error::NotFound { .. }) => Ok(None),
        Ok(found) if found.account != account => Ok(None),
        found => crate::delivery::preview(conn, found?.id).map(Some),
    }
}

fn user_of(conn: &mut Conn, account: AccountId, user: &str) -> Result<Option<store::ids::ResourceId>, Error> {
    if let Ok(uuid) = Uuid::try_parse(user)
        && let Some(found) = resources::find_by_scim_id(conn, account, ResourceType::User, uuid)?
    {
        return Ok(Some(found.id));
    }
    let lookup = Lookup::UserName(scim::fold_user_name(user));
    let found = resources::find(conn, account, ResourceType::User, &lookup)?;
    Ok(found.first().map(|found| found.id))
}

fn summary(conn: &mut Conn, operation: &Operation) -> Result<Value, Error> {
    // A refused create leaves no resource behind.
    let user = match resources::get(conn, operation.resource_id) {
        Err(Error::NotFound { .. }) => None,
        other => Some(other?.scim_id.to_string()),
    };
    Ok(json!({
        "id": operation.id.as_i64(),
        "user": user,
        "kind": operation.kind,
        "state": operation.state.as_str(),
        "attempt": operation.attempt,
        "accepted_at": operation.created_at,
        "changed_at": operation.updated_at,
        "due_at": (!operation.state.is_end()).then_some(operation.due_at),
        "replayed_at": operation.replayed_at,
        "provision_id": operation.provision_id,
        "error_code": operation.error_code,
        "error_message": operation.error_message,
        "correlation_id": operation.correlation_id,
        "reason": operation.reason,
    }))
}

fn attempt(attempt: &Attempt) -> Value {
    json!({
        "attempt": attempt.attempt,
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "outcome": attempt.outcome.map(State::as_str),
        "provision_id": attempt.provision_id,
        "error_code": attempt.error_code,
        "error_message": attempt.error_message,
        "correlation_id": attempt.correlation_id,
    })
}

fn extension(outcome: &ExtensionOutcome) -> Value {
    json!({
        "extension": outcome.extension,
        "state": outcome.state,
        "code": outcome.code,
        "message": outcome.message,
        "read_at": outcome.updated_at,
    })
}
