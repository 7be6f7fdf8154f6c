//! GET `/api/v1/lines`: expense lines with their apps, newest first.

use actix_web::HttpResponse;
use store::matches::{Band, Status};
use sync::query::{self, Filter};

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;

const PARAMETERS: [&str; 10] =
    ["app", "status", "band", "owner", "report", "from", "to", "as_of", "cursor", "limit"];

/// The page.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &PARAMETERS)?;
    let (filter, page) = (filter(&context)?, super::page(&context)?);
    let (bridge, account) = (context.bridge(), context.account()?.id);
    let found = query::lines(&bridge.store, account, bridge.matcher.dictionary(), filter, &page).await?;
    Ok(reply::api(&super::body(&found)?))
}

/// The parameters that choose lines.
pub(super) fn filter(context: &Context) -> Result<Filter, Error> {
    let date = "a date, like 2026-03-31";
    Ok(Filter {
        app_id: context.parameter("app"),
        status: super::parsed::<Status>(context, "status", "matched, unmatched, ignored or archived")?,
        band: super::parsed::<Band>(context, "band", "certain, likely, possible or none")?,
        owner_login: context.parameter("owner"),
        from: super::parsed(context, "from", date)?,
        to: super::parsed(context, "to", date)?,
        report_id: context.parameter("report"),
        include_removed: false,
        as_of: super::moment(context, "as_of")?,
    })
}
