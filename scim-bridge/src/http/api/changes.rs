//! GET `/api/v1/changes`: what has changed since a cursor, for who keeps a copy.

use actix_web::HttpResponse;
use sync::query;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;

/// The page.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &["cursor", "limit"])?;
    let page = super::page(&context)?;
    let (bridge, account) = (context.bridge(), context.account()?.id);
    let found = query::changes(&bridge.store, account, bridge.matcher.dictionary(), &page).await?;
    Ok(reply::api(&super::body(&found)?))
}
