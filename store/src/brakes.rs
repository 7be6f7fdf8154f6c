//! The deprovisioning brake as it is remembered (reliability §4): whom it has counted, whether it is tripped or off,
//! and which operations it holds. Here, and not in a process, so that neither a restart nor a second replica resets it.
//!
//! Who is about to accept a deactivation takes [`lock`] first, before any row of the user: then two replicas at the
//! limit go one after the other, and never wait for each other in a circle.
//!
//! Not here: how many are too many (`scim-bridge/src/brake`).

use diesel::prelude::*;
use jiff::Timestamp;

use crate::conn::{Raw, on};
use crate::ids::{AccountId, OperationId, ResourceId};
use crate::operations::State;
use crate::schema::{brake_counts, brake_holds, brakes, operations};
use crate::value::{self, micros};
use crate::{Conn, Error};

/// The brake of one account.
#[derive(Clone, Debug, PartialEq)]
pub struct Brake {
    /// Whose.
    pub account: AccountId,
    /// What was counted before does not count any more: a person has agreed with it.
    pub counted_from: Option<Timestamp>,
    /// Since when further deactivations are held.
    pub tripped_at: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// When people were last told.
    pub alerted_at: Option<Timestamp>,
    /// Until when it is switched off.
    pub off_until: Option<Timestamp>,
    /// Why it is switched off.
    pub off_reason: Option<String>,
    /// Who switched it off.
    pub off_by: Option<String>,
}

impl Brake {
    /// A brake that has never had anything to do.
    fn new(account: AccountId) -> Self {
        Self {
            account,
            counted_from: None,
            tripped_at: None,
            reason: None,
            alerted_at: None,
            off_until: None,
            off_reason: None,
            off_by: None,
        }
    }

    /// Whether it is switched off at this time.
    pub fn is_off(&self, now: Timestamp) -> bool {
        self.off_until.is_some_and(|until| now < until)
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = brakes, treat_none_as_null = true)]
struct Row {
    account_id: String,
    counted_from: Option<i64>,
    tripped_at: Option<i64>,
    reason: Option<String>,
    alerted_at: Option<i64>,
    off_until: Option<i64>,
    off_reason: Option<String>,
    off_by: Option<String>,
    updated_at: i64,
}

impl Row {
    fn new(brake: &Brake, now: Timestamp) -> Self {
        Row {
            account_id: brake.account.to_string(),
            counted_from: brake.counted_from.map(micros),
            tripped_at: brake.tripped_at.map(micros),
            reason: brake.reason.clone(),
            alerted_at: brake.alerted_at.map(micros),
            off_until: brake.off_until.map(micros),
            off_reason: brake.off_reason.clone(),
            off_by: brake.off_by.clone(),
            updated_at: micros(now),
        }
    }
}

impl TryFrom<Row> for Brake {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Brake {
            account: value::parse(&row.account_id, "brakes.account_id")?,
            counted_from: value::time_opt(row.counted_from, "brakes.counted_from")?,
            tripped_at: value::time_opt(row.tripped_at, "brakes.tripped_at")?,
            reason: row.reason,
            alerted_at: value::time_opt(row.alerted_at, "brakes.alerted_at")?,
            off_until: value::time_opt(row.off_until, "brakes.off_until")?,
            off_reason: row.off_reason,
            off_by: row.off_by,
        })
    }
}

/// The brake of an account, locked until the transaction ends. SQLite has one writer anyway.
pub fn lock(conn: &mut Conn, account: AccountId, now: Timestamp) -> Result<Brake, Error> {
    let first = Row::new(&Brake::new(account), now);
    on!(conn, c => diesel::insert_into(brakes::table).values(&first).on_conflict_do_nothing().execute(c))?;
    if let Raw::Postgres(c) = &mut *conn.pooled {
        let row = brakes::table.find(&first.account_id).select(brakes::account_id);
        row.for_update().first::<String>(&mut ***c)?;
    }
    get(conn, account)
}

/// The brake of an account, to look at.
pub fn get(conn: &mut Conn, account: AccountId) -> Result<Brake, Error> {
    let key = account.to_string();
    let row: Option<Row> =
        on!(conn, c => brakes::table.find(&key).select(Row::as_select()).first(c).optional())?;
    row.map_or_else(|| Ok(Brake::new(account)), Brake::try_from)
}

/// Puts a brake that was [`lock`]ed in this transaction.
pub fn put(conn: &mut Conn, brake: &Brake, now: Timestamp) -> Result<(), Error> {
    let row = Row::new(brake, now);
    on!(conn, c => {
        diesel::insert_into(brakes::table).values(&row).on_conflict(brakes::account_id).do_update().set(&row).execute(c)
    })?;
    Ok(())
}

