//! `/api/v1/operations`: the outbox of the account, newest first, and one operation with all its attempts.
//!
//! What an operation carries is not shown: it is a person's data, and these answers are for operators.

use actix_web::HttpResponse;
use serde_json::{Value, json};
use store::Conn;
use store::ids::OperationId;
use store::operations::{self, Attempt, ExtensionOutcome, Operation, State};

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;

/// The page; `cursor` is the last id of the page before.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &["state", "kind", "cursor", "limit"])?;
    let states = super::parsed::<State>(&context, "state", "a delivery state, like ready or failed")?;
    let filter = operations::Filter {
        account: Some(context.account()?.id),
        states: states.into_iter().collect(),
        kind: context.parameter("kind"),
        before: super::parsed(&context, "cursor", "an id of an operation")?,
        ..operations::Filter::default()
    };
    let limit = super::limit(&context)?;
    let found = context
        .bridge()
        .store
        .read(move |conn| {
            let found = operations::list(conn, &filter, limit)?;
            let next = if found.len() == limit { found.last().map(|last| last.id) } else { None };
            let shown: Result<Vec<Value>, _> =
                found.iter().map(|operation| summary(conn, operation)).collect();
            Ok((shown?, next))
        })
        .await?;
    let (shown, next) = found;
    let mut answer = json!({"operations": shown});
    if let Some(next) = next {
        answer["next_cursor"] = next.to_string().into();
    }
    Ok(reply::api(&answer))
}

/// One operation: what became of it, attempt by attempt and extension by extension.
pub(crate) async fn read(context: Context) -> Result<HttpResponse, Error> {
    let account = context.account()?.id;
    let id: OperationId = context.path("id").parse().map_err(|_| Error::NotFound)?;
    let found = context
        .bridge()
        .store
        .read(move |conn| {
            let operation = match operations::get(conn, id) {
                Err(store::Error::NotFound { .. }) => return Ok(None),
                other => other?,
            };
            if operation.account != account {
                return Ok(None);
            }
            let mut shown = summary(conn, &operation)?;
            shown["attempts"] = operations::attempts(conn, id)?.iter().map(attempt).collect();
            shown["extensions"] = operations::extensions(conn, id)?.iter().map(extension).collect();
            Ok(Some(shown))
        })
        .await?;
    Ok(reply::api(&found.ok_or(Error::NotFound)?))
}

fn summary(conn: &mut Conn, operation: &Operation) -> Result<Value, store::Error> {
    // A refused create leaves no resource behind.
    let user = match store::resources::get(conn, operation.resource_id) {
        Err(store::Error::NotFound { .. }) => None,
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
