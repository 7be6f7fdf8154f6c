//! Parts of operations that wait for something outside of their own chain, such as a manager who is not there yet.
//!
//! Found by a slow, periodic look rather than by an event: whoever waits is rare, and a look misses nothing.

use diesel::prelude::*;
use jiff::Timestamp;

use crate::conn::on;
use crate::ids::OperationId;
use crate::schema::operation_extensions;
use crate::value::{self, micros};
use crate::{Conn, Error};

/// Operations whose part `extension` is in `state`, oldest first, at most `limit`.
pub fn operations(
    conn: &mut Conn,
    extension: &str,
    state: &str,
    limit: usize,
) -> Result<Vec<OperationId>, Error> {
    let ids: Vec<i64> = on!(conn, c => {
        operation_extensions::table
            .filter(operation_extensions::extension.eq(extension).and(operation_extensions::state.eq(state)))
            .order(operation_extensions::op_id)
            .limit(value::limit(limit))
            .select(operation_extensions::op_id)
            .load(c)
    })?;
    Ok(ids.into_iter().map(OperationId::from_i64).collect())
}

/// Those of [`operations`] that nobody has looked at yet, or not since `before`: a look leaves a message and its time.
pub fn due(
    conn: &mut Conn,
    extension: &str,
    state: &str,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<OperationId>, Error> {
    let ids: Vec<i64> = on!(conn, c => {
        operation_extensions::table
            .filter(operation_extensions::extension.eq(extension).and(operation_extensions::state.eq(state)))
            .filter(operation_extensions::message.is_null().or(operation_extensions::updated_at.le(micros(before))))
            .order(operation_extensions::op_id)
            .limit(value::limit(limit))
            .select(operation_extensions::op_id)
            .load(c)
    })?;
    Ok(ids.into_iter().map(OperationId::from_i64).collect())
}
