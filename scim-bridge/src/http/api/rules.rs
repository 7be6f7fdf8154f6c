//! `/api/v1/rules`: the account's own rules, what others would change, setting them, and going back (scopes `match:read` and
//! `match:write`).

use actix_web::HttpResponse;
use serde::Deserialize;
use serde_json::json;
use store::rules::Revision;
use sync::rules::{self, NewRules};
use utoipa::ToSchema;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;

/// Bytes of a body with rules: ten thousand of them fit.
const BODY_BYTES_MAX: usize = 4 << 20;

/// Rules, and what they are to replace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRules)]
pub(in crate::http) struct Wanted {
    /// Their text (TOML).
    rules: String,
    /// The revision that they were written over.
    #[serde(default)]
    over: Option<i64>,
    /// Why.
    #[serde(default)]
    note: String,
}

/// Where to go back to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RulesUndo)]
pub(in crate::http) struct Back {
    /// A revision, 0 for no rules; the one before when absent.
    #[serde(default)]
    to: Option<i64>,
}

/// The rules that hold.
pub(crate) async fn read(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let account = context.account()?.id;
    let current = context.bridge().store.read(move |conn| store::rules::current(conn, account)).await?;
    let none = || json!({ "revision": 0, "rules": "", "actor": null, "note": null, "set_at": null });
    Ok(reply::api(&current.map_or_else(none, |current| shown(&current, true))))
}

/// The revisions without their texts, the last one first.
pub(crate) async fn revisions(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &["limit"])?;
    let (account, limit) = (context.account()?.id, super::limit(&context)?);
    let found = context.bridge().store.read(move |conn| store::rules::list(conn, account, limit)).await?;
    let found: Vec<_> = found.iter().map(|revision| shown(revision, false)).collect();
    Ok(reply::api(&json!({ "revisions": found })))
}

/// One revision with its text.
pub(crate) async fn revision(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let account = context.account()?.id;
    let revision: i64 = context.path("revision").parse().map_err(|_| Error::NotFound)?;
    let found = context.bridge().store.read(move |conn| store::rules::get(conn, account, revision)).await?;
    Ok(reply::api(&shown(&found, true)))
}

/// POST: what rules would change. Nothing is stored.
pub(crate) async fn what_if(mut context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let account = context.account()?.id;
    let wanted: Wanted = super::read(context.body_of(BODY_BYTES_MAX).await?)?;
    let bridge = context.bridge();
    let effect = rules::what_if(&bridge.store, account, &bridge.matcher, wanted.rules).await?;
    Ok(reply::api(&super::body(&effect)?))
}

/// PUT: sets the rules, and decides all lines by them, at once.
pub(crate) async fn set(mut context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let (account, actor) = (context.account()?.id, context.actor());
    let Wanted { rules, over, note } = super::read(context.body_of(BODY_BYTES_MAX).await?)?;
    let (bridge, new) = (context.bridge(), NewRules { rules, over, actor, note });
    let applied = rules::set(&bridge.store, account, &bridge.matcher, new, bridge.clock.now()).await?;
    Ok(reply::api(&super::body(&applied)?))
}

/// POST: back to an earlier revision.
pub(crate) async fn undo(mut context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let (account, actor) = (context.account()?.id, context.actor());
    let Back { to } = super::read(context.body().await?)?;
    let (bridge, now) = (context.bridge(), context.bridge().clock.now());
    let applied = rules::undo(&bridge.store, account, &bridge.matcher, to, actor, now).await?;
    Ok(reply::api(&super::body(&applied)?))
}

/// POST: asks the rules that hold about every line again.
pub(crate) async fn rematch(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let (account, actor) = (context.account()?.id, context.actor());
    let (bridge, now) = (context.bridge(), context.bridge().clock.now());
    let applied = rules::rematch(&bridge.store, account, &bridge.matcher, actor, now).await?;
    Ok(reply::api(&super::body(&applied)?))
}

fn shown(revision: &Revision, with_text: bool) -> serde_json::Value {
    let mut shown = json!({
        "revision": revision.revision,
        "actor": revision.actor,
        "note": revision.note,
        "set_at": revision.set_at,
        "lines_changed": revision.lines_changed,
    });
    if with_text {
        shown["rules"] = json!(revision.rules);
    }
    shown
}
