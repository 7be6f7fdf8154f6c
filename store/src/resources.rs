//! SCIM resources as accepted from the identity provider, with their version and tombstones. What they hold is `body`,
//! a JSON that only the `scim` side understands; beside it stand the few values that are looked up or must be unique.
//!
//! Uniqueness is the database's (reliability I3): never look before you insert, insert and handle the conflict.

use diesel::prelude::*;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::conn::on;
use crate::ids::{AccountId, ResourceId};
use crate::schema::{links, resource_emails, resources};
use crate::value::{self, micros, text_enum};
use crate::{Conn, Constraint, Error};

text_enum!(
    /// Kind of resource (RFC 7643 §6).
    ResourceType {
        /// A person.
        User = "User",
        /// A group, that is a Concur role (design D8).
        Group = "Group",
    }
);

/// A stored resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Internal key; never shown.
    pub id: ResourceId,
    /// Whose.
    pub account: AccountId,
    /// Kind.
    pub resource_type: ResourceType,
    /// The public SCIM `id` (design D7).
    pub scim_id: Uuid,
    /// As the identity provider wrote it; `None` for groups.
    pub user_name: Option<String>,
    /// The form that is compared.
    pub user_name_folded: Option<String>,
    /// The identity provider's own id; never ours.
    pub external_id: Option<String>,
    /// Enterprise employee number.
    pub employee_number: Option<String>,
    /// SCIM `active`.
    pub active: bool,
    /// All attributes.
    pub body: Value,
    /// Rises with each change, from 1; the `ETag`.
    pub version: i64,
    /// Whether anyone has seen `scim_id`.
    pub shown: bool,
    /// `meta.created`.
    pub created_at: Timestamp,
    /// `meta.lastModified`.
    pub updated_at: Timestamp,
    /// Since when it is a tombstone.
    pub deleted_at: Option<Timestamp>,
}

/// The part of a resource that a write sets.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// As the identity provider wrote it.
    pub user_name: Option<String>,
    /// The form that is compared.
    pub user_name_folded: Option<String>,
    /// The identity provider's own id.
    pub external_id: Option<String>,
    /// Enterprise employee number.
    pub employee_number: Option<String>,
    /// SCIM `active`.
    pub active: bool,
    /// All attributes.
    pub body: Value,
    /// E-mail addresses, in the form that is compared.
    pub emails_folded: Vec<String>,
}

/// A new resource.
#[derive(Clone, Debug)]
pub struct NewResource {
    /// Whose.
    pub account: AccountId,
    /// Kind.
    pub resource_type: ResourceType,
    /// Public id for now; see [`adopt_scim_id`].
    pub scim_id: Uuid,
    /// What it holds.
    pub content: Content,
    /// The time it is.
    pub created_at: Timestamp,
}

/// How to find resources by one value.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// Folded user name; finds at most one.
    UserName(String),
    /// The identity provider's id.
    ExternalId(String),
    /// Folded e-mail address.
    Email(String),
    /// Employee number.
    EmployeeNumber(String),
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = resources)]
struct Row {
    resource_id: String,
    account_id: String,
    resource_type: String,
    scim_id: String,
    user_name: Option<String>,
    user_name_folded: Option<String>,
    external_id: Option<String>,
    employee_number: Option<String>,
    active: bool,
    body: String,
    version: i64,
    shown: bool,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
}

impl TryFrom<Row> for Resource {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Resource {
            id: value::parse(&row.resource_id, "resources.resource_id")?,
            account: value::parse(&row.account_id, "resources.account_id")?,
            resource_type: value::parse(&row.resource_type, "resources.resource_type")?,
            scim_id: value::parse(&row.scim_id, "resources.scim_id")?,
            user_name: row.user_name,
            user_name_folded: row.user_name_folded,
            external_id: row.external_id,
            employee_number: row.employee_number,
            active: row.active,
            body: value::json(&row.body, "resources.body")?,
            version: row.version,
            shown: row.shown,
            created_at: value::time(row.created_at, "resources.created_at")?,
            updated_at: value::time(row.updated_at, "resources.updated_at")?,
            deleted_at: value::time_opt(row.deleted_at, "resources.deleted_at")?,
        })
    }
}

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
        shown: false,
        created_at: micros(new.created_at),
        updated_at: micros(new.created_at),
        deleted_at: None,
    };
    on!(conn, c => diesel::insert_into(resources::table).values(&row).execute(c))?;
    put_emails(conn, &row.resource_id, &row.account_id, &content.emails_folded)?;
    row.try_into()
}

fn put_emails(conn: &mut Conn, resource: &str, account: &str, emails: &[String]) -> Result<(), Error> {
    on!(conn, c => {
        diesel::delete(resource_emails::table.filter(resource_emails::resource_id.eq(resource))).execute(c)
    })?;
    for email in emails {
        let row = (
            resource_emails::resource_id.eq(resource),
            resource_emails::account_id.eq(account),
            resource_emails::email_folded.eq(email),
        );
        on!(conn, c => {
            diesel::insert_into(resource_emails::table).values(row).on_conflict_do_nothing().execute(c)
        })?;
    }
    Ok(())
}

/// The resource with this public id in this account, unless it is deleted.
pub fn get_by_scim_id(
    conn: &mut Conn,
    account: AccountId,
    resource_type: ResourceType,
    scim_id: Uuid,
) -> Result<Option<Resource>, Error> {
    let (account, scim_id) = (account.to_string(), scim_id.to_string());
    let row: Option<Row> = on!(conn, c => {
        resources::table
            .filter(resources::account_id.eq(&account).and(resources::scim_id.eq(&scim_id)))
            .filter(resources::resource_type.eq(resource_type.as_str()).and(resources::deleted_at.is_null()))
            .select(Row::as_select())
            .first(c)
            .optional()
    })?;
    row.map(Resource::try_from).transpose()
}

