//! Groups: create, read, list, replace, patch, delete (design D8).
//!
//! A group is of the catalogue (a role or an entitlement of Concur, with a fixed name) or kept for the provider, who
//! names it, fills it and deletes it. Each write is one transaction with what it changes for people: operations on
//! the members, which take the one road through outbox and delivery. A write that changes nothing stores nothing (I4).

mod catalogue;
mod find;
mod members;
pub(super) mod view;

use jiff::Timestamp;
use scim::patch::PatchRequest;
use scim::{ListQuery, Projection, Resource, ResourceType};
use serde_json::{Value, json};
use store::ids::{OperationId, ResourceId};
use store::resources::{self, NewResource, ResourceType as Kind};
use store::{Conn, Constraint, audit, groups};
use uuid::Uuid;

pub(super) use self::members::given;
use self::members::{Difference, deliver, difference};
pub use self::view::View;
use super::backlog::{self, Room};
use super::{Error, OnBehalf, Page, Precondition, search};
use crate::bridge::Bridge;
use crate::translate::{may_be_given, roles};

/// How often a write starts again when another one was faster.
const TRIES: usize = 5;

/// Creates a group, RFC 7644 §3.3; one that is named like an entry of the catalogue is that entry from now on, and
/// so is a second POST of it (Okta pushes a group, Entra creates one, before either fills it).
///
/// # Errors
/// 409 for a taken `displayName`, 400 for members who do not exist or must not have the role, or the store's.
pub async fn create(bridge: &Bridge, on: &OnBehalf, body: &Value) -> Result<View, Error> {
    let wanted = on.bent.watch(|| Resource::from_client(ResourceType::group(), body))?;
    wanted.check_required()?;
    catalogue::ensure(bridge, &on.account).await?;
    let (job, now, scim_id) = (on.clone(), bridge.clock.now(), Uuid::new_v4());
    let room = backlog::room(bridge, on.account.id).await?;
    let group =
        bridge.store.try_write(move |conn| create_in(conn, &job, room, &wanted, scim_id, now)).await?;
    bridge.delivery.wake();
    show(bridge, on, group).await
}

/// Reads a group, RFC 7644 §3.4.1. Its members are looked up only where the projection shows them.
///
/// # Errors
/// 404, or the store's.
pub async fn read(bridge: &Bridge, on: &OnBehalf, id: &str, projection: &Projection) -> Result<View, Error> {
    catalogue::ensure(bridge, &on.account).await?;
    find::read(bridge, on, id, projection).await
}

/// Lists groups, RFC 7644 §3.4.2.
///
/// # Errors
/// 400 `tooMany` for a filter or an order that would look at too many groups, those of a cursor, or the store's.
pub async fn list(bridge: &Bridge, on: &OnBehalf, query: ListQuery) -> Result<Page, Error> {
    catalogue::ensure(bridge, &on.account).await?;
    search::groups(bridge, on, query).await
}

/// Replaces a group, RFC 7644 §3.5.1.
///
/// # Errors
/// 404, 412, 400, 409, or the store's.
pub async fn replace(
    bridge: &Bridge,
    on: &OnBehalf,
    id: &str,
    precondition: &Precondition,
    body: Value,
) -> Result<View, Error> {
    change(bridge, on, id, precondition, move |before| scim::replace(before, &body)).await
}

/// Patches a group, RFC 7644 §3.5.2. All operations or none.
///
/// # Errors
/// 404, 412, 400, 409, or the store's.
pub async fn patch(
    bridge: &Bridge,
    on: &OnBehalf,
    id: &str,
    precondition: &Precondition,
    request: PatchRequest,
) -> Result<View, Error> {
    change(bridge, on, id, precondition, move |before| scim::patch::apply(before, &request)).await
}

/// Deletes a group, RFC 7644 §3.6: its members lose what it gave. One of the catalogue is hidden until a provider
/// creates it again (decision 0007).
///
/// # Errors
/// 404, 412, or the store's.
pub async fn delete(
    bridge: &Bridge,
    on: &OnBehalf,
    id: &str,
    precondition: &Precondition,
) -> Result<(), Error> {
    catalogue::ensure(bridge, &on.account).await?;
    let (job, now) = (on.clone(), bridge.clock.now());
    let room = backlog::room(bridge, on.account.id).await?;
    let (id, precondition) = (id.to_owned(), precondition.clone());
    let deleted = bridge.store.try_write(move |conn| {
        let row = find::row(conn, job.account.id, &id)?;
        precondition.check(row.version)?;
        let removed: Vec<ResourceId> = groups::members(conn, row.id)?.iter().map(|it| it.id).collect();
        let before = members::before(conn, &removed, now)?;
        groups::remove(conn, row.id, &removed)?;
        resources::soft_delete(conn, row.id, Some(row.version), now)?;
        let operations = deliver(conn, &job, room, &removed, &before, now)?;
        let difference = Difference { removed, ..Difference::default() };
        record(conn, &job, row.id, "delete", &difference, &operations, now)?;
        Ok::<_, Error>(())
    });
    deleted.await?;
    bridge.delivery.wake();
    Ok(())
}

