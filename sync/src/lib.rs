//! From a page of Concur to an answer: pull reports and users, bring every wire form to one canonical line,
//! decide which app a line pays for, and answer questions about it.
//!
//! What this crate never does: it serves no HTTP, reads no clock (it is handed one) and writes nothing to Concur.
//!
//! The cast, in the order in which a line meets them:
//!
//! * [`window`]: which spans of modification dates to read, newest first; pure.
//! * [`pull`]: follows Concur's pages; rows and cursor commit together, so a crash repeats a page and skips none.
//! * [`import`]: the same lines from files that people hand in, without any connection;
//! * [`ingest`]: one wire form to the canonical line; pure.
//! * [`decide`]: asks the account's rules and the matcher about every line that has no decision by this dictionary.
//! * [`rules`]: an account's own rules, over all its stored lines at once; [`hand`]: what a person says about one line.
//! * [`query`]: lines, apps and explanations, read from the store alone.
//! * [`run`]: all of it for one account, as a schedule or a person starts it; at its end, whoever has left and still spends is told
//!   to webhooks.
#![warn(missing_docs)]

pub mod decide;
mod departments;
mod error;
pub mod hand;
pub mod import;
pub mod ingest;
pub mod progress;
pub mod pull;
pub mod query;
mod rulebook;
pub mod rules;
pub mod run;
mod spending_leavers;
pub mod window;

pub use error::Error;
pub use progress::{Progress, Silent, Snapshot};

use std::sync::Arc;

/// Tells the time; time is an argument here as everywhere.
pub type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// One connected company, as a sync sees it. Cheap to clone.
#[derive(Clone)]
pub struct Company {
    /// Where rows and cursors go.
    pub store: store::Store,
    /// Whose rows they are.
    pub account: store::ids::AccountId,
    /// How Concur is asked.
    pub client: concur::Client,
    /// What time it is.
    pub clock: Clock,
    /// Reports whose entries are fetched at once; the client's own limits still hold.
    pub parallel_reports: usize,
}

impl Company {
    /// The time now.
    pub fn now(&self) -> jiff::Timestamp {
        (self.clock)()
    }
}

impl std::fmt::Debug for Company {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Company").field("account", &self.account).finish_non_exhaustive()
    }
}
