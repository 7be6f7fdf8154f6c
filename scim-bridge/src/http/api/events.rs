//! GET `/api/v1/events`: whether the account listens to Concur's events, when the last one came, and what became of them.

use actix_web::HttpResponse;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;
use crate::events;

/// The state of the account's listener.
pub(crate) async fn status(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let (account, on) = (context.account()?.id, context.bridge().config.events.base().is_some());
    let status = context.bridge().store.read(move |conn| events::status(conn, account, on)).await?;
    let body = serde_json::to_value(&status).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(reply::api(&body))
}
