//! Putting lines in: idempotent by (account, source, source key), so that a page read twice changes nothing.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::upsert::excluded;
use jiff::Timestamp;

use super::row::{LineRow, RawRow, Rows, TextsRow, rows};
use super::{LineNo, NewLine, changes, sums};
use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::{line_raw, line_texts, lines};
use crate::{Conn, Error};

/// Rows per statement: 14 columns each stay well under SQLite's 32,766 bound values and PostgreSQL's 65,535.
const CHUNK: usize = 1_000;

/// What an upsert did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upserted {
    /// Not known before.
    pub inserted: usize,
    /// Known, and different now (or back after a removal).
    pub changed: usize,
    /// Known and the same.
    pub unchanged: usize,
}

/// Puts lines as read. Of two with the same key the last one counts (the first is counted nowhere).
pub fn upsert(
    conn: &mut Conn,
    account: AccountId,
    new: &[NewLine],
    now: Timestamp,
) -> Result<Upserted, Error> {
    upsert_numbered(conn, account, new, now).map(|(done, _)| done)
}

/// [`upsert`], and which lines they are, those included that were known and the same.
pub fn upsert_numbered(
    conn: &mut Conn,
    account: AccountId,
    new: &[NewLine],
    now: Timestamp,
) -> Result<(Upserted, Vec<LineNo>), Error> {
    let (mut done, mut numbers) = (Upserted::default(), Vec::with_capacity(new.len()));
    for chunk in new.chunks(CHUNK) {
        let mut pending = last_of_each(chunk.iter().map(|line| rows(account, line, now)));
        let known = known(conn, &pending)?;
        let mut left = Vec::new();
        pending.retain(|rows| match known.get(&rows.line.line_id) {
            None => {
                done.inserted += 1;
                true
            }
            Some(known) if known.is(&rows.line) => {
                done.unchanged += 1;
                numbers.push(LineNo(known.no));
                false
            }
            Some(known) => {
                done.changed += 1;
                if known.day != rows.line.transaction_date {
                    left.push(known.day.clone());
                }
                true
            }
        });
        put(conn, account, &mut pending, now)?;
        sums::spoil(conn, account, &left)?;
        numbers.extend(pending.iter().map(|rows| LineNo(rows.texts.line_no)));
    }
    Ok((done, numbers))
}

/// In their order, each line once.
fn last_of_each(rows: impl DoubleEndedIterator<Item = Rows>) -> Vec<Rows> {
    let mut seen = HashSet::new();
    let mut last: Vec<Rows> = rows.rev().filter(|rows| seen.insert(rows.line.line_id.clone())).collect();
    last.reverse();
    last
}

/// A line as it is stored.
struct Known {
    no: i64,
    hash: String,
    day: String,
    removed: bool,
}

impl Known {
    /// Whether it is there and says the same.
    fn is(&self, line: &LineRow) -> bool {
        !self.removed && self.hash == line.content_hash
    }
}

fn known(conn: &mut Conn, pending: &[Rows]) -> Result<HashMap<String, Known>, Error> {
    let ids: Vec<&str> = pending.iter().map(|rows| rows.line.line_id.as_str()).collect();
    let known: Vec<(String, i64, String, String, bool)> = on!(conn, c => {
        lines::table
            .filter(lines::line_id.eq_any(&ids))
            .select((
                lines::line_id,
                lines::line_no,
                lines::content_hash,
                lines::transaction_date,
                lines::removed_at.is_not_null(),
            ))
            .load(c)
    })?;
    Ok(known.into_iter().map(|(id, no, hash, day, removed)| (id, Known { no, hash, day, removed })).collect())
}

/// Writes them, and tells each its number.
fn put(conn: &mut Conn, account: AccountId, pending: &mut [Rows], now: Timestamp) -> Result<(), Error> {
    if pending.is_empty() {
        return Ok(());
    }
    let change = changes::next_change(conn, account)?;
    put_lines(conn, pending)?;
    let texts: Vec<&TextsRow> = pending.iter().map(|rows| &rows.texts).collect();
    on!(conn, c => {
        diesel::insert_into(line_texts::table)
            .values(texts)
            .on_conflict(line_texts::line_no)
            .do_update()
            .set((
                line_texts::entry_id.eq(excluded(line_texts::entry_id)),
                line_texts::itemization_id.eq(excluded(line_texts::itemization_id)),
                line_texts::vendor_description.eq(excluded(line_texts::vendor_description)),
                line_texts::vendor_list_item.eq(excluded(line_texts::vendor_list_item)),
                line_texts::description.eq(excluded(line_texts::description)),
                line_texts::business_purpose.eq(excluded(line_texts::business_purpose)),
                line_texts::expense_type_code.eq(excluded(line_texts::expense_type_code)),
                line_texts::expense_type_name.eq(excluded(line_texts::expense_type_name)),
                line_texts::spend_category_code.eq(excluded(line_texts::spend_category_code)),
                line_texts::spend_category_name.eq(excluded(line_texts::spend_category_name)),
                line_texts::is_personal.eq(excluded(line_texts::is_personal)),
                line_texts::has_itemizations.eq(excluded(line_texts::has_itemizations)),
                line_texts::updated_at.eq(excluded(line_texts::updated_at)),
            ))
            .execute(c)
    })?;
    let raw: Vec<&RawRow> = pending.iter().map(|rows| &rows.raw).collect();
    on!(conn, c => {
        diesel::insert_into(line_raw::table)
            .values(raw)
            .on_conflict(line_raw::line_no)
            .do_update()
            .set(line_raw::raw.eq(excluded(line_raw::raw)))
            .execute(c)
    })?;
    let numbers: Vec<i64> = pending.iter().map(|rows| rows.texts.line_no).collect();
    changes::mark(conn, account, change, &numbers, now)
}

fn put_lines(conn: &mut Conn, pending: &mut [Rows]) -> Result<(), Error> {
    let lines: Vec<&LineRow> = pending.iter().map(|rows| &rows.line).collect();
    let numbered: Vec<(String, i64)> = on!(conn, c => {
        diesel::insert_into(lines::table)
            .values(lines)
            .on_conflict(lines::line_id)
            .do_update()
            .set((
                lines::report_id.eq(excluded(lines::report_id)),
                lines::owner_login.eq(excluded(lines::owner_login)),
                lines::transaction_date.eq(excluded(lines::transaction_date)),
                lines::transaction_amount.eq(excluded(lines::transaction_amount)),
                lines::transaction_currency.eq(excluded(lines::transaction_currency)),
                lines::posted_amount.eq(excluded(lines::posted_amount)),
                lines::posted_currency.eq(excluded(lines::posted_currency)),
                lines::counted.eq(excluded(lines::counted)),
                lines::content_hash.eq(excluded(lines::content_hash)),
                lines::removed_at.eq(excluded(lines::removed_at)),
            ))
            .returning((lines::line_id, lines::line_no))
            .get_results(c)
    })?;
    let numbers: HashMap<String, i64> = numbered.into_iter().collect();
    for rows in pending {
        let no = numbers.get(&rows.line.line_id).copied();
        let no = no.ok_or_else(|| Error::Corrupt {
            what: "lines.line_no",
            reason: "a line was not stored".to_owned(),
        })?;
        (rows.texts.line_no, rows.raw.line_no) = (no, no);
    }
    Ok(())
}
