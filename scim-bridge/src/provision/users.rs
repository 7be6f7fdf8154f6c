//! Users: create, read, list, replace, patch, delete.
//!
//! Each write is one transaction: the row, its outbox entry and its audit row commit together or not at all (I1).
//! A change that changes nothing stores nothing (I4); one that Concur would not notice stores no operation.

use scim::patch::PatchRequest;
use scim::{ListQuery, Resource, ResourceType, ScimType};
use serde_json::Value;
use store::facts::{self, Shown};
use store::operations::State;
use store::resources::{self, Content, NewResource, ResourceType as StoredType};
use store::{Conn, groups};
use uuid::Uuid;

use super::backlog::Room;
use super::outbox::{admit, enqueue, enqueue_first, enqueue_knowing, leaver, record, take_over, taken};
use super::verdict::{self, Accepted};
use super::view::View;
use super::{Error, OnBehalf, Page, Precondition, backlog, content, find, repeat, scope, search};
use crate::brake::Grip;
use crate::bridge::Bridge;
use crate::translate::{self, Given, Kind, Operation};

/// How often a write starts again when another one was faster.
const TRIES: usize = 5;

/// Whether Concur may still give a new user its id (design D7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PublicId {
    /// It may, until somebody has seen the user.
    Open,
    /// Others refer to the user at once, or the answer shows the id without waiting for Concur.
    Fixed,
}

/// Creates a user, RFC 7644 §3.3.
///
/// # Errors
/// 400 for what neither SCIM nor Concur can hold, 409 for a taken `userName`, Concur's refusal, or the store's.
pub async fn create(bridge: &Bridge, on: &OnBehalf, body: &Value) -> Result<View, Error> {
    let public_id = if verdict::is_awaited(bridge, on) { PublicId::Open } else { PublicId::Fixed };
    let accepted = accept_create(bridge, on, body, public_id).await?;
    verdict::settle(bridge, on, accepted).await
}

/// A create, stored.
pub(super) async fn accept_create(
    bridge: &Bridge,
    on: &OnBehalf,
    body: &Value,
    public_id: PublicId,
) -> Result<Accepted, Error> {
    let resource = on.bent.watch(|| Resource::from_client(ResourceType::user(), body))?;
    resource.check_required()?;
    let skip = scope::why_not(&resource, &on.settings);
    // What is not sent need not fit.
    let translated = match &skip {
        Some(_) => None,
        None => Some(translate::user(&resource, &on.settings, &Given::default())?),
    };
    let (job, now, scim_id) = (on.clone(), bridge.clock.now(), Uuid::new_v4());
    let room = backlog::room(bridge, on.account.id).await?;
    let content = content::of(&resource);
    let stored = content.clone();
    let written = bridge
        .store
        .try_write(move |conn| {
            let (name, external_id) = (content.user_name_folded.as_deref(), content.external_id.as_deref());
            let earlier = resources::find_deleted(conn, job.account.id, name, external_id)?;
            let new = NewResource {
                account: job.account.id,
                resource_type: StoredType::User,
                scim_id,
                content: content.clone(),
                created_at: now,
            };
            let row = match public_id {
                PublicId::Fixed => resources::insert_shown(conn, &new),
                PublicId::Open => resources::insert(conn, &new),
            }
            .map_err(taken)?;
            scope::note_beside(conn, row.id, &[], skip.as_deref(), now)?;
            let (resource, version) = (row.id, row.version);
            let Some(translated) = translated else {
                record(conn, &job, &row, "create", None, now)?;
                let operation = None;
                return Ok(Accepted {
                    resource,
                    operation,
                    before: None,
                    after: content,
                    version,
                    view: None,
                });
            };
            let kind = match &earlier {
                Some(earlier) => take_over(conn, earlier, &row, now)?,
                None => Kind::Create,
            };
            room.admit(kind)?;
            let operation = Operation::new(kind, translated, None);
            let (operation, view) = if earlier.is_some() {
                (enqueue(conn, &job, row.id, &operation, &Grip::Free, now)?, None)
            } else {
                let stored = enqueue_first(conn, &job, row.id, &operation, now)?;
                let id = stored.id;
                let shown = Shown { telling: Some(stored), ..Shown::default() };
                (id, row.shown.then(|| View::of(row.clone(), &shown)))
            };
            record(conn, &job, &row, kind.as_str(), Some(operation), now)?;
            let operation = Some(operation);
            Ok::<_, Error>(Accepted { resource, operation, before: None, after: content, version, view })
        })
        .await;
    match written {
        Err(Error::Scim(conflict)) if conflict.scim_type == Some(ScimType::Uniqueness) => {
            repeat::of_create(bridge, on, stored).await?.ok_or(Error::Scim(conflict))
        }
        written => written,
    }
}

