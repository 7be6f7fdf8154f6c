//! What would be sent for an operation that has not been sent: the exact request, computed as delivery computes it, from the
//! store alone. Nothing is sent, read or changed (feature W16).
//!
//! Operations before it in the same chain are taken to have arrived; a user whom they create has no id yet, and the
//! path says so. Roles are a second step that begins with a read of what Concur holds, so they stand there as
//! wanted once it is known.

use serde_json::{Value, json};
use store::ids::OperationId;
use store::operations::{self, Filter, Operation, State};
use store::{Conn, Error};

use super::job::{Job, Request};

/// Stands for the id of a user who is not in Concur yet.
const NEW_USER: &str = "{id of the new user}";

/// The request for an operation of the outbox: `method`, `path` and `body`, or `none` with the reason.
///
/// # Errors
/// The store's.
pub fn preview(conn: &mut Conn, id: OperationId) -> Result<Value, Error> {
    let row = operations::get(conn, id)?;
    if row.state.is_end() || row.state.is_in_flight() {
        return Ok(json!({"none": format!("the operation is {}", row.state)}));
    }
    let mut known = None;
    for earlier in unsent_before(conn, &row)? {
        if let Ok(mut job) = Job::load(conn, earlier)? {
            job.known = known.take().unwrap_or(job.known);
            known = Some(job.arrived_whole());
        }
    }
    let mut job = match Job::load(conn, row)? {
        Ok(job) => job,
        Err(error) => return Ok(json!({"none": error.to_string()})),
    };
    let is_new = job.user.is_none() && known.is_some();
    job.known = known.unwrap_or(job.known);
    Ok(match job.request() {
        _ if is_new => patched(NEW_USER, &json!(job.missing_in(&job.known))),
        Request::Create(body) => json!({"method": "POST", "path": "/profile/v4/Users", "body": body}),
        Request::Patch(user, changes) => patched(&user.to_string(), &json!(changes)),
        Request::Nothing => json!({"none": "Concur is known to hold what is wanted; it is only read back"}),
        Request::NeverThere => json!({"none": "the user never was in Concur; it is only looked up"}),
    })
}

fn patched(user: &str, changes: &Value) -> Value {
    if changes.as_array().is_some_and(Vec::is_empty) {
        return json!({"none": "Concur is known to hold what is wanted; it is only read back"});
    }
    json!({
        "method": "PATCH",
        "path": format!("/profile/v4/Users/{user}"),
        "body": {"schemas": [scim::urn::PATCH_OP], "Operations": changes},
    })
}

/// What goes before an operation, in its order. What is held does not.
fn unsent_before(conn: &mut Conn, row: &Operation) -> Result<Vec<Operation>, Error> {
    let states = vec![State::Accepted, State::Ready, State::Failed];
    let filter = Filter { resource_id: Some(row.resource_id), states, ..Filter::default() };
    let mut chain = operations::list(conn, &filter, usize::from(u8::MAX))?;
    chain.retain(|other| other.user_seq < row.user_seq);
    chain.reverse();
    Ok(chain)
}
