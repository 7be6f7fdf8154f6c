//! Which Concur user a resource is, what we last knew of that user, and how far each extension has come. The link
//! outlives the deletion of the resource, so that a returning user name finds its Concur user again.

use std::collections::HashMap;

use diesel::prelude::*;
use jiff::Timestamp;
use serde_json::Value;

use crate::conn::on;
use crate::ids::{AccountId, ResourceId};
use crate::prepared::prepared;
use crate::schema::{link_extensions, links};
use crate::value::{self, micros};
use crate::{Conn, Error};

/// Resources of one statement: below the parameters that either database takes.
const CHUNK: usize = 500;

/// Which Concur user a resource is.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The resource.
    pub resource_id: ResourceId,
    /// Whose.
    pub account: AccountId,
    /// Concur's id of the user, once known.
    pub concur_user_id: Option<String>,
    /// The user as last read from or confirmed by Concur; changes are computed against it (design D6).
    pub known: Option<Value>,
    /// Whether we found the user instead of creating it (reliability I14).
    pub adopted: bool,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

/// How far one extension of a resource has come, for the status extension (design D7).
#[derive(Clone, Debug, PartialEq)]
pub struct ExtensionState {
    /// `identity`, `spend`, `travel`, `roles`, or whatever the delivery calls it.
    pub extension: String,
    /// The delivery's word for it.
    pub state: String,
    /// Last provision id.
    pub provision_id: Option<String>,
    /// Concur's last error code.
    pub error_code: Option<String>,
    /// Concur's last message.
    pub error_message: Option<String>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = links, treat_none_as_null = true)]
struct Row {
    resource_id: String,
    account_id: String,
    concur_user_id: Option<String>,
    known: Option<String>,
    adopted: bool,
    updated_at: i64,
}

impl TryFrom<Row> for Link {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Link {
            resource_id: value::parse(&row.resource_id, "links.resource_id")?,
            account: value::parse(&row.account_id, "links.account_id")?,
            concur_user_id: row.concur_user_id,
            known: row.known.map(|known| value::json(&known, "links.known")).transpose()?,
            adopted: row.adopted,
            updated_at: value::time(row.updated_at, "links.updated_at")?,
        })
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = link_extensions, treat_none_as_null = true)]
pub(crate) struct ExtensionRow {
    resource_id: String,
    extension: String,
    state: String,
    provision_id: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
    updated_at: i64,
}

impl TryFrom<ExtensionRow> for ExtensionState {
    type Error = Error;
    fn try_from(row: ExtensionRow) -> Result<Self, Error> {
        Ok(ExtensionState {
            extension: row.extension,
            state: row.state,
            provision_id: row.provision_id,
            error_code: row.error_code,
            error_message: row.error_message,
            updated_at: value::time(row.updated_at, "link_extensions.updated_at")?,
        })
    }
}

/// The query for the extensions of a resource, by name.
macro_rules! extensions_of_one {
    ($key:expr) => {
        $crate::schema::link_extensions::table
            .filter($crate::schema::link_extensions::resource_id.eq($key))
            .order($crate::schema::link_extensions::extension)
            .select($crate::links::ExtensionRow::as_select())
    };
}
pub(crate) use extensions_of_one;

/// The link of a resource, if it has one.
pub fn get(conn: &mut Conn, resource: ResourceId) -> Result<Option<Link>, Error> {
    let key = resource.to_string();
    let row: Option<Row> =
        on!(conn, c => links::table.find(&key).select(Row::as_select()).first(c).optional())?;
    row.map(Link::try_from).transpose()
}

/// Puts a link; replaces the one before. What is known of a Concur user is known of every resource that is linked to it,
/// those of the person's earlier lives too.
pub fn put(conn: &mut Conn, link: &Link) -> Result<(), Error> {
    let row = Row {
        resource_id: link.resource_id.to_string(),
        account_id: link.account.to_string(),
        concur_user_id: link.concur_user_id.clone(),
        known: link.known.as_ref().map(ToString::to_string),
        adopted: link.adopted,
        updated_at: micros(link.updated_at),
    };
    on!(conn, c => {
        let put = diesel::insert_into(links::table).values(&row).on_conflict(links::resource_id);
        prepared(put.do_update().set(&row).returning(links::resource_id)).load::<String>(c)
    })?;
    match (&row.concur_user_id, &row.known) {
        (Some(user), Some(known)) => share_known(conn, &row.account_id, user, known),
        _ => Ok(()),
    }
}

