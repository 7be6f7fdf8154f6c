//! Where SCIM, this store and Concur differ, as reconciling found it: one row for each Concur user who differs today. Beside
//! it, whom a full read has met.
//!
//! Not here: what a difference is, and who may look for one (`scim-bridge/src/reconcile`).

use diesel::prelude::*;
use diesel::upsert::excluded;
use jiff::Timestamp;
use serde_json::Value;

use crate::conn::on;
use crate::ids::{AccountId, OperationId, ResourceId};
use crate::schema::{drift, links, reconcile_seen, resources};
use crate::value::{self, micros};
use crate::{Conn, Error};

/// One Concur user who differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// Whose.
    pub account: AccountId,
    /// Concur's id of the user.
    pub concur_user_id: String,
    /// The SCIM resource, if there is one.
    pub resource_id: Option<ResourceId>,
    /// The reconciler's word for it.
    pub kind: String,
    /// What differs. May hold personal data.
    pub details: Value,
    /// The repair that was enqueued for it.
    pub operation: Option<OperationId>,
    /// Since when it is known.
    pub found_at: Timestamp,
    /// When it was last found.
    pub seen_at: Timestamp,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = drift)]
struct Row {
    account_id: String,
    concur_user_id: String,
    resource_id: Option<String>,
    kind: String,
    details: String,
    op_id: Option<i64>,
    found_at: i64,
    seen_at: i64,
}

impl TryFrom<Row> for Drift {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        let resource = row.resource_id.map(|id| value::parse(&id, "drift.resource_id")).transpose()?;
        Ok(Drift {
            account: value::parse(&row.account_id, "drift.account_id")?,
            concur_user_id: row.concur_user_id,
            resource_id: resource,
            kind: row.kind,
            details: value::json(&row.details, "drift.details")?,
            operation: row.op_id.map(OperationId::from_i64),
            found_at: value::time(row.found_at, "drift.found_at")?,
            seen_at: value::time(row.seen_at, "drift.seen_at")?,
        })
    }
}

/// Puts what was found; the time of the first finding stays.
pub fn put(conn: &mut Conn, found: &Drift) -> Result<(), Error> {
    let row = Row {
        account_id: found.account.to_string(),
        concur_user_id: found.concur_user_id.clone(),
        resource_id: found.resource_id.map(|id| id.to_string()),
        kind: found.kind.clone(),
        details: found.details.to_string(),
        op_id: found.operation.map(OperationId::as_i64),
        found_at: micros(found.found_at),
        seen_at: micros(found.seen_at),
    };
    on!(conn, c => {
        diesel::insert_into(drift::table)
            .values(&row)
            .on_conflict((drift::account_id, drift::concur_user_id))
            .do_update()
            .set((
                drift::resource_id.eq(excluded(drift::resource_id)),
                drift::kind.eq(excluded(drift::kind)),
                drift::details.eq(excluded(drift::details)),
                drift::op_id.eq(excluded(drift::op_id)),
                drift::seen_at.eq(excluded(drift::seen_at)),
            ))
            .execute(c)
    })?;
    Ok(())
}

/// The user differs no more.
pub fn clear(conn: &mut Conn, account: AccountId, concur_user_id: &str) -> Result<(), Error> {
    let account = account.to_string();
    on!(conn, c => diesel::delete(drift::table.find((&account, concur_user_id))).execute(c))?;
    Ok(())
}

/// What a full read that began then did not find again is no difference any more.
pub fn clear_before(conn: &mut Conn, account: AccountId, begun: Timestamp) -> Result<usize, Error> {
    let account = account.to_string();
    let old = drift::account_id.eq(&account).and(drift::seen_at.lt(micros(begun)));
    Ok(on!(conn, c => diesel::delete(drift::table.filter(old)).execute(c))?)
}

/// The next ones by Concur's id; pass the last id to go on.
pub fn list(
    conn: &mut Conn,
    account: AccountId,
    kind: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Drift>, Error> {
    let account = account.to_string();
    let rows: Vec<Row> = on!(conn, c => {
        let mut query = drift::table
            .filter(drift::account_id.eq(&account).and(drift::concur_user_id.gt(after.unwrap_or(""))))
            .select(Row::as_select())
            .into_boxed();
        if let Some(kind) = kind {
            query = query.filter(drift::kind.eq(kind));
        }
        query.order(drift::concur_user_id).limit(value::limit(limit)).load(c)
    })?;
    rows.into_iter().map(Drift::try_from).collect()
}

/// How many there are of each kind, by kind.
pub fn counts(conn: &mut Conn, account: AccountId) -> Result<Vec<(String, u64)>, Error> {
    let account = account.to_string();
    let rows: Vec<(String, i64)> = on!(conn, c => {
        drift::table
            .filter(drift::account_id.eq(&account))
            .group_by(drift::kind)
            .order(drift::kind)
            .select((drift::kind, diesel::dsl::count_star()))
            .load(c)
    })?;
    Ok(rows.into_iter().map(|(kind, n)| (kind, value::count(n))).collect())
}

/// Notes that Concur has these users.
pub fn saw(conn: &mut Conn, account: AccountId, users: &[String], now: Timestamp) -> Result<(), Error> {
    for chunk in users.chunks(500) {
        let rows: Vec<_> = chunk
            .iter()
            .map(|user| {
                (
                    reconcile_seen::account_id.eq(account.to_string()),
                    reconcile_seen::concur_user_id.eq(user),
                    reconcile_seen::seen_at.eq(micros(now)),
                )
            })
            .collect();
        on!(conn, c => {
            diesel::insert_into(reconcile_seen::table)
                .values(&rows)
                .on_conflict((reconcile_seen::account_id, reconcile_seen::concur_user_id))
                .do_update()
                .set(reconcile_seen::seen_at.eq(micros(now)))
                .execute(c)
        })?;
    }
    Ok(())
}

/// Resources that are not deleted and whose Concur user a full read that began then has not met, by Concur's id.
pub fn missing(
    conn: &mut Conn,
    account: AccountId,
    begun: Timestamp,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(String, ResourceId)>, Error> {
    let account = account.to_string();
    let rows: Vec<(Option<String>, String)> = on!(conn, c => {
        let met = reconcile_seen::table
            .filter(reconcile_seen::account_id.eq(&account).and(reconcile_seen::seen_at.ge(micros(begun))))
            .select(reconcile_seen::concur_user_id.nullable());
        links::table
            .inner_join(resources::table)
            .filter(links::account_id.eq(&account).and(resources::deleted_at.is_null()))
            // Who was linked while it read may be new.
            .filter(links::concur_user_id.is_not_null().and(links::updated_at.lt(micros(begun))))
            .filter(links::concur_user_id.gt(after.unwrap_or("")))
            .filter(links::concur_user_id.ne_all(met))
            .order(links::concur_user_id)
            .limit(value::limit(limit))
            .select((links::concur_user_id, links::resource_id))
            .load(c)
    })?;
    let mut missing = Vec::with_capacity(rows.len());
    for (user, resource) in rows {
        missing.push((user.unwrap_or_default(), value::parse(&resource, "links.resource_id")?));
    }
    Ok(missing)
}
