//! Sums of whole months by app and currency, kept beside the lines.
//!
//! A month is kept as of a change of the account's head, and holds while no line of it has changed since: every write of
//! a line or of its decision marks the line with a new change. Only a line that moves to another month leaves one behind
//! where nothing tells of it; that one is spoilt by hand ([`spoil`]). What does not hold is summed from the lines.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::upsert::excluded;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::super::changes;
use super::super::query::Filter;
use super::{By, Sum, Sums, add, scan};
use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::{kept_months, kept_sums, line_changes, lines};
use crate::value;
use crate::{Conn, Error};

const MONTH: &str = "substr(lines.transaction_date, 1, 7)";
/// The change of a month that is spoilt: no line has it.
const SPOILT: i64 = 0;

/// Whether kept sums can answer: they know nothing of owners, nor of anything but days to filter by.
pub(super) fn answers(filter: &Filter, by: By) -> bool {
    let Filter { app_id, status, band, owner_login, from: _, to: _, report_id, include_removed, as_of } =
        filter;
    !by.owner
        && app_id.is_none()
        && status.is_none()
        && band.is_none()
        && owner_login.is_none()
        && report_id.is_none()
        && !include_removed
        && as_of.is_none()
}

/// Adds the months that hold, and the lines of all other days.
pub(super) fn sums(
    conn: &mut Conn,
    account: AccountId,
    filter: &Filter,
    by: By,
    sums: &mut Sums,
) -> Result<(), Error> {
    let inside = |month: &Month| {
        filter.from.is_none_or(|from| from <= month.first) && filter.to.is_none_or(|to| month.last <= to)
    };
    let kept = load_kept(conn, account)?;
    let mut whole = Vec::new();
    if kept.values().any(|change| *change != SPOILT) {
        let months = Months::of(conn, account, kept)?;
        whole = months.holding().map(Month::parse).collect::<Result<Vec<_>, _>>()?;
        whole.retain(inside);
    }
    for (from, to) in days_between(&whole, filter.from, filter.to) {
        scan::sums(conn, account, &Filter { from, to, ..Filter::default() }, by, sums)?;
    }
    add_kept(conn, account, &whole, by, sums)
}

/// Sums of a month: month, app, currency, lines, posted, first and last day.
type Row = (String, String, String, i64, String, String, String);

fn add_kept(
    conn: &mut Conn,
    account: AccountId,
    months: &[Month],
    by: By,
    sums: &mut Sums,
) -> Result<(), Error> {
    let names: Vec<&str> = months.iter().map(|month| month.name.as_str()).collect();
    let rows: Vec<Row> = on!(conn, c => {
        kept_sums::table
            .filter(kept_sums::account_id.eq(account.to_string()).and(kept_sums::month.eq_any(&names)))
            .select((
                kept_sums::month,
                kept_sums::app_id,
                kept_sums::currency,
                kept_sums::lines,
                kept_sums::posted,
                kept_sums::first_day,
                kept_sums::last_day,
            ))
            .load(c)
    })?;
    for (month, app, currency, lines, posted, first, last) in rows {
        let sum = Sum {
            app_id: Some(app).filter(|app| by.app && !app.is_empty()),
            month: if by.month { month } else { String::new() },
            owner: String::new(),
            currency,
            lines: value::count(lines),
            posted: value::decimal(&posted, "kept_sums.posted")?,
            first: value::parse(&first, "kept_sums.first_day")?,
            last: value::parse(&last, "kept_sums.last_day")?,
        };
        add(sums, sum)?;
    }
    Ok(())
}

/// The months of an account's lines whose sums are not kept, or hold no more. [`keep`] sums them.
pub fn unkept(conn: &mut Conn, account: AccountId) -> Result<Vec<String>, Error> {
    let kept = load_kept(conn, account)?;
    let months = Months::of(conn, account, kept)?;
    // A month that is kept may have lost its last line.
    let mut unkept: BTreeSet<String> = months_of_lines(conn, account)?;
    unkept.extend(months.kept.keys().cloned());
    unkept.retain(|month| !months.holds(month));
    Ok(unkept.into_iter().collect())
}

/// Found from month to month by the index of days, without reading all of it.
fn months_of_lines(conn: &mut Conn, account: AccountId) -> Result<BTreeSet<String>, Error> {
    let account = account.to_string();
    let (mut months, mut before) = (BTreeSet::new(), None);
    loop {
        let last: Option<String> = on!(conn, c => {
            let mut days = lines::table.filter(lines::account_id.eq(&account)).into_boxed();
            if let Some(before) = &before {
                days = days.filter(lines::transaction_date.lt(before));
            }
            days.select(max(lines::transaction_date)).first(c)
        })?;
        let Some(month) = last.as_deref().and_then(|day| day.get(..7)) else { return Ok(months) };
        months.insert(month.to_owned());
        before = Some(month.to_owned());
    }
}

