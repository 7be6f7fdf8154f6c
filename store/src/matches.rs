//! Decisions: which app a line pays for, one per line, with the explanation and the version of what decided. How it is
//! decided is the business of `sync` and `matcher`.

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::upsert::excluded;
use jiff::Timestamp;
use serde_json::Value;

use crate::conn::on;
use crate::ids::{AccountId, LineId};
use crate::schema::matches;
use crate::value::{self, micros, text_enum};
use crate::{Conn, Error};

/// Rows per statement, well under SQLite's 32,766 bound values.
const CHUNK: usize = 500;

text_enum!(
    /// What was decided about a line.
    Status {
        /// It pays for `app_id`.
        Matched = "matched",
        /// No app was found.
        Unmatched = "unmatched",
        /// Not to be looked at.
        Ignored = "ignored",
        /// Looked at, done with.
        Archived = "archived",
    }
);

text_enum!(
    /// How sure the decision is.
    Band {
        /// Beyond doubt.
        Certain = "certain",
        /// Right in nearly all cases.
        Likely = "likely",
        /// Worth a look.
        Possible = "possible",
        /// No candidate.
        None = "none",
    }
);

/// A decision to store.
#[derive(Clone, Debug)]
pub struct NewMatch {
    /// The line.
    pub line_id: LineId,
    /// The line's `content_hash` when it was decided; when the line changes, it is decided again.
    pub line_hash: String,
    /// What was decided.
    pub status: Status,
    /// The app, when matched.
    pub app_id: Option<String>,
    /// 0 to 1.
    pub score: f64,
    /// How sure.
    pub band: Band,
    /// Who decided: `dictionary`, `rule`, `manual` …
    pub matched_by: String,
    /// The best app that was not good enough.
    pub candidate: Option<String>,
    /// Why, in the matcher's words.
    pub explanation: Value,
    /// Version of the dictionary (and rules) that decided.
    pub dictionary_version: String,
    /// A person said so: never decided again by a machine.
    pub pinned: bool,
    /// When.
    pub decided_at: Timestamp,
}

/// A stored decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The line.
    pub line_id: LineId,
    /// Whose.
    pub account: AccountId,
    /// The line's `content_hash` when it was decided.
    pub line_hash: String,
    /// What was decided.
    pub status: Status,
    /// The app, when matched.
    pub app_id: Option<String>,
    /// 0 to 1.
    pub score: f64,
    /// How sure.
    pub band: Band,
    /// Who decided.
    pub matched_by: String,
    /// The best app that was not good enough.
    pub candidate: Option<String>,
    /// Why.
    pub explanation: Value,
    /// What decided.
    pub dictionary_version: String,
    /// A person said so.
    pub pinned: bool,
    /// When.
    pub decided_at: Timestamp,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = matches, treat_none_as_default_value = false)]
pub(crate) struct Row {
    line_id: String,
    account_id: String,
    line_hash: String,
    status: String,
    app_id: Option<String>,
    score: f64,
    band: String,
    matched_by: String,
    candidate: Option<String>,
    explanation: String,
    dictionary_version: String,
    pinned: bool,
    decided_at: i64,
}

impl Row {
    fn new(account: AccountId, new: &NewMatch) -> Self {
        Row {
            line_id: new.line_id.to_string(),
            account_id: account.to_string(),
            line_hash: new.line_hash.clone(),
            status: new.status.to_string(),
            app_id: new.app_id.clone(),
            score: new.score,
            band: new.band.to_string(),
            matched_by: new.matched_by.clone(),
            candidate: new.candidate.clone(),
            explanation: new.explanation.to_string(),
            dictionary_version: new.dictionary_version.clone(),
            pinned: new.pinned,
            decided_at: micros(new.decided_at),
        }
    }
}

impl TryFrom<Row> for Match {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Match {
            line_id: value::parse(&row.line_id, "matches.line_id")?,
            account: value::parse(&row.account_id, "matches.account_id")?,
            line_hash: row.line_hash,
            status: value::parse(&row.status, "matches.status")?,
            app_id: row.app_id,
            score: row.score,
            band: value::parse(&row.band, "matches.band")?,
            matched_by: row.matched_by,
            candidate: row.candidate,
            explanation: value::json(&row.explanation, "matches.explanation")?,
            dictionary_version: row.dictionary_version,
            pinned: row.pinned,
            decided_at: value::time(row.decided_at, "matches.decided_at")?,
        })
    }
}

/// Stores decisions; returns how many. A pinned one is replaced only by another pinned one, however many deciders
/// there are; of two for the same line the last one counts.
pub fn upsert(conn: &mut Conn, account: AccountId, new: &[NewMatch]) -> Result<usize, Error> {
    let mut stored = 0;
    for chunk in new.chunks(CHUNK) {
        let rows: HashMap<LineId, Row> = chunk.iter().map(|m| (m.line_id, Row::new(account, m))).collect();
        let (pinned, decided): (Vec<Row>, Vec<Row>) = rows.into_values().partition(|row| row.pinned);
        stored += put_pinned(conn, &pinned)? + put_decided(conn, &decided)?;
    }
    Ok(stored)
}

/// Clears the way where no person has spoken, then adds where nothing stands. (`ON CONFLICT … WHERE` would be one
/// statement, but diesel does not offer it for batches on SQLite.)
fn put_decided(conn: &mut Conn, rows: &[Row]) -> Result<usize, Error> {
    if rows.is_empty() {
        return Ok(0); // SQLite would report the count of the statement before
    }
    let lines: Vec<&str> = rows.iter().map(|row| row.line_id.as_str()).collect();
    let replaceable = matches::line_id.eq_any(&lines).and(matches::pinned.eq(false));
    on!(conn, c => diesel::delete(matches::table.filter(replaceable)).execute(c))?;
    on!(conn, c => diesel::insert_into(matches::table).values(rows).on_conflict_do_nothing().execute(c))
}

/// What a person says stands, whatever was there.
fn put_pinned(conn: &mut Conn, rows: &[Row]) -> Result<usize, Error> {
    if rows.is_empty() {
        return Ok(0); // SQLite would report the count of the statement before
    }
    on!(conn, c => {
        diesel::insert_into(matches::table)
            .values(rows)
            .on_conflict(matches::line_id)
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
            ))
            .execute(c)
    })
}

/// The decision about a line.
pub fn get(conn: &mut Conn, account: AccountId, line: LineId) -> Result<Option<Match>, Error> {
    let (account, line) = (account.to_string(), line.to_string());
    let row: Option<Row> = on!(conn, c => {
        matches::table
            .find(&line)
            .filter(matches::account_id.eq(&account))
            .select(Row::as_select())
            .first(c)
            .optional()
    })?;
    row.map(Match::try_from).transpose()
}

/// How many lines have which status; lines never decided and statuses without any are left out.
pub fn counts_by_status(conn: &mut Conn, account: AccountId) -> Result<Vec<(Status, u64)>, Error> {
    let account = account.to_string();
    let rows: Vec<(String, i64)> = on!(conn, c => {
        matches::table
            .filter(matches::account_id.eq(&account))
            .group_by(matches::status)
            .select((matches::status, count_star()))
            .load(c)
    })?;
    let mut counts = Vec::with_capacity(rows.len());
    for (status, n) in rows {
        counts.push((value::parse(&status, "matches.status")?, value::count(n)));
    }
    counts.sort_unstable();
    Ok(counts)
}
