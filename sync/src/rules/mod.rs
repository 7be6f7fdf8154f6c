//! An account's own rules over its stored lines: what they would change, setting them, taking them back, and asking them
//! again.
//!
//! A change is computed without holding anybody up, and then applied to all lines at once, in one transaction with the rules
//! themselves: no answer ever mixes two revisions. Lines that changed meanwhile are looked at again under the lock. Since a
//! decision follows from line, dictionary and rules alone, going back to earlier rules brings the earlier decisions back;
//! what stood in between stays in the history of each line.

mod apply;
mod effect;
mod held;
mod proposals;
mod scan;

pub use apply::{Applied, NewRules, rematch, set, undo};
pub use effect::{Effect, Move, Sample, Standing};
pub use held::{Held, Keeper};
pub use proposals::{Proposal, SUPPORT, SUPPORT_MIN, Tried, accept, dismiss, proposals, try_proposal};
pub use scan::what_if;
