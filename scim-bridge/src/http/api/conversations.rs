//! `/api/v1/requests`, `/habits`, `/recordings` and `/dry-run`: what providers asked, what was bent for them, and what
//! would come of a request.
//!
//! The first three tell structure and no values. A replay and a dry run show people's data, as SCIM itself does, and so
//! need `scim:read` beside `ops:read`.

use actix_web::HttpResponse;
use serde::Deserialize;
use serde_json::{Value, json};
use store::ids::RecordingId;
use store::recordings::{self, Recording};
use store::request_log::{self, Logged};
use utoipa::ToSchema;

use super::super::auth::Scope;
use super::super::context::Context;
use super::super::error::Error;
use super::super::rehearse::{Asked, rehearse};
use super::super::reply;
use crate::journal::{Said, redacted};

/// GET `/api/v1/requests`: newest first; `cursor` is the last place of the page before.
pub(crate) async fn requests(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &["refused", "cursor", "limit"])?;
    let filter = request_log::Filter {
        account: context.account()?.id,
        refused: super::parsed(&context, "refused", "true or false")?.unwrap_or(false),
        before: super::parsed(&context, "cursor", "a place in the log")?,
    };
    let limit = super::limit(&context)?;
    let found = context.bridge().store.read(move |conn| request_log::list(conn, &filter, limit)).await?;
    let mut answer = json!({"requests": found.iter().map(logged).collect::<Vec<_>>()});
    if let Some(last) = found.last().filter(|_| found.len() == limit) {
        answer["next_cursor"] = last.seq.to_string().into();
    }
    Ok(reply::api(&answer))
}

fn logged(logged: &Logged) -> Value {
    let entry = &logged.entry;
    json!({
        "at": entry.at,
        "request_id": entry.request_id,
        "method": entry.method,
        "route": entry.route,
        "target": entry.target,
        "status": entry.status,
        "scim_type": entry.scim_type,
        "duration_ms": entry.duration_ms,
        "token": entry.token,
        "provider": entry.provider,
        "shape": entry.shape,
        "habits": entry.habits,
    })
}

/// GET `/api/v1/habits`: what was bent, by provider.
pub(crate) async fn habits(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let account = context.account()?.id;
    let found = context.bridge().store.read(move |conn| store::habits::list(conn, account)).await?;
    let shown: Vec<Value> = found
        .iter()
        .map(|bent| {
            let known = scim::habits::Habit::ALL.into_iter().find(|habit| habit.name() == bent.habit);
            json!({
                "provider": bent.provider,
                "habit": bent.habit,
                "meaning": known.map(scim::habits::Habit::sentence),
                "requests": bent.requests,
                "first_at": bent.first_at,
                "last_at": bent.last_at,
            })
        })
        .collect();
    Ok(reply::api(&json!({"habits": shown})))
}

/// GET `/api/v1/recordings`: newest first, without what was said.
pub(crate) async fn recordings(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &["limit"])?;
    let (account, limit) = (context.account()?.id, super::limit(&context)?);
    let found = context.bridge().store.read(move |conn| recordings::list(conn, account, limit)).await?;
    Ok(reply::api(&json!({"recordings": found.iter().map(recording).collect::<Vec<_>>()})))
}

/// GET `/api/v1/recordings/{id}`: with the form of what was said, and no value of it.
pub(crate) async fn read(context: Context) -> Result<HttpResponse, Error> {
    let (found, said) = opened(&context).await?;
    let mut shown = recording(&found);
    shown["request"] = form(said.body.as_deref());
    shown["answer"] = form(said.answer.as_deref());
    Ok(reply::api(&shown))
}

/// POST `/api/v1/recordings/{id}/replay`: the recorded request, asked again in a rehearsal.
pub(crate) async fn replay(context: Context) -> Result<HttpResponse, Error> {
    let (found, said) = opened(&context).await?;
    may_see_people(&context)?;
    let now = rehearse(context.bridge(), context.account()?.clone(), &Asked::from(&said)).await?;
    let mut shown = recording(&found);
    shown["recorded"] = json!({"status": said.status, "answer": said.answer.as_deref().map(document)});
    shown["replayed"] = super::body(&now)?;
    Ok(reply::api(&shown))
}

/// A request that is only tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TriedRequest)]
pub(in crate::http) struct Tried {
    method: String,
    path: String,
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    body: Option<Value>,
}

/// POST `/api/v1/dry-run`: `{"method", "path", "headers", "body"}`, asked in a rehearsal.
pub(crate) async fn dry_run(mut context: Context) -> Result<HttpResponse, Error> {
    let account = context.account()?.clone();
    let tried: Tried = serde_json::from_value(context.body().await?)
        .map_err(|error| Error::BadParameter(format!("the body is not a request to be tried: {error}")))?;
    may_see_people(&context)?;
    let asked = Asked {
        method: tried.method,
        path: tried.path,
        headers: tried.headers.into_iter().collect(),
        body: tried.body.map(|body| body.to_string()),
    };
    let rehearsed = rehearse(context.bridge(), account, &asked).await?;
    Ok(reply::api(&super::body(&rehearsed)?))
}

fn may_see_people(context: &Context) -> Result<(), Error> {
    context.caller.as_ref().ok_or(Error::Unauthenticated)?.require(Scope::ScimRead)
}

async fn opened(context: &Context) -> Result<(Recording, Said), Error> {
    let account = context.account()?.id;
    let id: RecordingId = context.path("id").parse().map_err(|_| Error::NotFound)?;
    let found = context.bridge().store.read(move |conn| recordings::open(conn, account, id)).await?;
    let (found, said) = found.ok_or(Error::NotFound)?;
    let said = Said::unsealed(&said).map_err(|error| Error::Internal(error.to_string()))?;
    Ok((found, said))
}

fn recording(recording: &Recording) -> Value {
    json!({
        "id": recording.id,
        "at": recording.at,
        "method": recording.method,
        "route": recording.route,
        "status": recording.status,
    })
}

/// The form of a body; of one that is no JSON its length.
fn form(body: Option<&str>) -> Value {
    body.map_or(Value::Null, |text| redacted(&document(text)))
}

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}
