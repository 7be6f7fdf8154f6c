//! Why a line belongs to its app, or to none: the record that was stored with the decision.

use matcher::Dictionary;
use serde::Serialize;
use serde_json::Value;
use store::{
    Store,
    ids::{AccountId, LineId},
};
use utoipa::ToSchema;

use super::lines::{self, LineView};
use crate::Error;

/// A line, its decision, and the account of it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LineExplanation {
    /// The line with its decision.
    #[serde(flatten)]
    pub line: LineView,
    /// Which field, which text, which alias, what weighed how much, what came second. Absent until the first decision.
    #[schema(value_type = Option<Object>)]
    pub explanation: Option<Value>,
    /// Version of the dictionary that decided.
    pub dictionary_version: Option<String>,
    /// Revision of the account's rules that decided; 0 for none.
    pub rules_revision: Option<i64>,
    /// Since when the decision has been this one.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<jiff::Timestamp>,
    /// When it was decided last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decided_at: Option<jiff::Timestamp>,
}

/// The explanation of a line; `None` when the account has no such line.
///
/// # Errors
/// The store refuses.
pub async fn explanation(
    store: &Store,
    account: AccountId,
    dictionary: &Dictionary,
    id: LineId,
) -> Result<Option<LineExplanation>, Error> {
    let found = store.read(move |conn| store::lines::get(conn, account, id)).await?;
    Ok(found.map(|(line, decision)| LineExplanation {
        explanation: decision.as_ref().map(|decision| decision.explanation.clone()),
        dictionary_version: decision.as_ref().map(|decision| decision.dictionary_version.clone()),
        rules_revision: decision.as_ref().map(|decision| decision.rules_revision),
        since: decision.as_ref().map(|decision| decision.since),
        decided_at: decision.as_ref().map(|decision| decision.decided_at),
        line: lines::view(line, decision, dictionary),
    }))
}
