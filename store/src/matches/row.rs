//! A decision as it stands in its table.

use diesel::prelude::*;

use super::{Match, NewMatch, Outcome};
use crate::Error;
use crate::ids::AccountId;
use crate::schema::matches;
use crate::value::{self, micros};

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = matches, treat_none_as_default_value = false)]
pub(crate) struct Row {
    pub(super) line_no: i64,
    pub(super) account_id: String,
    pub(super) line_hash: String,
    pub(super) status: String,
    pub(super) app_id: Option<String>,
    pub(super) score: f64,
    pub(super) band: String,
    pub(super) matched_by: String,
    pub(super) candidate: Option<String>,
    pub(super) explanation: String,
    pub(super) dictionary_version: String,
    pub(super) pinned: bool,
    pub(super) decided_at: i64,
    pub(super) since: i64,
    pub(super) rules_revision: i64,
    pub(super) rule: Option<String>,
}

impl Row {
    pub(super) fn new(account: AccountId, new: NewMatch) -> Self {
        let outcome = new.outcome;
        Row {
            line_no: new.line.0,
            account_id: account.to_string(),
            line_hash: new.line_hash,
            status: outcome.status.to_string(),
            app_id: outcome.app_id,
            score: outcome.score,
            band: outcome.band.to_string(),
            matched_by: outcome.matched_by,
            candidate: outcome.candidate,
            explanation: new.explanation,
            dictionary_version: new.dictionary_version,
            pinned: outcome.pinned,
            decided_at: micros(new.decided_at),
            since: micros(new.decided_at),
            rules_revision: new.rules_revision,
            rule: outcome.rule,
        }
    }

    /// Whether the outcome is the same, whatever is said to explain it.
    pub(super) fn is_same_outcome(&self, other: &Row) -> bool {
        self.score.to_bits() == other.score.to_bits()
            && self.pinned == other.pinned
            && self.status == other.status
            && self.band == other.band
            && self.matched_by == other.matched_by
            && self.app_id == other.app_id
            && self.rule == other.rule
            && self.candidate == other.candidate
    }
}

impl TryFrom<Row> for Match {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Match {
            account: value::parse(&row.account_id, "matches.account_id")?,
            line_hash: row.line_hash,
            outcome: Outcome {
                status: value::parse(&row.status, "matches.status")?,
                app_id: row.app_id,
                score: row.score,
                band: value::parse(&row.band, "matches.band")?,
                matched_by: row.matched_by,
                rule: row.rule,
                candidate: row.candidate,
                pinned: row.pinned,
            },
            explanation: value::json(&row.explanation, "matches.explanation")?,
            dictionary_version: row.dictionary_version,
            rules_revision: row.rules_revision,
            since: value::time(row.since, "matches.since")?,
            decided_at: value::time(row.decided_at, "matches.decided_at")?,
        })
    }
}

/// The columns of an [`Outcome`].
#[derive(Queryable, Selectable)]
#[diesel(table_name = matches)]
pub(crate) struct OutcomeRow {
    status: String,
    app_id: Option<String>,
    score: f64,
    band: String,
    matched_by: String,
    rule: Option<String>,
    candidate: Option<String>,
    pinned: bool,
}

impl TryFrom<OutcomeRow> for Outcome {
    type Error = Error;
    fn try_from(row: OutcomeRow) -> Result<Self, Error> {
        Ok(Outcome {
            status: value::parse(&row.status, "matches.status")?,
            app_id: row.app_id,
            score: row.score,
            band: value::parse(&row.band, "matches.band")?,
            matched_by: row.matched_by,
            rule: row.rule,
            candidate: row.candidate,
            pinned: row.pinned,
        })
    }
}
