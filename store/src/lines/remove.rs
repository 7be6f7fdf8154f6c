//! Lines that are gone: they stay, with the time at which they went, and count no more.

use std::collections::HashSet;

use diesel::prelude::*;
use jiff::Timestamp;

use super::{changes, line_id};
use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::lines;
use crate::value::micros;
use crate::{Conn, Error};

/// Lines per statement.
const CHUNK: usize = 1_000;

/// Marks lines as gone that are still there. How many.
pub(crate) fn remove(
    conn: &mut Conn,
    account: AccountId,
    numbers: &[i64],
    now: Timestamp,
) -> Result<usize, Error> {
    if numbers.is_empty() {
        return Ok(0);
    }
    let change = changes::next_change(conn, account)?;
    let mut removed = 0;
    for chunk in numbers.chunks(CHUNK) {
        let there = lines::line_no.eq_any(chunk).and(lines::removed_at.is_null());
        removed += on!(conn, c => {
            diesel::update(lines::table.filter(there)).set(lines::removed_at.eq(micros(now))).execute(c)
        })?;
        changes::mark(conn, account, change, chunk, now)?;
    }
    Ok(removed)
}

/// The lines of a report that are still there: their numbers and ids.
pub(crate) fn of_report(
    conn: &mut Conn,
    account: AccountId,
    source: &str,
    report_id: &str,
) -> Result<Vec<(i64, String)>, Error> {
    let of_report = lines::account_id
        .eq(account.to_string())
        .and(lines::source.eq(source))
        .and(lines::report_id.eq(report_id))
        .and(lines::removed_at.is_null());
    on!(conn, c => lines::table.filter(of_report).select((lines::line_no, lines::line_id)).load(c))
}

/// After a complete re-read of a report: its lines of this source that were not seen (`present` are their source keys)
/// get `removed_at`. How many. Never call it for a page that was cut short.
pub fn mark_missing(
    conn: &mut Conn,
    account: AccountId,
    source: &str,
    report_id: &str,
    present: &[&str],
    now: Timestamp,
) -> Result<usize, Error> {
    let present: HashSet<String> =
        present.iter().map(|key| line_id(account, source, key).to_string()).collect();
    let stored = of_report(conn, account, source, report_id)?;
    let missing = stored.into_iter().filter(|(_, id)| !present.contains(id)).map(|(no, _)| no);
    let missing: Vec<i64> = missing.collect();
    remove(conn, account, &missing, now)
}