fn create_in(
    conn: &mut Conn,
    on: &OnBehalf,
    room: Room,
    wanted: &Resource,
    scim_id: Uuid,
    now: Timestamp,
) -> Result<ResourceId, Error> {
    let name = wanted.get_str("displayName").unwrap_or_default();
    if let Some(entry) = roles::by_name(name) {
        let all = groups::codes(conn, on.account.id)?;
        if let Some((_, group)) = all.into_iter().find(|(code, _)| code == entry.code) {
            return adopt(conn, on, room, (group, entry), wanted, now);
        }
    }
    let content = catalogue::content(name, wanted.external_id());
    let new =
        NewResource { account: on.account.id, resource_type: Kind::Group, scim_id, content, created_at: now };
    let row = resources::insert(conn, &new).map_err(taken)?;
    let difference = difference(conn, on, &[], wanted)?;
    let before = members::before(conn, &difference.added, now)?;
    groups::add(conn, row.id, &difference.added, now)?;
    let operations = deliver(conn, on, room, &difference.added, &before, now)?;
    record(conn, on, row.id, "create", &difference, &operations, now)?;
    Ok(row.id)
}

/// The provider takes a group of the catalogue over: its own id, and its members beside those who are there.
fn adopt(
    conn: &mut Conn,
    on: &OnBehalf,
    room: Room,
    (group, entry): (ResourceId, &roles::Entry),
    wanted: &Resource,
    now: Timestamp,
) -> Result<ResourceId, Error> {
    let row = resources::get(conn, group)?;
    let held = row.external_id.as_deref().filter(|_| row.deleted_at.is_none());
    let sent = wanted.external_id();
    if held.is_some() && sent.is_some() && held != sent {
        let reason = format!("the group {} belongs to a group with another externalId", entry.name);
        return Err(scim::Error::uniqueness(reason).into());
    }
    let external_id = sent.or(held);
    let present = groups::members(conn, group)?;
    let mut difference = difference(conn, on, &present, wanted)?;
    difference.removed.clear();
    guard(on, Some(entry.code), &difference)?;
    if row.deleted_at.is_none() && external_id == held && difference.is_empty() {
        return Ok(group);
    }
    let before = members::before(conn, &difference.added, now)?;
    resources::restore(conn, group, Some(&catalogue::content(entry.name, external_id)), now)?;
    groups::add(conn, group, &difference.added, now)?;
    let operations = deliver(conn, on, room, &difference.added, &before, now)?;
    record(conn, on, group, "adopt", &difference, &operations, now)?;
    Ok(group)
}

/// The common road of PUT and PATCH.
async fn change(
    bridge: &Bridge,
    on: &OnBehalf,
    id: &str,
    precondition: &Precondition,
    apply: impl Fn(&Resource) -> Result<Resource, scim::Error> + Send + Sync + 'static,
) -> Result<View, Error> {
    catalogue::ensure(bridge, &on.account).await?;
    let apply = std::sync::Arc::new(apply);
    let room = backlog::room(bridge, on.account.id).await?;
    for _ in 0..TRIES {
        let (job, now, apply) = (on.clone(), bridge.clock.now(), std::sync::Arc::clone(&apply));
        let (id, precondition) = (id.to_owned(), precondition.clone());
        let written = bridge
            .store
            .try_write(move |conn| change_once(conn, &job, room, (&id, &precondition), apply.as_ref(), now))
            .await;
        match written {
            // Someone else was faster: their change is the new before, unless the caller insisted on the old one.
            Err(Error::Store(store::Error::Stale { .. })) => {}
            Err(error) => return Err(error),
            Ok(group) => {
                bridge.delivery.wake();
                return show(bridge, on, group).await;
            }
        }
    }
    Err(store::Error::Unavailable { reason: "the group is being changed too quickly".to_owned() }.into())
}

