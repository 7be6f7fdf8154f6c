//! The drift report: what differs today, and when it was last looked for. Values are personal data; the API shows the
//! attributes' names alone, the command line what they hold.

use serde_json::{Value, json};
use store::ids::AccountId;
use store::runs::Run;
use store::{Conn, Error, drift, resources, runs};

use super::{FULL, INCREMENTAL};

/// Which part of the report.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of this account.
    pub account: AccountId,
    /// Of this kind.
    pub kind: Option<String>,
    /// After this Concur user: the next page.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
    /// Whether values are shown.
    pub values: bool,
}

/// A page of the report.
///
/// # Errors
/// The store's.
pub fn report(conn: &mut Conn, wanted: &Wanted) -> Result<Value, Error> {
    let (kind, after) = (wanted.kind.as_deref(), wanted.after.as_deref());
    let found = drift::list(conn, wanted.account, kind, after, wanted.limit)?;
    let mut shown = Vec::with_capacity(found.len());
    for one in &found {
        let user = match one.resource_id {
            Some(resource) => Some(resources::get(conn, resource)?.scim_id.to_string()),
            None => None,
        };
        shown.push(json!({
            "kind": one.kind,
            "user": user,
            "concur_user": one.concur_user_id,
            "details": if wanted.values { one.details.clone() } else { without_values(&one.details) },
            "operation": one.operation,
            "found_at": one.found_at,
            "seen_at": one.seen_at,
        }));
    }
    let counts: serde_json::Map<String, Value> =
        drift::counts(conn, wanted.account)?.into_iter().map(|(kind, n)| (kind, n.into())).collect();
    let mut page = json!({
        "counts": counts,
        "full": shown_run(runs::latest(conn, wanted.account, FULL)?.as_ref()),
        "incremental": shown_run(runs::latest(conn, wanted.account, INCREMENTAL)?.as_ref()),
        "drift": shown,
    });
    if let Some(last) = found.last().filter(|_| found.len() == wanted.limit) {
        page["next_cursor"] = last.concur_user_id.clone().into();
    }
    Ok(page)
}

fn shown_run(run: Option<&Run>) -> Value {
    let Some(run) = run else { return Value::Null };
    json!({
        "run": run.id,
        "state": run.state,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "progress": run.progress,
        "error": run.error,
    })
}

/// The details with the names of attributes and nothing that they hold.
fn without_values(details: &Value) -> Value {
    let mut shown = details.clone();
    if let Some(differences) = shown.get_mut("differences").and_then(Value::as_array_mut) {
        *differences = differences.iter().map(|it| it["attribute"].clone()).collect();
    }
    shown
}
