//! Changing the state of an operation, and making the next one of its chain ready.

use diesel::prelude::*;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::pass::{self, Open};
use super::{State, chain, is_urgent, row};
use crate::conn::on;
use crate::ids::OperationId;
use crate::prepared::prepared;
use crate::schema::{attempts, operation_details, operations, resources};
use crate::value::{self, micros};
use crate::webhooks::{self, Topic};
use crate::{Conn, Error, watches};

/// Why an operation is superseded that was not sent again.
const PASSED: &str =
    "a later operation of the person is on its way or done, so this one is not sent any more";

/// The state and epoch that a worker believes the operation to have (I8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expect {
    /// The state it saw.
    pub state: State,
    /// The epoch of its lease.
    pub lease_epoch: i64,
}

/// A state change. What is `None` keeps its stored value.
#[derive(Clone, Debug)]
pub struct Transition {
    /// The state to enter.
    pub to: State,
    /// The time it is.
    pub now: Timestamp,
    /// When to send or ask next; entering `ready` without it means now.
    pub due_at: Option<Timestamp>,
    /// From `unknown`: until when an absent change may still appear.
    pub settle_until: Option<Timestamp>,
    /// Concur's id of the provision request.
    pub provision_id: Option<String>,
    /// Concur's error code.
    pub error_code: Option<String>,
    /// Concur's message.
    pub error_message: Option<String>,
    /// Concur's correlation id.
    pub correlation_id: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// By which operation this one is superseded.
    pub superseded_by: Option<OperationId>,
    /// Entering `ready`: whether what was sent is to be sent again. Retries are claimed apart from first attempts.
    pub is_retry: bool,
    /// What to send from now on (replanned, or the rest of it: I16).
    pub payload: Option<Value>,
}

impl Transition {
    /// To this state, and nothing else.
    pub fn to(to: State, now: Timestamp) -> Self {
        Transition {
            to,
            now,
            due_at: None,
            settle_until: None,
            provision_id: None,
            error_code: None,
            error_message: None,
            correlation_id: None,
            reason: None,
            superseded_by: None,
            is_retry: false,
            payload: None,
        }
    }
}

#[derive(AsChangeset)]
#[diesel(table_name = operations)]
struct Change<'a> {
    state: &'a str,
    due_at: Option<i64>,
    priority: Option<i32>,
    updated_at: i64,
}

#[derive(AsChangeset)]
#[diesel(table_name = operation_details)]
struct DetailsChange<'a> {
    provision_id: Option<&'a str>,
    error_code: Option<&'a str>,
    error_message: Option<&'a str>,
    correlation_id: Option<&'a str>,
    reason: Option<&'a str>,
    superseded_by: Option<i64>,
    ever_unknown: Option<bool>,
    settle_until: Option<i64>,
    payload_hash: Option<String>,
    payload: Option<String>,
}

impl DetailsChange<'_> {
    fn is_empty(&self) -> bool {
        self.provision_id.is_none()
            && self.error_code.is_none()
            && self.error_message.is_none()
            && self.correlation_id.is_none()
            && self.reason.is_none()
            && self.superseded_by.is_none()
            && self.ever_unknown.is_none()
            && self.settle_until.is_none()
            && self.payload.is_none()
    }
}

