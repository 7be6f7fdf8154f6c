//! Lines that came with a file and may have been read from Concur as well.
//!
//! Compared day by day: only days on which another source has lines are looked at, so that a file of a million lines beside
//! nothing costs one look through the account, and memory never holds more than one day.

use std::collections::HashMap;

use diesel::prelude::*;

use super::ranges::Ranges;
use crate::conn::on;
use crate::ids::{AccountId, ImportId, LineId};
use crate::schema::lines;
use crate::value;
use crate::{Conn, Error};

/// A line that came with an import, and one from elsewhere that may be the same purchase: same day, same posted amount.
#[derive(Clone, Debug, PartialEq)]
pub struct PossibleDuplicate {
    /// The imported line.
    pub imported: LineId,
    /// The other one.
    pub other: LineId,
}

/// A line of a day: id, posted amount and currency.
type OfDay = (String, String, String);

/// The first `limit` of them, from the newest day on. A hint for a person: nothing is left out.
pub fn possible_duplicates(
    conn: &mut Conn,
    account: AccountId,
    id: ImportId,
    limit: usize,
) -> Result<Vec<PossibleDuplicate>, Error> {
    let (account, id) = (account.to_string(), id.to_string());
    let held = Ranges::held(conn, &id)?;
    let Some(source) = source(conn, &held)? else { return Ok(Vec::new()) };
    let mut pairs = Vec::new();
    for day in days_elsewhere(conn, &account, &source)? {
        let mut imported = imported(conn, &account, &source, &held, &day)?.into_iter().peekable();
        if imported.peek().is_none() {
            continue;
        }
        let mut others: HashMap<(String, String), Vec<String>> = HashMap::new();
        for (other, amount, currency) in elsewhere(conn, &account, &source, &day)? {
            others.entry((amount, currency)).or_default().push(other);
        }
        for (imported, amount, currency) in imported {
            for other in others.get(&(amount, currency)).into_iter().flatten() {
                if pairs.len() == limit {
                    return Ok(pairs);
                }
                pairs.push(PossibleDuplicate {
                    imported: value::parse(&imported, "lines.line_id")?,
                    other: value::parse(other, "lines.line_id")?,
                });
            }
        }
    }
    Ok(pairs)
}

/// What an import's lines name as their source; `None` while it has none.
fn source(conn: &mut Conn, held: &Ranges) -> Result<Option<String>, Error> {
    let Some(no) = held.numbers().next() else { return Ok(None) };
    on!(conn, c => lines::table.find(no).select(lines::source).first(c).optional())
}

/// Days on which other sources have lines, the newest first.
fn days_elsewhere(conn: &mut Conn, account: &str, source: &str) -> Result<Vec<String>, Error> {
    let mut days: Vec<String> = on!(conn, c => {
        lines::table
            .filter(lines::account_id.eq(account).and(lines::source.ne(source)).and(lines::removed_at.is_null()))
            .select(lines::transaction_date)
            .distinct()
            .load(c)
    })?;
    days.sort_unstable_by(|a, b| b.cmp(a));
    Ok(days)
}

fn elsewhere(conn: &mut Conn, account: &str, source: &str, day: &str) -> Result<Vec<OfDay>, Error> {
    on!(conn, c => {
        lines::table
            .filter(lines::account_id.eq(account).and(lines::transaction_date.eq(day)))
            .filter(lines::source.ne(source).and(lines::removed_at.is_null()))
            .order(lines::line_no)
            .select((lines::line_id, lines::posted_amount, lines::posted_currency))
            .load(c)
    })
}

fn imported(
    conn: &mut Conn,
    account: &str,
    source: &str,
    held: &Ranges,
    day: &str,
) -> Result<Vec<OfDay>, Error> {
    let of_source: Vec<(i64, OfDay)> = on!(conn, c => {
        lines::table
            .filter(lines::account_id.eq(account).and(lines::transaction_date.eq(day)))
            .filter(lines::source.eq(source).and(lines::removed_at.is_null()))
            .order(lines::line_no)
            .select((lines::line_no, (lines::line_id, lines::posted_amount, lines::posted_currency)))
            .load(c)
    })?;
    Ok(of_source.into_iter().filter(|(no, _)| held.hold(*no)).map(|(_, line)| line).collect())
}
