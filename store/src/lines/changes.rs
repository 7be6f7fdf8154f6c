//! What has changed, in the order in which it did: each line stands once, at its last change. A reader that remembers
//! where it stopped misses nothing and is told nothing twice, unless it changed again.
//!
//! Changes of one account are numbered under its head, which is locked until the transaction ends: a number is visible
//! only when all smaller ones are. Whoever writes lines or decisions takes the head first, so that nobody waits in a
//! circle, and whoever decides lines knows that the rules stay as they are meanwhile.

use diesel::prelude::*;
use diesel::upsert::excluded;
use jiff::Timestamp;

use super::query::{JoinedRow, joined};
use super::row::{LineRow, TextsRow};
use super::{Line, LineNo};
use crate::conn::{Raw, on};
use crate::ids::AccountId;
use crate::insert::insert_rows;
use crate::matches::{self, Match};
use crate::schema::{line_changes, line_heads, line_texts, lines, matches as matches_table};
use crate::value::{self, micros};
use crate::{Conn, Error};

/// Rows per statement, well under SQLite's 32,766 bound values.
const CHUNK: usize = 5_000;

/// Where an account's lines have got to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Number of the last change; 0 before the first.
    pub change: i64,
    /// The revision of the account's rules that holds; 0 while it has none.
    pub rules_revision: i64,
}

/// The last line of a page of changes: the next page begins after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChangeCursor {
    /// Number of its change.
    pub change: i64,
    /// The line; `None`: before the first one of that change.
    pub line: Option<LineNo>,
}

/// A line that changed, or whose decision did.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Where it stands among the changes.
    pub at: ChangeCursor,
    /// As it is now; removed ones are here too.
    pub line: Line,
    /// As it is decided now.
    pub decision: Option<Match>,
}

/// Where the account's lines have got to.
pub fn head(conn: &mut Conn, account: AccountId) -> Result<Head, Error> {
    let account = account.to_string();
    let found: Option<(i64, i64)> = on!(conn, c => {
        line_heads::table
            .find(&account)
            .select((line_heads::change, line_heads::rules_revision))
            .first(c)
            .optional()
    })?;
    Ok(found.map_or_else(Head::default, |(change, rules_revision)| Head { change, rules_revision }))
}

/// [`head`], which stays as it is until this transaction ends.
pub fn lock_head(conn: &mut Conn, account: AccountId) -> Result<Head, Error> {
    let key = account.to_string();
    // SQLite's write transaction keeps everybody else out already.
    if matches!(*conn.pooled, Raw::Postgres(_)) {
        let first = (
            line_heads::account_id.eq(&key),
            line_heads::change.eq(0_i64),
            line_heads::rules_revision.eq(0_i64),
        );
        on!(conn, c => {
            diesel::insert_into(line_heads::table)
                .values(first)
                .on_conflict(line_heads::account_id)
                .do_update()
                .set(line_heads::change.eq(line_heads::change))
                .execute(c)
        })?;
    }
    head(conn, account)
}

/// Takes the next number, and the head with it.
pub(crate) fn next_change(conn: &mut Conn, account: AccountId) -> Result<i64, Error> {
    let key = account.to_string();
    let first =
        (line_heads::account_id.eq(&key), line_heads::change.eq(1_i64), line_heads::rules_revision.eq(0_i64));
    on!(conn, c => {
        diesel::insert_into(line_heads::table)
            .values(first)
            .on_conflict(line_heads::account_id)
            .do_update()
            .set(line_heads::change.eq(line_heads::change + 1))
            .returning(line_heads::change)
            .get_result(c)
    })
}