/// Compare-and-set on (state, epoch). False: someone else was faster, touch nothing more. Frees the lease (the epoch
/// stays, so the worker may go on from the new state until someone claims), closes the attempt when leaving `sending`,
/// and makes the next operation of the chain ready where this one does not block it any more.
///
/// Order comes first: an operation that a later one of its chain has passed becomes `superseded` where it would become
/// `ready` or `failed`, and `done` supersedes whatever of its chain was not sent before it.
/// [`Error::IllegalTransition`] for what [`State::may_become`] forbids.
pub fn transition(
    conn: &mut Conn,
    id: OperationId,
    expect: Expect,
    transition: &Transition,
) -> Result<bool, Error> {
    if !expect.state.may_become(transition.to) {
        return Err(Error::IllegalTransition { from: expect.state, to: transition.to });
    }
    let place = chain::lock_around(conn, id)?;
    let passed_by = match transition.to {
        State::Ready | State::Failed => chain::passed_by(conn, &place)?,
        _ => None,
    };
    let mut effective = transition.clone();
    if let Some(later) = passed_by {
        effective.to = State::Superseded;
        effective.superseded_by = Some(later);
        effective.reason = effective.reason.or_else(|| Some(PASSED.to_owned()));
    }
    let transition = &effective;
    let now = micros(transition.now);
    let at_once = (transition.to == State::Ready).then_some(now);
    let change = Change {
        state: transition.to.as_str(),
        due_at: transition.due_at.map(micros).or(at_once),
        // What makes way for somebody who leaves does so until it is over, however often it goes round.
        priority: at_once
            .filter(|_| place.priority != row::URGENT)
            .map(|_| row::priority(&place.kind, transition.is_retry)),
        updated_at: now,
    };
    let free = (operations::lease_owner.eq(None::<String>), operations::lease_until.eq(None::<i64>));
    let expected =
        operations::state.eq(expect.state.as_str()).and(operations::lease_epoch.eq(expect.lease_epoch));
    let changed: Option<i64> = on!(conn, c => {
        let operation = operations::table.find(id.as_i64()).filter(expected);
        let changed = diesel::update(operation).set((change, free)).returning(operations::op_id);
        prepared(changed).get_result(c).optional()
    })?;
    if changed.is_none() {
        return Ok(false);
    }
    change_details(conn, id, transition)?;
    if expect.state == State::Sending {
        end_attempt(conn, id, place.attempt, transition)?;
    }
    if transition.to == State::Unknown && expect.state != State::Unknown {
        watches::begin(conn, &place.chain_id, &place.account_id, transition.now)?;
    }
    if transition.to == State::Done {
        chain::supersede_before(conn, &place, id, transition.now)?;
    }
    promote(conn, &place.chain_id, transition.now)?;
    if transition.to == State::Failed {
        tell_failure(conn, id, &place, transition.now)?;
    }
    Ok(true)
}

/// Tells whoever wants to know that an operation failed and needs a person.
fn tell_failure(conn: &mut Conn, id: OperationId, place: &chain::Place, now: Timestamp) -> Result<(), Error> {
    let account = value::parse(&place.account_id, "operations.account_id")?;
    webhooks::publish(conn, account, Topic::OperationFailed, now, |conn| {
        let user: Option<String> = on!(conn, c => {
            operations::table
                .inner_join(resources::table.on(resources::resource_id.eq(operations::resource_id)))
                .filter(operations::op_id.eq(id.as_i64()))
                .select(resources::scim_id)
                .first(c)
                .optional()
        })?;
        let details: (Option<String>, Option<String>, Option<String>) = on!(conn, c => {
            operation_details::table
                .find(id.as_i64())
                .select((
                    operation_details::error_code,
                    operation_details::error_message,
                    operation_details::correlation_id,
                ))
                .first(c)
        })?;
        Ok(json!({
            "id": id,
            "user": user,
            "kind": place.kind,
            "error_code": details.0,
            "error_message": details.1,
            "correlation_id": details.2,
        }))
    })
}

/// `failed` → `ready` by a person: like [`transition`], and attempts and age count from now on.
pub fn replay(
    conn: &mut Conn,
    id: OperationId,
    expect: Expect,
    reason: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let again = Transition { reason: Some(reason.to_owned()), ..Transition::to(State::Ready, now) };
    if !transition(conn, id, expect, &again)? {
        return Ok(false);
    }
    on!(conn, c => {
        diesel::update(operation_details::table.find(id.as_i64()))
            .set(operation_details::replayed_at.eq(micros(now)))
            .execute(c)
    })?;
    Ok(true)
}

fn change_details(conn: &mut Conn, id: OperationId, transition: &Transition) -> Result<(), Error> {
    let payload = transition.payload.as_ref().map(ToString::to_string);
    let change = DetailsChange {
        provision_id: transition.provision_id.as_deref(),
        error_code: transition.error_code.as_deref(),
        error_message: transition.error_message.as_deref(),
        correlation_id: transition.correlation_id.as_deref(),
        reason: transition.reason.as_deref(),
        superseded_by: transition.superseded_by.map(OperationId::as_i64),
        ever_unknown: (transition.to == State::Unknown).then_some(true),
        settle_until: transition.settle_until.map(micros),
        payload_hash: payload.as_deref().map(row::payload_hash),
        payload,
    };
    if change.is_empty() {
        return Ok(()); // diesel refuses an UPDATE without SET
    }
    on!(conn, c => diesel::update(operation_details::table.find(id.as_i64())).set(change).execute(c))?;
    Ok(())
}

