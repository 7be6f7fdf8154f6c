//! `/api/v1/brake`: where the deprovisioning brake stands, and what a person decides about it.
//!
//! What is held is in `/api/v1/operations?state=held`. Deciding takes the scope `brake:release`, switching off `admin`.

use actix_web::HttpResponse;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use store::ids::OperationId;
use utoipa::ToSchema;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;
use crate::accounts::AccountSettings;
use crate::brake::{self, ActError, Order, SwitchError, Verb, Which};

/// What to decide about; exactly one of the first three.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BrakeDecision)]
pub(in crate::http) struct Decision {
    operation: Option<i64>,
    user: Option<String>,
    #[serde(default)]
    all: bool,
    reason: String,
}

/// Off until when, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BrakeOff)]
pub(in crate::http) struct Off {
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    reason: String,
}

/// Why on again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BrakeOn)]
pub(in crate::http) struct On {
    #[serde(default)]
    reason: String,
}

/// GET: the state, what is counted, how many are held.
pub(crate) async fn status(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    shown(&context).await
}

/// POST: lets held deactivations go.
pub(crate) async fn release(context: Context) -> Result<HttpResponse, Error> {
    decide(context, Verb::Release).await
}

/// POST: ends held deactivations; the users are shown as before.
pub(crate) async fn cancel(context: Context) -> Result<HttpResponse, Error> {
    decide(context, Verb::Cancel).await
}

/// POST: switches the brake off for a while.
pub(crate) async fn off(mut context: Context) -> Result<HttpResponse, Error> {
    let account = context.account()?.id;
    let wanted: Off = super::read(context.body().await?)?;
    let (store, clock) = (&context.bridge().store, &context.bridge().clock);
    brake::off(store, clock, account, wanted.until, wanted.reason, context.actor()).await?;
    shown(&context).await
}

/// POST: switches it on again.
pub(crate) async fn on(mut context: Context) -> Result<HttpResponse, Error> {
    let account = context.account()?.id;
    let wanted: On = super::read(context.body().await?)?;
    let (store, clock) = (&context.bridge().store, &context.bridge().clock);
    brake::on(store, clock, account, wanted.reason, context.actor()).await?;
    shown(&context).await
}

async fn decide(mut context: Context, verb: Verb) -> Result<HttpResponse, Error> {
    let account = context.account()?.id;
    let decision: Decision = super::read(context.body().await?)?;
    let which = match (decision.operation, decision.user, decision.all) {
        (Some(id), None, false) => Which::Operation(OperationId::from_i64(id)),
        (None, Some(user), false) => Which::User(user),
        (None, None, true) => Which::All,
        _ => return Err(Error::BadParameter("give one of operation, user and \"all\": true".to_owned())),
    };
    let order = Order { account, verb, which, reason: decision.reason, actor: context.actor() };
    let bridge = context.bridge();
    let acted = brake::act(&bridge.store, &bridge.clock, order).await?;
    bridge.delivery.wake();
    Ok(reply::api(&super::body(&acted)?))
}

async fn shown(context: &Context) -> Result<HttpResponse, Error> {
    let (account, now) = (context.account()?.clone(), context.bridge().clock.now());
    let status = context.bridge().store.read(move |conn| {
        // Settings that cannot be read have the default limits, as delivery has the default everything.
        let limits = AccountSettings::from_stored(&account.settings).unwrap_or_default().brake;
        brake::status(conn, &account, limits, now)
    });
    let status: Value = super::body(&status.await?)?;
    Ok(reply::api(&json!(status)))
}

impl From<ActError> for Error {
    fn from(error: ActError) -> Self {
        match error {
            ActError::NoReason => Self::BadParameter(error.to_string()),
            ActError::NotFound(_) => Self::Scim(scim::Error::not_found(error.to_string())),
            ActError::NotHeld(_) => Self::Scim(scim::Error::conflict(error.to_string())),
            ActError::Store(error) => Self::Store(error),
        }
    }
}

impl From<SwitchError> for Error {
    fn from(error: SwitchError) -> Self {
        match error {
            SwitchError::NoReason | SwitchError::End(_) => Self::BadParameter(error.to_string()),
            SwitchError::Store(error) => Self::Store(error),
        }
    }
}
