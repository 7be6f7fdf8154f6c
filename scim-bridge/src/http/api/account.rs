//! `/api/v1/account`: the token's account, its settings, and what can be done to it. Changing anything takes the scope `admin`.
//! Connecting is `accounts`'; deleting is the command line's: a name typed twice has no place in a request.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Conn;
use store::accounts::{Account, AuthenticationType};
use utoipa::ToSchema;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;
use crate::accounts::check::{Finding, Plan, check_connected};
use crate::accounts::lifecycle::{self, Act, LifecycleError};
use crate::accounts::scopes::{Functionality, ScopeRow};
use crate::accounts::{self, AccountSettings, Clients};
use crate::provision::{Recomputed, replace_settings};
use crate::serve;

/// Another name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountName)]
pub(in crate::http) struct Named {
    /// The new name; the account's id stays.
    name: String,
}

/// Why an account is paused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountPause)]
pub(in crate::http) struct Paused {
    /// Shown with the account and kept in the audit trail.
    reason: String,
}

/// What new settings have led to.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountSettingsReplaced)]
pub(in crate::http) struct Replaced {
    /// Users who were planned anew.
    users: usize,
    /// Operations that follow.
    operations: usize,
    /// Of these, deactivations that the brake holds.
    held: usize,
    /// Users with values that Concur cannot hold under these settings; they stay as they are.
    unfit: usize,
}

/// GET: the account.
pub(crate) async fn read(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    shown(&context).await
}

/// POST: another name.
pub(crate) async fn rename(mut context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    context.account()?;
    let wanted: Named = super::read(context.body().await?)?;
    acted(&context, move |conn, account, act| lifecycle::rename(conn, account, &wanted.name, act)).await
}

/// POST: nothing is sent or read until it is resumed; SCIM changes are accepted and wait.
pub(crate) async fn pause(mut context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    context.account()?;
    let wanted: Paused = super::read(context.body().await?)?;
    if wanted.reason.trim().is_empty() {
        return Err(Error::BadParameter("reason: say why; it is shown with the account".to_owned()));
    }
    acted(&context, move |conn, account, act| lifecycle::pause(conn, account, &wanted.reason, act)).await
}

/// POST: what waited goes out.
pub(crate) async fn resume(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let account = context.account()?.id;
    let bridge = context.bridge();
    let tokens = bridge.store.read(move |conn| store::oauth_tokens::load(conn, account)).await?;
    if context.account()?.first_connected_at.is_some() && tokens.is_none() {
        let reason = "the account is disconnected; connect it again with scim-bridge account connect";
        return Err(Error::BadParameter(reason.to_owned()));
    }
    let resumed = acted(&context, lifecycle::resume).await?;
    bridge.delivery.wake();
    bridge.look_for_syncs();
    Ok(resumed)
}

/// POST: ends the connection at Concur, forgets its credentials and pauses; users, lines and matches stay.
pub(crate) async fn disconnect(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let bridge = context.bridge();
    let account = current(&context).await?;
    let act = Act { actor: context.actor(), at: bridge.clock.now() };
    let at_concur = lifecycle::disconnect(&bridge.store, &bridge.accounts, &account, &act).await?;
    Ok(reply::api(&json!({"at_concur": at_concur.to_string()})))
}

/// What a test of the connection found.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountCheck)]
pub(in crate::http) struct Checked {
    /// Whether nothing failed. Warnings do not count.
    passed: bool,
    /// Each check with what it found and what to do about it.
    findings: Vec<Finding>,
    /// Scopes: needed, granted, used; empty without a token.
    scopes: Vec<ScopeRow>,
}

