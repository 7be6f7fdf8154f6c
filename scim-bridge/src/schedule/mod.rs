//! Syncs of accounts: *when* one is due, one *run* at a time over all processes, and a longer *history* on a person's word.
//! How Concur is read is the `sync` crate's matter.

pub mod history;
pub mod run;
mod when;

pub(crate) use when::SyncLoop;
