//! `/api/v1/webhooks`: who is told what happens, and what they were told. Changing anything takes the scope `admin`.

use std::str::FromStr;

use actix_web::HttpResponse;
use serde::Deserialize;
use store::Conn;
use store::ids::{AccountId, MessageId, WebhookId};
use utoipa::ToSchema;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;
use crate::accounts::lifecycle::Act;
use crate::webhooks::{self, WebhookError};

/// A webhook to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWebhook)]
pub(in crate::http) struct Wanted {
    /// Where messages go: https, and an address of the public internet.
    url: String,
    /// What it is told.
    topics: Vec<String>,
}

/// GET: the account's webhooks.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let account = context.account()?.id;
    let all = context.bridge().store.read(move |conn| webhooks::list(conn, account)).await?;
    Ok(reply::api(&super::body(&all)?))
}

/// POST: adds one; the answer holds its secret, this once.
pub(crate) async fn add(mut context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    context.account()?;
    let wanted: Wanted = super::read(context.body().await?)?;
    let private_addresses = context.bridge().config.webhooks.private_addresses;
    let added = acted(&context, move |conn, account, act| {
        webhooks::add(conn, account, &wanted.url, &wanted.topics, private_addresses, act)
    });
    Ok(reply::api(&super::body(&added.await?)?))
}

/// DELETE: removes one; answers with the others.
pub(crate) async fn remove(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let id = webhook(&context)?;
    acted(&context, move |conn, account, act| Ok(webhooks::remove(conn, account, id, act)?)).await?;
    list(context).await
}

/// POST: sends to it again.
pub(crate) async fn enable(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let id = webhook(&context)?;
    let enabled =
        acted(&context, move |conn, account, act| Ok(webhooks::enable(conn, account, id, act)?)).await?;
    Ok(reply::api(&super::body(&enabled)?))
}

/// POST: sends a message that says nothing.
pub(crate) async fn test(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let id = webhook(&context)?;
    let message =
        acted(&context, move |conn, account, act| Ok(webhooks::test(conn, account, id, act)?)).await?;
    Ok(reply::api(&super::body(&message)?))
}

/// GET: what it was sent, the newest first.
pub(crate) async fn messages(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &["cursor", "limit"])?;
    let (account, id, limit) = (context.account()?.id, webhook(&context)?, super::limit(&context)?);
    let before: Option<MessageId> = super::parsed(&context, "cursor", "what the page before said")?;
    let read = move |conn: &mut Conn| webhooks::messages(conn, account, id, before, limit);
    let found = context.bridge().store.read(read).await?;
    Ok(reply::api(&super::body(&found)?))
}

/// POST: sends a message once more.
pub(crate) async fn replay(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let message: MessageId = id(&context, "message")?;
    let replayed = acted(&context, move |conn, account, act| webhooks::replay(conn, account, message, act));
    Ok(reply::api(&super::body(&replayed.await?)?))
}

/// Part of the path that is an id. Who has no account hears that first.
fn id<T: FromStr>(context: &Context, name: &str) -> Result<T, Error> {
    context.account()?;
    context.path(name).parse().map_err(|_| Error::NotFound)
}

fn webhook(context: &Context) -> Result<WebhookId, Error> {
    id(context, "id")
}

/// Does something for the caller's account, in a transaction.
async fn acted<T: Send + 'static>(
    context: &Context,
    f: impl FnOnce(&mut Conn, AccountId, &Act) -> Result<T, WebhookError> + Send + 'static,
) -> Result<T, Error> {
    let (account, bridge) = (context.account()?.id, context.bridge());
    let act = Act { actor: context.actor(), at: bridge.clock.now() };
    // What is refused has changed nothing, so its transaction may end well.
    let outcome = bridge.store.write(move |conn| match f(conn, account, &act) {
        Err(WebhookError::Store(error)) => Err(error),
        other => Ok(other),
    });
    outcome.await?.map_err(|error| Error::BadParameter(error.to_string()))
}
