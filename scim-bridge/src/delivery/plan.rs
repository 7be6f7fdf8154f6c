//! What would be sent for operations that were never claimed: the same computation as when they are sent, without the
//! sending. For rehearsals and questions; nothing here changes anything.
//! Source: Concur page *User Provisioning v4*.

use concur::model::BulkOperation;
use serde_json::Value;
use store::Conn;
use store::ids::{AccountId, OperationId};
use store::operations::{self, State};

use super::job::{Job, Request};

/// Operations that are planned at most: those of one request.
const OPERATIONS_MAX: usize = 10_000;
/// The service that users are written to.
const SERVICE: &str = "/profile/v4";

/// One request to Concur, as it would be sent now.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Planned {
    /// What the operation does: create, update, deactivate, reactivate, delete.
    pub kind: String,
    /// Public id of the user.
    pub user: String,
    /// HTTP method; absent where nothing would be sent.
    pub method: Option<&'static str>,
    /// Path below Concur's base address.
    pub path: Option<String>,
    /// Body.
    pub body: Option<Value>,
    /// What else is to be known about it.
    pub notes: Vec<&'static str>,
}

/// The newest operation of the account.
pub fn newest(conn: &mut Conn, account: AccountId) -> Result<Option<OperationId>, store::Error> {
    let filter = operations::Filter { account: Some(account), ..operations::Filter::default() };
    Ok(operations::list(conn, &filter, 1)?.first().map(|operation| operation.id))
}

/// What would be sent for the operations of the account that are newer than `after`, in their order.
pub fn since(
    conn: &mut Conn,
    account: AccountId,
    after: Option<OperationId>,
) -> Result<Vec<Planned>, store::Error> {
    let filter = operations::Filter { account: Some(account), ..operations::Filter::default() };
    let mut newer = operations::list(conn, &filter, OPERATIONS_MAX)?;
    newer.retain(|operation| after.is_none_or(|after| operation.id > after));
    newer.reverse();
    newer.into_iter().filter_map(|operation| planned(conn, operation).transpose()).collect()
}

fn planned(conn: &mut Conn, operation: operations::Operation) -> Result<Option<Planned>, store::Error> {
    let (kind, state, resource) = (operation.kind.clone(), operation.state, operation.resource_id);
    if matches!(state, State::Superseded | State::Cancelled) {
        return Ok(None);
    }
    let Ok(job) = Job::load(conn, operation)? else { return Ok(None) };
    let user = store::resources::get(conn, resource)?.scim_id.to_string();
    let mut notes = Vec::new();
    match state {
        State::Accepted => notes.push(
            "an earlier change of this user goes first; what is sent then is computed again from what Concur holds",
        ),
        State::Held => notes.push("held: it waits for a person before it is sent"),
        _ => {}
    }
    if job.has_roles() && !job.knows_roles() {
        notes.push("roles follow as a second request, once the list that Concur holds has been read");
    }
    let (method, sent) = match job.request() {
        Request::Create(body) => (Some("POST"), Some(BulkOperation::create("", body))),
        Request::Patch(user, patch) => (Some("PATCH"), Some(BulkOperation::patch("", &user, &patch))),
        Request::Nothing => {
            notes.push("nothing is sent: Concur is known to hold all of it");
            (None, None)
        }
        Request::NeverThere => {
            notes.push("nothing is sent: the user never came to be in Concur");
            (None, None)
        }
    };
    let path = sent.as_ref().map(|sent| format!("{SERVICE}{}", sent.path));
    Ok(Some(Planned { kind, user, method, path, body: sent.map(|sent| sent.data), notes }))
}
