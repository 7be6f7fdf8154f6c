//! The outbox: every change that is to reach Concur (reliability §2, design D5).
//!
//! The cast. An *operation* is one accepted change of one resource; `op_id` rises over the database. Operations of one
//! person form a *chain* in the order of `user_seq` (`chain.rs`): those of a resource, and those of a later one that is
//! the same person again. A worker *claims* an operation
//! under a *lease*; each claim raises the *lease epoch*, and every later change is a compare-and-set on (state, epoch),
//! so a worker that slept through its lease changes nothing any more. An *attempt* is one try to send.
//!
//! Rules that this module keeps, over all replicas:
//! - At most one operation of a person is in flight; a partial unique index says so, not this code (I7).
//! - An operation is `ready` only when all operations before it have ended. `failed` is not an end: it blocks its own
//!   chain until a person replays or cancels it (I20). Deactivations and deletes pass a `failed` one (I17).
//! - One that is to end access and is `held` lets the rest of its chain pass; any other `held` one blocks it.
//! - Nothing older goes out after something newer: once a later operation is on its way or done, one that would be sent
//!   again is `superseded` instead, whoever asks for it.
//! - An operation leaves `sending` without an answer only to `unknown` (C3-C5).
//! - End states are never left.
//!
//! What it does not do: send, or decide what happens next (`scim-bridge/src/delivery`).

mod chain;
mod claim;
mod hasten;
mod insert;
mod pass;
mod read;
mod row;
mod state;
mod transition;
mod workers;

use jiff::Timestamp;
use serde_json::Value;

pub use chain::{chain_of, follow, is_latest, join, link, lives};
pub use claim::{Claim, What, claim_due, claim_one, claim_polls, end_leases, expire_leases};
pub use hasten::{due_by, hasten, make_way_for_all};
pub use pass::{has_absorbed, oldest_deactivation, pass_stuck};
pub(crate) use read::telling_of_one;
pub use read::{
    Attempt, ExtensionOutcome, Filter, attempts, count_open, counts_by_state, extensions, get, has_open,
    is_chain_open, last_asked, latest_for_resource, list, newest_done, newest_done_of, next_due, oldest_open,
    put_extension, telling_of,
};
pub use row::Operation;
pub(crate) use row::{DetailsRow, Row};
pub use state::State;
pub use transition::{Expect, Transition, replay, transition};
pub use workers::{Worker, beat, beat_again, bury, leave};

use crate::ids::{AccountId, ResourceId};
use crate::{Conn, Error};

/// Kinds that are claimed before all others and pass a `failed` operation of their own chain (I17).
pub const URGENT_KINDS: [&str; 2] = ["deactivate", "delete"];

/// Whether a kind is one of [`URGENT_KINDS`].
pub fn is_urgent(kind: &str) -> bool {
    URGENT_KINDS.contains(&kind)
}

/// A new operation.
#[derive(Clone, Debug)]
pub struct NewOperation {
    /// Whose.
    pub account: AccountId,
    /// What it changes.
    pub resource_id: ResourceId,
    /// The delivery's word for it; two of them mean something here, see [`URGENT_KINDS`].
    pub kind: String,
    /// What to send, in the delivery's own versioned form.
    pub payload: Value,
    /// `Some`: stored as `held`, for that reason (the brake, reliability B3).
    pub held: Option<String>,
    /// The time it is.
    pub now: Timestamp,
}

/// Adds an operation at the end of its chain, in the caller's transaction: `held` if asked so, else `ready` when
/// nothing of its chain is before it, else `accepted`.
pub fn enqueue(conn: &mut Conn, new: &NewOperation) -> Result<Operation, Error> {
    let chain::End { chain_id, last, mut open } = chain::lock_end(conn, new.resource_id)?;
    let state = match &new.held {
        Some(_) => State::Held,
        None if open.is_empty() => State::Ready,
        None => State::Accepted,
    };
    if is_urgent(&new.kind) && new.held.is_none() && !open.is_empty() {
        hasten::make_way(conn, std::slice::from_ref(&chain_id), new.now)?;
    }
    let mut operation = insert::insert(conn, new, chain_id, last + 1, state)?;
    if !open.is_empty() || state == State::Held {
        let (kind, due_at) = (operation.kind.clone(), crate::value::micros(new.now));
        open.push(pass::Open { op_id: operation.id.as_i64(), state, kind, attempt: 0, due_at });
        if transition::promote_of(conn, open, new.now)? == Some(operation.id.as_i64()) {
            operation.state = State::Ready;
        }
    }
    Ok(operation)
}

/// The first operation of a resource that this transaction has inserted and that follows nobody: there is nothing to
/// look at, and nobody else who could see it.
pub fn enqueue_first(conn: &mut Conn, new: &NewOperation) -> Result<Operation, Error> {
    let state = if new.held.is_some() { State::Held } else { State::Ready };
    insert::insert(conn, new, new.resource_id.to_string(), 1, state)
}
