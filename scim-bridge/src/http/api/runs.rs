//! GET `/api/v1/sync/runs`: what the newest syncs read, how they ended, and what they could not read.

use actix_web::HttpResponse;
use serde_json::json;
use store::runs::{self, Run};

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;

/// The newest first; `limit` of them.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &["limit"])?;
    let (limit, account) = (super::limit(&context)?, context.account()?.id);
    let found = context.bridge().store.read(move |conn| runs::list(conn, account, limit)).await?;
    Ok(reply::api(&json!({"runs": found.iter().map(shown).collect::<Vec<_>>()})))
}

fn shown(run: &Run) -> serde_json::Value {
    json!({
        "id": run.id,
        "kind": run.kind,
        "state": run.state.as_str(),
        "started_at": run.started_at,
        "updated_at": run.updated_at,
        "finished_at": run.finished_at,
        "progress": run.progress,
        "error": run.error,
    })
}
