//! Asking for lines: what still needs a decision, pages with filters, exact totals.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value;

use super::Line;
use super::row::{LineRow, TextsRow};
use crate::conn::on;
use crate::ids::{AccountId, LineId};
use crate::matches::{self, Band, Match, Status};
use crate::schema::{line_raw, line_texts, lines, matches as matches_table};
use crate::value;
use crate::{Conn, Error};

/// Which lines. The default: all that are not removed.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Matched to this app.
    pub app_id: Option<String>,
    /// Decided so.
    pub status: Option<Status>,
    /// Decided this surely.
    pub band: Option<Band>,
    /// Of this owner.
    pub owner_login: Option<String>,
    /// Bought on this day or later.
    pub from: Option<Date>,
    /// Bought on this day or earlier.
    pub to: Option<Date>,
    /// Of this report.
    pub report_id: Option<String>,
    /// Those gone from their report too.
    pub include_removed: bool,
}

/// The last line of a page: the next one begins after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageCursor {
    /// Its day.
    pub transaction_date: Date,
    /// Its id.
    pub line_id: LineId,
}

/// A page of lines with their decisions, newest first.
#[derive(Clone, Debug)]
pub struct Page {
    /// The lines.
    pub rows: Vec<(Line, Option<Match>)>,
    /// `None`: that was the last page.
    pub next: Option<PageCursor>,
}

/// What an app cost in a currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// `None`: not matched to an app.
    pub app_id: Option<String>,
    /// Posting currency (ISO 4217); totals of different currencies are never added.
    pub currency: String,
    /// How many lines.
    pub lines: u64,
    /// Exact sum of the posted amounts.
    pub posted: Decimal,
}

/// Adds the conditions of a filter to a boxed query over `lines` left-joined to `matches`. A macro, because the type of
/// such a query names the backend.
macro_rules! filtered {
    ($query:expr, $account:expr, $filter:expr) => {{
        let filter: &Filter = $filter;
        let mut query = $query.filter(lines::account_id.eq($account)).into_boxed();
        if let Some(app) = &filter.app_id {
            query = query.filter(matches_table::app_id.eq(app));
        }
        if let Some(status) = filter.status {
            query = query.filter(matches_table::status.eq(status.as_str()));
        }
        if let Some(band) = filter.band {
            query = query.filter(matches_table::band.eq(band.as_str()));
        }
        if let Some(owner) = &filter.owner_login {
            query = query.filter(lines::owner_login.eq(owner));
        }
        if let Some(from) = filter.from {
            query = query.filter(lines::transaction_date.ge(from.to_string()));
        }
        if let Some(to) = filter.to {
            query = query.filter(lines::transaction_date.le(to.to_string()));
        }
        if let Some(report) = &filter.report_id {
            query = query.filter(lines::report_id.eq(report));
        }
        if !filter.include_removed {
            query = query.filter(lines::removed_at.is_null());
        }
        query
    }};
}

/// The next lines to decide, by id: never decided, decided by another dictionary, or changed since. Pinned decisions,
/// parents of itemizations and removed lines are left out. Pass the last id to go on.
pub fn needs_match(
    conn: &mut Conn,
    account: AccountId,
    dictionary_version: &str,
    after: Option<LineId>,
    limit: usize,
) -> Result<Vec<Line>, Error> {
    let account = account.to_string();
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let outdated = matches_table::dictionary_version
        .ne(dictionary_version)
        .or(matches_table::line_hash.ne(lines::content_hash));
    let undecided = matches_table::line_id
        .nullable()
        .is_null()
        .or(matches_table::pinned.eq(false).and(outdated).assume_not_null());
    let rows: Vec<(LineRow, TextsRow)> = on!(conn, c => {
        lines::table
            .inner_join(line_texts::table)
            .left_join(matches_table::table)
            .filter(lines::account_id.eq(&account).and(lines::line_id.gt(&after)).and(lines::removed_at.is_null()))
            .filter(line_texts::has_itemizations.eq(false))
            .filter(undecided)
            .order(lines::line_id)
            .limit(value::limit(limit))
            .select((LineRow::as_select(), TextsRow::as_select()))
            .load(c)
    })?;
    rows.into_iter().map(Line::try_from).collect()
}

type JoinedRow = (LineRow, TextsRow, Option<matches::Row>);

fn joined((line, texts, decided): JoinedRow) -> Result<(Line, Option<Match>), Error> {
    Ok(((line, texts).try_into()?, decided.map(Match::try_from).transpose()?))
}

