//! `/api/v1/operations`: the outbox of the account, newest first, one operation with all its attempts, and what a person
//! does with it (scope `ops:write`).

use actix_web::HttpResponse;
use serde::Deserialize;
use store::ids::OperationId;
use store::operations::State;
use utoipa::ToSchema;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;
use crate::operations::{self, ActError, Verb, Wanted};

/// Why something is done.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Reason {
    reason: String,
}

/// The page; `cursor` is the last id of the page before.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &["state", "kind", "user", "cursor", "limit"])?;
    let wanted = Wanted {
        account: context.account()?.id,
        states: states(&context)?,
        kind: context.parameter("kind"),
        user: context.parameter("user"),
        before: super::parsed(&context, "cursor", "an id of an operation")?,
        limit: super::limit(&context)?,
    };
    let page = context.bridge().store.read(move |conn| operations::list(conn, &wanted)).await?;
    let nobody = || Error::BadParameter("user: there is no user with this SCIM id or userName".to_owned());
    Ok(reply::api(&page.ok_or_else(nobody)?))
}

/// One or several states, with commas between them.
fn states(context: &Context) -> Result<Vec<State>, Error> {
    let text = context.parameter("state").unwrap_or_default();
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    let known = || State::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(", ");
    names
        .map(|name| {
            name.parse().map_err(|_| Error::BadParameter(format!("state: {name:?} is none of {}", known())))
        })
        .collect()
}

/// One operation: what became of it, attempt by attempt and extension by extension.
pub(crate) async fn read(context: Context) -> Result<HttpResponse, Error> {
    let (account, id) = (context.account()?.id, id(&context)?);
    let found = context.bridge().store.read(move |conn| operations::show(conn, account, id)).await?;
    Ok(reply::api(&found.ok_or(Error::NotFound)?))
}

/// The exact request that would be sent for it. It has a person's data, so the token needs `scim:read`.
pub(crate) async fn request(context: Context) -> Result<HttpResponse, Error> {
    let (account, id) = (context.account()?.id, id(&context)?);
    let found = context.bridge().store.read(move |conn| operations::request(conn, account, id)).await?;
    Ok(reply::api(&found.ok_or(Error::NotFound)?))
}

/// POST: a failed one is sent again.
pub(crate) async fn replay(context: Context) -> Result<HttpResponse, Error> {
    act(context, Verb::Replay).await
}

/// POST: one that is not on its way ends.
pub(crate) async fn cancel(context: Context) -> Result<HttpResponse, Error> {
    act(context, Verb::Cancel).await
}

/// POST: one that waits is stopped.
pub(crate) async fn hold(context: Context) -> Result<HttpResponse, Error> {
    act(context, Verb::Hold).await
}

/// POST: one that a person has held goes on.
pub(crate) async fn release(context: Context) -> Result<HttpResponse, Error> {
    act(context, Verb::Release).await
}

async fn act(mut context: Context, verb: Verb) -> Result<HttpResponse, Error> {
    let (account, id) = (context.account()?.id, id(&context)?);
    let Reason { reason } = super::read(context.body().await?)?;
    let (actor, now) = (context.actor(), context.bridge().clock.now());
    let acted = context.bridge().store.try_write(move |conn| {
        operations::act(conn, account, id, verb, &reason, &actor, now)?;
        operations::show(conn, account, id)?.ok_or(ActError::NotFound(id))
    });
    let shown = acted.await?;
    context.bridge().delivery.wake();
    Ok(reply::api(&shown))
}

fn id(context: &Context) -> Result<OperationId, Error> {
    context.path("id").parse().map_err(|_| Error::NotFound)
}

impl From<ActError> for Error {
    fn from(error: ActError) -> Self {
        match error {
            ActError::NoReason => Self::BadParameter(error.to_string()),
            ActError::NotFound(_) => Self::NotFound,
            ActError::State { .. } | ActError::Taken(_) | ActError::Brake(_) | ActError::Left { .. } => {
                Self::Scim(scim::Error::conflict(error.to_string()))
            }
            ActError::Store(error) => Self::Store(error),
        }
    }
}
