//! What was asked of the SCIM server and how it was answered, for people who look for a cause. A row has no place for a
//! value: methods, route patterns, ids of ours, names of attributes. Bounded by count and age, see [`trim`].

use diesel::prelude::*;
use jiff::Timestamp;

use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::request_log;
use crate::value::{self, micros};
use crate::{Conn, Error};

/// Rows of one statement: below the parameters that either database takes.
const CHUNK: usize = 500;

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub account: AccountId,
    /// When it came.
    pub at: Timestamp,
    /// The id that the answer carries.
    pub request_id: String,
    /// HTTP method.
    pub method: String,
    /// Route pattern.
    pub route: String,
    /// Public id of the resource that the address names.
    pub target: Option<String>,
    /// HTTP status.
    pub status: u16,
    /// `scimType` of a refusal.
    pub scim_type: Option<String>,
    /// Time until the answer, milliseconds.
    pub duration_ms: u64,
    /// Public part of the token.
    pub token: String,
    /// Which identity provider it was, as far as can be told.
    pub provider: String,
    /// Names of attributes and operations, without values.
    pub shape: String,
    /// What was bent for it.
    pub habits: Vec<String>,
}

/// A stored [`Entry`], with its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Rises.
    pub seq: i64,
    /// What stands there.
    pub entry: Entry,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = request_log)]
struct Row {
    seq: i64,
    account_id: String,
    at: i64,
    request_id: String,
    method: String,
    route: String,
    target: Option<String>,
    status: i32,
    scim_type: Option<String>,
    duration_ms: i64,
    token_id: String,
    provider: String,
    shape: String,
    habits: String,
}

impl TryFrom<Row> for Logged {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        let entry = Entry {
            account: value::parse(&row.account_id, "request_log.account_id")?,
            at: value::time(row.at, "request_log.at")?,
            request_id: row.request_id,
            method: row.method,
            route: row.route,
            target: row.target,
            status: u16::try_from(row.status).unwrap_or_default(),
            scim_type: row.scim_type,
            duration_ms: value::count(row.duration_ms),
            token: row.token_id,
            provider: row.provider,
            shape: row.shape,
            habits: value::parse_list(&row.habits, "request_log.habits")?,
        };
        Ok(Logged { seq: row.seq, entry })
    }
}

/// Which entries.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Whose.
    pub account: AccountId,
    /// Only those that were refused or failed: status 400 and above.
    pub refused: bool,
    /// Only those before this place.
    pub before: Option<i64>,
}

/// Adds entries.
pub fn add(conn: &mut Conn, entries: &[Entry]) -> Result<(), Error> {
    for chunk in entries.chunks(CHUNK) {
        let rows = chunk.iter().map(|entry| {
            (
                request_log::account_id.eq(entry.account.to_string()),
                request_log::at.eq(micros(entry.at)),
                request_log::request_id.eq(&entry.request_id),
                request_log::method.eq(&entry.method),
                request_log::route.eq(&entry.route),
                request_log::target.eq(entry.target.as_deref()),
                request_log::status.eq(i32::from(entry.status)),
                request_log::scim_type.eq(entry.scim_type.as_deref()),
                request_log::duration_ms.eq(i64::try_from(entry.duration_ms).unwrap_or(i64::MAX)),
                request_log::token_id.eq(&entry.token),
                request_log::provider.eq(&entry.provider),
                request_log::shape.eq(&entry.shape),
                request_log::habits.eq(value::list(&entry.habits)),
            )
        });
        let rows: Vec<_> = rows.collect();
        on!(conn, c => diesel::insert_into(request_log::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Newest first.
pub fn list(conn: &mut Conn, filter: &Filter, limit: usize) -> Result<Vec<Logged>, Error> {
    let account = filter.account.to_string();
    let rows: Vec<Row> = on!(conn, c => {
        let mut query = request_log::table
            .filter(request_log::account_id.eq(&account))
            .select(Row::as_select())
            .into_boxed();
        if filter.refused {
            query = query.filter(request_log::status.ge(400));
        }
        if let Some(before) = filter.before {
            query = query.filter(request_log::seq.lt(before));
        }
        query.order(request_log::seq.desc()).limit(value::limit(limit)).load(c)
    })?;
    rows.into_iter().map(Logged::try_from).collect()
}

/// Forgets what is older than `before`, and all but the newest `keep` of the account; how many were forgotten.
pub fn trim(conn: &mut Conn, account: AccountId, before: Timestamp, keep: usize) -> Result<usize, Error> {
    let key = account.to_string();
    let first_kept: Option<i64> = on!(conn, c => {
        request_log::table
            .filter(request_log::account_id.eq(&key))
            .order(request_log::seq.desc())
            .offset(value::limit(keep))
            .select(request_log::seq)
            .first(c)
            .optional()
    })?;
    let oldest = request_log::seq.le(first_kept.unwrap_or(0));
    let gone = request_log::account_id.eq(&key).and(request_log::at.lt(micros(before)).or(oldest));
    on!(conn, c => diesel::delete(request_log::table.filter(gone)).execute(c))
}
