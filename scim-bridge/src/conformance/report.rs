//! What came of a run.

use serde::Serialize;

/// How one check ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "why", rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// Not offered by this server, and it says so.
    NotOffered(String),
    /// Not as it should be, and what was seen instead.
    Failed(String),
}

/// One check and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Its name.
    pub check: &'static str,
    /// Where it comes from.
    pub section: &'static str,
    /// The requirements that it answers for.
    pub covers: &'static [u16],
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// A whole run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Check by check.
    pub told: Vec<Told>,
    /// Addresses of what could not be deleted again.
    pub left_behind: Vec<String>,
}

impl Report {
    /// How many passed, are not offered, failed.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |wanted: fn(&Outcome) -> bool| self.told.iter().filter(|it| wanted(&it.outcome)).count();
        (
            count(|it| *it == Outcome::Passed),
            count(|it| matches!(it, Outcome::NotOffered(_))),
            count(|it| matches!(it, Outcome::Failed(_))),
        )
    }
}