/// Reads a user, RFC 7644 §3.4.1.
///
/// # Errors
/// 404, or the store's.
pub async fn read(bridge: &Bridge, on: &OnBehalf, id: &str) -> Result<View, Error> {
    find::read(bridge, on, id).await
}

/// Lists users, RFC 7644 §3.4.2.
///
/// # Errors
/// 400 `tooMany` for a filter or an order that would look at too many users, those of a cursor, or the store's.
pub async fn list(bridge: &Bridge, on: &OnBehalf, query: ListQuery) -> Result<Page, Error> {
    search::users(bridge, on, query).await
}

/// Replaces a user, RFC 7644 §3.5.1.
///
/// # Errors
/// 404, 412, 400, 409, Concur's refusal, or the store's.
pub async fn replace(
    bridge: &Bridge,
    on: &OnBehalf,
    id: &str,
    precondition: &Precondition,
    body: Value,
) -> Result<View, Error> {
    let accepted = accept_replace(bridge, on, id, precondition, body).await?;
    verdict::settle(bridge, on, accepted).await
}

/// A replacement, stored.
pub(super) async fn accept_replace(
    bridge: &Bridge,
    on: &OnBehalf,
    id: &str,
    precondition: &Precondition,
    body: Value,
) -> Result<Accepted, Error> {
    change(bridge, on, id, precondition, move |before| scim::replace(before, &body)).await
}

/// Patches a user, RFC 7644 §3.5.2. All operations or none.
///
/// # Errors
/// 404, 412, 400, 409, Concur's refusal, or the store's.
pub async fn patch(
    bridge: &Bridge,
    on: &OnBehalf,
    id: &str,
    precondition: &Precondition,
    request: PatchRequest,
) -> Result<View, Error> {
    let accepted = accept_patch(bridge, on, id, precondition, request).await?;
    verdict::settle(bridge, on, accepted).await
}

/// A patch, stored.
pub(super) async fn accept_patch(
    bridge: &Bridge,
    on: &OnBehalf,
    id: &str,
    precondition: &Precondition,
    request: PatchRequest,
) -> Result<Accepted, Error> {
    change(bridge, on, id, precondition, move |before| scim::patch::apply(before, &request)).await
}

/// Deletes a user, RFC 7644 §3.6: gone here, deactivated in Concur.
///
/// # Errors
/// 404, 412, Concur's refusal, or the store's.
pub async fn delete(
    bridge: &Bridge,
    on: &OnBehalf,
    id: &str,
    precondition: &Precondition,
) -> Result<(), Error> {
    let accepted = accept_delete(bridge, on, id, precondition).await?;
    verdict::heed(bridge, on, &accepted).await
}

/// A deletion, stored.
pub(super) async fn accept_delete(
    bridge: &Bridge,
    on: &OnBehalf,
    id: &str,
    precondition: &Precondition,
) -> Result<Accepted, Error> {
    let (job, now) = (on.clone(), bridge.clock.now());
    let (id, precondition) = (id.to_owned(), precondition.clone());
    let room = backlog::room(bridge, on.account.id).await?;
    bridge
        .store
        .try_write(move |conn| {
            let row = find::row(conn, job.account.id, &id)?;
            precondition.check(row.version)?;
            room.admit(Kind::Delete)?;
            let content = resources::content(conn, row.id)?;
            let skipped =
                scope::why_not(&Resource::from_stored(ResourceType::user(), row.body.clone()), &job.settings);
            // Somebody whom Concur was never asked for is nobody's to deactivate there.
            let unknown = skipped.is_some() && !scope::was_sent(conn, row.id)?;
            let grip = if unknown { Grip::Free } else { admit(conn, &job, row.id, Kind::Delete, now)? };
            let operation = Operation::new(Kind::Delete, leaver(&row, &job), Some(row.body.clone()));
            let gone = resources::soft_delete(conn, row.id, Some(row.version), now)?;
            let left: Vec<_> = groups::of_user(conn, row.id)?.into_iter().map(|it| it.group).collect();
            resources::touch(conn, &left, now)?;
            let operation =
                if unknown { None } else { Some(enqueue(conn, &job, row.id, &operation, &grip, now)?) };
            record(conn, &job, &gone, Kind::Delete.as_str(), operation, now)?;
            Ok::<_, Error>(Accepted {
                resource: row.id,
                operation: operation.filter(|_| grip == Grip::Free),
                before: Some(content.clone()),
                after: content,
                version: gone.version,
                view: None,
            })
        })
        .await
}