/// Keeps the sums of a month (`2026-03`) as they are now.
///
/// Nobody writes lines of the account meanwhile, so keep one month in a transaction.
pub fn keep(conn: &mut Conn, account: AccountId, month: &str) -> Result<(), Error> {
    let month = Month::parse(month)?;
    let change = changes::lock_head(conn, account)?.change;
    let filter = Filter { from: Some(month.first), to: Some(month.last), ..Filter::default() };
    let mut sums = Sums::new();
    scan::sums(conn, account, &filter, By { app: true, ..By::default() }, &mut sums)?;
    put(conn, account, &month.name, change, sums.into_values())
}

/// Sums of months by app and currency, as they were at a change of the account's head. [`keep_at_once`] keeps them.
#[derive(Debug)]
pub struct Summed {
    change: i64,
    months: BTreeMap<String, Vec<Sum>>,
}

/// The sums of these months, out of one look at all lines of the account, during which others may write.
pub fn sum_at_once(conn: &mut Conn, account: AccountId, months: Vec<String>) -> Result<Summed, Error> {
    let change = changes::head(conn, account)?.change;
    let mut sums = Sums::new();
    let by = By { app: true, month: true, ..By::default() };
    scan::sums(conn, account, &Filter::default(), by, &mut sums)?;
    let mut months: BTreeMap<String, Vec<Sum>> = months.into_iter().map(|name| (name, Vec::new())).collect();
    for sum in sums.into_values() {
        if let Some(of_month) = months.get_mut(&sum.month) {
            of_month.push(sum);
        }
    }
    Ok(Summed { change, months })
}

/// Keeps them; `false`, and nothing is kept, if lines have changed since they were looked at.
pub fn keep_at_once(conn: &mut Conn, account: AccountId, summed: Summed) -> Result<bool, Error> {
    if changes::lock_head(conn, account)?.change != summed.change {
        return Ok(false);
    }
    for (month, sums) in summed.months {
        put(conn, account, &month, summed.change, sums)?;
    }
    Ok(true)
}

fn put(
    conn: &mut Conn,
    account: AccountId,
    month: &str,
    change: i64,
    sums: impl IntoIterator<Item = Sum>,
) -> Result<(), Error> {
    let key = account.to_string();
    let of_month = kept_sums::account_id.eq(&key).and(kept_sums::month.eq(month));
    on!(conn, c => diesel::delete(kept_sums::table.filter(of_month)).execute(c))?;
    let row = |sum: Sum| {
        (
            kept_sums::account_id.eq(&key),
            kept_sums::month.eq(month),
            kept_sums::app_id.eq(sum.app_id.unwrap_or_default()),
            kept_sums::currency.eq(sum.currency),
            kept_sums::lines.eq(i64::try_from(sum.lines).unwrap_or(i64::MAX)),
            // With its zeros: a sum reads the same wherever it comes from.
            kept_sums::posted.eq(sum.posted.to_string()),
            kept_sums::first_day.eq(sum.first.to_string()),
            kept_sums::last_day.eq(sum.last.to_string()),
        )
    };
    let rows: Vec<_> = sums.into_iter().map(row).collect();
    for rows in rows.chunks(1_000) {
        on!(conn, c => diesel::insert_into(kept_sums::table).values(rows).execute(c))?;
    }
    let kept =
        (kept_months::account_id.eq(&key), kept_months::month.eq(month), kept_months::change.eq(change));
    on!(conn, c => {
        diesel::insert_into(kept_months::table)
            .values(kept)
            .on_conflict((kept_months::account_id, kept_months::month))
            .do_update()
            .set(kept_months::change.eq(excluded(kept_months::change)))
            .execute(c)
    })?;
    Ok(())
}

/// Lets all months that hold be kept as of now, so that the changes until now need not be looked at again.
pub fn confirm(conn: &mut Conn, account: AccountId) -> Result<(), Error> {
    let now = changes::lock_head(conn, account)?.change;
    let kept = load_kept(conn, account)?;
    let months = Months::of(conn, account, kept)?;
    let holding: Vec<&str> = months.holding().collect();
    let key = account.to_string();
    let of_months = kept_months::account_id.eq(&key).and(kept_months::month.eq_any(holding));
    on!(conn, c => {
        diesel::update(kept_months::table.filter(of_months)).set(kept_months::change.eq(now)).execute(c)
    })?;
    Ok(())
}

