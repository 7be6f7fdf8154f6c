//! One read for each type of data, and what its failure means. Pure; the reading is `run`'s.
//! Source: page *HTTP Status Codes*; pages *Reports v4* and *Expenses v4* (`user.read`), *Reports v3* (`user=ALL`).

use concur::Error;
use concur::api::endpoint_scopes;

use super::{Finding, Plan};
use crate::accounts::scopes::Functionality;

/// A type of data that is read once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    Reports,
    Entries,
    BusinessPurpose,
    Users,
    Spend,
    Travel,
    Schemas,
}

impl Read {
    pub(super) fn check(self) -> &'static str {
        match self {
            Self::Reports => "read: expense reports",
            Self::Entries => "read: expense entries",
            Self::BusinessPurpose => "read: business purpose",
            Self::Users => "read: users",
            Self::Spend => "read: spend profiles",
            Self::Travel => "read: travel profiles",
            Self::Schemas => "read: provisioning schemas",
        }
    }

    fn endpoint(self) -> &'static str {
        match self {
            Self::Reports => "expenses.reports",
            Self::Entries => "expenses.entries",
            Self::BusinessPurpose => "expense_reports.expenses",
            Self::Users => "identity.list",
            Self::Spend => "spend.get",
            Self::Travel => "travel.get",
            Self::Schemas => "provisioning.schemas",
        }
    }

    /// Who cannot work without it.
    fn needed_by(self) -> Option<Functionality> {
        match self {
            Self::Reports | Self::Entries => Some(Functionality::Expenses),
            Self::Users => Some(Functionality::Users),
            Self::Schemas => Some(Functionality::Management),
            Self::BusinessPurpose | Self::Spend | Self::Travel => None,
        }
    }

    /// The product at Concur whose absence looks like a missing scope.
    fn product(self) -> &'static str {
        match self {
            Self::Reports | Self::Entries | Self::BusinessPurpose | Self::Spend => "Concur Expense",
            Self::Travel => "Concur Travel",
            Self::Users | Self::Schemas => "user management by API",
        }
    }

    fn scopes(self) -> &'static [&'static str] {
        endpoint_scopes()
            .find(|endpoint| endpoint.name == self.endpoint())
            .map_or(&[], |endpoint| endpoint.scopes)
    }
}

/// What the failure of a read means.
pub(super) fn failed(read: Read, error: &Error, plan: &Plan, granted: &[String]) -> Finding {
    let (found, fix) = explain(read, error, granted);
    let missing_is_intended = matches!(error, Error::Denied(_))
        && !plan.named
        && !granted.is_empty()
        && !read.scopes().iter().any(|scope| granted.iter().any(|held| held == scope));
    let needed = read.needed_by().is_some_and(|functionality| plan.wants(functionality));
    let passing = matches!(
        error,
        Error::Throttled(_) | Error::Server(_) | Error::NoAnswer { .. } | Error::Paused { .. }
    );
    if needed && !missing_is_intended && !passing {
        Finding::failed(read.check(), found, fix)
    } else {
        Finding::warning(read.check(), found, fix)
    }
}

fn explain(read: Read, error: &Error, granted: &[String]) -> (String, String) {
    let status = error.status().map_or_else(String::new, |status| format!(" (status {status})"));
    match error {
        Error::Denied(_) => {
            let missing =
                read.scopes().iter().copied().filter(|scope| !granted.iter().any(|held| held == scope));
            let missing: Vec<&str> = missing.collect();
            if missing.is_empty() || granted.is_empty() {
                let fix = format!(
                    "the scopes are there: ask SAP Concur whether {} is enabled for this company and this application",
                    read.product()
                );
                return (format!("refused{status}"), fix);
            }
            let missing = missing.join(", ");
            let fix = format!("ask SAP Concur to assign {missing} to the application; then check again");
            (format!("refused{status}: a scope is missing"), fix)
        }
        Error::Throttled(_) | Error::Paused { .. } => {
            ("Concur asks for fewer requests".to_owned(), "check again in some minutes".to_owned())
        }
        Error::NotSent { .. } | Error::NoAnswer { .. } | Error::Server(_) => (
            format!("Concur did not answer as it should{status}"),
            "check again in five minutes, and look at status.sap.com".to_owned(),
        ),
        _ => {
            let id = error
                .correlation_id()
                .map_or_else(String::new, |id| format!(", with the correlation id {id}"));
            (error.to_string(), format!("please report this{id}"))
        }
    }
}

/// `user=ALL` was answered, or refused where the owner's own reports were not.
pub(super) fn role(everybody: Result<(), &Error>, own: Option<Result<&(), &Error>>) -> Finding {
    match (everybody, own) {
        (Ok(()), _) => Finding::ok("role", "the reports of all users may be read"),
        (Err(Error::Denied(_)), Some(Ok(()))) => Finding::failed(
            "role",
            "the token's owner may read own reports and not those of all users (user=ALL is refused)",
            "give that user the role Web Services Administrator (Professional) or Can Administer (Standard), or connect at \
             company level",
        ),
        (Err(Error::Denied(_)), Some(Err(_))) => {
            Finding::skipped("role", "no report may be read at all; see the reads")
        }
        _ => Finding::skipped("role", "Concur did not say"),
    }
}

/// Company-wide reports were answered. None at all is suspicious: without the role Concur may leave out what is not the
/// owner's own.
pub(super) fn some_reports(any: bool) -> Finding {
    if any {
        return Finding::ok(Read::Reports.check(), "answered");
    }
    Finding::warning(
        Read::Reports.check(),
        "answered, without a single report",
        "if the company has reports, the token's owner lacks the role Web Services Administrator, or this is another company",
    )
}
