//! GET `/api/v1/subscriptions` and `/api/v1/duplicates`: what lines tell together.

use actix_web::HttpResponse;
use jiff::tz::TimeZone;
use sync::query::{self, State};

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;

const OF_LINES: [&str; 8] = ["app", "owner", "report", "from", "to", "as_of", "cursor", "limit"];

/// What is paid again and again, as it stands today.
pub(crate) async fn subscriptions(context: Context) -> Result<HttpResponse, Error> {
    let known: Vec<&str> = OF_LINES.into_iter().chain(["state"]).collect();
    super::only(&context, &known)?;
    let state = context.parameter("state").map(|name| state(&name)).transpose()?;
    let (filter, page) = (super::lines::filter(&context)?, super::page(&context)?);
    let (bridge, account) = (context.bridge(), context.account()?.id);
    let now = filter.as_of.unwrap_or_else(|| bridge.clock.now());
    let today = now.to_zoned_datetime(TimeZone::UTC).date();
    let dictionary = bridge.matcher.dictionary();
    let found = query::subscriptions(&bridge.store, account, dictionary, filter, state, today, &page).await?;
    Ok(reply::api(&super::body(&found)?))
}

/// Lines of different sources that may be one purchase.
pub(crate) async fn duplicates(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &OF_LINES)?;
    let (filter, page) = (super::lines::filter(&context)?, super::page(&context)?);
    let (bridge, account) = (context.bridge(), context.account()?.id);
    let found = query::duplicates(&bridge.store, account, bridge.matcher.dictionary(), filter, &page).await?;
    Ok(reply::api(&super::body(&found)?))
}

fn state(name: &str) -> Result<State, Error> {
    let known = State::ALL.iter().find(|(known, _)| *known == name).map(|(_, state)| *state);
    known.ok_or_else(|| Error::BadParameter("state must be active, overdue or stopped".to_owned()))
}
