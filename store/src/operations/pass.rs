//! Who goes before whom in a chain: deactivations past what is stuck, later updates in place of earlier ones.

use diesel::prelude::*;
use jiff::Timestamp;

use super::chain::{self, lock_around};
use super::{State, URGENT_KINDS, is_urgent, row};
use crate::conn::on;
use crate::ids::{AccountId, OperationId};
use crate::schema::{operation_details, operations};
use crate::value::{self, micros};
use crate::{Conn, Error, watches};

/// The kind whose operations may stand for one another: each carries the whole wanted state (I18).
pub(super) const MERGED: &str = "update";
/// Most deactivations that one look lets pass.
const PASSED_MAX: i64 = 100;

/// An operation of a chain that has not ended.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) op_id: i64,
    pub(super) state: State,
    pub(super) kind: String,
    /// How often it was claimed to be sent.
    pub(super) attempt: i32,
    /// When it is due, or was accepted.
    pub(super) due_at: i64,
}

/// [`Open`] as it is read.
pub(super) type OpenRow = (i64, String, String, i32, i64);

impl TryFrom<OpenRow> for Open {
    type Error = Error;
    fn try_from((op_id, state, kind, attempt, due_at): OpenRow) -> Result<Self, Error> {
        Ok(Open { op_id, state: value::parse(&state, "operations.state")?, kind, attempt, due_at })
    }
}

/// The query for the operations of a chain that have not ended, in order.
macro_rules! open_part {
    ($chain_id:expr) => {{
        use $crate::schema::operations;
        let ended = $crate::operations::State::ALL.iter().filter(|state| state.is_end());
        operations::table
            .filter(operations::chain_id.eq($chain_id))
            .filter(operations::state.ne_all(ended.map(|state| state.as_str())))
            .order(operations::user_seq)
            .select((
                operations::op_id,
                operations::state,
                operations::kind,
                operations::attempt,
                operations::due_at,
            ))
    }};
}
pub(super) use open_part;

/// The operations of a chain that have not ended, in order.
pub(super) fn open_in(conn: &mut Conn, chain_id: &str) -> Result<Vec<Open>, Error> {
    let rows: Vec<OpenRow> = on!(conn, c => open_part!(chain_id).load(c))?;
    rows.into_iter().map(Open::try_from).collect()
}

/// How many of those that begin a chain's open part stand for nothing that a later one does not carry as well: updates
/// that wait, the first of them perhaps to be sent, followed by an update that waits. Never one that was ever sent, and
/// never across a create, a deletion or a change of `active` (I18).
pub(super) fn merged(open: &[Open]) -> usize {
    let waits = |(at, open): &(usize, &Open)| {
        let unsent = open.state == State::Accepted || (*at == 0 && open.state == State::Ready);
        unsent && open.attempt == 0 && open.kind == MERGED
    };
    open.iter().enumerate().take_while(waits).count().saturating_sub(1)
}

/// Whether earlier updates were superseded in favour of this one before they were sent: if it is taken back, they are
/// what is wanted again.
pub fn has_absorbed(conn: &mut Conn, id: OperationId) -> Result<bool, Error> {
    let place = lock_around(conn, id)?;
    let absorbed = operations::table
        .inner_join(operation_details::table)
        .filter(operations::chain_id.eq(&place.chain_id).and(operations::user_seq.lt(place.user_seq)))
        .filter(operation_details::superseded_by.eq(id.as_i64()));
    on!(conn, c => diesel::select(diesel::dsl::exists(absorbed)).get_result(c))
}

/// Makes deactivations ready that were accepted before `before` and wait behind one operation that is stuck in `submitted`
/// or `unknown` (I17). They go out in a lane of their own; the person is watched from now on, since either of the two may
/// take effect last. What stands between them is not sent any more once the deactivation is done.
pub fn pass_stuck(conn: &mut Conn, before: Timestamp, now: Timestamp) -> Result<Vec<OperationId>, Error> {
    let waiting: Vec<(i64, String, String)> = on!(conn, c => {
        operations::table
            .filter(operations::state.eq(State::Accepted.as_str()).and(operations::priority.eq(row::URGENT)))
            // What makes way for one has the same priority.
            .filter(operations::kind.eq_any(URGENT_KINDS).and(operations::created_at.le(micros(before))))
            .order(operations::op_id)
            .limit(PASSED_MAX)
            .select((operations::op_id, operations::chain_id, operations::account_id))
            .load(c)
    })?;
    let mut passed = Vec::new();
    for (op_id, chain_id, account_id) in waiting {
        let id = OperationId::from_i64(op_id);
        lock_around(conn, id)?;
        if !may_pass(&open_in(conn, &chain_id)?, op_id) {
            continue;
        }
        let ready = (
            operations::state.eq(State::Ready.as_str()),
            operations::lane.eq(row::PASSING_LANE),
            operations::due_at.eq(micros(now)),
            operations::updated_at.eq(micros(now)),
        );
        let waits = operations::state.eq(State::Accepted.as_str());
        let changed = on!(conn, c => {
            diesel::update(operations::table.find(op_id).filter(waits)).set(ready).execute(c)
        })?;
        if changed == 1 {
            watches::begin(conn, &chain_id, &account_id, now)?;
            passed.push(id);
        }
    }
    Ok(passed)
}

