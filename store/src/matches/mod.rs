//! Decisions: which app a line pays for, one per line, with the explanation and the versions of what decided; and those
//! that stood before. How it is decided is the business of `sync` and `matcher`.

mod past;
mod put;
mod row;

use diesel::dsl::count_star;
use diesel::prelude::*;
use jiff::Timestamp;
use serde_json::Value;

pub use past::{Past, past};
pub use put::{Stored, insert, overrule, upsert};
pub(crate) use row::{OutcomeRow, Row};

use crate::conn::on;
use crate::ids::{AccountId, LineId};
use crate::lines::LineNo;
use crate::schema::{lines, matches};
use crate::value::{self, text_enum};
use crate::{Conn, Error};

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

/// What was decided, without the reasons. A decision with the same outcome as the one before it is no change.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What was decided.
    pub status: Status,
    /// The app, when matched.
    pub app_id: Option<String>,
    /// 0 to 1.
    pub score: f64,
    /// How sure.
    pub band: Band,
    /// Who decided: `dictionary`, `guess`, `rule`, `hand` or `none`.
    pub matched_by: String,
    /// The rule that decided, by its name.
    pub rule: Option<String>,
    /// The best app that was not good enough.
    pub candidate: Option<String>,
    /// A person said so: never decided again by a machine.
    pub pinned: bool,
}

/// A decision to store.
#[derive(Clone, Debug)]
pub struct NewMatch {
    /// The line.
    pub line: LineNo,
    /// The line's `content_hash` when it was decided; when the line changes, it is decided again.
    pub line_hash: String,
    /// What was decided.
    pub outcome: Outcome,
    /// Why, in the matcher's words: a JSON document.
    pub explanation: String,
    /// Version of the dictionary that decided.
    pub dictionary_version: String,
    /// Revision of the rules that decided; 0 for none.
    pub rules_revision: i64,
    /// When.
    pub decided_at: Timestamp,
}

/// A stored decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// Whose.
    pub account: AccountId,
    /// The line's `content_hash` when it was decided.
    pub line_hash: String,
    /// What was decided.
    pub outcome: Outcome,
    /// Why.
    pub explanation: Value,
    /// Version of the dictionary that decided last.
    pub dictionary_version: String,
    /// Revision of the rules that decided last.
    pub rules_revision: i64,
    /// Since when the outcome has been this one.
    pub since: Timestamp,
    /// When it was decided last.
    pub decided_at: Timestamp,
}

/// The decision about a line.
pub fn get(conn: &mut Conn, account: AccountId, line: LineId) -> Result<Option<Match>, Error> {
    let (account, line) = (account.to_string(), line.to_string());
    let row: Option<Row> = on!(conn, c => {
        lines::table
            .inner_join(matches::table)
            .filter(lines::line_id.eq(&line).and(matches::account_id.eq(&account)))
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
