//! `/api/v1/sync/history`: expenses from before the year, as a job of its own. Changing anything takes the scope `admin`.

use actix_web::HttpResponse;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::json;
use sync::pull::history::{self, State};
use utoipa::ToSchema;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;
use crate::accounts::lifecycle::Act;
use crate::schedule::history::{Word, obey};

/// What to do about a longer history: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LongerHistoryWanted)]
pub(in crate::http) struct Wanted {
    /// Keep expenses since this day too.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// `active` (go on), `paused` or `stopped`.
    state: Option<State>,
}

/// GET: how it stands.
pub(crate) async fn read(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    shown(&context).await
}

/// GET: what asking for a day would cost. Nothing is asked for.
pub(crate) async fn estimate(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &["from"])?;
    let (account, bridge) = (context.account()?.id, context.bridge());
    let from: Option<Date> = super::parsed(&context, "from", "a date, like 2024-01-01")?;
    let from =
        from.ok_or_else(|| Error::BadParameter("from is missing: a date, like 2024-01-01".to_owned()))?;
    let now = bridge.clock.now();
    let outcome = bridge.store.read(move |conn| history::estimate(conn, account, from, now)).await?;
    let estimate = outcome.map_err(|refused| Error::BadParameter(refused.to_string()))?;
    Ok(reply::api(&super::body(&estimate)?))
}

/// PUT: asks for more, or pauses, resumes or stops what was asked for.
pub(crate) async fn set(mut context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let account = context.account()?.id;
    let wanted: Wanted = super::read(context.body().await?)?;
    let word = match (wanted.from, wanted.state) {
        (Some(day), None) => Word::From(day),
        (None, Some(State::Active)) => Word::Resume,
        (None, Some(State::Paused)) => Word::Pause,
        (None, Some(State::Stopped)) => Word::Stop,
        _ => {
            let either = "give `from`, a date, or `state`: active, paused or stopped";
            return Err(Error::BadParameter(either.to_owned()));
        }
    };
    let bridge = context.bridge();
    let act = Act { actor: context.actor(), at: bridge.clock.now() };
    let outcome = bridge.store.write(move |conn| obey(conn, account, word, &act)).await?;
    outcome.map_err(|refused| Error::BadParameter(refused.to_string()))?;
    bridge.look_for_syncs();
    shown(&context).await
}

async fn shown(context: &Context) -> Result<HttpResponse, Error> {
    let account = context.account()?.id;
    let found = context.bridge().store.read(move |conn| history::status(conn, account)).await?;
    Ok(reply::api(&json!({"history": found})))
}
