//! Asking for lines: what still needs a decision, and pages with filters. Not here: sums (`sums`).

use std::collections::HashMap;

use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::Text;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::as_of::{self, AsOf};
use super::decidable::of_line_after;
use super::row::{LineRow, TextsRow};
use super::{Line, LineNo};
use crate::conn::on;
use crate::ids::{AccountId, LineId};
use crate::matches::{self, Band, Match, Status};
use crate::schema::{line_raw, line_texts, lines, matches as matches_table};
use crate::value;
use crate::{Conn, Error};

/// Rows looked up at once.
const CHUNK: usize = 1_000;

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
    /// As it was then: lines that were known, decisions that stood.
    pub as_of: Option<Timestamp>,
}

/// The last line of a page: the next one begins after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageCursor {
    /// Its day.
    pub transaction_date: Date,
    /// The line.
    pub line: LineNo,
}

/// A page of lines with their decisions, newest first.
#[derive(Clone, Debug)]
pub struct Page {
    /// The lines.
    pub rows: Vec<(Line, Option<Match>)>,
    /// `None`: that was the last page.
    pub next: Option<PageCursor>,
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
pub(super) use filtered;

/// Loads a query over `lines` and `matches` as they are, or as of a time.
macro_rules! load {
    ($query:expr, $conn:expr, $account:expr, $filter:expr, $schema:expr) => {
        match $filter.as_of {
            None => $query.load($conn),
            Some(at) => AsOf::new($query, $account, at, $schema).load($conn),
        }
    };
}
pub(super) use load;

/// The next lines to decide, in the order in which they came: never decided, decided by another dictionary, or changed since. Pinned decisions,
/// parents of itemizations and removed lines are left out. Pass the last one to go on.
pub fn needs_match(
    conn: &mut Conn,
    account: AccountId,
    dictionary_version: &str,
    after: Option<LineNo>,
    limit: usize,
) -> Result<Vec<Line>, Error> {
    let account = account.to_string();
    let after = after.map_or(0, |line| line.0);
    let outdated = matches_table::dictionary_version
        .ne(dictionary_version)
        .or(matches_table::line_hash.ne(lines::content_hash));
    let undecided = matches_table::line_no
        .nullable()
        .is_null()
        .or(matches_table::pinned.eq(false).and(outdated).assume_not_null());
    let rows: Vec<(LineRow, TextsRow)> = on!(conn, c => {
        lines::table
            .inner_join(line_texts::table)
            .left_join(matches_table::table.on(of_line_after!(after)))
            .filter(lines::account_id.eq(&account).and(lines::line_no.gt(after)).and(lines::removed_at.is_null()))
            .filter(line_texts::has_itemizations.eq(false).and(line_texts::line_no.gt(after)))
            .filter(undecided)
            .order(lines::line_no)
            .limit(value::limit(limit))
            .select((LineRow::as_select(), TextsRow::as_select()))
            .load(c)
    })?;
    rows.into_iter().map(Line::try_from).collect()
}

pub(super) type JoinedRow = (LineRow, TextsRow, Option<matches::Row>);

pub(super) fn joined((line, texts, decided): JoinedRow) -> Result<(Line, Option<Match>), Error> {
    Ok(((line, texts).try_into()?, decided.map(Match::try_from).transpose()?))
}

/// The lines of a filter behind a place, newest first: by the day, as `$day` says it, and the number.
macro_rules! newest {
    ($query:expr, $account:expr, $filter:expr, $after:expr, $limit:expr, $day:expr) => {{
        let mut query = filtered!($query, $account, $filter);
        if let Some(after) = $after {
            let after: &PageCursor = after;
            let date = after.transaction_date.to_string();
            let same_day = lines::transaction_date.eq(date.clone()).and(lines::line_no.lt(after.line.0));
            query = query.filter(lines::transaction_date.lt(date).or(same_day));
        }
        query.order(($day.desc(), lines::line_no.desc())).limit(value::limit($limit.saturating_add(1)))
    }};
}

/// A page of lines with their decisions, newest first. The order is stable: inserts do not move what was shown.
pub fn page(
    conn: &mut Conn,
    account: AccountId,
    filter: &Filter,
    after: Option<&PageCursor>,
    limit: usize,
) -> Result<Page, Error> {
    let (key, schema) = (account.to_string(), as_of::schema(conn));
    let rows: Vec<JoinedRow> = if filter.app_id.is_some() && filter.as_of.is_none() {
        // An index tells all lines of an app, in no order of days: only what orders them is read of each. A day that is computed
        // (`|| ''`) tempts neither database to walk through everybody's lines in order instead.
        let numbers: Vec<i64> = on!(conn, c => {
            let query = lines::table.left_join(matches_table::table).select(lines::line_no);
            let query = query.filter(matches_table::account_id.eq(&key));
            newest!(query, &key, filter, after, limit, sql::<Text>("lines.transaction_date || ''")).load(c)
        })?;
        rows_of(conn, &numbers)?
    } else {
        on!(conn, c => {
            let query = lines::table.inner_join(line_texts::table).left_join(matches_table::table);
            let columns = (LineRow::as_select(), TextsRow::as_select(), Option::<matches::Row>::as_select());
            let query = newest!(query, &key, filter, after, limit, lines::transaction_date).select(columns);
            load!(query, c, &key, filter, schema)
        })?
    };
    let more = rows.len() > limit;
    let rows = rows.into_iter().take(limit).map(joined).collect::<Result<Vec<_>, Error>>()?;
    let last = rows.last().filter(|_| more);
    let next = last.map(|(line, _)| PageCursor { transaction_date: line.transaction_date, line: line.no });
    Ok(Page { rows, next })
}

/// The rows of lines, in the order of their numbers here.
fn rows_of(conn: &mut Conn, numbers: &[i64]) -> Result<Vec<JoinedRow>, Error> {
    let mut found: HashMap<i64, JoinedRow> = HashMap::with_capacity(numbers.len());
    for chunk in numbers.chunks(CHUNK) {
        let rows: Vec<JoinedRow> = on!(conn, c => {
            lines::table
                .inner_join(line_texts::table)
                .left_join(matches_table::table)
                .filter(lines::line_no.eq_any(chunk))
                .select((LineRow::as_select(), TextsRow::as_select(), Option::<matches::Row>::as_select()))
                .load(c)
        })?;
        found.extend(rows.into_iter().map(|row| (row.0.line_no, row)));
    }
    Ok(numbers.iter().filter_map(|number| found.remove(number)).collect())
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

/// How many lines there are, counted or not.
pub fn count(conn: &mut Conn, account: AccountId, filter: &Filter) -> Result<usize, Error> {
    let (account, schema) = (account.to_string(), as_of::schema(conn));
    let counts: Vec<i64> = on!(conn, c => {
        let query = lines::table.left_join(matches_table::table).select(count_star());
        load!(filtered!(query, &account, filter), c, &account, filter, schema)
    })?;
    Ok(counts.first().and_then(|count| usize::try_from(*count).ok()).unwrap_or(0))
}
