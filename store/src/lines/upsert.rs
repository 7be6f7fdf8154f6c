//! Putting lines in: idempotent by (account, source, source key), so that a page read twice changes nothing.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::upsert::excluded;
use jiff::Timestamp;

use super::row::{LineRow, PreparedLine, RawRow, TextsRow};
use super::{LineNo, NewLine, changes, insert, sums};
use crate::conn::on;
use crate::ids::AccountId;
use crate::prepared::planned_anew;
use crate::schema::{line_raw, line_texts, lines};
use crate::{Conn, Error};

/// Rows per statement: 15 columns each stay well under SQLite's 32,766 bound values and PostgreSQL's 65,535.
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

/// What became of a line that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// It was not known before.
    Inserted,
    /// It was known, and is different now (or back after a removal).
    Changed,
    /// It was known and is the same.
    Unchanged,
}

/// A line that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its place among those that were given.
    pub given: usize,
    /// Its number.
    pub no: LineNo,
    /// What became of it.
    pub became: Became,
}

impl Upserted {
    /// Of how many that was true.
    pub fn of(placed: &[Placed]) -> Self {
        let count = |became| placed.iter().filter(|line| line.became == became).count();
        Self {
            inserted: count(Became::Inserted),
            changed: count(Became::Changed),
            unchanged: count(Became::Unchanged),
        }
    }
}

/// Puts lines as read. Of two with the same key the last one counts (the first is counted nowhere).
pub fn upsert(
    conn: &mut Conn,
    account: AccountId,
    new: &[NewLine],
    now: Timestamp,
) -> Result<Upserted, Error> {
    let new = new.iter().map(|line| PreparedLine::new(account, line, now)).collect();
    upsert_prepared(conn, account, new, now).map(|placed| Upserted::of(&placed))
}

/// [`upsert`] of lines that were prepared beforehand: what became of each, in no order.
pub fn upsert_prepared(
    conn: &mut Conn,
    account: AccountId,
    mut new: Vec<PreparedLine>,
    now: Timestamp,
) -> Result<Vec<Placed>, Error> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    // From here on nobody else puts lines of this account: what is unknown now stays so until it is put.
    changes::lock_head(conn, account)?;
    let mut placed = Vec::with_capacity(new.len());
    let mut known = known(conn, &new)?;
    let (mut unknown, mut changed, mut left) = (Vec::new(), Vec::new(), Vec::new());
    let counts = last_of_each(&new);
    for (given, line) in new.iter_mut().enumerate().filter(|(given, _)| counts[*given]) {
        match known.remove(&line.line.line_id) {
            None => unknown.push((given, line)),
            Some(known) if known.is(&line.line) => {
                placed.push(Placed { given, no: LineNo(known.no), became: Became::Unchanged });
            }
            Some(known) => {
                line.number(known.no);
                placed.push(Placed { given, no: LineNo(known.no), became: Became::Changed });
                if known.day != line.line.transaction_date {
                    left.push(known.day);
                }
                changed.push(&*line);
            }
        }
    }
    let numbers = insert::next_numbers(conn, unknown.len())?;
    for ((given, line), no) in unknown.iter_mut().zip(&numbers) {
        line.number(*no);
        placed.push(Placed { given: *given, no: LineNo(*no), became: Became::Inserted });
    }
    let unknown: Vec<&PreparedLine> = unknown.into_iter().map(|(_, line)| &*line).collect();
    if !(unknown.is_empty() && changed.is_empty()) {
        let change = changes::next_change(conn, account)?;
        insert::insert(conn, &unknown)?;
        changes::mark_new(conn, account, change, &numbers, now)?;
        for chunk in changed.chunks(CHUNK) {
            replace(conn, chunk)?;
            let numbers: Vec<i64> = chunk.iter().map(|line| line.line.line_no).collect();
            changes::mark(conn, account, change, &numbers, now)?;
        }
    }
    sums::spoil(conn, account, &left)?;
    Ok(placed)
}

/// Of each whether none of the same key comes after it.
fn last_of_each(new: &[PreparedLine]) -> Vec<bool> {
    let mut seen = HashSet::with_capacity(new.len());
    let mut last: Vec<bool> = new.iter().rev().map(|line| seen.insert(line.line.line_id.as_str())).collect();
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

fn known(conn: &mut Conn, lines: &[PreparedLine]) -> Result<HashMap<String, Known>, Error> {
    let mut found = HashMap::new();
    for chunk in lines.chunks(CHUNK) {
        let ids: Vec<&str> = chunk.iter().map(|line| line.line.line_id.as_str()).collect();
        let stored = lines::table.filter(lines::line_id.eq_any(&ids)).select((
            lines::line_id,
            lines::line_no,
            lines::content_hash,
            lines::transaction_date,
            lines::removed_at.is_not_null(),
        ));
        let known: Vec<(String, i64, String, String, bool)> = on!(conn, c => planned_anew(stored).load(c))?;
        let known = known.into_iter();
        found.extend(known.map(|(id, no, hash, day, removed)| (id, Known { no, hash, day, removed })));
    }
    Ok(found)
}

/// Writes lines over those of their numbers.
fn replace(conn: &mut Conn, changed: &[&PreparedLine]) -> Result<(), Error> {
    let lines: Vec<&LineRow> = changed.iter().map(|line| &line.line).collect();
    on!(conn, c => {
        diesel::insert_into(lines::table)
            .values(lines)
            .on_conflict(lines::line_no)
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
            .execute(c)
    })?;
    let texts: Vec<&TextsRow> = changed.iter().map(|line| &line.texts).collect();
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
    let raw: Vec<&RawRow> = changed.iter().map(|line| &line.raw).collect();
    on!(conn, c => {
        diesel::insert_into(line_raw::table)
            .values(raw)
            .on_conflict(line_raw::line_no)
            .do_update()
            .set(line_raw::raw.eq(excluded(line_raw::raw)))
            .execute(c)
    })?;
    Ok(())
}
