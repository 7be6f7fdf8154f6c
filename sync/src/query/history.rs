//! How a line was decided over time.

use jiff::Timestamp;
use matcher::Dictionary;
use serde::Serialize;
use serde_json::Value;
use store::{
    Store,
    ids::{AccountId, LineId},
    matches::{self, Outcome},
};
use utoipa::ToSchema;

use super::lines::{self, Decision};
use crate::Error;

/// Decisions that are told of one line; older ones are left out.
const DECISIONS_MAX: usize = 200;

/// A decision and the time for which it stood.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Stood {
    /// What was decided.
    #[serde(rename = "match")]
    pub decision: Decision,
    /// From when on it stood.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Until when it stood; `null` for the one that stands.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Version of the dictionary that decided.
    pub dictionary_version: String,
    /// Revision of the account's rules that decided; 0 for none.
    pub rules_revision: i64,
    /// Why.
    #[schema(value_type = Object)]
    pub explanation: Value,
}

/// All decisions about a line, the one that stands first.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct History {
    /// The decisions.
    pub decisions: Vec<Stood>,
}

/// How a line was decided over time; `None` when the account has no such line.
///
/// # Errors
/// The store refuses.
pub async fn history(
    store: &Store,
    account: AccountId,
    dictionary: &Dictionary,
    line: LineId,
) -> Result<Option<History>, Error> {
    let (found, past) = store
        .read(move |conn| {
            Ok((store::lines::get(conn, account, line)?, matches::past(conn, account, line, DECISIONS_MAX)?))
        })
        .await?;
    let Some((_, stands)) = found else { return Ok(None) };
    let decision = |outcome: Outcome| lines::decision(outcome, dictionary);
    let stands = stands.map(|stands| Stood {
        decision: decision(stands.outcome),
        since: stands.since,
        until: None,
        dictionary_version: stands.dictionary_version,
        rules_revision: stands.rules_revision,
        explanation: stands.explanation,
    });
    let past = past.into_iter().map(|past| Stood {
        decision: decision(past.outcome),
        since: past.since,
        until: Some(past.until),
        dictionary_version: past.dictionary_version,
        rules_revision: past.rules_revision,
        explanation: past.explanation,
    });
    Ok(Some(History { decisions: stands.into_iter().chain(past).collect() }))
}