/// By internal id, tombstones included.
pub fn get(conn: &mut Conn, id: ResourceId) -> Result<Resource, Error> {
    let key = id.to_string();
    let row: Option<Row> =
        on!(conn, c => resources::table.find(&key).select(Row::as_select()).first(c).optional())?;
    row.ok_or(Error::NotFound { what: "resource" })?.try_into()
}

/// The content as it stands, to be kept for [`restore`].
pub fn content(conn: &mut Conn, id: ResourceId) -> Result<Content, Error> {
    let resource = get(conn, id)?;
    let key = id.to_string();
    let emails_folded: Vec<String> = on!(conn, c => {
        resource_emails::table
            .filter(resource_emails::resource_id.eq(&key))
            .order(resource_emails::email_folded)
            .select(resource_emails::email_folded)
            .load(c)
    })?;
    Ok(Content {
        user_name: resource.user_name,
        user_name_folded: resource.user_name_folded,
        external_id: resource.external_id,
        employee_number: resource.employee_number,
        active: resource.active,
        body: resource.body,
        emails_folded,
    })
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
    let key = id.to_string();
    let expected = resources::version.eq(expected_version).and(resources::deleted_at.is_null());
    let changed = on!(conn, c => {
        diesel::update(resources::table.find(&key).filter(expected))
            .set((Change::new(content, now), resources::version.eq(expected_version + 1)))
            .execute(c)
    })?;
    let resource = get(conn, id)?;
    match (changed, resource.deleted_at) {
        (0, Some(_)) => Err(Error::NotFound { what: "resource" }),
        (0, None) => Err(Error::Stale { what: "resource" }),
        _ => {
            put_emails(conn, &key, &resource.account.to_string(), &content.emails_folded)?;
            Ok(resource)
        }
    }
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

/// Resources of the account that have the value, not deleted, oldest first.
pub fn find(
    conn: &mut Conn,
    account: AccountId,
    resource_type: ResourceType,
    lookup: &Lookup,
) -> Result<Vec<Resource>, Error> {
    let account = account.to_string();
    let rows: Vec<Row> = on!(conn, c => {
        let query = resources::table
            .filter(resources::account_id.eq(&account).and(resources::resource_type.eq(resource_type.as_str())))
            .filter(resources::deleted_at.is_null())
            .order((resources::created_at, resources::resource_id))
            .select(Row::as_select())
            .into_boxed();
        match lookup {
            Lookup::UserName(folded) => query.filter(resources::user_name_folded.eq(folded)),
            Lookup::ExternalId(id) => query.filter(resources::external_id.eq(id)),
            Lookup::EmployeeNumber(number) => query.filter(resources::employee_number.eq(number)),
            Lookup::Email(folded) => query.filter(resources::resource_id.eq_any(
                resource_emails::table
                    .filter(resource_emails::account_id.eq(&account).and(resource_emails::email_folded.eq(folded)))
                    .select(resource_emails::resource_id),
            )),
        }
        .load(c)
    })?;
    rows.into_iter().map(Resource::try_from).collect()
}

/// The newest tombstone of a user name that is linked to a Concur user: whom to reactivate when the name returns.
pub fn find_deleted(
    conn: &mut Conn,
    account: AccountId,
    user_name_folded: &str,
) -> Result<Option<Resource>, Error> {
    let account = account.to_string();
    let row: Option<Row> = on!(conn, c => {
        resources::table
            .inner_join(links::table)
            .filter(resources::account_id.eq(&account).and(resources::user_name_folded.eq(user_name_folded)))
            .filter(resources::deleted_at.is_not_null().and(links::concur_user_id.is_not_null()))
            .order((resources::deleted_at.desc(), resources::resource_id.desc()))
            .select(Row::as_select())
            .first(c)
            .optional()
    })?;
    row.map(Resource::try_from).transpose()
}

/// How many there are, and those from `start` (0 is the first), in an order that later inserts do not disturb.
pub fn page(
    conn: &mut Conn,
    account: AccountId,
    resource_type: ResourceType,
    start: usize,
    count: usize,
) -> Result<(usize, Vec<Resource>), Error> {
    let account = account.to_string();
    let (total, rows): (i64, Vec<Row>) = on!(conn, c => {
        let live = || {
            resources::table
                .filter(resources::account_id.eq(&account))
                .filter(resources::resource_type.eq(resource_type.as_str()).and(resources::deleted_at.is_null()))
        };
        live().count().get_result(c).and_then(|total| {
            let page = live()
                .order((resources::created_at, resources::resource_id))
                .offset(value::limit(start))
                .limit(value::limit(count))
                .select(Row::as_select());
            Ok((total, page.load(c)?))
        })
    })?;
    let rows = rows.into_iter().map(Resource::try_from).collect::<Result<_, _>>()?;
    Ok((usize::try_from(total).unwrap_or(0), rows))
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
    put_emails(conn, &key, &account, &before.emails_folded)
}

/// Active users of the account, for the brake (reliability B2).
pub fn count_active_users(conn: &mut Conn, account: AccountId) -> Result<usize, Error> {
    let account = account.to_string();
    let count: i64 = on!(conn, c => {
        resources::table
            .filter(resources::account_id.eq(&account).and(resources::active.eq(true)))
            .filter(resources::resource_type.eq("User").and(resources::deleted_at.is_null()))
            .count()
            .get_result(c)
    })?;
    Ok(usize::try_from(count).unwrap_or(0))
}
