//! Changing resources: every change raises the version; a deletion leaves a tombstone.

use diesel::prelude::*;
use jiff::Timestamp;
use uuid::Uuid;

use super::read::emails;
use super::{Content, NewResource, Resource, Row, get};
use crate::conn::{Raw, execute_together, on};
use crate::ids::ResourceId;
use crate::prepared::prepared;
use crate::schema::{resource_emails, resources};
use crate::value::micros;
use crate::{Conn, Constraint, Error};

/// The columns that a write sets.
#[derive(AsChangeset)]
#[diesel(table_name = resources, treat_none_as_null = true)]
struct Change {
    user_name: Option<String>,
    user_name_folded: Option<String>,
    external_id: Option<String>,
    employee_number: Option<String>,
    active: bool,
    body: String,
    updated_at: i64,
    deleted_at: Option<i64>,
}

impl Change {
    fn new(content: &Content, now: Timestamp) -> Self {
        Change {
            user_name: content.user_name.clone(),
            user_name_folded: content.user_name_folded.clone(),
            external_id: content.external_id.clone(),
            employee_number: content.employee_number.clone(),
            active: content.active,
            body: content.body.to_string(),
            updated_at: micros(now),
            deleted_at: None,
        }
    }
}

/// Adds a resource; [`Constraint::UserName`] when a resource that is not deleted has the folded user name.
pub fn insert(conn: &mut Conn, new: &NewResource) -> Result<Resource, Error> {
    insert_as(conn, new, false)
}

/// [`insert`] of a resource whose public id is given out at once and never changes ([`mark_shown`]).
pub fn insert_shown(conn: &mut Conn, new: &NewResource) -> Result<Resource, Error> {
    insert_as(conn, new, true)
}

/// The statement that gives a resource an e-mail address.
macro_rules! email_of {
    ($resource:expr, $account:expr, $email:expr) => {
        diesel::insert_into(resource_emails::table)
            .values((
                resource_emails::resource_id.eq($resource),
                resource_emails::account_id.eq($account),
                resource_emails::email_folded.eq($email),
            ))
            .on_conflict_do_nothing()
    };
}

fn insert_as(conn: &mut Conn, new: &NewResource, shown: bool) -> Result<Resource, Error> {
    let id = ResourceId::generate(new.created_at);
    let content = &new.content;
    let row = Row {
        resource_id: id.to_string(),
        account_id: new.account.to_string(),
        resource_type: new.resource_type.to_string(),
        scim_id: new.scim_id.to_string(),
        user_name: content.user_name.clone(),
        user_name_folded: content.user_name_folded.clone(),
        external_id: content.external_id.clone(),
        employee_number: content.employee_number.clone(),
        active: content.active,
        body: content.body.to_string(),
        version: 1,
        shown,
        created_at: micros(new.created_at),
        updated_at: micros(new.created_at),
        deleted_at: None,
    };
    let resource = diesel::insert_into(resources::table).values(&row);
    let Some((first, others)) = content.emails_folded.split_first() else {
        on!(conn, c => resource.execute(c))?;
        return row.try_into();
    };
    execute_together!(conn, resource, email_of!(&row.resource_id, &row.account_id, first))?;
    for email in others {
        on!(conn, c => email_of!(&row.resource_id, &row.account_id, email).execute(c))?;
    }
    row.try_into()
}

/// Replaces the e-mail addresses `before` of a resource.
fn put_emails(
    conn: &mut Conn,
    resource: &str,
    account: &str,
    before: &[String],
    emails: &[String],
) -> Result<(), Error> {
    if before == emails {
        return Ok(());
    }
    if !before.is_empty() {
        on!(conn, c => {
            diesel::delete(resource_emails::table.filter(resource_emails::resource_id.eq(resource)))
                .execute(c)
        })?;
    }
    for email in emails {
        on!(conn, c => email_of!(resource, account, email).execute(c))?;
    }
    Ok(())
}

/// Compare-and-set on the version: [`Error::Stale`] if it has moved, [`Error::NotFound`] if the resource is deleted,
/// [`Constraint::UserName`] if the new name is taken. Returns the row as it is now.
pub fn update(
    conn: &mut Conn,
    id: ResourceId,
    expected_version: i64,
    content: &Content,
    now: Timestamp,
) -> Result<Resource, Error> {
    let before = emails(conn, &id.to_string())?;
    update_knowing(conn, id, expected_version, &before, content, now)
}

/// [`update`] by a caller who knows which folded e-mail addresses that version has, in their order.
pub fn update_knowing(
    conn: &mut Conn,
    id: ResourceId,
    expected_version: i64,
    emails_before: &[String],
    content: &Content,
    now: Timestamp,
) -> Result<Resource, Error> {
    let key = id.to_string();
    let expected = resources::version.eq(expected_version).and(resources::deleted_at.is_null());
    let updated: Option<Row> = on!(conn, c => {
        let change = (Change::new(content, now), resources::version.eq(expected_version + 1));
        let updated = diesel::update(resources::table.find(&key).filter(expected)).set(change);
        prepared(updated.returning(Row::as_returning())).get_result(c).optional()
    })?;
    let Some(row) = updated else {
        return match get(conn, id)?.deleted_at {
            Some(_) => Err(Error::NotFound { what: "resource" }),
            None => Err(Error::Stale { what: "resource" }),
        };
    };
    put_emails(conn, &key, &row.account_id, emails_before, &content.emails_folded)?;
    row.try_into()
}

