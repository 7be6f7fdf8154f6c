//! What writing a user needs beside the user: the outbox entry with the brake's word, the audit row, and whose place a
//! new user takes. All of it in the caller's transaction.

use scim::{Resource, ResourceType};
use serde_json::{Value, json};
use store::ids::{OperationId, ResourceId};
use store::operations::{self, NewOperation, State, Transition};
use store::{Conn, Constraint, audit, brakes, links, resources, roles};

use super::{Error, OnBehalf};
use crate::brake::{self, Grip};
use crate::translate::{self, ConcurUser, Given, Kind, Operation, Translated};

/// A new resource under the user name, or with the provider's id, of a deleted one is the same person in Concur: it goes
/// on with the chain, so that a late deactivation cannot overtake the return, and takes over the link.
///
/// What was not sent for the earlier lives is not sent any more: the operation to come carries everything. A deactivation
/// that nobody held stays, since none is ever left out (I17).
pub(super) fn take_over(
    conn: &mut Conn,
    earlier: &resources::Resource,
    row: &resources::Resource,
    now: jiff::Timestamp,
) -> Result<Kind, store::Error> {
    let states = vec![State::Accepted, State::Held, State::Ready, State::Failed];
    let chain = Some(operations::chain_of(conn, earlier.id)?);
    let unsent = operations::Filter { chain, states, ..operations::Filter::default() };
    for operation in operations::list(conn, &unsent, usize::from(u8::MAX))? {
        let waits = matches!(operation.state, State::Accepted | State::Ready);
        if waits && operations::is_urgent(&operation.kind) {
            continue;
        }
        let expect = operations::Expect { state: operation.state, lease_epoch: operation.lease_epoch };
        let reason = Some("the user was created again".to_owned());
        let transition = Transition { reason, ..Transition::to(State::Superseded, now) };
        operations::transition(conn, operation.id, expect, &transition)?;
    }
    operations::follow(conn, row.id, earlier.id)?;
    // Roles of the earlier lives are still there, or on their way, and ours to take away.
    for life in operations::lives(conn, row.id)? {
        let granted = roles::granted(conn, life)?;
        roles::grant(conn, row.id, &granted, now)?;
    }
    match operations::link(conn, row.id)? {
        Some(link) => {
            links::put(conn, &links::Link { resource_id: row.id, updated_at: now, ..link })?;
            Ok(Kind::Reactivate)
        }
        None => Ok(Kind::Create),
    }
}

/// What a deleted user shall be in Concur: as before, without access. Never fails: a leaver must not be kept in by
/// an attribute.
pub(super) fn leaver(row: &resources::Resource, on: &OnBehalf) -> Translated {
    let mut resource = Resource::from_stored(ResourceType::user(), row.body.clone());
    resource.set("active", Value::Bool(false));
    translate::user(&resource, &on.settings, &Given::default()).unwrap_or_else(|_| Translated {
        user: ConcurUser::from_value(json!({"userName": row.user_name, "active": false})),
        ..Translated::default()
    })
}

/// Asks the brake about an operation.
pub(super) fn admit(
    conn: &mut Conn,
    on: &OnBehalf,
    user: ResourceId,
    kind: Kind,
    now: jiff::Timestamp,
) -> Result<Grip, store::Error> {
    brake::admit(conn, on.account.id, &on.settings.brake, user, kind, now)
}

/// Puts an operation into the outbox, with the roles that it takes away: those this bridge gave and that are no longer
/// wanted. Each operation says so anew, so that none of them depends on an earlier one having arrived.
pub(super) fn enqueue(
    conn: &mut Conn,
    on: &OnBehalf,
    resource_id: ResourceId,
    operation: &Operation,
    grip: &Grip,
    now: jiff::Timestamp,
) -> Result<OperationId, store::Error> {
    let granted = roles::granted(conn, resource_id)?;
    Ok(enqueue_knowing(conn, on, resource_id, &granted, operation, grip, now)?.id)
}

/// [`enqueue`] by a caller who knows the roles that this bridge gave; the operation as it is stored.
pub(super) fn enqueue_knowing(
    conn: &mut Conn,
    on: &OnBehalf,
    resource_id: ResourceId,
    granted: &[String],
    operation: &Operation,
    grip: &Grip,
    now: jiff::Timestamp,
) -> Result<operations::Operation, store::Error> {
    let new = with_roles(conn, on, resource_id, granted, operation, grip, now)?;
    let stored = operations::enqueue(conn, &new)?;
    if matches!(grip, Grip::Held { by_brake: true, .. }) {
        brakes::hold(conn, on.account.id, stored.id, now)?;
    }
    if operation.kind != Kind::Update {
        brake::replace_held(conn, resource_id, stored.id, now)?;
    }
    Ok(stored)
}

/// [`enqueue`] for a user whom this transaction has created and who is nobody of earlier.
pub(super) fn enqueue_first(
    conn: &mut Conn,
    on: &OnBehalf,
    resource_id: ResourceId,
    operation: &Operation,
    now: jiff::Timestamp,
) -> Result<operations::Operation, store::Error> {
    let new = with_roles(conn, on, resource_id, &[], operation, &Grip::Free, now)?;
    operations::enqueue_first(conn, &new)
}

/// The operation with the roles that it takes away; those that it gives are noted.
fn with_roles(
    conn: &mut Conn,
    on: &OnBehalf,
    resource_id: ResourceId,
    granted: &[String],
    operation: &Operation,
    grip: &Grip,
    now: jiff::Timestamp,
) -> Result<NewOperation, store::Error> {
    let wanted = operation.roles();
    // All of them, also those that are known: delivery may have seen one gone since they were read.
    roles::grant(conn, resource_id, &wanted, now)?;
    let revoked = granted.iter().filter(|code| !wanted.contains(code)).cloned().collect();
    let operation = Operation { revoked, ..operation.clone() };
    Ok(NewOperation {
        account: on.account.id,
        resource_id,
        kind: operation.kind.as_str().to_owned(),
        payload: operation.to_payload(),
        held: grip.held(),
        now,
    })
}

pub(super) fn record(
    conn: &mut Conn,
    on: &OnBehalf,
    row: &resources::Resource,
    action: &str,
    operation: Option<OperationId>,
    now: jiff::Timestamp,
) -> Result<(), store::Error> {
    let event = audit::NewEvent {
        account: Some(on.account.id),
        at: now,
        actor: on.actor.clone(),
        action: format!("user.{action}"),
        subject: format!("user:{}", row.id),
        details: json!({"version": row.version, "operation": operation.map(OperationId::as_i64)}),
    };
    audit::append(conn, &event).map(|_| ())
}

/// The database decides about uniqueness (I3); here it gets its RFC name.
pub(super) fn taken(error: store::Error) -> Error {
    match error {
        store::Error::Conflict { constraint: Constraint::UserName } => {
            scim::Error::uniqueness("a user with this userName exists already").into()
        }
        other => other.into(),
    }
}
