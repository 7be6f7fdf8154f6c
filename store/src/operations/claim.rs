//! Claiming: how a worker gets operations that no other worker has, over threads, processes and replicas.
//!
//! Candidates are read (on PostgreSQL with `FOR UPDATE SKIP LOCKED`, so that workers do not queue behind each other),
//! then each is taken by a compare-and-set in a savepoint of its own. Should the partial unique index object, because
//! another operation of the person took off meanwhile, that candidate alone is left for later.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use jiff::Timestamp;

use super::row::{self, IN_FLIGHT};
use super::{Operation, State};
use crate::conn::{Raw, on};
use crate::ids::{AccountId, OperationId};
use crate::prepared::prepared;
use crate::schema::{attempts, operation_details, operations};
use crate::value::{self, micros};
use crate::{Conn, Constraint, Error, watches};

/// What a worker asks for.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// The time it is; what is due by then is claimed.
    pub now: Timestamp,
    /// Who asks: unique per worker and process.
    pub owner: &'a str,
    /// Until when the worker may act; it must outlive the request's deadline by 10 s (I8).
    pub lease_until: Timestamp,
    /// At most so many.
    pub limit: usize,
    /// Accounts not to touch: paused, without a token, breaker open.
    pub exclude: &'a [AccountId],
    /// Only these accounts; empty: all. For the one request that tries whether Concur is back.
    pub only: &'a [AccountId],
    /// Deactivations and deletes have slots to themselves (I17), and what is sent again has a budget (I19).
    pub what: What,
}

/// Which operations a claim is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// All of them, urgent ones first and retries last.
    Everything,
    /// Deactivations and deletes, retries among them.
    Urgent,
    /// All others that were never sent, or whose next step is due.
    Firsts,
    /// All others that were sent before and are to be sent again.
    Retries,
    /// All but deactivations and deletes.
    Ordinary,
}

impl Claim<'_> {
    fn excluded(&self) -> Vec<String> {
        self.exclude.iter().map(ToString::to_string).collect()
    }

    fn only(&self) -> Vec<String> {
        self.only.iter().map(ToString::to_string).collect()
    }

    fn priorities(&self) -> std::ops::RangeInclusive<i32> {
        match self.what {
            What::Everything => i32::MIN..=i32::MAX,
            What::Urgent => i32::MIN..=row::URGENT,
            What::Firsts => row::URGENT + 1..=row::ORDINARY,
            What::Retries => row::ORDINARY + 1..=i32::MAX,
            What::Ordinary => row::URGENT + 1..=i32::MAX,
        }
    }
}

diesel::alias!(operations as flying: Flying);

/// What a candidate is compared by when it is taken.
#[derive(Queryable)]
struct Candidate {
    op_id: i64,
    state: String,
    lease_epoch: i64,
    attempt: i32,
    chain_id: String,
    account_id: String,
}

type CandidateColumns = (
    operations::op_id,
    operations::state,
    operations::lease_epoch,
    operations::attempt,
    operations::chain_id,
    operations::account_id,
);

const CANDIDATE: CandidateColumns = (
    operations::op_id,
    operations::state,
    operations::lease_epoch,
    operations::attempt,
    operations::chain_id,
    operations::account_id,
);

/// Changes an operation that is in this state and epoch; whether it was.
macro_rules! compare_and_set {
    ($conn:expr, $op_id:expr, $state:expr, $epoch:expr, $change:expr) => {{
        let expected = operations::state.eq($state).and(operations::lease_epoch.eq($epoch));
        on!($conn, c => {
            let change = diesel::update(operations::table.find($op_id).filter(expected)).set($change);
            prepared(change.returning(operations::op_id)).get_result::<i64>(c).optional()
        })?
        .is_some()
    }};
}

