//! GET `/api/v1/leavers`: people who expense apps and are not active members of the directory, those who still do first.

use actix_web::HttpResponse;
use sync::query;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;

/// All of them: they are as many as have left and expensed an app, not as many as there are people.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &["app", "status", "band", "owner", "report", "from", "to", "as_of"])?;
    let filter = super::lines::filter(&context)?;
    let (bridge, account) = (context.bridge(), context.account()?.id);
    let found = query::leavers(&bridge.store, account, bridge.matcher.dictionary(), filter).await?;
    Ok(reply::api(&super::body(&found)?))
}
