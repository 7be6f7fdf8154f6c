//! The conformance story: what RFC 7643, RFC 7644 and the habits of identity providers ask of a SCIM server, asked of
//! one over HTTP.
//!
//! It knows nothing of the bridge: any SCIM base address will do. It works on throw-away users and groups, and deletes
//! what it has made. One [`Check`] is one sentence, names the section it comes from and the numbers of the requirements
//! in `docs/scim-conformance.md` that it answers for. What a server says it does not offer is looked at only as far as
//! it must be refused properly.

mod checks;
mod client;
mod page;
mod report;

use std::time::Duration;

use futures::future::BoxFuture;
use secrecy::SecretString;

pub use self::client::Client;
pub use self::page::{Checked, html};
pub use self::report::{Outcome, Report, Told};

/// What to check.
#[derive(Debug, Clone)]
pub struct Target {
    /// SCIM base address.
    pub url: String,
    /// Bearer token that may read and write.
    pub token: SecretString,
    /// Domain of the throw-away users' names and addresses; the default is reserved for such uses (RFC 2606).
    pub domain: String,
    /// How long to wait for one answer.
    pub timeout: Duration,
}

/// Why a check did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The server does not do what is asked.
    Wrong(String),
    /// The server says that it does not offer this, as it may.
    NotOffered(String),
}

/// One requirement, or a few that are answered by the same exchange.
#[derive(Clone, Copy)]
pub struct Check {
    /// A sentence, in snake case.
    pub name: &'static str,
    /// Where it comes from, such as `RFC 7644 §3.3`, or whose habit it is.
    pub section: &'static str,
    /// Numbers in `docs/scim-conformance.md`.
    pub covers: &'static [u16],
    run: for<'a> fn(&'a Client) -> BoxFuture<'a, Result<(), Finding>>,
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name, self.section)
    }
}

/// Every check, in the order of the story.
pub fn all() -> Vec<Check> {
    checks::all()
}

/// Runs every check whose name contains `only`, and cleans up. `told` hears of each as it ends.
///
/// # Errors
/// A base address or token that cannot be used at all.
pub async fn run(target: &Target, only: Option<&str>, told: impl Fn(&Told)) -> Result<Report, String> {
    let client = Client::new(target).await?;
    let mut report = Report::default();
    for check in all().into_iter().filter(|check| only.is_none_or(|part| check.name.contains(part))) {
        let outcome = match (check.run)(&client).await {
            Ok(()) => Outcome::Passed,
            Err(Finding::Wrong(what)) => Outcome::Failed(what),
            Err(Finding::NotOffered(what)) => Outcome::NotOffered(what),
        };
        let line = Told { check: check.name, section: check.section, covers: check.covers, outcome };
        told(&line);
        report.told.push(line);
        client.clean_up().await;
    }
    report.left_behind = client.left_behind();
    Ok(report)
}