/// Takes due `ready` operations to `sending`: attempt and epoch rise, an attempt row is written. Urgent ones first,
/// then by due time. Commit before the first byte is sent.
pub fn claim_due(conn: &mut Conn, claim: &Claim<'_>) -> Result<Vec<Operation>, Error> {
    let (priorities, only) = (claim.priorities(), claim.only());
    let rival = flying
        .filter(flying.field(operations::chain_id).eq(operations::chain_id))
        // A deactivation that passes a stuck operation has a lane of its own; nothing else goes out beside either.
        .filter(operations::lane.eq(row::USUAL_LANE).or(flying.field(operations::lane).eq(operations::lane)))
        .filter(flying.field(operations::state).eq_any(IN_FLIGHT));
    let due = operations::table
        .filter(operations::state.eq(State::Ready.as_str()).and(operations::due_at.le(micros(claim.now))))
        .filter(operations::priority.between(*priorities.start(), *priorities.end()))
        .filter(operations::account_id.ne_all(claim.excluded()))
        .filter(operations::account_id.eq_any(&only).or(only.is_empty().into_sql::<Bool>()))
        .filter(not(exists(rival)))
        .order((operations::priority, operations::due_at, operations::op_id))
        .limit(value::limit(claim.limit))
        .select(CANDIDATE);
    let candidates: Vec<Candidate> = match &mut *conn.pooled {
        Raw::Sqlite(c) => due.load(&mut **c)?,
        Raw::Postgres(c) => due.for_update().skip_locked().load(&mut ***c)?,
    };
    take_all(conn, &candidates, claim, begin_sending)
}

/// Takes one named operation, if it is `ready` (whenever due): for a caller who waits for its verdict.
pub fn claim_one(conn: &mut Conn, id: OperationId, claim: &Claim<'_>) -> Result<Option<Operation>, Error> {
    let candidate: Option<Candidate> = on!(conn, c => {
        operations::table
            .find(id.as_i64())
            .filter(operations::state.eq(State::Ready.as_str()))
            .select(CANDIDATE)
            .first(c)
            .optional()
    })?;
    Ok(take_all(conn, candidate.as_slice(), claim, begin_sending)?.pop())
}

/// Leases `submitted`, `verifying` and `unknown` operations that are due and that nobody works on: the state stays,
/// the epoch rises.
pub fn claim_polls(conn: &mut Conn, claim: &Claim<'_>) -> Result<Vec<Operation>, Error> {
    let waiting = [State::Submitted.as_str(), State::Verifying.as_str(), State::Unknown.as_str()];
    let now = micros(claim.now);
    let (priorities, only) = (claim.priorities(), claim.only());
    let due = operations::table
        .filter(operations::state.eq_any(waiting).and(operations::due_at.le(now)))
        .filter(operations::lease_until.is_null().or(operations::lease_until.le(now)))
        .filter(operations::priority.between(*priorities.start(), *priorities.end()))
        .filter(operations::account_id.ne_all(claim.excluded()))
        .filter(operations::account_id.eq_any(&only).or(only.is_empty().into_sql::<Bool>()))
        .order((operations::priority, operations::due_at, operations::op_id))
        .limit(value::limit(claim.limit))
        .select(CANDIDATE);
    let candidates: Vec<Candidate> = match &mut *conn.pooled {
        Raw::Sqlite(c) => due.load(&mut **c)?,
        Raw::Postgres(c) => due.for_update().skip_locked().load(&mut ***c)?,
    };
    take_all(conn, &candidates, claim, lease)
}