/// Leaves a tombstone: the name is free again, the link to the Concur user stays. Errors like [`update`].
pub fn soft_delete(
    conn: &mut Conn,
    id: ResourceId,
    expected_version: Option<i64>,
    now: Timestamp,
) -> Result<Resource, Error> {
    let key = id.to_string();
    let before = get(conn, id)?;
    let expected = expected_version.unwrap_or(before.version);
    let condition = resources::version.eq(expected).and(resources::deleted_at.is_null());
    let changed = on!(conn, c => {
        diesel::update(resources::table.find(&key).filter(condition))
            .set((
                resources::deleted_at.eq(micros(now)),
                resources::updated_at.eq(micros(now)),
                resources::version.eq(expected + 1),
            ))
            .execute(c)
    })?;
    match (changed, before.deleted_at) {
        (0, Some(_)) => Err(Error::NotFound { what: "resource" }),
        (0, None) => Err(Error::Stale { what: "resource" }),
        _ => get(conn, id),
    }
}

/// Waits for whoever is writing one of these resources, and lets nobody else write them until the transaction ends. Always
/// in one order, so that two who want the same ones do not wait for each other.
pub fn lock(conn: &mut Conn, ids: &[ResourceId]) -> Result<(), Error> {
    let mut keys: Vec<String> = ids.iter().map(ToString::to_string).collect();
    keys.sort_unstable();
    match &mut *conn.pooled {
        // There is one writer.
        Raw::Sqlite(_) => {}
        Raw::Postgres(c) => {
            for chunk in keys.chunks(500) {
                let locked: Vec<String> = resources::table
                    .filter(resources::resource_id.eq_any(chunk))
                    .order(resources::resource_id)
                    .select(resources::resource_id)
                    .for_no_key_update()
                    .load(&mut ***c)?;
                drop(locked);
            }
        }
    }
    Ok(())
}

/// Raises the version of resources whose answer changes although nothing of theirs was written, such as the groups of
/// a user who is deleted.
pub fn touch(conn: &mut Conn, ids: &[ResourceId], now: Timestamp) -> Result<(), Error> {
    for chunk in ids.chunks(500) {
        let keys: Vec<String> = chunk.iter().map(ToString::to_string).collect();
        on!(conn, c => {
            diesel::update(resources::table.filter(resources::resource_id.eq_any(keys)))
                .set((resources::version.eq(resources::version + 1), resources::updated_at.eq(micros(now))))
                .execute(c)
        })?;
    }
    Ok(())
}

/// Their public ids have been given out and never change from now on (design D7).
pub fn mark_shown(conn: &mut Conn, ids: &[ResourceId]) -> Result<(), Error> {
    for chunk in ids.chunks(500) {
        let keys: Vec<String> = chunk.iter().map(ToString::to_string).collect();
        let unseen = resources::resource_id.eq_any(keys).and(resources::shown.eq(false));
        on!(conn, c => {
            diesel::update(resources::table.filter(unseen)).set(resources::shown.eq(true)).execute(c)
        })?;
    }
    Ok(())
}

/// Makes the Concur UUID the public id, if nobody has seen the resource yet; false if someone has, or if the id was
/// given to another resource before.
pub fn adopt_scim_id(conn: &mut Conn, id: ResourceId, concur_uuid: Uuid) -> Result<bool, Error> {
    let key = id.to_string();
    let unseen = resources::shown.eq(false);
    let adopted = conn.savepoint(|conn| {
        on!(conn, c => {
            diesel::update(resources::table.find(&key).filter(unseen))
                .set(resources::scim_id.eq(concur_uuid.to_string()))
                .execute(c)
        })
    });
    match adopted {
        Err(Error::Conflict { constraint: Constraint::ScimId }) => Ok(false),
        adopted => Ok(adopted? == 1),
    }
}

/// Compensation after Concur refused (reliability I2): the resource is as `before` again (a deletion is undone), or,
/// when there was nothing before, it is gone: a tombstone that frees the name. The version rises all the same, since
/// someone may hold the refused one.
pub fn restore(
    conn: &mut Conn,
    id: ResourceId,
    before: Option<&Content>,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(before) = before else {
        return match soft_delete(conn, id, None, now) {
            Ok(_) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        };
    };
    let key = id.to_string();
    let account = get(conn, id)?.account.to_string();
    on!(conn, c => {
        diesel::update(resources::table.find(&key))
            .set((Change::new(before, now), resources::version.eq(resources::version + 1)))
            .execute(c)
    })?;
    let emails_now = emails(conn, &key)?;
    put_emails(conn, &key, &account, &emails_now, &before.emails_folded)
}