/// The sums of these days' months hold no more: a line has left them.
pub(in super::super) fn spoil(conn: &mut Conn, account: AccountId, days: &[String]) -> Result<(), Error> {
    let mut months: Vec<&str> = days.iter().filter_map(|day| day.get(..7)).collect();
    months.sort_unstable();
    months.dedup();
    if months.is_empty() {
        return Ok(());
    }
    let of_months = kept_months::account_id.eq(account.to_string()).and(kept_months::month.eq_any(months));
    on!(conn, c => {
        diesel::update(kept_months::table.filter(of_months)).set(kept_months::change.eq(SPOILT)).execute(c)
    })?;
    Ok(())
}

/// What is known of months: the change that each is kept as of, and the last change of a line in those that changed since.
struct Months {
    kept: BTreeMap<String, i64>,
    changed: BTreeMap<String, i64>,
}

/// The change that each month is kept as of.
fn load_kept(conn: &mut Conn, account: AccountId) -> Result<BTreeMap<String, i64>, Error> {
    let kept: Vec<(String, i64)> = on!(conn, c => {
        kept_months::table
            .filter(kept_months::account_id.eq(account.to_string()))
            .select((kept_months::month, kept_months::change))
            .load(c)
    })?;
    Ok(kept.into_iter().collect())
}

impl Months {
    fn of(conn: &mut Conn, account: AccountId, kept: BTreeMap<String, i64>) -> Result<Self, Error> {
        let account = account.to_string();
        let since = kept.values().copied().filter(|change| *change != SPOILT).min();
        let changed: Vec<(String, Option<i64>)> = on!(conn, c => {
            line_changes::table
                .inner_join(lines::table)
                .filter(line_changes::account_id.eq(&account))
                .filter(line_changes::change.gt(since.unwrap_or(SPOILT)))
                .group_by(sql::<Text>(MONTH))
                .select((sql::<Text>(MONTH), max(line_changes::change)))
                .load(c)
        })?;
        let changed = changed.into_iter().map(|(month, change)| (month, change.unwrap_or(i64::MAX)));
        Ok(Months { kept, changed: changed.collect() })
    }

    fn holds(&self, month: &str) -> bool {
        let kept = self.kept.get(month).copied().unwrap_or(SPOILT);
        kept != SPOILT && self.changed.get(month).is_none_or(|change| *change <= kept)
    }

    fn holding(&self) -> impl Iterator<Item = &str> {
        self.kept.keys().map(String::as_str).filter(|month| self.holds(month))
    }
}

struct Month {
    /// `2026-03`.
    name: String,
    first: Date,
    last: Date,
}

impl Month {
    fn parse(name: &str) -> Result<Self, Error> {
        let first: Date = value::parse(&format!("{name}-01"), "kept_months.month")?;
        Ok(Month { name: name.to_owned(), first, last: first.last_of_month() })
    }
}

/// From one day to another, both included; `None`: without an end on that side.
type Days = (Option<Date>, Option<Date>);

/// All days from `from` to `to` that are in none of these months, which are in their order.
fn days_between(months: &[Month], from: Option<Date>, to: Option<Date>) -> Vec<Days> {
    let mut days = Vec::new();
    let mut begin = from;
    for month in months {
        if begin.is_none_or(|begin| begin < month.first) {
            days.push((begin, Some(month.first.saturating_sub(1.day()))));
        }
        begin = Some(month.last.saturating_add(1.day()));
    }
    if begin.zip(to).is_none_or(|(begin, to)| begin <= to) {
        days.push((begin, to));
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_between_whole_months_are_the_others() {
        let months =
            |names: &[&str]| names.iter().map(|name| Month::parse(name).unwrap()).collect::<Vec<_>>();
        let told = |names: &[&str], from: &str, to: &str| {
            let day = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
            let show = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
            days_between(&months(names), day(from), day(to))
                .into_iter()
                .map(|(from, to)| format!("{}..{}", show(from), show(to)))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(&[], "", ""), [".."]);
        assert_eq!(told(&[], "2026-01-05", "2026-01-03"), [""; 0]);
        assert_eq!(told(&["2026-01", "2026-02"], "", ""), ["..2025-12-31", "2026-03-01.."]);
        assert_eq!(
            told(&["2026-01", "2026-04"], "2025-12-20", "2026-05-02"),
            ["2025-12-20..2025-12-31", "2026-02-01..2026-03-31", "2026-05-01..2026-05-02"]
        );
        assert_eq!(told(&["2026-02"], "2026-02-01", "2026-02-28"), [""; 0]);
    }
}
