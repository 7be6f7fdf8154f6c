//! The two rows of a new operation.

use diesel::prelude::*;

use super::{NewOperation, Operation, State, row};
use crate::conn::on;
use crate::ids::{OperationId, ResourceId};
use crate::schema::{operation_details, operations};
use crate::value::{self, micros};
use crate::{Conn, Error};

/// Adds an operation to a chain that the caller has locked, or that nobody else can see.
pub(super) fn insert(
    conn: &mut Conn,
    new: &NewOperation,
    chain_id: String,
    user_seq: i64,
    state: State,
) -> Result<Operation, Error> {
    let chain: ResourceId = value::parse(&chain_id, "operations.chain_id")?;
    let now = micros(new.now);
    let row = row::NewRow {
        account_id: new.account.to_string(),
        resource_id: new.resource_id.to_string(),
        user_seq,
        kind: &new.kind,
        priority: row::priority(&new.kind, false),
        state: state.as_str(),
        attempt: 0,
        due_at: now,
        lease_epoch: 0,
        created_at: now,
        updated_at: now,
        chain_id,
        lane: row::USUAL_LANE,
    };
    let op_id: i64 = on!(conn, c => {
        diesel::insert_into(operations::table).values(&row).returning(operations::op_id).get_result(c)
    })?;
    let payload = new.payload.to_string();
    let payload_hash = row::payload_hash(&payload);
    let details = (
        operation_details::op_id.eq(op_id),
        operation_details::payload_hash.eq(&payload_hash),
        operation_details::payload.eq(payload),
        operation_details::reason.eq(new.held.as_deref()),
    );
    on!(conn, c => diesel::insert_into(operation_details::table).values(details).execute(c))?;
    let at = value::time(now, "operations.created_at")?;
    Ok(Operation {
        id: OperationId::from_i64(op_id),
        account: new.account,
        resource_id: new.resource_id,
        chain,
        user_seq,
        kind: new.kind.clone(),
        state,
        attempt: 0,
        due_at: at,
        lease_owner: None,
        lease_epoch: 0,
        lease_until: None,
        ever_unknown: false,
        settle_until: None,
        created_at: at,
        updated_at: at,
        payload: new.payload.clone(),
        payload_hash,
        provision_id: None,
        error_code: None,
        error_message: None,
        correlation_id: None,
        reason: new.held.clone(),
        replayed_at: None,
        superseded_by: None,
    })
}
