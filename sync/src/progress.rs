//! Honest progress: what has been counted, never a guess.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a run has done so far. Counts are of this run; a resumed run begins with what its predecessor stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Snapshot {
    /// Windows that are completely stored.
    pub windows_done: usize,
    /// Windows of the whole span.
    pub windows_total: usize,
    /// Pages stored.
    pub pages: usize,
    /// Reports that are new or changed.
    pub reports: usize,
    /// Expense lines that are new or changed.
    pub lines: usize,
    /// Lines left out because they are older than the window.
    pub lines_outside: usize,
    /// Reports read again because an event named them.
    #[serde(default)]
    pub told: usize,
    /// Reports read again because they may still change.
    #[serde(default)]
    pub open_reports: usize,
    /// Reports read again because their owner has another login now.
    #[serde(default)]
    pub renamed: usize,
    /// Reports that are gone from Concur.
    #[serde(default)]
    pub removed: usize,
    /// Reports that had changed without an event, though the account listens to events.
    #[serde(default)]
    pub untold: usize,
    /// Users stored.
    pub users: usize,
    /// Lines decided.
    pub decided: usize,
    /// Of these, matched to an app.
    pub matched: usize,
    /// Rows or pages that could not be read.
    pub gaps: Vec<Gap>,
}

/// Something unreadable that was kept aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    /// What it is: a report's id, or a window.
    pub what: String,
    /// Why it could not be read.
    pub reason: String,
    /// Concur's correlation id, which SAP support asks for.
    pub correlation_id: Option<String>,
}

/// Is told after every stored page and every decided chunk.
pub trait Progress: Send + Sync {
    /// The newest figures.
    fn update(&self, snapshot: &Snapshot);
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn update(&self, _snapshot: &Snapshot) {}
}
