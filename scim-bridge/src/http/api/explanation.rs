//! GET `/api/v1/lines/{id}/explanation`: why a line belongs to its app, or to none.

use actix_web::HttpResponse;
use store::ids::LineId;
use sync::query;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;

/// The record that was stored with the decision.
pub(crate) async fn read(context: Context) -> Result<HttpResponse, Error> {
    let (bridge, account) = (context.bridge(), context.account()?.id);
    let id: LineId = context.path("id").parse().map_err(|_| Error::NotFound)?;
    let found = query::explanation(&bridge.store, account, bridge.matcher.dictionary(), id).await?;
    Ok(reply::api(&super::body(&found.ok_or(Error::NotFound)?)?))
}
