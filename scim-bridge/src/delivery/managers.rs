//! Managers who arrive after the people they manage.
//!
//! Concur wants a manager's own UUID, so a user whose manager is not there yet is delivered without one: access does
//! not wait for an org chart. The operation keeps the part as `waiting`, and a slow look sends the reference after
//! the manager has arrived, as an operation like any other. Source: Concur page *Identity v4.1*, `manager`.

use store::operations::{self, ExtensionOutcome, NewOperation};
use store::{Conn, Error, waiting};

use super::engine::Engine;
use super::job::{Manager, manager_of};
use super::part;
use crate::translate::{Kind, Operation};

/// The part's state while the manager is not in Concur.
pub(super) const WAITING: &str = "waiting";
/// Most operations that one look goes through.
const LOOK_AT: usize = 1_000;

impl Engine {
    /// Enqueues the reference for everyone whose manager has arrived. Answers whether there was anyone.
    pub(super) async fn catch_up_with_managers(&self) -> bool {
        let now = self.now();
        let caught_up =
            self.store.read(|conn| waiting::operations(conn, part::MANAGER, WAITING, LOOK_AT)).await;
        let waiting = match caught_up {
            Ok(waiting) if waiting.is_empty() => return false,
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::error!(%error, "who waits for a manager cannot be read");
                return false;
            }
        };
        let enqueued = self.store.write(move |conn| {
            let mut any = false;
            for id in waiting {
                any |= catch_up(conn, id, now)?;
            }
            Ok(any)
        });
        enqueued.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a manager could not be followed up; the next look will");
            false
        })
    }
}

fn catch_up(conn: &mut Conn, id: store::ids::OperationId, now: jiff::Timestamp) -> Result<bool, Error> {
    let row = operations::get(conn, id)?;
    let newest = operations::is_latest(conn, id)?;
    let change = match Operation::from_payload(&row.payload) {
        // A later operation carries the manager that is wanted now.
        Ok(change) if newest => change,
        _ => return settled(conn, id, "superseded", now).map(|()| false),
    };
    match manager_of(conn, row.account, &change)? {
        Manager::Expected => return Ok(false),
        Manager::Nobody | Manager::Stranger => return settled(conn, id, "unknown", now).map(|()| false),
        Manager::User(_) => {}
    }
    let follow_up = Operation { kind: Kind::Update, before: None, ..change };
    operations::enqueue(
        conn,
        &NewOperation {
            account: row.account,
            resource_id: row.resource_id,
            kind: follow_up.kind.as_str().to_owned(),
            payload: follow_up.to_payload(),
            held: None,
            now,
        },
    )?;
    settled(conn, id, "success", now).map(|()| true)
}

/// Records what became of the manager of an operation.
pub(super) fn settled(
    conn: &mut Conn,
    operation: store::ids::OperationId,
    state: &str,
    now: jiff::Timestamp,
) -> Result<(), Error> {
    let outcome = ExtensionOutcome {
        extension: part::MANAGER.to_owned(),
        state: state.to_owned(),
        code: None,
        message: None,
        updated_at: now,
    };
    operations::put_extension(conn, operation, &outcome)
}