fn take_all(
    conn: &mut Conn,
    candidates: &[Candidate],
    claim: &Claim<'_>,
    take: fn(&mut Conn, &Candidate, &Claim<'_>) -> Result<bool, Error>,
) -> Result<Vec<Operation>, Error> {
    let mut taken = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        match conn.savepoint(|conn| take(conn, candidate, claim)) {
            Ok(true) => taken.push(super::get(conn, OperationId::from_i64(candidate.op_id))?),
            Ok(false) | Err(Error::Conflict { constraint: Constraint::OneInFlight }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}

/// ready → sending, with its attempt row.
fn begin_sending(conn: &mut Conn, candidate: &Candidate, claim: &Claim<'_>) -> Result<bool, Error> {
    let change = (
        operations::state.eq(State::Sending.as_str()),
        operations::attempt.eq(candidate.attempt + 1),
        operations::lease_epoch.eq(candidate.lease_epoch + 1),
        operations::lease_owner.eq(claim.owner),
        operations::lease_until.eq(micros(claim.lease_until)),
        operations::updated_at.eq(micros(claim.now)),
    );
    if !compare_and_set!(conn, candidate.op_id, &candidate.state, candidate.lease_epoch, change) {
        return Ok(false);
    }
    let columns = (operation_details::payload_hash, operation_details::ever_unknown);
    let (payload_hash, ever_unknown): (String, bool) =
        on!(conn, c => operation_details::table.find(candidate.op_id).select(columns).first(c))?;
    if ever_unknown {
        // What was sent before may still take effect, and so may this one.
        watches::begin(conn, &candidate.chain_id, &candidate.account_id, claim.now)?;
    }
    let attempt = (
        attempts::op_id.eq(candidate.op_id),
        attempts::attempt.eq(candidate.attempt + 1),
        attempts::started_at.eq(micros(claim.now)),
        attempts::lease_owner.eq(claim.owner),
        attempts::payload_hash.eq(payload_hash),
    );
    on!(conn, c => diesel::insert_into(attempts::table).values(attempt).execute(c))?;
    Ok(true)
}

/// Same state, new lease.
fn lease(conn: &mut Conn, candidate: &Candidate, claim: &Claim<'_>) -> Result<bool, Error> {
    let change = (
        operations::lease_epoch.eq(candidate.lease_epoch + 1),
        operations::lease_owner.eq(claim.owner),
        operations::lease_until.eq(micros(claim.lease_until)),
        operations::updated_at.eq(micros(claim.now)),
    );
    Ok(compare_and_set!(conn, candidate.op_id, &candidate.state, candidate.lease_epoch, change))
}

/// Ends every lease at `now`, whoever holds it; how many. Only for a process that knows that no other worker lives, so
/// that a killed one's leases need not run out first.
pub fn end_leases(conn: &mut Conn, now: Timestamp) -> Result<usize, Error> {
    let ended = on!(conn, c => {
        diesel::update(operations::table.filter(operations::lease_until.gt(micros(now))))
            .set((operations::lease_until.eq(micros(now)), operations::updated_at.eq(micros(now))))
            .execute(c)
    })?;
    Ok(ended)
}

/// `sending` whose lease has ended becomes `unknown`, due at once: the worker died or sleeps, and nobody can tell
/// whether the request went out (crash points C3-C5). The epoch rises, so a sleeper that wakes changes nothing.
pub fn expire_leases(conn: &mut Conn, now: Timestamp) -> Result<Vec<OperationId>, Error> {
    let expired: Vec<Candidate> = on!(conn, c => {
        operations::table
            .filter(operations::state.eq(State::Sending.as_str()).and(operations::lease_until.le(micros(now))))
            .order(operations::op_id)
            .select(CANDIDATE)
            .load(c)
    })?;
    let mut changed = Vec::new();
    for candidate in expired {
        let change = (
            operations::state.eq(State::Unknown.as_str()),
            operations::due_at.eq(micros(now)),
            operations::lease_epoch.eq(candidate.lease_epoch + 1),
            operations::lease_owner.eq(None::<String>),
            operations::lease_until.eq(None::<i64>),
            operations::updated_at.eq(micros(now)),
        );
        if !compare_and_set!(conn, candidate.op_id, &candidate.state, candidate.lease_epoch, change) {
            continue;
        }
        on!(conn, c => {
            diesel::update(operation_details::table.find(candidate.op_id))
                .set((
                    operation_details::reason.eq("the lease ended without an answer"),
                    operation_details::ever_unknown.eq(true),
                ))
                .execute(c)
        })?;
        on!(conn, c => {
            diesel::update(attempts::table.find((candidate.op_id, candidate.attempt)))
                .set((attempts::ended_at.eq(micros(now)), attempts::outcome.eq(State::Unknown.as_str())))
                .execute(c)
        })?;
        watches::begin(conn, &candidate.chain_id, &candidate.account_id, now)?;
        changed.push(OperationId::from_i64(candidate.op_id));
    }
    Ok(changed)
}
