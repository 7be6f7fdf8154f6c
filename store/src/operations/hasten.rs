//! Asking sooner for an outcome, because somebody says that there is one.

use diesel::prelude::*;
use jiff::Timestamp;

use super::State;
use crate::conn::on;
use crate::ids::OperationId;
use crate::schema::{operation_details, operations};
use crate::value::micros;
use crate::{Conn, Error};

/// The operations of a provision request that wait for its outcome are due at `now`, if they were not; how many.
pub fn hasten(conn: &mut Conn, provision_id: &str, now: Timestamp) -> Result<usize, Error> {
    let of_it: Vec<i64> = on!(conn, c => {
        operation_details::table
            .filter(operation_details::provision_id.eq(provision_id))
            .select(operation_details::op_id)
            .load(c)
    })?;
    let waiting = operations::op_id
        .eq_any(of_it)
        .and(operations::state.eq(State::Submitted.as_str()))
        .and(operations::due_at.gt(micros(now)));
    on!(conn, c => {
        diesel::update(operations::table.filter(waiting))
            .set((operations::due_at.eq(micros(now)), operations::updated_at.eq(micros(now))))
            .execute(c)
    })
}

/// One that waits for an outcome is due at `due_at` at the latest.
pub fn due_by(conn: &mut Conn, id: OperationId, due_at: Timestamp) -> Result<(), Error> {
    let later = operations::state.eq(State::Submitted.as_str()).and(operations::due_at.gt(micros(due_at)));
    on!(conn, c => {
        diesel::update(operations::table.find(id.as_i64()).filter(later))
            .set(operations::due_at.eq(micros(due_at)))
            .execute(c)
    })?;
    Ok(())
}
