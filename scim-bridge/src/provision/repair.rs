//! What reconciling needs of provisioning: what is wanted of a user today, the operation that brings it about, and a
//! resource for somebody who is in Concur and not here. In the caller's transaction.

use scim::{Resource, ResourceType};
use serde_json::{Value, json};
use store::ids::OperationId;
use store::resources::{self, NewResource, ResourceType as StoredType};
use store::{Conn, audit, groups};
use uuid::Uuid;

use super::outbox::{admit, enqueue, leaver, record};
use super::{OnBehalf, content, scope};
use crate::brake::Grip;
use crate::translate::{self, ConcurUser, Kind, Operation, Translated};

/// What Concur shall hold of a user: the provider's last word under today's settings and groups, without access where the
/// user is deleted or out of scope. `None`: Concur cannot hold it.
pub(crate) fn wanted(
    conn: &mut Conn,
    on: &OnBehalf,
    row: &resources::Resource,
) -> Result<Option<Translated>, store::Error> {
    let user = Resource::from_stored(ResourceType::user(), row.body.clone());
    if row.deleted_at.is_some() || scope::why_not(&user, &on.settings).is_some() {
        return Ok(Some(leaver(row, on)));
    }
    let given = super::groups::given(&groups::of_user(conn, row.id)?, &on.settings);
    Ok(translate::user(&user, &on.settings, &given).ok())
}

/// Enqueues a repair; a deactivation goes through the brake, which may hold it.
pub(crate) fn repair(
    conn: &mut Conn,
    on: &OnBehalf,
    row: &resources::Resource,
    kind: Kind,
    wanted: Translated,
    now: jiff::Timestamp,
) -> Result<(OperationId, bool), store::Error> {
    let grip = admit(conn, on, row.id, kind, now)?;
    let operation = Operation::new(kind, wanted, Some(row.body.clone()));
    let id = enqueue(conn, on, row.id, &operation, &grip, now)?;
    record(conn, on, row, "repair", Some(id), now)?;
    Ok((id, grip != Grip::Free))
}

/// Notes in the audit trail that a resource was linked to the Concur user that it is.
pub(crate) fn record_link(
    conn: &mut Conn,
    on: &OnBehalf,
    row: &resources::Resource,
    now: jiff::Timestamp,
) -> Result<(), store::Error> {
    record(conn, on, row, "link", None, now)
}

/// Why nobody was taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotImported {
    /// A resource has the user name, or the id, already.
    Taken,
    /// SCIM cannot hold the user; the attribute is named.
    Unfit(String),
}

/// A resource for a Concur user, under Concur's id as its public id (design D7), and what Concur then shall hold.
pub(crate) fn import(
    conn: &mut Conn,
    on: &OnBehalf,
    id: Uuid,
    body: &Value,
    now: jiff::Timestamp,
) -> Result<Result<(resources::Resource, ConcurUser), NotImported>, store::Error> {
    let checked = Resource::from_client(ResourceType::user(), body).and_then(|user| {
        user.check_required()?;
        Ok(user)
    });
    let user = match checked {
        Ok(user) => user,
        Err(error) => return Ok(Err(NotImported::Unfit(error.detail))),
    };
    let new = NewResource {
        account: on.account.id,
        resource_type: StoredType::User,
        scim_id: id,
        content: content(&user),
        created_at: now,
    };
    let row = match conn.savepoint(|conn| resources::insert(conn, &new)) {
        Err(store::Error::Conflict { .. }) => return Ok(Err(NotImported::Taken)),
        row => row?,
    };
    let shape = translate::user(&user, &on.settings, &translate::Given::default());
    let shape = shape.map(|translated| translated.user).unwrap_or_default();
    let event = audit::NewEvent {
        account: Some(on.account.id),
        at: now,
        actor: on.actor.clone(),
        action: "user.import".to_owned(),
        subject: format!("user:{}", row.id),
        details: json!({"concur_user": id}),
    };
    audit::append(conn, &event)?;
    Ok(Ok((row, shape)))
}
