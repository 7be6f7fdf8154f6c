//! Decisions that stood once.

use diesel::prelude::*;
use jiff::Timestamp;
use serde_json::Value;

use super::{Outcome, Row};
use crate::conn::on;
use crate::ids::{AccountId, LineId};
use crate::schema::{lines, past_matches};
use crate::value;
use crate::{Conn, Error};

/// A decision that stood once.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// What was decided.
    pub outcome: Outcome,
    /// Why.
    pub explanation: Value,
    /// Version of the dictionary that decided.
    pub dictionary_version: String,
    /// Revision of the rules that decided.
    pub rules_revision: i64,
    /// From when on it stood.
    pub since: Timestamp,
    /// Until when it stood.
    pub until: Timestamp,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = past_matches, treat_none_as_default_value = false)]
pub(super) struct PastRow {
    line_no: i64,
    change: i64,
    account_id: String,
    status: String,
    app_id: Option<String>,
    score: f64,
    band: String,
    matched_by: String,
    rule: Option<String>,
    candidate: Option<String>,
    explanation: String,
    dictionary_version: String,
    rules_revision: i64,
    pinned: bool,
    since: i64,
    until: i64,
}

impl PastRow {
    /// A decision that ends with this change.
    pub(super) fn new(old: &Row, change: i64, until: i64) -> Self {
        let old = old.clone();
        PastRow {
            line_no: old.line_no,
            change,
            account_id: old.account_id,
            status: old.status,
            app_id: old.app_id,
            score: old.score,
            band: old.band,
            matched_by: old.matched_by,
            rule: old.rule,
            candidate: old.candidate,
            explanation: old.explanation,
            dictionary_version: old.dictionary_version,
            rules_revision: old.rules_revision,
            pinned: old.pinned,
            since: old.since,
            until,
        }
    }
}

impl TryFrom<PastRow> for Past {
    type Error = Error;
    fn try_from(row: PastRow) -> Result<Self, Error> {
        Ok(Past {
            outcome: Outcome {
                status: value::parse(&row.status, "past_matches.status")?,
                app_id: row.app_id,
                score: row.score,
                band: value::parse(&row.band, "past_matches.band")?,
                matched_by: row.matched_by,
                rule: row.rule,
                candidate: row.candidate,
                pinned: row.pinned,
            },
            explanation: value::json(&row.explanation, "past_matches.explanation")?,
            dictionary_version: row.dictionary_version,
            rules_revision: row.rules_revision,
            since: value::time(row.since, "past_matches.since")?,
            until: value::time(row.until, "past_matches.until")?,
        })
    }
}

/// The decisions about a line that stood before the one that stands, the latest first.
pub fn past(conn: &mut Conn, account: AccountId, line: LineId, limit: usize) -> Result<Vec<Past>, Error> {
    let (account, line) = (account.to_string(), line.to_string());
    let rows: Vec<PastRow> = on!(conn, c => {
        lines::table
            .inner_join(past_matches::table)
            .filter(lines::line_id.eq(&line).and(past_matches::account_id.eq(&account)))
            .order(past_matches::change.desc())
            .limit(value::limit(limit))
            .select(PastRow::as_select())
            .load(c)
    })?;
    rows.into_iter().map(Past::try_from).collect()
}
