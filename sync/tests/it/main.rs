//! sync against the simulator on real sockets and on both databases.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod answers;
mod expenses;
mod harness;
mod history;
mod import;
mod remembered;
mod rules;
mod spending_leavers;
mod told;
mod users;
