//! Why a decision is what it is: the same numbers for the API, the command line and the console.
//!
//! An explanation is data, not prose: every piece of evidence carries the weight that was added to the score.
//! Offsets are bytes into the field exactly as it was given, so a surface can underline the words. Feature M11.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;

use crate::change::Change;
use crate::rules::Ruling;

/// One of the four texts of an expense line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Concur's `VendorDescription`: what the card network or the employee wrote as the payee.
    VendorDescription,
    /// Concur's `BusinessPurpose`: what the employee says it was for.
    BusinessPurpose,
    /// Concur's `ExpenseTypeName`: the customer's own list, localised.
    ExpenseTypeName,
    /// Concur's `SpendCategory`: Concur's fixed list, localised.
    SpendCategory,
}

/// How the candidate was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MatchedBy {
    /// An alias stands in the text, token for token.
    Dictionary,
    /// No alias stands there; the vendor is spelled nearly like one, cut off, or glued to other words.
    Guess,
}

/// Where the candidate was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Exact alias or guess.
    pub matched_by: MatchedBy,
    /// The field that holds the text.
    pub field: Field,
    /// The words as they stand in the source.
    pub text: String,
    /// The dictionary's alias, as the dictionary spells it.
    pub alias: String,
    /// Where the dictionary has the alias from, when it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias_source: Option<String>,
    /// First byte of `text` in the field.
    pub start: usize,
    /// One past the last byte of `text` in the field.
    pub end: usize,
}

/// One reason for or against the candidate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// A stable short name, for counting and filtering.
    pub name: &'static str,
    /// What it added to the log-odds of the candidate; negative speaks against it.
    pub weight: f64,
    /// The reason in words, with the text that triggered it.
    pub why: Cow<'static, str>,
}

/// The second-best app.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunnerUp {
    /// Its id.
    pub app_id: Arc<str>,
    /// Its score, 0 to 1.
    pub score: f64,
}

/// The whole account of a decision. Empty when nothing in the texts resembled an app.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Explanation {
    /// Where the candidate was found, when there is one. Serialised beside the other members, not nested.
    #[serde(flatten)]
    pub found: Option<Found>,
    /// Reasons in the order in which they were weighed; the weights add up to the log-odds behind the score.
    pub evidence: Vec<Evidence>,
    /// The best app that was not chosen.
    pub runner_up: Option<RunnerUp>,
    /// The customer's rule that decided, when one did; what the dictionary says is then only told beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Ruling>,
    /// The smallest change of the line that would have led to another answer, when somebody asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest_change: Option<Change>,
}
