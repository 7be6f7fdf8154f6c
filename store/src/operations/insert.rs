//! The two rows of a new operation.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{NewOperation, Operation, State, row};
use crate::conn::{Raw, together};
use crate::ids::{OperationId, ResourceId};
use crate::prepared::prepared;
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
    let payload = new.payload.to_string();
    let payload_hash = row::payload_hash(&payload);
    let same = sql::<BigInt>(match &*conn.pooled {
        Raw::Sqlite(_) => "last_insert_rowid()",
        Raw::Postgres(_) => "currval('operations_op_id_seq')",
    });
    let details = (
        operation_details::op_id.eq(same),
        operation_details::payload_hash.eq(&payload_hash),
        operation_details::payload.eq(payload),
        operation_details::reason.eq(new.held.as_deref()),
    );
    let operation = diesel::insert_into(operations::table).values(&row).returning(operations::op_id);
    let details =
        diesel::insert_into(operation_details::table).values(details).returning(operation_details::op_id);
    let (_, given) = together!(conn, operation => i64, prepared(details) => i64)?;
    let op_id = given.into_iter().next().ok_or(Error::NotFound { what: "operation" })?;
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
