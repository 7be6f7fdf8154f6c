//! The outbox.
use crate::{
    Conn, Error,
    ids::{AccountId, OperationId, ResourceId},
};
use jiff::Timestamp;
use serde_json::Value;
/// Delivery state (reliability §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Accepted,
    Held,
    Ready,
    Sending,
    Submitted,
    Verifying,
    Unknown,
    Done,
    Failed,
    Superseded,
    Cancelled,
}
impl State {
    /// Nothing leads out of it.
    pub fn is_end(self) -> bool {
        matches!(self, State::Done | State::Superseded | State::Cancelled)
    }
    /// Counts towards "at most one per resource".
    pub fn is_in_flight(self) -> bool {
        matches!(self, State::Sending | State::Submitted | State::Verifying | State::Unknown)
    }
}
/// Kinds that claim before all others and pass a failed operation of their chain (I17).
pub const URGENT_KINDS: [&str; 2] = ["deactivate", "delete"];
/// A new operation.
#[derive(Clone, Debug)]
pub struct NewOperation {
    pub account: AccountId,
    pub resource_id: ResourceId,
    pub kind: String,
    pub payload: Value,
    /// Some: stored as `held` for that reason
    pub held: Option<String>,
    pub now: Timestamp,
}
/// A stored operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    pub id: OperationId,
    pub account: AccountId,
    pub resource_id: ResourceId,
    pub user_seq: i64,
    pub kind: String,
    pub state: State,
    pub attempt: i32,
    pub due_at: Timestamp,
    pub lease_owner: Option<String>,
    pub lease_epoch: i64,
    pub lease_until: Option<Timestamp>,
    pub ever_unknown: bool,
    pub settle_until: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub payload: Value,
    pub payload_hash: String,
    pub provision_id: Option<String>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub correlation_id: Option<String>,
    pub reason: Option<String>,
}
/// What a worker asks for.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    pub now: Timestamp,
    pub owner: &'a str,
    pub lease_until: Timestamp,
    pub limit: usize,
    /// accounts not to touch (paused, breaker open)
    pub exclude: &'a [AccountId],
    pub urgent_only: bool,
}
/// The state and epoch a worker believes the operation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expect {
    pub state: State,
    pub lease_epoch: i64,
}
/// A state change. Fields left `None` keep their stored value; leaving `sending` frees the lease.
#[derive(Clone, Debug)]
pub struct Transition {
    pub to: State,
    pub now: Timestamp,
    pub due_at: Option<Timestamp>,
    pub settle_until: Option<Timestamp>,
    pub provision_id: Option<String>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub correlation_id: Option<String>,
    pub reason: Option<String>,
    /// a new payload (replanned)
    pub payload: Option<Value>,
}
impl Transition {
    /// To a state, nothing else.
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
            payload: None,
        }
    }
}
/// One try to send.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    pub attempt: i32,
    pub started_at: Timestamp,
    pub lease_owner: String,
    pub payload_hash: String,
    pub ended_at: Option<Timestamp>,
    pub outcome: Option<State>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub correlation_id: Option<String>,
    pub provision_id: Option<String>,
}
/// Outcome of one extension of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct ExtensionOutcome {
    pub extension: String,
    pub state: String,
    pub code: Option<String>,
    pub message: Option<String>,
    pub updated_at: Timestamp,
}
/// Which operations.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub account: Option<AccountId>,
    pub resource_id: Option<ResourceId>,
    pub states: Vec<State>,
    pub kind: Option<String>,
    /// only ids below (newest first)
    pub before: Option<OperationId>,
}
pub fn enqueue(_conn: &mut Conn, _new: &NewOperation) -> Result<Operation, Error> {
    unimplemented!()
}
/// ready → sending: attempt + 1, epoch + 1, attempt row; urgent kinds first, then by due time.
pub fn claim_due(_conn: &mut Conn, _claim: &Claim<'_>) -> Result<Vec<Operation>, Error> {
    unimplemented!()
}
/// Leases submitted, verifying and unknown operations whose due time has come; state stays, epoch + 1.
pub fn claim_polls(_conn: &mut Conn, _claim: &Claim<'_>) -> Result<Vec<Operation>, Error> {
    unimplemented!()
}
/// Claims one named operation that is ready (the caller waits for its verdict).
pub fn claim_one(_conn: &mut Conn, _id: OperationId, _claim: &Claim<'_>) -> Result<Option<Operation>, Error> {
    unimplemented!()
}
/// Compare-and-set. False: someone else was faster, touch nothing more. Ending promotes the next of the resource.
pub fn transition(
    _conn: &mut Conn,
    _id: OperationId,
    _expect: Expect,
    _transition: &Transition,
) -> Result<bool, Error> {
    unimplemented!()
}
/// `sending` with an expired lease → `unknown` (crash points C3-C5).
pub fn expire_leases(_conn: &mut Conn, _now: Timestamp) -> Result<Vec<OperationId>, Error> {
    unimplemented!()
}
pub fn get(_conn: &mut Conn, _id: OperationId) -> Result<Operation, Error> {
    unimplemented!()
}
pub fn latest_for_resource(_conn: &mut Conn, _resource: ResourceId) -> Result<Option<Operation>, Error> {
    unimplemented!()
}
/// Whether the resource has an operation that has not ended (`failed` has).
pub fn has_open(_conn: &mut Conn, _resource: ResourceId) -> Result<bool, Error> {
    unimplemented!()
}
/// Newest first.
pub fn list(_conn: &mut Conn, _filter: &Filter, _limit: usize) -> Result<Vec<Operation>, Error> {
    unimplemented!()
}
pub fn attempts(_conn: &mut Conn, _id: OperationId) -> Result<Vec<Attempt>, Error> {
    unimplemented!()
}
pub fn extensions(_conn: &mut Conn, _id: OperationId) -> Result<Vec<ExtensionOutcome>, Error> {
    unimplemented!()
}
pub fn put_extension(_conn: &mut Conn, _id: OperationId, _outcome: &ExtensionOutcome) -> Result<(), Error> {
    unimplemented!()
}
pub fn counts_by_state(_conn: &mut Conn, _account: Option<AccountId>) -> Result<Vec<(State, u64)>, Error> {
    unimplemented!()
}
/// When the oldest operation that has not ended was accepted.
pub fn oldest_open(_conn: &mut Conn, _account: Option<AccountId>) -> Result<Option<Timestamp>, Error> {
    unimplemented!()
}
/// The earliest moment at which `claim_due`, `claim_polls` or `expire_leases` has work; None: nothing is waiting.
pub fn next_due(_conn: &mut Conn) -> Result<Option<Timestamp>, Error> {
    unimplemented!()
}
