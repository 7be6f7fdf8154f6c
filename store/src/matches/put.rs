//! Storing decisions. What they replace is kept, with the time for which it stood.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::past::PastRow;
use super::{NewMatch, Row};
use crate::conn::on;
use crate::ids::AccountId;
use crate::insert::insert_rows;
use crate::lines;
use crate::schema::{matches, past_matches};
use crate::value;
use crate::{Conn, Error};

/// Rows per statement, well under SQLite's 32,766 bound values.
const CHUNK: usize = 500;

/// What storing decisions did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Written: those of lines about which no person has spoken, or a person speaks now.
    pub written: usize,
    /// Of them, new ones and such as say something else than the one before.
    pub changed: usize,
}

/// Stores decisions about lines that this transaction has put and that were not known before: none stood, and the change that
/// tells of the line tells of its decision.
pub fn insert(conn: &mut Conn, account: AccountId, new: Vec<NewMatch>) -> Result<(), Error> {
    let rows: Vec<Row> = new.into_iter().map(|new| Row::new(account, new)).collect();
    insert_rows!(
        conn,
        matches[
            line_no,
            account_id,
            line_hash,
            status,
            app_id,
            score,
            band,
            matched_by,
            candidate,
            explanation,
            dictionary_version,
            pinned,
            decided_at,
            since,
            rules_revision,
            rule,
        ],
        rows.iter()
    )
}

/// Stores decisions. A pinned one is replaced only by another pinned one; of two for the same line the last one counts.
pub fn upsert(conn: &mut Conn, account: AccountId, new: &[NewMatch]) -> Result<Stored, Error> {
    store(conn, account, new, false)
}

/// Stores decisions over those of people too: one of them has taken the word back.
pub fn overrule(conn: &mut Conn, account: AccountId, new: &[NewMatch]) -> Result<Stored, Error> {
    store(conn, account, new, true)
}

fn store(conn: &mut Conn, account: AccountId, new: &[NewMatch], overrule: bool) -> Result<Stored, Error> {
    let mut stored = Stored::default();
    if new.is_empty() {
        return Ok(stored);
    }
    lines::lock_head(conn, account)?;
    for chunk in new.chunks(CHUNK) {
        let mut rows: BTreeMap<i64, Row> =
            chunk.iter().map(|new| (new.line.0, Row::new(account, new.clone()))).collect();
        let ids: Vec<i64> = rows.keys().copied().collect();
        let standing: Vec<Row> = on!(conn, c => {
            matches::table.filter(matches::line_no.eq_any(&ids)).select(Row::as_select()).load(c)
        })?;
        let mut ended = HashMap::new();
        let mut same = HashSet::new();
        for old in standing {
            let Some(row) = rows.get_mut(&old.line_no) else { continue };
            if old.pinned && !row.pinned && !overrule {
                rows.remove(&old.line_no);
            } else if row.is_same_outcome(&old) {
                row.since = old.since;
                same.insert(old.line_no);
            } else {
                ended.insert(old.line_no, old);
            }
        }
        let changed: Vec<&Row> = rows.values().filter(|row| !same.contains(&row.line_no)).collect();
        note(conn, account, &changed, &ended)?;
        stored.written += rows.len();
        stored.changed += changed.len();
        write(conn, rows.values().collect())?;
    }
    Ok(stored)
}

/// Keeps what ends, and tells those who follow changes.
fn note(
    conn: &mut Conn,
    account: AccountId,
    changed: &[&Row],
    ended: &HashMap<i64, Row>,
) -> Result<(), Error> {
    let Some(now) = changed.iter().map(|row| row.decided_at).max() else { return Ok(()) };
    let change = lines::next_change(conn, account)?;
    let past =
        changed.iter().filter_map(|row| Some(PastRow::new(ended.get(&row.line_no)?, change, row.since)));
    let past: Vec<PastRow> = past.collect();
    if !past.is_empty() {
        on!(conn, c => diesel::insert_into(past_matches::table).values(&past).execute(c))?;
    }
    let these: Vec<i64> = changed.iter().map(|row| row.line_no).collect();
    lines::mark(conn, account, change, &these, value::time(now, "matches.decided_at")?)
}

fn write(conn: &mut Conn, rows: Vec<&Row>) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    on!(conn, c => {
        diesel::insert_into(matches::table)
            .values(rows)
            .on_conflict(matches::line_no)
            .do_update()
            .set((
                matches::line_hash.eq(excluded(matches::line_hash)),
                matches::status.eq(excluded(matches::status)),
                matches::app_id.eq(excluded(matches::app_id)),
                matches::score.eq(excluded(matches::score)),
                matches::band.eq(excluded(matches::band)),
                matches::matched_by.eq(excluded(matches::matched_by)),
                matches::candidate.eq(excluded(matches::candidate)),
                matches::explanation.eq(excluded(matches::explanation)),
                matches::dictionary_version.eq(excluded(matches::dictionary_version)),
                matches::pinned.eq(excluded(matches::pinned)),
                matches::decided_at.eq(excluded(matches::decided_at)),
                matches::since.eq(excluded(matches::since)),
                matches::rules_revision.eq(excluded(matches::rules_revision)),
                matches::rule.eq(excluded(matches::rule)),
            ))
            .execute(c)
    })?;
    Ok(())
}