fn end_attempt(conn: &mut Conn, id: OperationId, attempt: i32, transition: &Transition) -> Result<(), Error> {
    on!(conn, c => {
        let ended = diesel::update(attempts::table.find((id.as_i64(), attempt))).set((
            attempts::ended_at.eq(micros(transition.now)),
            attempts::outcome.eq(transition.to.as_str()),
            attempts::error_code.eq(transition.error_code.as_deref()),
            attempts::error_message.eq(transition.error_message.as_deref()),
            attempts::correlation_id.eq(transition.correlation_id.as_deref()),
            attempts::provision_id.eq(transition.provision_id.as_deref()),
        ));
        prepared(ended.returning(attempts::op_id)).load::<i64>(c)
    })?;
    Ok(())
}

/// Makes the head of the chain ready, if it waits; of several updates that wait the last one, which stands for all.
pub(super) fn promote(conn: &mut Conn, chain_id: &str, now: Timestamp) -> Result<(), Error> {
    let open = pass::open_in(conn, chain_id)?;
    promote_of(conn, open, now).map(drop)
}

/// [`promote`] of a chain whose open operations are known; the one that became ready.
pub(super) fn promote_of(conn: &mut Conn, mut open: Vec<Open>, now: Timestamp) -> Result<Option<i64>, Error> {
    let merged = pass::merge(conn, &open, now)?;
    // Whoever is changed again and again keeps their turn.
    let since = open.drain(..merged).map(|open| open.due_at).min();
    let Some(op_id) = next_ready(&open) else { return Ok(None) };
    let due_at = since.map_or(micros(now), |since| since.min(micros(now)));
    on!(conn, c => {
        let ready = diesel::update(operations::table.find(op_id)).set((
            operations::state.eq(State::Ready.as_str()),
            operations::due_at.eq(due_at),
            operations::updated_at.eq(micros(now)),
        ));
        prepared(ready.returning(operations::op_id)).load::<i64>(c)
    })?;
    Ok(Some(op_id))
}

/// Which operation of a chain (those that have not ended, in order) is to become ready now. The first one, if it waits;
/// behind `failed` ones, the first urgent one that waits (I17). One that is to end access and is `held` is passed: until a
/// person decides, access stays as it is and everything else goes on (reliability B3). Nobody, while one that ends access
/// has passed those before it and is about to go out.
fn next_ready(chain: &[Open]) -> Option<i64> {
    let mut behind_failed = false;
    for (at, Open { op_id, state, kind, .. }) in chain.iter().enumerate() {
        match state {
            State::Failed => behind_failed = true,
            State::Accepted if !behind_failed || is_urgent(kind) => {
                return (!chain[at..].iter().any(is_leaving)).then_some(*op_id);
            }
            State::Accepted => {} // blocked by the failed one; an urgent one behind it is not
            State::Held if is_urgent(kind) => {}
            _ => return None,
        }
    }
    None
}

/// Whether an operation that ends access is to be sent, or on its way.
fn is_leaving(open: &Open) -> bool {
    let stands = open.state.is_end() || matches!(open.state, State::Accepted | State::Held | State::Failed);
    is_urgent(&open.kind) && !stands
}

#[cfg(test)]
mod tests {
    use super::State::{Accepted, Failed, Held, Ready, Submitted};
    use super::*;

    fn check(chain: &[(State, bool)], expected: Option<i64>) {
        let kind = |urgent| if urgent { "deactivate" } else { "update" }.to_owned();
        let open = |(op_id, &(state, urgent)): (i64, &(State, bool))| Open {
            op_id,
            state,
            kind: kind(urgent),
            attempt: 0,
            due_at: 0,
        };
        let chain: Vec<Open> = (1..).zip(chain).map(open).collect();
        assert_eq!(next_ready(&chain), expected, "{chain:?}");
    }

    #[test]
    fn the_head_of_a_chain_becomes_ready_and_urgent_ones_pass_failed_ones_only() {
        check(&[], None);
        check(&[(Accepted, false)], Some(1));
        check(&[(Ready, false), (Accepted, true)], None);
        check(&[(Submitted, false), (Accepted, true)], None);
        check(&[(Held, false), (Accepted, false)], None);
        check(&[(Held, true), (Accepted, false)], Some(2));
        check(&[(Submitted, false), (Held, true), (Accepted, false)], None);
        check(&[(Failed, false), (Accepted, false)], None);
        check(&[(Failed, false), (Accepted, true)], Some(2));
        check(&[(Failed, false), (Accepted, false), (Accepted, true)], Some(3));
        check(&[(Failed, false), (Ready, true), (Accepted, true)], None);
        check(&[(Accepted, false), (Ready, true)], None);
        check(&[(Accepted, false), (Submitted, true)], None);
        check(&[(Accepted, false), (Failed, true)], Some(1));
        check(&[(Failed, false), (Failed, false), (Accepted, true), (Accepted, true)], Some(3));
    }
}