fn share_known(conn: &mut Conn, account: &str, concur_user_id: &str, known: &str) -> Result<(), Error> {
    let same = links::account_id.eq(account).and(links::concur_user_id.eq(concur_user_id));
    on!(conn, c => {
        let shared = diesel::update(links::table.filter(same)).set(links::known.eq(known));
        prepared(shared.returning(links::resource_id)).load::<String>(c)
    })?;
    Ok(())
}

/// Replaces the last known state, for all resources of the person; [`Error::NotFound`] if the resource has no link.
pub fn set_known(conn: &mut Conn, resource: ResourceId, known: &Value, now: Timestamp) -> Result<(), Error> {
    let link = get(conn, resource)?.ok_or(Error::NotFound { what: "link to a Concur user" })?;
    put(conn, &Link { known: Some(known.clone()), updated_at: now, ..link })
}

/// All links to a Concur user, those of tombstones too, newest resource first.
pub fn by_concur_user(conn: &mut Conn, account: AccountId, concur_user_id: &str) -> Result<Vec<Link>, Error> {
    let account = account.to_string();
    let rows: Vec<Row> = on!(conn, c => {
        links::table
            .filter(links::account_id.eq(&account).and(links::concur_user_id.eq(concur_user_id)))
            .order(links::resource_id.desc())
            .select(Row::as_select())
            .load(c)
    })?;
    rows.into_iter().map(Link::try_from).collect()
}

/// The extensions of a resource, by name.
pub fn extensions(conn: &mut Conn, resource: ResourceId) -> Result<Vec<ExtensionState>, Error> {
    let key = resource.to_string();
    let rows: Vec<ExtensionRow> = on!(conn, c => extensions_of_one!(&key).load(c))?;
    rows.into_iter().map(ExtensionState::try_from).collect()
}

/// The extensions of several resources, by name; resources without any are left out.
pub fn extensions_of(
    conn: &mut Conn,
    resources: &[ResourceId],
) -> Result<HashMap<ResourceId, Vec<ExtensionState>>, Error> {
    let mut found: HashMap<ResourceId, Vec<ExtensionState>> = HashMap::new();
    for chunk in resources.chunks(CHUNK) {
        let keys: Vec<String> = chunk.iter().map(ToString::to_string).collect();
        let rows: Vec<ExtensionRow> = on!(conn, c => {
            link_extensions::table
                .filter(link_extensions::resource_id.eq_any(&keys))
                .order(link_extensions::extension)
                .select(ExtensionRow::as_select())
                .load(c)
        })?;
        for row in rows {
            let resource = value::parse(&row.resource_id, "link_extensions.resource_id")?;
            found.entry(resource).or_default().push(row.try_into()?);
        }
    }
    Ok(found)
}

/// Forgets the state of one extension, if it is this one.
pub fn end_extension(
    conn: &mut Conn,
    resource: ResourceId,
    extension: &str,
    state: &str,
) -> Result<(), Error> {
    let row = link_extensions::table.find((resource.to_string(), extension));
    on!(conn, c => diesel::delete(row.filter(link_extensions::state.eq(state))).execute(c))?;
    Ok(())
}

/// Puts the state of one extension; replaces the one before.
pub fn put_extension(conn: &mut Conn, resource: ResourceId, state: &ExtensionState) -> Result<(), Error> {
    let row = ExtensionRow {
        resource_id: resource.to_string(),
        extension: state.extension.clone(),
        state: state.state.clone(),
        provision_id: state.provision_id.clone(),
        error_code: state.error_code.clone(),
        error_message: state.error_message.clone(),
        updated_at: micros(state.updated_at),
    };
    on!(conn, c => {
        diesel::insert_into(link_extensions::table)
            .values(&row)
            .on_conflict((link_extensions::resource_id, link_extensions::extension))
            .do_update()
            .set(&row)
            .execute(c)
    })?;
    Ok(())
}
