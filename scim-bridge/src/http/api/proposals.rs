//! `/api/v1/rules/proposals`: rules that decisions by hand suggest, for a person to accept or to see no more (scopes
//! `match:read` and `match:write`).

use actix_web::HttpResponse;
use serde_json::json;
use sync::rules;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;

/// Those that nobody has dismissed, or all of them.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &["support", "dismissed"])?;
    let account = context.account()?.id;
    let support = super::parsed(&context, "support", "a whole number from 2 on")?;
    if support.is_some_and(|support| support < rules::SUPPORT_MIN) {
        return Err(Error::BadParameter("support must be a whole number from 2 on".to_owned()));
    }
    let all = super::parsed(&context, "dismissed", "true or false")?.unwrap_or(false);
    let bridge = context.bridge();
    let support = support.unwrap_or(rules::SUPPORT);
    let mut found = rules::proposals(&bridge.store, account, &bridge.matcher, support).await?;
    found.retain(|proposal| all || !proposal.dismissed);
    Ok(reply::api(&json!({ "proposals": super::body(&found)? })))
}

/// One of them, with what it would change. Nothing is stored.
pub(crate) async fn read(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let (account, bridge) = (context.account()?.id, context.bridge());
    let tried = rules::try_proposal(&bridge.store, account, &bridge.matcher, &context.path("id")).await?;
    Ok(reply::api(&super::body(&tried.ok_or(Error::NotFound)?)?))
}

/// POST: sets the rules with it, and decides all lines by them, at once.
pub(crate) async fn accept(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let (account, actor, bridge) = (context.account()?.id, context.actor(), context.bridge());
    let (id, now) = (context.path("id"), bridge.clock.now());
    let applied = rules::accept(&bridge.store, account, &bridge.matcher, &id, actor, now).await?;
    Ok(reply::api(&super::body(&applied.ok_or(Error::NotFound)?)?))
}

/// POST: has it not be shown again; answers with it.
pub(crate) async fn dismiss(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let (account, actor, bridge) = (context.account()?.id, context.actor(), context.bridge());
    let (id, now) = (context.path("id"), bridge.clock.now());
    let dismissed = rules::dismiss(&bridge.store, account, &bridge.matcher, &id, actor, now).await?;
    Ok(reply::api(&super::body(&dismissed.ok_or(Error::NotFound)?)?))
}
