//! Following Concur's pages into the store. Rows and the cursor that covers them commit in one transaction, so a
//! process that dies repeats a page and never skips one.

pub mod expenses;
pub mod history;
mod named;
mod one_by_one;
pub mod open_reports;
mod pages;
mod position;
pub mod renamed;
mod report;
mod retry;
pub mod told;
pub mod users;

use crate::progress::Gap;

/// A list, or the rest of it, that cannot be read.
fn gap(what: String, error: &concur::Error) -> Gap {
    tracing::warn!(correlation_id = error.correlation_id(), "a part of Concur's answer cannot be read");
    Gap { what, reason: error.to_string(), correlation_id: error.correlation_id().map(str::to_owned) }
}

/// A row that cannot be read.
fn row_gap(subject: &str, row: &concur::UnreadableRow, correlation_id: &str) -> Gap {
    tracing::warn!(correlation_id, path = row.path, "a row of Concur's answer cannot be read");
    Gap {
        what: subject.to_owned(),
        reason: format!("{}: {}", row.path, row.reason),
        correlation_id: Some(correlation_id.to_owned()),
    }
}
