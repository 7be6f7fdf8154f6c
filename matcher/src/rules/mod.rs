//! Rules before guesses: what a customer knows better than any dictionary, as a text file that can be tested.
//!
//! Rules are read from TOML, in order; a lower `priority` number comes first, and among equal ones the order of the
//! file decides. The first rule whose condition holds says what becomes of a line: `match` (it pays for an app),
//! `ignore` (no app, nobody need look), `archive` (no app, kept for the record). A `never` rule only forbids an app; it
//! is heard wherever it stands, and beats a rule that would match the app.
//!
//! ```toml
//! [[rules]]
//! name = "the agency bills Quillwork seats"
//! action = "match"
//! app = "quillwork"
//! when = { vendor_description = { contains_word = "bright agency" }, amount = { at_least = "100", below = "500" } }
//!
//! [[rules]]
//! name = "canteen"
//! action = "ignore"
//! when.any = [{ vendor_description = { regex = "^canteen \\d+" } }, { department = { equals = "Kitchen" } }]
//! ```
//!
//! A condition is a table: every member must hold. Members are `all` and `any` (lists of conditions), `not` (a
//! condition), and the fields of a line. A test of a text is `contains_word`, `equals`, `starts_with` (all on words, as the
//! matcher reads them: case, accents, width and punctuation make no difference) or `regex` (on the text as it stands, in
//! linear time); a list of values means one of them. `amount` is tested with `at_least`, `above`, `at_most`, `below` and
//! `equals`, decimal numbers in quotes.

mod condition;
mod parse;
mod propose;

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::dictionary::{Dictionary, EntryId};
use crate::texts::ExpenseTexts;
use condition::{Condition, Folded};
pub use propose::{ByHand, Proposal, Said, propose};

/// How much a file of rules may hold: beyond these bounds it is a mistake.
pub mod limits {
    /// Rules in a file.
    pub const RULES_MAX: usize = 10_000;
    /// Conditions inside one another.
    pub const DEPTH_MAX: usize = 16;
    /// Bytes of a regular expression.
    pub const REGEX_BYTES_MAX: usize = 1_000;
}

/// What rules may look at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'t> {
    /// The four texts and their codes.
    pub texts: ExpenseTexts<'t>,
    /// The amount, in the line's currency.
    pub amount: Option<Decimal>,
    /// The currency by its code (ISO 4217).
    pub currency: Option<&'t str>,
    /// Who spent it, as the source names people.
    pub owner: Option<&'t str>,
    /// The owner's department.
    pub department: Option<&'t str>,
    /// The account that the line belongs to, by its name.
    pub account: Option<&'t str>,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The line pays for the rule's app.
    Match,
    /// The line pays for no app.
    Ignore,
    /// The line pays for no app and is kept for the record only.
    Archive,
    /// The line does not pay for the rule's app, whatever else says so.
    Never,
}

impl Action {
    /// As it is written in files and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Match => "match",
            Action::Ignore => "ignore",
            Action::Archive => "archive",
            Action::Never => "never",
        }
    }
}

/// The rule that decided, for explanations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ruling {
    /// Its name.
    pub name: Arc<str>,
    /// What it does.
    pub action: Action,
}

/// One rule.
#[derive(Debug)]
struct Rule {
    name: Arc<str>,
    action: Action,
    app: Option<EntryId>,
    condition: Condition,
}

/// Rules in the order in which they are asked.
#[derive(Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    version: String,
}

/// What the rules say about a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict<'r> {
    /// The first rule that holds, `never` rules aside.
    pub first: Option<&'r str>,
    pub(crate) ruling: Option<Ruling>,
    pub(crate) app: Option<EntryId>,
    /// Apps that are forbidden.
    pub(crate) never: Vec<EntryId>,
}

impl Verdict<'_> {
    /// What the first rule does; `None` when none holds.
    pub fn action(&self) -> Option<Action> {
        self.ruling.as_ref().map(|ruling| ruling.action)
    }
}

/// Why rules cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct RulesError {
    /// The rule by number and name, or where the text is no TOML.
    pub place: String,
    /// What is wrong and what to do.
    pub reason: String,
}

impl Rules {
    /// No rules.
    pub fn none() -> Rules {
        Rules { rules: Vec::new(), version: blake3::hash(b"").to_hex().to_string() }
    }

    /// Reads rules; the apps they name must be in the dictionary.
    ///
    /// # Errors
    /// The first rule that cannot be understood, with what to do about it.
    pub fn from_toml(text: &str, dictionary: &Dictionary) -> Result<Rules, RulesError> {
        let rules = parse::rules(text, dictionary)?;
        Ok(Rules { rules, version: blake3::hash(text.as_bytes()).to_hex().to_string() })
    }

    /// Hash of the text that the rules were read from.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Number of rules.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether any rule tests the owner's department, which not every caller has at hand.
    pub fn asks_for_department(&self) -> bool {
        self.rules.iter().any(|rule| rule.condition.reads(condition::Text::Department))
    }

    /// What the rules say about a line.
    pub fn decide(&self, facts: &Facts<'_>) -> Verdict<'_> {
        if self.rules.is_empty() {
            return Verdict::default();
        }
        let folded = Folded::new(facts);
        let never = self.rules.iter().filter(|rule| rule.action == Action::Never);
        let never: Vec<EntryId> =
            never.filter(|rule| rule.condition.holds(&folded)).filter_map(|rule| rule.app).collect();
        let allowed =
            |rule: &&Rule| rule.action != Action::Never && rule.app.is_none_or(|app| !never.contains(&app));
        let first = self.rules.iter().filter(allowed).find(|rule| rule.condition.holds(&folded));
        Verdict {
            first: first.map(|rule| &*rule.name),
            ruling: first.map(|rule| Ruling { name: Arc::clone(&rule.name), action: rule.action }),
            app: first.and_then(|rule| rule.app),
            never,
        }
    }
}

#[cfg(test)]
mod tests;
