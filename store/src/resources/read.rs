//! Finding resources. A query that comes from outside names the account (reliability Z2).

use diesel::dsl::exists;
use diesel::prelude::*;
use uuid::Uuid;

use super::{Content, Lookup, Resource, ResourceType, Row};
use crate::conn::on;
use crate::ids::{AccountId, ResourceId};
use crate::schema::{links, resource_emails, resources};
use crate::value;
use crate::{Conn, Error};

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

/// The internal and public ids of those of `scim_ids` that this account has and that are not deleted.
pub fn by_scim_ids(
    conn: &mut Conn,
    account: AccountId,
    resource_type: ResourceType,
    scim_ids: &[Uuid],
) -> Result<Vec<(Uuid, ResourceId)>, Error> {
    let account = account.to_string();
    let mut found = Vec::with_capacity(scim_ids.len());
    for chunk in scim_ids.chunks(500) {
        let keys: Vec<String> = chunk.iter().map(ToString::to_string).collect();
        let rows: Vec<(String, String)> = on!(conn, c => {
            resources::table
                .filter(resources::account_id.eq(&account).and(resources::scim_id.eq_any(&keys)))
                .filter(resources::resource_type.eq(resource_type.as_str()).and(resources::deleted_at.is_null()))
                .select((resources::scim_id, resources::resource_id))
                .load(c)
        })?;
        for (scim_id, id) in rows {
            let scim_id = value::parse(&scim_id, "resources.scim_id")?;
            found.push((scim_id, value::parse(&id, "resources.resource_id")?));
        }
    }
    Ok(found)
}

/// The resource with this public id in this account, also one that is deleted.
pub fn find_by_scim_id(
    conn: &mut Conn,
    account: AccountId,
    resource_type: ResourceType,
    scim_id: Uuid,
) -> Result<Option<Resource>, Error> {
    let (account, scim_id) = (account.to_string(), scim_id.to_string());
    let row: Option<Row> = on!(conn, c => {
        resources::table
            .filter(resources::account_id.eq(&account).and(resources::scim_id.eq(&scim_id)))
            .filter(resources::resource_type.eq(resource_type.as_str()))
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

/// The content as it stands, to be kept for [`super::restore`].
pub fn content(conn: &mut Conn, id: ResourceId) -> Result<Content, Error> {
    let resource = get(conn, id)?;
    let emails = emails(conn, &id.to_string())?;
    Ok(Content::of(resource, emails))
}

/// The query for the folded e-mail addresses of a resource.
macro_rules! emails_of {
    ($key:expr) => {
        $crate::schema::resource_emails::table
            .filter($crate::schema::resource_emails::resource_id.eq($key))
            .order($crate::schema::resource_emails::email_folded)
            .select($crate::schema::resource_emails::email_folded)
    };
}
pub(crate) use emails_of;

pub(super) fn emails(conn: &mut Conn, resource: &str) -> Result<Vec<String>, Error> {
    on!(conn, c => emails_of!(resource).load(c))
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

/// The tombstone that a returning user goes on from: the newest of the user name or of the identity provider's id, one
/// that is linked to a Concur user before one that never was, the user name before the id.
pub fn find_deleted(
    conn: &mut Conn,
    account: AccountId,
    user_name_folded: Option<&str>,
    external_id: Option<&str>,
) -> Result<Option<Resource>, Error> {
    let account = account.to_string();
    if !is_any_deleted(conn, &account, user_name_folded, external_id)? {
        return Ok(None);
    }
    let mut found: Vec<(Row, Option<String>)> = Vec::new();
    for (name, id) in [(user_name_folded, None), (None, external_id)] {
        if name.is_none() && id.is_none() {
            continue;
        }
        let newest: Option<(Row, Option<String>)> = on!(conn, c => {
            let query = resources::table
                .left_join(links::table)
                .filter(resources::account_id.eq(&account).and(resources::resource_type.eq("User")))
                .filter(resources::deleted_at.is_not_null())
                .order((links::concur_user_id.is_null(), resources::deleted_at.desc(), resources::resource_id.desc()))
                .select((Row::as_select(), links::concur_user_id.nullable()))
                .into_boxed();
            match (name, id) {
                (Some(name), _) => query.filter(resources::user_name_folded.eq(name.to_owned())),
                (None, id) => query.filter(resources::external_id.eq(id.map(str::to_owned))),
            }
            .first(c)
            .optional()
        })?;
        found.extend(newest);
    }
    let linked = found.iter().position(|(_, concur_user_id)| concur_user_id.is_some()).unwrap_or(0);
    let chosen = found.into_iter().nth(linked).map(|(row, _)| row);
    chosen.map(Resource::try_from).transpose()
}

/// Whether there is a tombstone with one of the two: hardly ever, and then one look is enough.
fn is_any_deleted(
    conn: &mut Conn,
    account: &str,
    user_name_folded: Option<&str>,
    external_id: Option<&str>,
) -> Result<bool, Error> {
    let deleted = || {
        resources::table
            .filter(resources::account_id.eq(account).and(resources::resource_type.eq("User")))
            .filter(resources::deleted_at.is_not_null())
    };
    let by_name = exists(deleted().filter(resources::user_name_folded.eq(user_name_folded)));
    let by_id = exists(deleted().filter(resources::external_id.eq(external_id)));
    on!(conn, c => diesel::select(by_name.or(by_id)).get_result(c))
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