/// From now on this revision of the rules holds.
pub(crate) fn set_rules_revision(conn: &mut Conn, account: AccountId, revision: i64) -> Result<(), Error> {
    lock_head(conn, account)?;
    let key = account.to_string();
    let first = (
        line_heads::account_id.eq(&key),
        line_heads::change.eq(0_i64),
        line_heads::rules_revision.eq(revision),
    );
    on!(conn, c => {
        diesel::insert_into(line_heads::table)
            .values(first)
            .on_conflict(line_heads::account_id)
            .do_update()
            .set(line_heads::rules_revision.eq(excluded(line_heads::rules_revision)))
            .execute(c)
    })?;
    Ok(())
}

/// Puts lines at this change. `now` is kept for those that were not known before.
pub(crate) fn mark(
    conn: &mut Conn,
    account: AccountId,
    change: i64,
    lines: &[i64],
    now: Timestamp,
) -> Result<(), Error> {
    let account = account.to_string();
    for chunk in lines.chunks(CHUNK) {
        let rows: Vec<_> = chunk
            .iter()
            .map(|line| {
                (
                    line_changes::line_no.eq(*line),
                    line_changes::account_id.eq(&account),
                    line_changes::change.eq(change),
                    line_changes::added_at.eq(micros(now)),
                )
            })
            .collect();
        on!(conn, c => {
            diesel::insert_into(line_changes::table)
                .values(&rows)
                .on_conflict(line_changes::line_no)
                .do_update()
                .set(line_changes::change.eq(excluded(line_changes::change)))
                .execute(c)
        })?;
    }
    Ok(())
}

/// [`mark`] of lines that were not known before this transaction.
pub(super) fn mark_new(
    conn: &mut Conn,
    account: AccountId,
    change: i64,
    lines: &[i64],
    now: Timestamp,
) -> Result<(), Error> {
    let (account, now) = (account.to_string(), micros(now));
    let row = |line: &i64| NewRow { line_no: *line, account_id: &account, change, added_at: now };
    let rows: Vec<NewRow> = lines.iter().map(row).collect();
    insert_rows!(conn, line_changes[line_no, account_id, change, added_at], rows.iter())
}

#[derive(Insertable)]
#[diesel(table_name = line_changes, treat_none_as_default_value = false)]
struct NewRow<'a> {
    line_no: i64,
    account_id: &'a str,
    change: i64,
    added_at: i64,
}

/// Lines that changed after a place, in the order of their last change.
pub fn changes(
    conn: &mut Conn,
    account: AccountId,
    after: ChangeCursor,
    limit: usize,
) -> Result<Vec<Changed>, Error> {
    let account = account.to_string();
    let last = after.line.map_or(0, |line| line.0);
    let later = line_changes::change
        .gt(after.change)
        .or(line_changes::change.eq(after.change).and(line_changes::line_no.gt(last)));
    let rows: Vec<(i64, JoinedRow)> = on!(conn, c => {
        lines::table
            .inner_join(line_changes::table)
            .inner_join(line_texts::table)
            .left_join(matches_table::table)
            .filter(line_changes::account_id.eq(&account).and(line_changes::change.ge(after.change)).and(later))
            .order((line_changes::change, line_changes::line_no))
            .limit(value::limit(limit))
            .select((
                line_changes::change,
                (LineRow::as_select(), TextsRow::as_select(), Option::<matches::Row>::as_select()),
            ))
            .load(c)
    })?;
    rows.into_iter()
        .map(|(change, row)| {
            let (line, decision) = joined(row)?;
            Ok(Changed { at: ChangeCursor { change, line: Some(line.no) }, line, decision })
        })
        .collect()
}

/// Lines that changed after this number, in the order of theirs.
pub fn changed_since(conn: &mut Conn, account: AccountId, change: i64) -> Result<Vec<LineNo>, Error> {
    let account = account.to_string();
    let lines: Vec<i64> = on!(conn, c => {
        line_changes::table
            .filter(line_changes::account_id.eq(&account).and(line_changes::change.gt(change)))
            .order(line_changes::line_no)
            .select(line_changes::line_no)
            .load(c)
    })?;
    Ok(lines.into_iter().map(LineNo).collect())
}
