//! GET `/api/v1/apps`: what each app costs, by currency; the app with the most lines first.

use actix_web::HttpResponse;
use sync::query;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;

const PARAMETERS: [&str; 10] =
    ["app", "status", "band", "owner", "report", "from", "to", "as_of", "cursor", "limit"];

/// The page.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &PARAMETERS)?;
    let (filter, page) = (super::lines::filter(&context)?, super::page(&context)?);
    let (bridge, account) = (context.bridge(), context.account()?.id);
    let found = query::apps(&bridge.store, account, bridge.matcher.dictionary(), filter, &page).await?;
    Ok(reply::api(&super::body(&found)?))
}