/// The common road of PUT and PATCH.
async fn change(
    bridge: &Bridge,
    on: &OnBehalf,
    id: &str,
    precondition: &Precondition,
    apply: impl Fn(&Resource) -> Result<Resource, scim::Error> + Send + Sync + 'static,
) -> Result<Accepted, Error> {
    let apply = std::sync::Arc::new(apply);
    let room = backlog::room(bridge, on.account.id).await?;
    for _ in 0..TRIES {
        let (job, now, apply) = (on.clone(), bridge.clock.now(), std::sync::Arc::clone(&apply));
        let (id, precondition) = (id.to_owned(), precondition.clone());
        let written = bridge
            .store
            .try_write(move |conn| change_once(conn, &job, &id, &precondition, apply.as_ref(), room, now))
            .await;
        match written {
            // Someone else was faster: their change is the new before, unless the caller insisted on the old one.
            Err(Error::Store(store::Error::Stale { .. })) => {}
            Err(error) => return Err(error),
            Ok(accepted) => return Ok(accepted),
        }
    }
    Err(store::Error::Unavailable { reason: "the resource is being changed too quickly".to_owned() }.into())
}

fn change_once(
    conn: &mut Conn,
    on: &OnBehalf,
    id: &str,
    precondition: &Precondition,
    apply: &dyn Fn(&Resource) -> Result<Resource, scim::Error>,
    room: Room,
    now: jiff::Timestamp,
) -> Result<Accepted, Error> {
    let row = find::row(conn, on.account.id, id)?;
    precondition.check(row.version)?;
    let before = Resource::from_stored(ResourceType::user(), row.body.clone());
    let after = on.bent.watch(|| apply(&before))?;
    after.check_required()?;
    let content_after = content::of(&after);
    let known = facts::changing(conn, row.id)?;
    let content_before = Content::of(row.clone(), known.emails.clone());
    if content_after.body == content_before.body {
        return Ok(Accepted {
            resource: row.id,
            operation: None,
            after: content_before.clone(),
            before: Some(content_before),
            version: row.version,
            view: row.shown.then(|| View::of(row, &known.shown)),
        });
    }
    let given = super::groups::given(&known.shown.groups, &on.settings);
    let skip = scope::why_not(&after, &on.settings);
    let (kind, translated) = match (scope::why_not(&before, &on.settings), &skip) {
        (None, None) => {
            let translated = translate::user(&after, &on.settings, &given)?;
            // What was stored under other settings may not translate any more; then Concur is told, to be safe.
            let kind = match translate::user(&before, &on.settings, &given) {
                Ok(before) => translate::plan(Some(&before), &translated),
                Err(_) if before.is_active() && !translated.user.is_active() => Some(Kind::Deactivate),
                Err(_) if !before.is_active() && translated.user.is_active() => Some(Kind::Reactivate),
                Err(_) => Some(Kind::Update),
            };
            (kind, translated)
        }
        (Some(_), None) => {
            let translated = translate::user(&after, &on.settings, &given)?;
            (Some(scope::kind_of_entry(conn, row.id, &translated)?), translated)
        }
        (left, Some(_)) => {
            let leaves = left.is_none() && before.is_active() && scope::was_sent(conn, row.id)?;
            (leaves.then_some(Kind::Deactivate), leaver(&row, on))
        }
    };
    let grip = match kind {
        None => Grip::Free,
        Some(kind) => {
            room.admit(kind)?;
            admit(conn, on, row.id, kind, now)?
        }
    };
    let noted = scope::note_beside(conn, row.id, &known.shown.extensions, skip.as_deref(), now)?;
    let updated = resources::update_knowing(conn, row.id, row.version, &known.emails, &content_after, now)
        .map_err(taken)?;
    let stored = match kind {
        None => None,
        Some(kind) => {
            let operation = Operation::new(kind, translated, Some(row.body));
            Some(enqueue_knowing(conn, on, row.id, &known.granted, &operation, &grip, now)?)
        }
    };
    let operation = stored.as_ref().map(|stored| stored.id);
    record(conn, on, &updated, kind.map_or("update", Kind::as_str), operation, now)?;
    let version = updated.version;
    // What is held says most about a user, and may be an earlier operation than this one.
    let was_held = known.shown.telling.as_ref().is_some_and(|telling| telling.state == State::Held);
    let view = (updated.shown && !noted && !was_held).then(|| {
        let telling = stored.or(known.shown.telling);
        View::of(updated, &Shown { telling, ..known.shown })
    });
    Ok(Accepted {
        resource: row.id,
        // Concur is not asked about what is held, so there is no word of it to wait for.
        operation: operation.filter(|_| grip == Grip::Free),
        before: Some(content_before),
        after: content_after,
        version,
        view,
    })
}

/// What a write has stored, without the state of its delivery.
pub(super) async fn stored(bridge: &Bridge, accepted: &Accepted) -> Result<View, store::Error> {
    let resource = accepted.resource;
    bridge.store.read(move |conn| resources::get(conn, resource).map(View::without_delivery)).await
}
