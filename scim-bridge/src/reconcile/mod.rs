//! Reconciling: every user is read from Concur and compared with the provider's last word and with what we knew
//! (feature W17). What differs is stored as today's drift; on request it is repaired, by operations like any other, and a
//! deactivation never goes past the brake.
//!
//! * **Full**: all users of the company by cursor, so that who is missing is known too. **Incremental**: those whom Concur
//!   changed since the last run, with an overlap, since the index behind Concur's search lags.
//! * **Resumable**: a page's findings and the place where the next one begins commit together. One process at a time
//!   reconciles an account, under a lease that is renewed with each page.
//! * **Import**: who is exactly one resource without a link is linked to it; people who are in Concur and not here get a
//!   resource whose public id is Concur's id, so that look-ups find them; a lost database is rebuilt the same way. Who
//!   matches in part is reported and left alone. Nothing is sent for it.
//!
//! Source: Concur pages *Identity v4.1* (list by cursor, search by `meta.lastModified`).

mod again;
mod candidate;
mod compare;
mod one;
mod report;
mod run;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use again::{Again, read_again};
pub use candidate::MATCHES;
pub use report::{Wanted, report};
pub use run::{Parts, ReconcileError, Summary, run};

/// Kind of run, as runs are recorded.
pub const FULL: &str = "reconcile";
/// The other kind.
pub const INCREMENTAL: &str = "reconcile_incremental";

/// What drift is called.
pub mod kind {
    /// Attributes are not as wanted.
    pub const DIFFERS: &str = "differs";
    /// Has access in Concur and shall not.
    pub const HAS_ACCESS: &str = "has_access";
    /// Has no access in Concur and shall have.
    pub const NO_ACCESS: &str = "no_access";
    /// Is linked to a Concur user who is not there.
    pub const MISSING: &str = "missing";
    /// Is in Concur and not here.
    pub const UNMANAGED: &str = "unmanaged";
    /// All of them.
    pub const ALL: [&str; 5] = [DIFFERS, HAS_ACCESS, NO_ACCESS, MISSING, UNMANAGED];
}

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked for by itself")]
pub struct Options {
    /// Only those whom Concur changed since the last run.
    pub incremental: bool,
    /// Take over who is in Concur and not here.
    pub import: bool,
    /// Enqueue what brings Concur to what is wanted.
    pub repair: bool,
    /// Repairs may also give access to people whom somebody deactivated in Concur.
    pub give_access: bool,
}

/// What a run has done so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Concur users looked at.
    pub users: usize,
    /// Of these, not compared because a change of theirs is on its way, or held.
    pub on_their_way: usize,
    /// Taken over: a resource was made for them.
    pub imported: usize,
    /// Linked to the resource that they are.
    pub linked: usize,
    /// Whom of those without a link there is a resource for: `exact`, `conflicting`, `none`.
    pub matches: BTreeMap<String, usize>,
    /// Repairs enqueued.
    pub repairs: usize,
    /// Of these, held by the brake.
    pub held: usize,
    /// Rows of Concur's answer that could not be read.
    pub unreadable: usize,
    /// What was found, by kind.
    pub found: BTreeMap<String, usize>,
}
