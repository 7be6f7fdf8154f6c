//! `/api/v1/lines/{id}/match`: what a person says about one line, and taking it back (scope `match:write`).

use actix_web::HttpResponse;
use serde::Deserialize;
use serde_json::json;
use store::ids::LineId;
use store::matches::Status;
use sync::hand::{self, Speaker, Word};
use utoipa::ToSchema;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;

/// A decision by hand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DecisionByHand)]
pub(in crate::http) struct Wanted {
    /// `matched`, `unmatched`, `ignored` or `archived`.
    status: String,
    /// The app, for `matched` only.
    #[serde(default)]
    app_id: Option<String>,
    /// Why.
    #[serde(default)]
    note: String,
}

impl Wanted {
    fn word(&self) -> Result<Word, Error> {
        let bad = |detail: &str| Err(Error::BadParameter(detail.to_owned()));
        match (self.status.parse(), &self.app_id) {
            (Ok(Status::Matched), Some(app)) => Ok(Word::App(app.clone())),
            (Ok(Status::Matched), None) => bad("status matched needs an app_id"),
            (Ok(_), Some(_)) => bad("app_id goes with status matched only"),
            (Ok(Status::Unmatched), None) => Ok(Word::None),
            (Ok(Status::Ignored), None) => Ok(Word::Ignore),
            (Ok(Status::Archived), None) => Ok(Word::Archive),
            (Err(_), _) => bad("status must be matched, unmatched, ignored or archived"),
        }
    }
}

/// PUT: decides the line by hand; answers with the line.
pub(crate) async fn decide(mut context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let (account, line, actor) = (context.account()?.id, line(&context)?, context.actor());
    let wanted: Wanted = super::read(context.body().await?)?;
    let word = wanted.word()?;
    let bridge = context.bridge();
    let speaker = Speaker { actor, note: wanted.note, now: bridge.clock.now() };
    if !hand::decide(&bridge.store, account, &bridge.matcher, line, word, speaker).await? {
        return Err(Error::NotFound);
    }
    super::explanation::read(context).await
}

/// DELETE: rules and dictionary decide the line again; answers with the line.
pub(crate) async fn release(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let (account, line, actor) = (context.account()?.id, line(&context)?, context.actor());
    let bridge = context.bridge();
    let speaker = Speaker { actor, note: String::new(), now: bridge.clock.now() };
    hand::release(&bridge.store, account, &bridge.matcher, line, speaker).await?;
    super::explanation::read(context).await
}

/// GET: how a line was decided over time.
pub(crate) async fn history(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let (account, line) = (context.account()?.id, line(&context)?);
    let bridge = context.bridge();
    let found = sync::query::history(&bridge.store, account, bridge.matcher.dictionary(), line).await?;
    Ok(reply::api(&json!(found.ok_or(Error::NotFound)?)))
}

fn line(context: &Context) -> Result<LineId, Error> {
    context.path("id").parse().map_err(|_| Error::NotFound)
}
