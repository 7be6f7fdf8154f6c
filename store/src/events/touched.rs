//! Reports that are to be read again because an event named them. One row for each report, however often it was named.

use diesel::prelude::*;
use jiff::Timestamp;

use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::touched_reports;
use crate::value::{self, micros};
use crate::{Conn, Error};

/// What an event says of a report.
#[derive(Clone, Debug)]
pub struct Touch {
    /// Whose.
    pub account: AccountId,
    /// Concur's id of the report.
    pub report_id: String,
    /// Concur's id of its owner, if it was said.
    pub owner_id: Option<String>,
    /// It is said to be gone.
    pub deleted: bool,
    /// The time it is.
    pub now: Timestamp,
}

/// A report to read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Whose.
    pub account: AccountId,
    /// Concur's id of the report.
    pub report_id: String,
    /// Concur's id of its owner, if it was ever said.
    pub owner_id: Option<String>,
    /// It was said to be gone.
    pub deleted: bool,
    /// When it was first named since it was last read.
    pub first_at: Timestamp,
    /// When it was last named.
    pub last_at: Timestamp,
    /// How often reading it was put off.
    pub tries: u32,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = touched_reports)]
struct Row {
    account_id: String,
    report_id: String,
    owner_id: Option<String>,
    deleted: bool,
    first_at: i64,
    last_at: i64,
    tries: i32,
}

impl TryFrom<Row> for Touched {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Touched {
            account: value::parse(&row.account_id, "touched_reports.account_id")?,
            report_id: row.report_id,
            owner_id: row.owner_id,
            deleted: row.deleted,
            first_at: value::time(row.first_at, "touched_reports.first_at")?,
            last_at: value::time(row.last_at, "touched_reports.last_at")?,
            tries: u32::try_from(row.tries).unwrap_or(0),
        })
    }
}

/// The report is to be read again, at once. Ids of reports do not return: one that was said to be gone stays so,
/// in whatever order events come.
pub fn touch(conn: &mut Conn, touch: &Touch) -> Result<(), Error> {
    let (account, now) = (touch.account.to_string(), micros(touch.now));
    let row = (
        touched_reports::account_id.eq(&account),
        touched_reports::report_id.eq(&touch.report_id),
        touched_reports::owner_id.eq(touch.owner_id.as_deref()),
        touched_reports::deleted.eq(touch.deleted),
        touched_reports::first_at.eq(now),
        touched_reports::last_at.eq(now),
        touched_reports::due_at.eq(now),
        touched_reports::tries.eq(0),
    );
    let inserted = on!(conn, c => {
        diesel::insert_into(touched_reports::table).values(row).on_conflict_do_nothing().execute(c)
    })?;
    if inserted == 1 {
        return Ok(());
    }
    let known = touched_reports::table.find((&account, &touch.report_id));
    on!(conn, c => {
        diesel::update(known)
            .set((
                // Two of one microsecond are two all the same: who reads one must not settle the other.
                touched_reports::last_at.eq(touched_reports::last_at + 1),
                touched_reports::due_at.eq(now),
            ))
            .execute(c)
    })?;
    let later = touched_reports::last_at.lt(now);
    on!(conn, c => {
        diesel::update(known.filter(later)).set(touched_reports::last_at.eq(now)).execute(c)
    })?;
    if touch.deleted {
        on!(conn, c => diesel::update(known).set(touched_reports::deleted.eq(true)).execute(c))?;
    }
    if let Some(owner) = &touch.owner_id {
        on!(conn, c => diesel::update(known).set(touched_reports::owner_id.eq(owner)).execute(c))?;
    }
    Ok(())
}

/// What is to be read now, the longest waiting first.
pub fn due(conn: &mut Conn, account: AccountId, now: Timestamp, limit: usize) -> Result<Vec<Touched>, Error> {
    let key = account.to_string();
    let rows: Vec<Row> = on!(conn, c => {
        touched_reports::table
            .filter(touched_reports::account_id.eq(&key).and(touched_reports::due_at.le(micros(now))))
            .order((touched_reports::due_at, touched_reports::report_id))
            .limit(value::limit(limit))
            .select(Row::as_select())
            .load(c)
    })?;
    rows.into_iter().map(Touched::try_from).collect()
}

/// It was read, unless it was named again meanwhile.
pub fn settled(conn: &mut Conn, touched: &Touched) -> Result<(), Error> {
    let account = touched.account.to_string();
    let same = touched_reports::last_at.eq(micros(touched.last_at));
    let row = touched_reports::table.find((&account, &touched.report_id)).filter(same);
    on!(conn, c => diesel::delete(row).execute(c))?;
    Ok(())
}

/// It cannot be read now: again at `due_at`, unless it was named again meanwhile.
pub fn put_off(conn: &mut Conn, touched: &Touched, due_at: Timestamp) -> Result<(), Error> {
    let account = touched.account.to_string();
    let same = touched_reports::last_at.eq(micros(touched.last_at));
    let row = touched_reports::table.find((&account, &touched.report_id)).filter(same);
    on!(conn, c => {
        diesel::update(row)
            .set((
                touched_reports::due_at.eq(micros(due_at)),
                touched_reports::tries.eq(touched_reports::tries + 1),
            ))
            .execute(c)
    })?;
    Ok(())
}

/// How many reports wait to be read again, due or not.
pub fn waiting(conn: &mut Conn, account: AccountId) -> Result<u64, Error> {
    let key = account.to_string();
    let of_it = touched_reports::table.filter(touched_reports::account_id.eq(&key));
    let count: i64 = on!(conn, c => of_it.count().get_result(c))?;
    Ok(value::count(count))
}
