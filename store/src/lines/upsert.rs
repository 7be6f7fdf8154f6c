//! Putting lines in: idempotent by (account, source, source key), so that a page read twice changes nothing.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::upsert::excluded;
use jiff::Timestamp;

use super::row::{LineRow, PreparedLine, RawRow, TextsRow};
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
    new: Vec<PreparedLine>,
    now: Timestamp,
) -> Result<Vec<Placed>, Error> {
    let mut placed = Vec::with_capacity(new.len());
    let mut new = last_of_each(new);
    for chunk in new.chunks_mut(CHUNK) {
        let known = known(conn, chunk)?;
        let (mut pending, mut left) = (Vec::with_capacity(chunk.len()), Vec::new());
        for (given, line) in chunk {
            let became = match known.get(&line.line.line_id) {
                None => Became::Inserted,
                Some(known) if known.is(&line.line) => {
                    placed.push(Placed { given: *given, no: LineNo(known.no), became: Became::Unchanged });
                    continue;
                }
                Some(known) => {
                    if known.day != line.line.transaction_date {
                        left.push(known.day.clone());
                    }
                    Became::Changed
                }
            };
            pending.push((*given, became, line));
        }
        put(conn, account, &mut pending, now)?;
        sums::spoil(conn, account, &left)?;
        let numbered = pending.into_iter();
        placed.extend(numbered.map(|(given, became, line)| Placed {
            given,
            no: LineNo(line.texts.line_no),
            became,
        }));
    }
    Ok(placed)
}

/// In their order, each line once, with the places that they had.
fn last_of_each(new: Vec<PreparedLine>) -> Vec<(usize, PreparedLine)> {
    let mut seen = HashSet::with_capacity(new.len());
    let mut last: Vec<bool> = new.iter().rev().map(|line| seen.insert(line.line.line_id.as_str())).collect();
    last.reverse();
    let new = new.into_iter().enumerate().zip(last);
    new.filter_map(|(line, last)| last.then_some(line)).collect()
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

fn known(conn: &mut Conn, lines: &[(usize, PreparedLine)]) -> Result<HashMap<String, Known>, Error> {
    let ids: Vec<&str> = lines.iter().map(|(_, line)| line.line.line_id.as_str()).collect();
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

/// A line that differs from what is stored: its place among those given, what becomes of it, and itself.
type Pending<'a> = (usize, Became, &'a mut PreparedLine);

/// Writes them, and tells each its number.
fn put(conn: &mut Conn, account: AccountId, pending: &mut [Pending], now: Timestamp) -> Result<(), Error> {
    if pending.is_empty() {
        return Ok(());
    }
    let change = changes::next_change(conn, account)?;
    put_lines(conn, pending)?;
    let texts: Vec<&TextsRow> = pending.iter().map(|(.., line)| &line.texts).collect();
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
    let raw: Vec<&RawRow> = pending.iter().map(|(.., line)| &line.raw).collect();
    on!(conn, c => {
        diesel::insert_into(line_raw::table)
            .values(raw)
            .on_conflict(line_raw::line_no)
            .do_update()
            .set(line_raw::raw.eq(excluded(line_raw::raw)))
            .execute(c)
    })?;
    let numbers: Vec<i64> = pending.iter().map(|(.., line)| line.texts.line_no).collect();
    changes::mark(conn, account, change, &numbers, now)
}

fn put_lines(conn: &mut Conn, pending: &mut [Pending]) -> Result<(), Error> {
    let lines: Vec<&LineRow> = pending.iter().map(|(.., line)| &line.line).collect();
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
    for (.., line) in pending {
        let no = numbers.get(&line.line.line_id).copied();
        let no = no.ok_or_else(|| Error::Corrupt {
            what: "lines.line_no",
            reason: "a line was not stored".to_owned(),
        })?;
        (line.texts.line_no, line.raw.line_no) = (no, no);
    }
    Ok(())
}
