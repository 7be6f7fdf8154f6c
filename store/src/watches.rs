//! Whom to read again, because a request whose outcome was unknown may still take effect (reliability I12).
//!
//! A watch belongs to a person, not to an operation: what a late request can undo is whatever is newest by then. It begins
//! in the transaction that makes an outcome unknown, so it cannot be forgotten. When the looks are due is decided by the
//! delivery; taking a watch moves its due time, which keeps other workers from it for so long.

use diesel::prelude::*;
use jiff::Timestamp;

use crate::conn::on;
use crate::ids::{AccountId, ResourceId};
use crate::schema::drift_watches;
use crate::value::{self, micros};
use crate::{Conn, Error};

/// Minutes after the last attempt at which the first look is due; the later ones are the delivery's to plan.
pub const FIRST_LOOK_MINUTES: i64 = 5;

/// A person who is to be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The first resource of the person.
    pub chain: ResourceId,
    /// Whose.
    pub account: AccountId,
    /// The last attempt that may still take effect.
    pub since: Timestamp,
    /// Looks that are done.
    pub looks: u32,
    /// When to look.
    pub due_at: Timestamp,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = drift_watches)]
struct Row {
    chain_id: String,
    account_id: String,
    since: i64,
    looks: i32,
    due_at: i64,
}

impl TryFrom<Row> for Watch {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Watch {
            chain: value::parse(&row.chain_id, "drift_watches.chain_id")?,
            account: value::parse(&row.account_id, "drift_watches.account_id")?,
            since: value::time(row.since, "drift_watches.since")?,
            looks: u32::try_from(row.looks).unwrap_or(0),
            due_at: value::time(row.due_at, "drift_watches.due_at")?,
        })
    }
}

/// Begins to watch a chain, or begins anew: `now` is the last time at which something may have been sent for it.
pub(crate) fn begin(conn: &mut Conn, chain_id: &str, account_id: &str, now: Timestamp) -> Result<(), Error> {
    let row = Row {
        chain_id: chain_id.to_owned(),
        account_id: account_id.to_owned(),
        since: micros(now),
        looks: 0,
        due_at: micros(now) + FIRST_LOOK_MINUTES * 60_000_000,
    };
    let again = (
        drift_watches::since.eq(row.since),
        drift_watches::looks.eq(row.looks),
        drift_watches::due_at.eq(row.due_at),
    );
    on!(conn, c => {
        diesel::insert_into(drift_watches::table)
            .values(&row)
            .on_conflict(drift_watches::chain_id)
            .do_update()
            .set(again)
            .execute(c)
    })?;
    Ok(())
}

/// Takes the watches that are due, oldest first; nobody else gets them before `until`.
pub fn take_due(
    conn: &mut Conn,
    now: Timestamp,
    until: Timestamp,
    exclude: &[AccountId],
    limit: usize,
) -> Result<Vec<Watch>, Error> {
    let exclude: Vec<String> = exclude.iter().map(ToString::to_string).collect();
    let due: Vec<Row> = on!(conn, c => {
        drift_watches::table
            .filter(drift_watches::due_at.le(micros(now)).and(drift_watches::account_id.ne_all(&exclude)))
            .order((drift_watches::due_at, drift_watches::chain_id))
            .limit(value::limit(limit))
            .select(Row::as_select())
            .load(c)
    })?;
    let mut taken = Vec::with_capacity(due.len());
    for row in due {
        let mut watch = Watch::try_from(row)?;
        if put_due(conn, &watch, watch.looks, until)? {
            watch.due_at = until;
            taken.push(watch);
        }
    }
    Ok(taken)
}

/// After a look: when the next one is due, or `None` for never. False, and nothing changed, where somebody else has taken
/// the watch or it has begun anew.
pub fn looked(conn: &mut Conn, watch: &Watch, next: Option<(u32, Timestamp)>) -> Result<bool, Error> {
    if let Some((looks, due_at)) = next {
        return put_due(conn, watch, looks, due_at);
    }
    let key = watch.chain.to_string();
    let same = drift_watches::due_at.eq(micros(watch.due_at));
    let ended = on!(conn, c => diesel::delete(drift_watches::table.find(&key).filter(same)).execute(c))?;
    Ok(ended == 1)
}

/// When the next look is due; `None`: nobody is watched.
pub fn next_due(conn: &mut Conn) -> Result<Option<Timestamp>, Error> {
    let due: Option<i64> =
        on!(conn, c => drift_watches::table.select(diesel::dsl::min(drift_watches::due_at)).first(c))?;
    value::time_opt(due, "drift_watches.due_at")
}

/// How many persons of an account are watched.
pub fn count(conn: &mut Conn, account: AccountId) -> Result<u64, Error> {
    let account = account.to_string();
    let n: i64 = on!(conn, c => {
        drift_watches::table.filter(drift_watches::account_id.eq(&account)).count().get_result(c)
    })?;
    Ok(value::count(n))
}

/// Compare-and-set on the due time: it rises with each take and each beginning.
fn put_due(conn: &mut Conn, watch: &Watch, looks: u32, due_at: Timestamp) -> Result<bool, Error> {
    let key = watch.chain.to_string();
    let same = drift_watches::due_at.eq(micros(watch.due_at));
    let change = (
        drift_watches::looks.eq(i32::try_from(looks).unwrap_or(i32::MAX)),
        drift_watches::due_at.eq(micros(due_at)),
    );
    let changed = on!(conn, c => {
        diesel::update(drift_watches::table.find(&key).filter(same)).set(change).execute(c)
    })?;
    Ok(changed == 1)
}
