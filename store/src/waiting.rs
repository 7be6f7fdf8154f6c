//! Parts of operations that wait for something outside of their own chain, such as a manager who is not there yet.
//!
//! Found by a slow, periodic look rather than by an event: whoever waits is rare, and a look misses nothing.

use diesel::prelude::*;

use crate::conn::on;
use crate::ids::OperationId;
use crate::schema::operation_extensions;
use crate::value;
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