/// Whether a deactivation may go out although its chain has one under way: that one is stuck, and nothing between is held
/// or passing already.
fn may_pass(open: &[Open], op_id: i64) -> bool {
    let before: Vec<&Open> = open.iter().take_while(|open| open.op_id != op_id).collect();
    let stuck = |open: &&&Open| matches!(open.state, State::Submitted | State::Unknown);
    let waits = |open: &&Open| match open.state {
        State::Failed => true,
        State::Accepted => !is_urgent(&open.kind),
        State::Held => is_urgent(&open.kind),
        _ => false,
    };
    before.iter().filter(stuck).count() == 1
        && before.iter().all(|open| waits(open) || matches!(open.state, State::Submitted | State::Unknown))
}

/// When the oldest deactivation or deletion was accepted that is neither done nor held.
pub fn oldest_deactivation(conn: &mut Conn, account: AccountId) -> Result<Option<Timestamp>, Error> {
    let open = State::ALL.iter().filter(|s| !s.is_end() && **s != State::Held).map(|s| s.as_str());
    let oldest: Option<i64> = on!(conn, c => {
        operations::table
            .filter(operations::account_id.eq(account.to_string()).and(operations::priority.eq(row::URGENT)))
            // What makes way for one has the same priority.
            .filter(operations::kind.eq_any(URGENT_KINDS).and(operations::state.eq_any(open)))
            .select(diesel::dsl::min(operations::created_at))
            .first(c)
    })?;
    value::time_opt(oldest, "operations.created_at")
}

/// Supersedes the updates that a later one stands for.
pub(super) fn merge(conn: &mut Conn, open: &[Open], now: Timestamp) -> Result<usize, Error> {
    let count = merged(open);
    let earlier: Vec<i64> = open.iter().take(count).map(|open| open.op_id).collect();
    if let Some(by) = open.get(count) {
        let reason = "a later update of the user carries the same and more";
        chain::supersede(conn, &earlier, OperationId::from_i64(by.op_id), reason, now)?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(links: &[(State, &str)]) -> Vec<Open> {
        (1..)
            .zip(links)
            .map(|(op_id, (state, kind))| Open {
                op_id,
                state: *state,
                kind: (*kind).to_owned(),
                attempt: 0,
                due_at: 0,
            })
            .collect()
    }

    #[test]
    fn only_updates_that_wait_are_merged_and_never_across_anything_else() {
        use State::{Accepted, Ready};
        let check = |links: &[(State, &str)], count| assert_eq!(merged(&open(links)), count, "{links:?}");
        check(&[], 0);
        check(&[(Accepted, "update")], 0);
        check(&[(Accepted, "update"), (Accepted, "update"), (Accepted, "update")], 2);
        check(&[(Ready, "update"), (Accepted, "update")], 1);
        check(&[(Ready, "create"), (Accepted, "update")], 0);
        check(&[(Accepted, "update"), (Ready, "update")], 0);
        let mut sent = open(&[(Ready, "update"), (Accepted, "update")]);
        sent[0].attempt = 1;
        assert_eq!(merged(&sent), 0, "nobody knows for certain what became of it");
        for border in ["create", "deactivate", "reactivate", "delete"] {
            check(&[(Accepted, "update"), (Accepted, border), (Accepted, "update")], 0);
            check(&[(Accepted, border), (Accepted, "update"), (Accepted, "update")], 0);
        }
    }

    #[test]
    fn a_deactivation_passes_one_stuck_operation_and_nothing_that_is_held_sent_or_verified() {
        use State::{Accepted, Failed, Held, Ready, Sending, Submitted, Unknown, Verifying};
        let check = |links: &[(State, &str)], passes| {
            let links = [links, &[(Accepted, "deactivate")]].concat();
            assert_eq!(may_pass(&open(&links), i64::try_from(links.len()).unwrap()), passes, "{links:?}");
        };
        check(&[(Unknown, "update")], true);
        check(&[(Submitted, "create"), (Accepted, "update")], true);
        check(&[(Failed, "update"), (Unknown, "update")], true);
        check(&[(Sending, "update")], false);
        check(&[(Verifying, "update")], false);
        check(&[(Unknown, "update"), (Held, "update")], false);
        check(&[(Unknown, "update"), (Ready, "deactivate")], false);
        check(&[(Unknown, "update"), (Accepted, "delete")], false);
        check(&[(Failed, "update")], false); // promoted in the usual way
        check(&[], false);
    }
}