/// POST: tests the connection; nothing is written.
pub(crate) async fn check(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &["for"])?;
    let account = current(&context).await?;
    let bridge = context.bridge();
    let company_level = account.authentication_type == AuthenticationType::CompanyLevel;
    let plan = match context.parameter("for") {
        None => Plan::everything(company_level),
        Some(parts) => Plan { wanted: wanted(&parts, company_level)?, named: true },
    };
    let settings = serve::client_settings(&bridge.config);
    // Clients of its own: a test is no use of a scope.
    let clients = Clients::new(bridge.store.clone(), bridge.clock.clone(), settings.clone());
    let checking = check_connected(&bridge.store, &bridge.clock, &clients, &settings, &account, &plan);
    let report = Box::pin(checking).await?;
    let passed = report.passed();
    Ok(reply::api(&super::body(&Checked { passed, findings: report.findings, scopes: report.scopes })?))
}

fn wanted(parts: &str, company_level: bool) -> Result<Vec<Functionality>, Error> {
    let wrong = |reason: &str| Error::BadParameter(format!("for: {reason}"));
    let part = |name: &str| {
        Functionality::named(name.trim()).ok_or_else(|| wrong("write expenses, users or management"))
    };
    let wanted = parts.split(',').map(part).collect::<Result<Vec<_>, _>>()?;
    if !company_level && wanted.iter().any(|part| *part != Functionality::Expenses) {
        return Err(wrong("this account is connected at user level, which opens expenses only"));
    }
    Ok(wanted)
}

/// GET: the settings, with every default.
pub(crate) async fn settings(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let stored = current(&context).await?.settings;
    let settings = AccountSettings::from_stored(&stored)
        .map_err(|error| Error::Internal(format!("the stored settings cannot be read: {error}")))?;
    Ok(reply::api(&settings.to_stored()))
}

/// PUT: other settings; what is left out gets its default. Every user is planned anew.
pub(crate) async fn replace(mut context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let account = context.account()?.id;
    let wanted: Value = context.body().await?;
    let settings: AccountSettings = super::read(wanted)?;
    let problems = accounts::problems(&settings);
    if !problems.is_empty() {
        return Err(Error::BadParameter(problems.join("; ")));
    }
    let bridge = context.bridge();
    let (store, clock) = (bridge.store.clone(), bridge.clock.clone());
    let act = Act { actor: context.actor(), at: clock.now() };
    let done =
        tokio::task::spawn_blocking(move || replace_settings(&store, &clock, account, &settings, &act));
    let Recomputed { users, operations, held, unfit } =
        done.await.map_err(|error| Error::Internal(error.to_string()))??;
    bridge.delivery.wake();
    Ok(reply::api(&super::body(&Replaced { users, operations, held, unfit })?))
}

/// The account as it is stored now: the caller's is as old as the token's last look-up.
async fn current(context: &Context) -> Result<Account, Error> {
    let id = context.account()?.id;
    Ok(context.bridge().store.read(move |conn| store::accounts::get(conn, id)).await?)
}

async fn shown(context: &Context) -> Result<HttpResponse, Error> {
    let (id, bridge) = (context.account()?.id, context.bridge());
    let events_on = bridge.config.events.base().is_some();
    let read = move |conn: &mut Conn| {
        let account = store::accounts::get(conn, id)?;
        accounts::view(conn, account, events_on)
    };
    Ok(reply::api(&super::body(&bridge.store.read(read).await?)?))
}

/// Does something to the caller's account, in a transaction, and shows what it is then.
async fn acted(
    context: &Context,
    f: impl FnOnce(&mut Conn, &Account, &Act) -> Result<(), LifecycleError> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let (id, bridge) = (context.account()?.id, context.bridge());
    let act = Act { actor: context.actor(), at: bridge.clock.now() };
    let write = move |conn: &mut Conn| {
        let account = store::accounts::get(conn, id)?;
        f(conn, &account, &act)
    };
    bridge.store.try_write(write).await?;
    shown(context).await
}

impl From<LifecycleError> for Error {
    fn from(error: LifecycleError) -> Self {
        match error {
            LifecycleError::NoName => Self::BadParameter(error.to_string()),
            LifecycleError::NameTaken(_)
            | LifecycleError::Already(_)
            | LifecycleError::NothingReplaced(_) => Self::Scim(scim::Error::conflict(error.to_string())),
            LifecycleError::Store(error) => Self::Store(error),
        }
    }
}
