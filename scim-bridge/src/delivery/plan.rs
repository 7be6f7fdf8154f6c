//! What would be sent for all operations that a request has made, each by [`preview`]: for rehearsals. Nothing here changes
//! anything.

use serde_json::Value;
use store::Conn;
use store::ids::{AccountId, OperationId};
use store::operations::{self, State};

use super::preview;
use crate::translate::{Operation, ROLE};

/// Operations that are planned at most: those of one request.
const OPERATIONS_MAX: usize = 10_000;

/// One request to Concur, as it would be sent.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Planned {
    /// What the operation does: create, update, deactivate, reactivate, delete.
    pub kind: String,
    /// Public id of the user.
    pub user: String,
    /// HTTP method; absent where nothing would be sent.
    pub method: Option<String>,
    /// Path below Concur's base address.
    pub path: Option<String>,
    /// Body.
    pub body: Option<Value>,
    /// What else is to be known about it.
    pub notes: Vec<String>,
}

/// The newest operation of the account.
///
/// # Errors
/// The store's.
pub fn newest(conn: &mut Conn, account: AccountId) -> Result<Option<OperationId>, store::Error> {
    let filter = operations::Filter { account: Some(account), ..operations::Filter::default() };
    Ok(operations::list(conn, &filter, 1)?.first().map(|operation| operation.id))
}

/// What would be sent for the operations of the account that are newer than `after`, in their order.
///
/// # Errors
/// The store's.
pub fn since(
    conn: &mut Conn,
    account: AccountId,
    after: Option<OperationId>,
) -> Result<Vec<Planned>, store::Error> {
    let filter = operations::Filter { account: Some(account), ..operations::Filter::default() };
    let mut newer = operations::list(conn, &filter, OPERATIONS_MAX)?;
    newer.retain(|it| after.is_none_or(|after| it.id > after) && !it.state.is_end());
    newer.reverse();
    newer.iter().map(|operation| planned(conn, operation)).collect()
}

fn planned(conn: &mut Conn, operation: &operations::Operation) -> Result<Planned, store::Error> {
    let mut request = preview(conn, operation.id)?;
    let mut notes: Vec<String> = Vec::new();
    match operation.state {
        State::Accepted => {
            notes.push("an earlier change of this user goes first and is taken to have arrived".to_owned());
        }
        State::Held => notes.push("held: it waits for a person before it is sent".to_owned()),
        _ => {}
    }
    if let Some(none) = request["none"].as_str() {
        notes.push(none.to_owned());
    }
    let body = request.get_mut("body").map(Value::take);
    let written = body.as_ref().is_some_and(|body| body.to_string().contains(ROLE));
    if !written && Operation::from_payload(&operation.payload).is_ok_and(|it| it.concerns_roles()) {
        notes.push(
            "roles follow in a request of their own, once the list that Concur holds has been read"
                .to_owned(),
        );
    }
    let text = |name: &str| request[name].as_str().map(str::to_owned);
    Ok(Planned {
        kind: operation.kind.clone(),
        user: store::resources::get(conn, operation.resource_id)?.scim_id.to_string(),
        method: text("method"),
        path: text("path"),
        body,
        notes,
    })
}
