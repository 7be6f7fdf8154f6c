//! Sooner than planned: asking for an outcome because somebody says that there is one, and sending, polling and reading what the
//! end of someone's access waits for.

use diesel::prelude::*;
use jiff::Timestamp;

use super::row::{self, IN_FLIGHT};
use super::{State, URGENT_KINDS};
use crate::conn::on;
use crate::ids::OperationId;
use crate::schema::{operation_details, operations};
use crate::value::micros;
use crate::{Conn, Error};

/// Deactivations of one look: below the parameters that either database takes.
const WAITING_MAX: i64 = 500;

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

/// What a chain has under way or not sent yet is sent, polled and read before everything else, and polled at once where its
/// next poll was still to come: a deactivation waits behind it (I17).
pub(super) fn make_way(conn: &mut Conn, chain_ids: &[String], now: Timestamp) -> Result<usize, Error> {
    let states = IN_FLIGHT.into_iter().chain([State::Ready.as_str(), State::Accepted.as_str()]);
    let before_it = operations::chain_id
        .eq_any(chain_ids)
        .and(operations::state.eq_any(states))
        .and(operations::priority.ne(row::URGENT));
    let polled_later = before_it
        .clone()
        .and(operations::state.eq(State::Submitted.as_str()))
        .and(operations::due_at.gt(micros(now)));
    on!(conn, c => {
        diesel::update(operations::table.filter(polled_later))
            .set(operations::due_at.eq(micros(now)))
            .execute(c)
    })?;
    on!(conn, c => {
        diesel::update(operations::table.filter(before_it))
            .set(operations::priority.eq(row::URGENT))
            .execute(c)
    })
}

/// The same for every deactivation that waits, such as one that was held until now; how many operations it concerned.
pub fn make_way_for_all(conn: &mut Conn, now: Timestamp) -> Result<usize, Error> {
    let waits = [State::Accepted.as_str(), State::Ready.as_str()];
    let chain_ids: Vec<String> = on!(conn, c => {
        operations::table
            .filter(operations::state.eq_any(waits).and(operations::priority.eq(row::URGENT)))
            .filter(operations::kind.eq_any(URGENT_KINDS))
            .order(operations::op_id)
            .limit(WAITING_MAX)
            .select(operations::chain_id)
            .load(c)
    })?;
    if chain_ids.is_empty() { Ok(0) } else { make_way(conn, &chain_ids, now) }
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