/// A page of lines with their decisions, newest first. The order is stable: inserts do not move what was shown.
pub fn page(
    conn: &mut Conn,
    account: AccountId,
    filter: &Filter,
    after: Option<&PageCursor>,
    limit: usize,
) -> Result<Page, Error> {
    let account = account.to_string();
    let rows: Vec<JoinedRow> = on!(conn, c => {
        let query = lines::table.inner_join(line_texts::table).left_join(matches_table::table);
        let mut query = filtered!(query, &account, filter);
        if let Some(after) = after {
            let date = after.transaction_date.to_string();
            let same_day = lines::transaction_date.eq(date.clone()).and(lines::line_id.lt(after.line_id.to_string()));
            query = query.filter(lines::transaction_date.lt(date).or(same_day));
        }
        query
            .order((lines::transaction_date.desc(), lines::line_id.desc()))
            .limit(value::limit(limit.saturating_add(1)))
            .select((LineRow::as_select(), TextsRow::as_select(), Option::<matches::Row>::as_select()))
            .load(c)
    })?;
    let more = rows.len() > limit;
    let rows = rows.into_iter().take(limit).map(joined).collect::<Result<Vec<_>, Error>>()?;
    let last = rows.last().filter(|_| more);
    let next = last.map(|(line, _)| PageCursor { transaction_date: line.transaction_date, line_id: line.id });
    Ok(Page { rows, next })
}

/// One line with its decision.
pub fn get(conn: &mut Conn, account: AccountId, id: LineId) -> Result<Option<(Line, Option<Match>)>, Error> {
    let (account, id) = (account.to_string(), id.to_string());
    let row: Option<JoinedRow> = on!(conn, c => {
        lines::table
            .inner_join(line_texts::table)
            .left_join(matches_table::table)
            .filter(lines::line_id.eq(&id).and(lines::account_id.eq(&account)))
            .select((LineRow::as_select(), TextsRow::as_select(), Option::<matches::Row>::as_select()))
            .first(c)
            .optional()
    })?;
    row.map(joined).transpose()
}

/// The line as it was read.
pub fn raw(conn: &mut Conn, account: AccountId, id: LineId) -> Result<Option<Value>, Error> {
    let (account, id) = (account.to_string(), id.to_string());
    let raw: Option<String> = on!(conn, c => {
        lines::table
            .inner_join(line_raw::table)
            .filter(lines::line_id.eq(&id).and(lines::account_id.eq(&account)))
            .select(line_raw::raw)
            .first(c)
            .optional()
    })?;
    raw.map(|raw| value::json(&raw, "line_raw.raw")).transpose()
}

/// Status, app, posting currency, posted amount, how many.
type Group = (Option<String>, Option<String>, String, String, i64);

/// Per app and currency, over the lines that count: no parents of itemizations, nothing personal.
///
/// Exact: the database only counts equal amounts (neither database can sum decimal text; SQLite's `SUM` would go
/// through `f64`), and the multiplication and the sum happen here, in decimals. Subscriptions repeat their price, so
/// the groups are few.
pub fn totals(conn: &mut Conn, account: AccountId, filter: &Filter) -> Result<Vec<Total>, Error> {
    let account = account.to_string();
    let groups: Vec<Group> = on!(conn, c => {
        let query = lines::table
            .left_join(matches_table::table)
            .filter(lines::counted.eq(true))
            .group_by((
                matches_table::status,
                matches_table::app_id,
                lines::posted_currency,
                lines::posted_amount,
            ))
            .select((
                matches_table::status.nullable(),
                matches_table::app_id.nullable(),
                lines::posted_currency,
                lines::posted_amount,
                count_star(),
            ));
        filtered!(query, &account, filter).load(c)
    })?;
    let mut totals: BTreeMap<(Option<String>, String), (u64, Decimal)> = BTreeMap::new();
    for (status, app, currency, amount, n) in groups {
        let matched = status.as_deref() == Some(Status::Matched.as_str());
        let total = totals.entry((app.filter(|_| matched), currency)).or_default();
        let amount = value::decimal(&amount, "lines.posted_amount")?;
        let sum = amount.checked_mul(Decimal::from(n)).and_then(|sum| sum.checked_add(total.1));
        let too_large =
            || Error::Corrupt { what: "lines.posted_amount", reason: "the sum is too large".to_owned() };
        *total = (total.0 + value::count(n), sum.ok_or_else(too_large)?);
    }
    let total = |((app_id, currency), (lines, posted))| Total { app_id, currency, lines, posted };
    Ok(totals.into_iter().map(total).collect())
}

/// How many lines there are, counted or not.
pub fn count(conn: &mut Conn, account: AccountId, filter: &Filter) -> Result<usize, Error> {
    let account = account.to_string();
    let count: i64 = on!(conn, c => {
        let query = lines::table.left_join(matches_table::table).select(count_star());
        filtered!(query, &account, filter).get_result(c)
    })?;
    Ok(usize::try_from(count).unwrap_or(0))
}