/// All brakes that are tripped.
pub fn tripped(conn: &mut Conn) -> Result<Vec<Brake>, Error> {
    let rows: Vec<Row> = on!(conn, c => {
        brakes::table
            .filter(brakes::tripped_at.is_not_null())
            .order(brakes::account_id)
            .select(Row::as_select())
            .load(c)
    })?;
    rows.into_iter().map(Brake::try_from).collect()
}

/// Counts a user whose access is ended now; one who was counted before is counted once, at the later time.
pub fn count(conn: &mut Conn, account: AccountId, resource: ResourceId, now: Timestamp) -> Result<(), Error> {
    let row = (
        brake_counts::account_id.eq(account.to_string()),
        brake_counts::resource_id.eq(resource.to_string()),
        brake_counts::counted_at.eq(micros(now)),
    );
    on!(conn, c => {
        diesel::insert_into(brake_counts::table)
            .values(&row)
            .on_conflict((brake_counts::account_id, brake_counts::resource_id))
            .do_update()
            .set(brake_counts::counted_at.eq(micros(now)))
            .execute(c)
    })?;
    Ok(())
}

/// Takes a count back: the deactivation was cancelled and never sent.
pub fn uncount(conn: &mut Conn, account: AccountId, resource: ResourceId) -> Result<(), Error> {
    let (account, resource) = (account.to_string(), resource.to_string());
    on!(conn, c => diesel::delete(brake_counts::table.find((&account, &resource))).execute(c))?;
    Ok(())
}

/// How many users were counted since, `but` one, who is about to be.
pub fn counted_since(
    conn: &mut Conn,
    account: AccountId,
    since: Timestamp,
    but: Option<ResourceId>,
) -> Result<u64, Error> {
    let (account, but) = (account.to_string(), but.map(|it| it.to_string()).unwrap_or_default());
    let count: i64 = on!(conn, c => {
        brake_counts::table
            .filter(brake_counts::account_id.eq(&account).and(brake_counts::counted_at.gt(micros(since))))
            .filter(brake_counts::resource_id.ne(&but))
            .count()
            .get_result(c)
    })?;
    Ok(value::count(count))
}

/// Notes that the brake, and not a person, holds an operation.
pub fn hold(
    conn: &mut Conn,
    account: AccountId,
    operation: OperationId,
    now: Timestamp,
) -> Result<(), Error> {
    let row = (
        brake_holds::op_id.eq(operation.as_i64()),
        brake_holds::account_id.eq(account.to_string()),
        brake_holds::held_at.eq(micros(now)),
    );
    on!(conn, c => {
        diesel::insert_into(brake_holds::table).values(&row).on_conflict_do_nothing().execute(c)
    })?;
    Ok(())
}

/// The brake has let an operation go.
pub fn let_go(conn: &mut Conn, operation: OperationId) -> Result<(), Error> {
    on!(conn, c => diesel::delete(brake_holds::table.find(operation.as_i64())).execute(c))?;
    Ok(())
}

/// Whether the brake holds an operation.
pub fn holds(conn: &mut Conn, operation: OperationId) -> Result<bool, Error> {
    on!(conn, c => {
        diesel::select(diesel::dsl::exists(
            brake_holds::table
                .inner_join(operations::table)
                .filter(brake_holds::op_id.eq(operation.as_i64()))
                .filter(operations::state.eq(State::Held.as_str())),
        ))
        .get_result(c)
    })
}

/// The operations that the brake holds, oldest first, those after `after`.
pub fn held(
    conn: &mut Conn,
    account: AccountId,
    after: Option<OperationId>,
    limit: usize,
) -> Result<Vec<OperationId>, Error> {
    let account = account.to_string();
    let ids: Vec<i64> = on!(conn, c => {
        brake_holds::table
            .inner_join(operations::table)
            .filter(brake_holds::account_id.eq(&account).and(operations::state.eq(State::Held.as_str())))
            .filter(brake_holds::op_id.gt(after.map_or(0, OperationId::as_i64)))
            .order(brake_holds::op_id)
            .limit(value::limit(limit))
            .select(brake_holds::op_id)
            .load(c)
    })?;
    Ok(ids.into_iter().map(OperationId::from_i64).collect())
}

/// How many operations the brake holds.
pub fn count_held(conn: &mut Conn, account: AccountId) -> Result<u64, Error> {
    let account = account.to_string();
    let count: i64 = on!(conn, c => {
        brake_holds::table
            .inner_join(operations::table)
            .filter(brake_holds::account_id.eq(&account).and(operations::state.eq(State::Held.as_str())))
            .count()
            .get_result(c)
    })?;
    Ok(value::count(count))
}
