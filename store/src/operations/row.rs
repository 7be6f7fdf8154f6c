//! An operation as it stands in its two tables, and as callers see it.

use diesel::prelude::*;
use jiff::Timestamp;
use serde_json::Value;

use super::State;
use crate::Error;
use crate::ids::{AccountId, OperationId, ResourceId};
use crate::schema::{operation_details, operations};
use crate::value;

/// `operations.priority`: urgent ones are claimed first.
pub(super) const URGENT: i32 = 0;
/// `operations.priority` of all other kinds.
pub(super) const ORDINARY: i32 = 10;
/// `operations.priority` of what was sent before and goes out again: behind first attempts, under a budget (I19).
pub(super) const RETRY: i32 = 20;

/// The priority of an operation of a kind.
pub(super) fn priority(kind: &str, is_retry: bool) -> i32 {
    match (super::is_urgent(kind), is_retry) {
        (true, _) => URGENT,
        (false, false) => ORDINARY,
        (false, true) => RETRY,
    }
}

/// `operations.lane` of all operations but a deactivation that passes a stuck one (I17).
pub(super) const USUAL_LANE: i32 = 0;
/// `operations.lane` of that one.
pub(super) const PASSING_LANE: i32 = 1;

/// A stored operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Rises over the database; goes to Concur as `bulkId`.
    pub id: OperationId,
    /// Whose.
    pub account: AccountId,
    /// What it changes.
    pub resource_id: ResourceId,
    /// Whose chain it belongs to: the first resource of the person.
    pub chain: ResourceId,
    /// Place in the chain, from 1.
    pub user_seq: i64,
    /// The delivery's word for it.
    pub kind: String,
    /// Where it stands.
    pub state: State,
    /// Tries to send so far.
    pub attempt: i32,
    /// When to send, or to ask again.
    pub due_at: Timestamp,
    /// Who works on it.
    pub lease_owner: Option<String>,
    /// Rises with each claim.
    pub lease_epoch: i64,
    /// Until when the owner may act.
    pub lease_until: Option<Timestamp>,
    /// Whether it was ever `unknown` (drift watch, I12).
    pub ever_unknown: bool,
    /// From `unknown`: until when an absent change may still appear (I11).
    pub settle_until: Option<Timestamp>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
    /// What to send.
    pub payload: Value,
    /// Hash of the payload.
    pub payload_hash: String,
    /// Concur's id of the provision request.
    pub provision_id: Option<String>,
    /// Concur's last error code.
    pub error_code: Option<String>,
    /// Concur's last message.
    pub error_message: Option<String>,
    /// Concur's last correlation id.
    pub correlation_id: Option<String>,
    /// Why it is held, superseded, cancelled or unknown.
    pub reason: Option<String>,
    /// When a person last sent it round again.
    pub replayed_at: Option<Timestamp>,
    /// The operation that was sent instead.
    pub superseded_by: Option<OperationId>,
}

#[derive(Insertable)]
#[diesel(table_name = operations, treat_none_as_default_value = false)]
pub(super) struct NewRow<'a> {
    pub(super) account_id: String,
    pub(super) resource_id: String,
    pub(super) user_seq: i64,
    pub(super) kind: &'a str,
    pub(super) priority: i32,
    pub(super) state: &'a str,
    pub(super) attempt: i32,
    pub(super) due_at: i64,
    pub(super) lease_epoch: i64,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) chain_id: String,
    pub(super) lane: i32,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = operations)]
pub(crate) struct Row {
    op_id: i64,
    account_id: String,
    resource_id: String,
    user_seq: i64,
    kind: String,
    state: String,
    attempt: i32,
    due_at: i64,
    lease_owner: Option<String>,
    lease_epoch: i64,
    lease_until: Option<i64>,
    created_at: i64,
    updated_at: i64,
    chain_id: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = operation_details)]
pub(crate) struct DetailsRow {
    payload: String,
    payload_hash: String,
    provision_id: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
    correlation_id: Option<String>,
    reason: Option<String>,
    replayed_at: Option<i64>,
    superseded_by: Option<i64>,
    ever_unknown: bool,
    settle_until: Option<i64>,
}

impl TryFrom<(Row, DetailsRow)> for Operation {
    type Error = Error;
    fn try_from((row, details): (Row, DetailsRow)) -> Result<Self, Error> {
        Ok(Operation {
            id: OperationId::from_i64(row.op_id),
            account: value::parse(&row.account_id, "operations.account_id")?,
            resource_id: value::parse(&row.resource_id, "operations.resource_id")?,
            chain: value::parse(&row.chain_id, "operations.chain_id")?,
            user_seq: row.user_seq,
            kind: row.kind,
            state: value::parse(&row.state, "operations.state")?,
            attempt: row.attempt,
            due_at: value::time(row.due_at, "operations.due_at")?,
            lease_owner: row.lease_owner,
            lease_epoch: row.lease_epoch,
            lease_until: value::time_opt(row.lease_until, "operations.lease_until")?,
            ever_unknown: details.ever_unknown,
            settle_until: value::time_opt(details.settle_until, "operation_details.settle_until")?,
            created_at: value::time(row.created_at, "operations.created_at")?,
            updated_at: value::time(row.updated_at, "operations.updated_at")?,
            payload: value::json(&details.payload, "operation_details.payload")?,
            payload_hash: details.payload_hash,
            provision_id: details.provision_id,
            error_code: details.error_code,
            error_message: details.error_message,
            correlation_id: details.correlation_id,
            reason: details.reason,
            replayed_at: value::time_opt(details.replayed_at, "operation_details.replayed_at")?,
            superseded_by: details.superseded_by.map(OperationId::from_i64),
        })
    }
}

pub(super) fn payload_hash(payload: &str) -> String {
    blake3::hash(payload.as_bytes()).to_hex().to_string()
}

/// The states that the partial unique index covers.
pub(super) const IN_FLIGHT: [&str; 4] = ["sending", "submitted", "verifying", "unknown"];
