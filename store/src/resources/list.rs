//! Lists of resources: how many there are, and one page of them, in an order.
//!
//! A page is found in two steps: the ids, which an index can tell alone, then the rows of that page. So the rows before
//! a page are walked over in an index and never loaded. Where a condition names a handful, their rows are read at once.

use std::collections::HashMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use jiff::Timestamp;

use super::condition::{Condition, expression};
use super::{Resource, ResourceType, Row};
use crate::conn::on;
use crate::ids::{AccountId, ResourceId};
use crate::prepared::prepared_if;
use crate::schema::resources;
use crate::value::{self, micros};
use crate::{Conn, Error};

/// What a list is sorted by; equals by internal id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortColumn {
    /// `meta.created`: later inserts disturb nothing.
    #[default]
    Created,
    /// `meta.lastModified`.
    LastModified,
    /// Folded user name, by code points. For users, who all have one.
    UserName,
    /// The public id.
    ScimId,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub by: SortColumn,
    /// The greatest first.
    pub descending: bool,
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// Behind so many.
    Offset(usize),
    /// Behind the resource that stands, or stood, here.
    After(Position),
}

/// A place in a list, which stays what it is when resources come and go.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The value that the list is sorted by.
    pub key: Key,
    /// Internal id.
    pub id: ResourceId,
}

/// A value that a list is sorted by.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// Of the columns of time.
    Time(Timestamp),
    /// Of the columns of text.
    Text(String),
}

impl Position {
    /// Where the resource stands in a list of this order.
    pub fn of(resource: &Resource, by: SortColumn) -> Self {
        let key = match by {
            SortColumn::Created => Key::Time(resource.created_at),
            SortColumn::LastModified => Key::Time(resource.updated_at),
            SortColumn::UserName => Key::Text(resource.user_name_folded.clone().unwrap_or_default()),
            SortColumn::ScimId => Key::Text(resource.scim_id.to_string()),
        };
        Position { key, id: resource.id }
    }
}

/// Behind a key and an id. The first comparison is for the index, the second for those with an equal key.
macro_rules! after {
    ($query:expr, $column:expr, $key:expr, $id:expr, $order:expr) => {{
        let id = resources::resource_id;
        if $order.descending {
            $query.filter($column.le($key)).filter($column.lt($key).or(id.lt($id.to_string()).nullable()))
        } else {
            $query.filter($column.ge($key)).filter($column.gt($key).or(id.gt($id.to_string()).nullable()))
        }
    }};
}

macro_rules! sorted {
    ($query:expr, $column:expr, $order:expr) => {{
        if $order.descending {
            $query.order(($column.desc(), resources::resource_id.desc()))
        } else {
            $query.order(($column.asc(), resources::resource_id.asc()))
        }
    }};
}

/// The query for `$what` of the resources of a page, for the database behind `$c`.
///
/// Where an index narrows the list down, its order is computed (`+`, `|| ''`) instead of read from another index: both
/// databases would else be tempted to walk through all resources in order.
macro_rules! page_of {
    ($what:expr, $c:expr, $account:expr, $resource_type:expr, $condition:expr, $order:expr, $start:expr, $limit:expr) => {{
        let query = resources::table
            .filter(
                resources::account_id.eq($account).and(resources::resource_type.eq($resource_type.as_str())),
            )
            .filter(resources::deleted_at.is_null())
            .select($what)
            .limit(value::limit($limit))
            .into_boxed();
        let query = match $condition {
            Condition::All => query,
            condition => query.filter(expression($c, condition, $account)),
        };
        let query = match $start {
            Start::Offset(0) => query,
            Start::Offset(offset) => query.offset(value::limit(*offset)),
            Start::After(Position { key, id }) => match (key, $order.by) {
                (Key::Time(at), SortColumn::Created) => {
                    after!(query, resources::created_at, micros(*at), id, $order)
                }
                (Key::Time(at), SortColumn::LastModified) => {
                    after!(query, resources::updated_at, micros(*at), id, $order)
                }
                (Key::Text(text), SortColumn::UserName) => {
                    after!(query, resources::user_name_folded, text, id, $order)
                }
                (Key::Text(text), SortColumn::ScimId) => after!(query, resources::scim_id, text, id, $order),
                // A position of another order: there is nothing behind it.
                _ => query.filter(resources::resource_id.is_null()),
            },
        };
        let narrows = $condition.narrows();
        match $order.by {
            SortColumn::Created if narrows => {
                sorted!(query, sql::<BigInt>("+resources.created_at"), $order)
            }
            SortColumn::LastModified if narrows => {
                sorted!(query, sql::<BigInt>("+resources.updated_at"), $order)
            }
            SortColumn::UserName if narrows => {
                sorted!(query, sql::<Nullable<Text>>("resources.user_name_folded || ''"), $order)
            }
            SortColumn::ScimId if narrows => sorted!(query, sql::<Text>("resources.scim_id || ''"), $order),
            SortColumn::Created => sorted!(query, resources::created_at, $order),
            SortColumn::LastModified => sorted!(query, resources::updated_at, $order),
            SortColumn::UserName => sorted!(query, resources::user_name_folded, $order),
            SortColumn::ScimId => sorted!(query, resources::scim_id, $order),
        }
    }};
}

pub(super) use {after, page_of, sorted};

/// Resources of the account, not deleted, for which the condition holds.
pub fn count(
    conn: &mut Conn,
    account: AccountId,
    resource_type: ResourceType,
    condition: &Condition,
) -> Result<usize, Error> {
    let account = account.to_string();
    let count: i64 = on!(conn, c => {
        let count = resources::table
            .filter(resources::account_id.eq(&account).and(resources::resource_type.eq(resource_type.as_str())))
            .filter(resources::deleted_at.is_null())
            .count()
            .into_boxed();
        match condition {
            Condition::All => count,
            condition => count.filter(expression(c, condition, &account)),
        }
        .get_result(c)
    })?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// One page of them.
pub fn list(
    conn: &mut Conn,
    account: AccountId,
    resource_type: ResourceType,
    condition: &Condition,
    order: Order,
    start: &Start,
    limit: usize,
) -> Result<Vec<Resource>, Error> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let account = account.to_string();
    if condition.pins() && *start == Start::Offset(0) {
        let rows: Vec<Row> = on!(conn, c => {
            let page = page_of!(Row::as_select(), c, &account, resource_type, condition, order, start, limit);
            prepared_if(condition.is_one_test(), page).load(c)
        })?;
        return rows.into_iter().map(Resource::try_from).collect();
    }
    let ids: Vec<String> = on!(conn, c => {
        page_of!(resources::resource_id, c, &account, resource_type, condition, order, start, limit).load(c)
    })?;
    rows(conn, &ids)
}

/// Resources by internal id, in the order of the ids; those that are gone are left out.
pub fn load(conn: &mut Conn, ids: &[ResourceId]) -> Result<Vec<Resource>, Error> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    rows(conn, &ids)
}

fn rows(conn: &mut Conn, ids: &[String]) -> Result<Vec<Resource>, Error> {
    let mut found: HashMap<String, Row> = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(500) {
        let wanted = resources::resource_id.eq_any(chunk).and(resources::deleted_at.is_null());
        let rows: Vec<Row> =
            on!(conn, c => resources::table.filter(wanted).select(Row::as_select()).load(c))?;
        found.extend(rows.into_iter().map(|row| (row.resource_id.clone(), row)));
    }
    ids.iter().filter_map(|id| found.remove(id)).map(Resource::try_from).collect()
}
