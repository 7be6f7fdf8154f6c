//! GET `/api/v1/totals`: what was spent, told apart by any of app, month, owner and department; always by currency.

use actix_web::HttpResponse;
use sync::query::{self, Dimensions};

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;

const PARAMETERS: [&str; 11] =
    ["by", "app", "status", "band", "owner", "report", "from", "to", "as_of", "cursor", "limit"];

/// The page.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &PARAMETERS)?;
    let names = Dimensions::NAMES.join(", ");
    let by = context.parameter("by").unwrap_or_else(|| "app".to_owned());
    let by = Dimensions::parse(&by)
        .ok_or_else(|| Error::BadParameter(format!("by must be any of {names}, with commas between them")))?;
    let (filter, page) = (super::lines::filter(&context)?, super::page(&context)?);
    let (bridge, account) = (context.bridge(), context.account()?.id);
    let found = query::totals(&bridge.store, account, bridge.matcher.dictionary(), filter, by, &page).await?;
    Ok(reply::api(&super::body(&found)?))
}