fn change_once(
    conn: &mut Conn,
    on: &OnBehalf,
    room: Room,
    (id, precondition): (&str, &Precondition),
    apply: &dyn Fn(&Resource) -> Result<Resource, scim::Error>,
    now: Timestamp,
) -> Result<ResourceId, Error> {
    let row = find::row(conn, on.account.id, id)?;
    precondition.check(row.version)?;
    let code = groups::code(conn, row.id)?;
    let present = groups::members(conn, row.id)?;
    let mut before = Resource::from_stored(ResourceType::group(), row.body.clone());
    if !present.is_empty() {
        before.set("members", present.iter().map(|it| json!({"value": it.scim_id.to_string()})).collect());
    }
    let after = on.bent.watch(|| apply(&before))?;
    after.check_required()?;
    let name = name_of(&row, code.as_deref(), &after)?;
    let content = catalogue::content(&name, after.external_id());
    let difference = difference(conn, on, &present, &after)?;
    guard(on, code.as_deref(), &difference)?;
    if content.body == row.body && difference.is_empty() {
        return Ok(row.id);
    }
    // What a kept group gives hangs on its name.
    let renamed = code.is_none() && row.user_name.as_deref() != Some(name.as_str());
    let mut users: Vec<ResourceId> = difference.added.clone();
    if renamed {
        users.extend(present.iter().map(|it| it.id));
    } else {
        users.extend(&difference.removed);
    }
    let before = members::before(conn, &users, now)?;
    resources::update(conn, row.id, row.version, &content, now).map_err(taken)?;
    groups::add(conn, row.id, &difference.added, now)?;
    groups::remove(conn, row.id, &difference.removed)?;
    let operations = deliver(conn, on, room, &users, &before, now)?;
    record(conn, on, row.id, "update", &difference, &operations, now)?;
    Ok(row.id)
}

/// The name a group has after a change: what was sent, or the fixed one, if it is that one which was sent.
fn name_of(row: &resources::Resource, code: Option<&str>, after: &Resource) -> Result<String, scim::Error> {
    let sent = after.get_str("displayName").unwrap_or_default();
    let fixed = code.and(row.user_name.as_deref());
    match fixed {
        None => Ok(sent.to_owned()),
        Some(name) if roles::by_name(sent).map(|entry| entry.code) == code => Ok(name.to_owned()),
        Some(name) => Err(scim::Error::mutability(format!(
            "displayName: this group is {name} of SAP Concur and keeps its name"
        ))),
    }
}

/// Privileged roles are given to nobody unless the account allows the code (a provider's group is no reason to make
/// someone an administrator of Concur). Taking them away is always possible.
fn guard(on: &OnBehalf, code: Option<&str>, difference: &Difference) -> Result<(), scim::Error> {
    let Some(entry) = code.and_then(roles::by_code).filter(|entry| entry.gives == roles::Gives::Role) else {
        return Ok(());
    };
    if difference.added.is_empty() || may_be_given(entry.code, &on.settings) {
        return Ok(());
    }
    Err(scim::Error::mutability(format!(
        "members: {} ({}) is a privileged role, which groups of this account may not give; \
         an operator allows it with allowed_roles in the account's settings",
        entry.name, entry.code
    )))
}

async fn show(bridge: &Bridge, on: &OnBehalf, group: ResourceId) -> Result<View, Error> {
    let settings = on.settings.clone();
    let view = bridge.store.read(move |conn| {
        let row = resources::get(conn, group)?;
        View::load(conn, row, &settings, view::Members::Wanted)
    });
    Ok(view.await?)
}

fn record(
    conn: &mut Conn,
    on: &OnBehalf,
    group: ResourceId,
    action: &str,
    difference: &Difference,
    operations: &[OperationId],
    now: Timestamp,
) -> Result<(), store::Error> {
    let event = audit::NewEvent {
        account: Some(on.account.id),
        at: now,
        actor: on.actor.clone(),
        action: format!("group.{action}"),
        subject: format!("group:{group}"),
        details: json!({
            "added": difference.added,
            "removed": difference.removed,
            "operations": operations.iter().map(|id| id.as_i64()).collect::<Vec<_>>(),
        }),
    };
    audit::append(conn, &event).map(|_| ())
}

/// The database decides about uniqueness (I3); here it gets its RFC name.
fn taken(error: store::Error) -> Error {
    match error {
        store::Error::Conflict { constraint: Constraint::UserName } => {
            scim::Error::uniqueness("a group with this displayName exists already").into()
        }
        other => other.into(),
    }
}
