//! The connection test with named checks: DNS, TLS, token, grants, geolocation, scopes, role, and one read for each
//! type of data, each with what its failure means and the fix.
//!
//! A check reads and refreshes the token; no write is ever sent. What an answer means is decided in `token`, `reads`
//! and `scopes`, which are pure; `run` asks the questions. Nothing of what is read is kept or shown.
//! Source: Concur pages *Authentication*, *Base URIs*, *HTTP Status Codes* and the scope paragraphs of each API.

mod employee_form;
mod network;
mod reads;
mod run;
mod scopes;
mod token;

use serde::Serialize;
use utoipa::ToSchema;

use super::scopes::{Functionality, ScopeRow};

pub use run::{check_connected, check_new};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CheckOutcome)]
pub enum Outcome {
    /// Nothing to do.
    Ok,
    /// Not asked, for the reason given.
    Skipped,
    /// It works, with a loss or a risk.
    Warning,
    /// It does not work.
    Failed,
}

impl Outcome {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CheckFinding)]
pub struct Finding {
    /// The check's name, see [`CHECKS`].
    pub check: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// What was found, in a sentence.
    pub found: String,
    /// What to do about it; absent when there is nothing to do.
    pub fix: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Ok, found: found.into(), fix: None }
    }

    fn skipped(check: &'static str, why: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Skipped, found: why.into(), fix: None }
    }

    fn warning(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Warning, found: found.into(), fix: Some(fix.into()) }
    }

    fn failed(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Failed, found: found.into(), fix: Some(fix.into()) }
    }
}

/// Every check in its order, and what it looks at.
pub const CHECKS: &[(&str, &str)] = &[
    ("base uri", "the address may receive a request: https, Concur's domain, no path"),
    ("dns", "its name leads to public addresses"),
    ("tls", "a connection and its certificate"),
    ("client id", "it looks like one: a UUID of version 4"),
    ("token", "Concur gives a token for what is stored (or typed)"),
    ("geolocation", "the data centre the company lives in, and that calls go there"),
    ("grants", "the application may use the grants `password` and `refresh_token`"),
    ("scopes: expenses", "the scopes that expense sync needs"),
    ("scopes: users", "the scopes that user sync needs"),
    ("scopes: management", "the scopes that writing users needs"),
    ("role", "the token's owner may read the reports of all users (`user=ALL`)"),
    ("read: expense reports", "Reports v3"),
    ("read: expense entries", "Expense Entries v3"),
    (
        "read: business purpose",
        "Reports v4; 403 here with `expense.report.read` alone means that `user.read` is missing",
    ),
    ("read: users", "Identity v4.1"),
    ("read: spend profiles", "Spend User v4.1"),
    ("read: travel profiles", "Travel v4"),
    ("read: provisioning schemas", "User Provisioning v4"),
    ("employee form", "what the company requires of a spend profile beyond what SAP requires"),
];

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The findings, in the order of [`CHECKS`].
    pub findings: Vec<Finding>,
    /// Needed, granted, used; empty without a token.
    pub scopes: Vec<ScopeRow>,
}

impl Report {
    /// Whether nothing failed. Warnings do not count.
    pub fn passed(&self) -> bool {
        self.findings.iter().all(|finding| finding.outcome != Outcome::Failed)
    }
}

/// What the connection is meant to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The parts of the product it is for.
    pub wanted: Vec<Functionality>,
    /// Whether a person named them. Otherwise a part of which no scope was granted is taken for one that nobody wants.
    pub named: bool,
}

impl Plan {
    /// Everything a connection of this kind can do.
    pub fn everything(company_level: bool) -> Self {
        let wanted = if company_level { Functionality::ALL.to_vec() } else { vec![Functionality::Expenses] };
        Self { wanted, named: false }
    }

    fn wants(&self, functionality: Functionality) -> bool {
        self.wanted.contains(&functionality)
    }
}
