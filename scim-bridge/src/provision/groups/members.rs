//! From a changed membership to what it changes for people: who exists, what may be given, and the operations.
//!
//! All of it in the caller's transaction. Nobody waits for Concur here: roles never fail a provider's call (design
//! D4), their state stands in the user's Delivery extension.

use std::collections::HashMap;

use jiff::Timestamp;
use scim::{Resource, ResourceType};
use serde_json::Value;
use store::Conn;
use store::groups::{self, Membership};
use store::ids::{OperationId, ResourceId};
use store::resources::{self, ResourceType as Kind};
use uuid::Uuid;

use super::super::backlog::Room;
use super::super::{Error, OnBehalf, outbox, scope};
use crate::accounts::AccountSettings;
use crate::translate::{self, Given, GroupOf, Operation};

/// Whom a write adds and takes away.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Difference {
    pub(super) added: Vec<ResourceId>,
    pub(super) removed: Vec<ResourceId>,
}

impl Difference {
    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// What the members that a group has and those that a body wants differ in.
pub(super) fn difference(
    conn: &mut Conn,
    on: &OnBehalf,
    present: &[groups::Member],
    wanted: &Resource,
) -> Result<Difference, Error> {
    let wanted = ids(wanted)?;
    let here: HashMap<Uuid, ResourceId> = present.iter().map(|member| (member.scim_id, member.id)).collect();
    let new: Vec<Uuid> = wanted.iter().filter(|id| !here.contains_key(id)).copied().collect();
    let found: HashMap<Uuid, ResourceId> =
        resources::by_scim_ids(conn, on.account.id, Kind::User, &new)?.into_iter().collect();
    if let Some(stranger) = new.iter().find(|id| !found.contains_key(id)) {
        return Err(nobody(&stranger.to_string()).into());
    }
    let wanted: std::collections::HashSet<Uuid> = wanted.into_iter().collect();
    Ok(Difference {
        added: new.iter().filter_map(|id| found.get(id).copied()).collect(),
        removed: present.iter().filter(|it| !wanted.contains(&it.scim_id)).map(|it| it.id).collect(),
    })
}

/// The ids of a body's members, each once.
fn ids(group: &Resource) -> Result<Vec<Uuid>, scim::Error> {
    let members = group.get("members").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut ids = Vec::with_capacity(members.len());
    let mut seen = std::collections::HashSet::with_capacity(members.len());
    for member in members {
        if member.get("type").and_then(Value::as_str) == Some("Group") {
            let reason = "members: a group cannot be a member of a group here; Concur's roles are not nested";
            return Err(scim::Error::invalid_value(reason));
        }
        let text = member.get("value").and_then(Value::as_str).unwrap_or_default();
        let id =
            Uuid::try_parse(text).ok().filter(|id| id.to_string() == text).ok_or_else(|| nobody(text))?;
        if seen.insert(id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

fn nobody(id: &str) -> scim::Error {
    scim::Error::invalid_value(format!("members: there is no user with id {id:.64}"))
}

/// The groups of users as they are now, to be compared after a change.
pub(super) type Before = HashMap<ResourceId, Vec<Membership>>;

/// The groups of users whose membership is about to change. Their answers change with it, so their versions do: whoever
/// writes one of them meanwhile, from the groups of before, begins again; and what [`deliver`] plans, it plans from what
/// the last one wrote. To be called before any row of a membership is written, and before the group's own.
pub(super) fn before(conn: &mut Conn, users: &[ResourceId], now: Timestamp) -> Result<Before, store::Error> {
    resources::lock(conn, users)?;
    resources::touch(conn, users, now)?;
    groups::of_users(conn, users)
}

/// Enqueues what a changed membership changes in Concur for `users`, each named once.
///
/// # Errors
/// 400 `invalidValue` where the change would give someone roles that Concur excludes together; no room for operations.
pub(super) fn deliver(
    conn: &mut Conn,
    on: &OnBehalf,
    room: Room,
    users: &[ResourceId],
    before: &Before,
    now: Timestamp,
) -> Result<Vec<OperationId>, Error> {
    let after = groups::of_users(conn, users)?;
    let none = Vec::new();
    let mut changed: HashMap<ResourceId, (Given, Given)> = HashMap::new();
    for user in users {
        let had = given(before.get(user).unwrap_or(&none), &on.settings);
        let has = given(after.get(user).unwrap_or(&none), &on.settings);
        if had != has {
            changed.insert(*user, (had, has));
        }
    }
    let ids: Vec<ResourceId> = users.iter().filter(|user| changed.contains_key(user)).copied().collect();
    let mut operations = Vec::new();
    for row in resources::load(conn, &ids)? {
        let Some((had, has)) = changed.get(&row.id) else { continue };
        if let Some((kept, left_out)) = has.conflicts.iter().find(|pair| !had.conflicts.contains(pair)) {
            let who = row.scim_id;
            return Err(scim::Error::invalid_value(format!(
                "members: {who} cannot have {kept} and {left_out}, which SAP Concur excludes together; \
                 take the user out of one of the two groups"
            ))
            .into());
        }
        let resource = Resource::from_stored(ResourceType::user(), row.body.clone());
        if scope::why_not(&resource, &on.settings).is_some() {
            continue;
        }
        // What was accepted under other settings and no longer translates is told when the user is written.
        let Ok(wanted) = translate::user(&resource, &on.settings, has) else { continue };
        let kind = match translate::user(&resource, &on.settings, had) {
            Ok(earlier) => translate::plan(Some(&earlier), &wanted),
            Err(_) => Some(translate::Kind::Update),
        };
        if let Some(kind) = kind {
            room.admit(kind)?;
            let grip = outbox::admit(conn, on, row.id, kind, now)?;
            let operation = Operation::new(kind, wanted, Some(row.body.clone()));
            operations.push(outbox::enqueue(conn, on, row.id, &operation, &grip, now)?);
        }
    }
    Ok(operations)
}

/// What memberships give under the account's settings.
pub(in crate::provision) fn given(memberships: &[Membership], settings: &AccountSettings) -> Given {
    let groups = memberships.iter().map(|it| GroupOf { code: it.code.as_deref(), name: &it.name });
    Given::by(groups, settings)
}
