//! `/api/v1/imports`: files of expense lines as request bodies, what became of them, and taking one back.
//!
//! The body is the file as it is, not a form. It is judged while the caller waits and stored afterwards; `GET` of the import tells
//! how far it is. Sending a file again does no harm.

use actix_web::HttpResponse;
use actix_web::dev::Payload;
use serde_json::{Value, json};
use store::ids::ImportId;
use store::imports::{self, Import};
use sync::import::{self, FileOptions, Wanted};

use super::super::context::Context;
use super::super::error::Error;
use super::super::{reply, upload};
use crate::imports::{About, Sent, begin};

/// What may be said about a file.
const ABOUT: [&str; 10] = [
    "name",
    "map",
    "date_order",
    "decimal",
    "currency",
    "delimiter",
    "encoding",
    "sheet",
    "no_headings",
    "as_new",
];

/// POST: judges the file and begins to store it.
pub(crate) async fn add(mut context: Context) -> Result<HttpResponse, Error> {
    let account = context.account()?.id;
    let sent = sent(&mut context).await?;
    let bridge = context.bridge();
    let (id, check) = begin(bridge.clone(), account, sent).await?;
    let import = bridge.store.read(move |conn| imports::get(conn, account, id)).await?;
    let location = format!("{}/api/v1/imports/{id}", bridge.public_url);
    let body = json!({"import": shown(&import), "check": super::body(&check)?});
    Ok(reply::accepted(&body, &location))
}

/// POST: judges the file; nothing is stored.
pub(crate) async fn check(mut context: Context) -> Result<HttpResponse, Error> {
    let account = context.account()?.id;
    let sent = sent(&mut context).await?;
    let check = crate::imports::check(context.bridge().clone(), account, sent).await?;
    Ok(reply::api(&super::body(&check)?))
}

/// GET: the newest first; `limit` of them.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &["limit"])?;
    let (limit, account) = (super::limit(&context)?, context.account()?.id);
    let found = context.bridge().store.read(move |conn| imports::list(conn, account, limit)).await?;
    Ok(reply::api(&json!({"imports": found.iter().map(shown).collect::<Vec<_>>()})))
}

/// GET: one of them.
pub(crate) async fn read(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    shown_again(&context).await
}

/// GET: lines of an import that were read from Concur too, as far as day and amount tell.
pub(crate) async fn duplicates(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &["limit"])?;
    let (limit, account, id) = (super::limit(&context)?, context.account()?.id, id(&context)?);
    let pairs = context
        .bridge()
        .store
        .read(move |conn| {
            imports::get(conn, account, id)?;
            imports::possible_duplicates(conn, account, id, limit)
        })
        .await?;
    let pairs: Vec<_> =
        pairs.iter().map(|pair| json!({"imported": pair.imported, "other": pair.other})).collect();
    Ok(reply::api(&json!({"possible_duplicates": pairs})))
}

/// POST: takes an import back; answers with it.
pub(crate) async fn undo(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let (account, id, actor) = (context.account()?.id, id(&context)?, context.actor());
    let (store, now) = (context.bridge().store.clone(), context.bridge().clock.now());
    let undone = tokio::task::spawn_blocking(move || import::undo(&store, account, id, &actor, now)).await;
    undone.map_err(|died| Error::Internal(died.to_string()))??;
    shown_again(&context).await
}

async fn shown_again(context: &Context) -> Result<HttpResponse, Error> {
    let (account, id) = (context.account()?.id, id(context)?);
    let import = context.bridge().store.read(move |conn| imports::get(conn, account, id)).await?;
    Ok(reply::api(&shown(&import)))
}

/// The file and what is said about it. What is wrong with the words is told before the file is read.
async fn sent(context: &mut Context) -> Result<Sent, Error> {
    super::only(context, &ABOUT)?;
    let wanted = wanted(context)?;
    let name = context.parameter("name").unwrap_or_else(|| "upload".to_owned());
    let options = wanted.options()?;
    let place = context.bridge().imports.place().ok_or(Error::TooManyFiles)?;
    let payload = std::mem::replace(&mut context.payload, Payload::None);
    let file = upload::file(context.request.headers(), payload, &context.bridge.config.limits).await?;
    Ok(Sent::new(file, About { name, actor: context.actor(), options }, place))
}

fn wanted(context: &Context) -> Result<Wanted, Error> {
    let map = context.query().into_iter().filter(|(name, _)| name == "map").map(|(_, text)| text).collect();
    Ok(Wanted {
        map,
        date_order: context.parameter("date_order"),
        decimal: context.parameter("decimal"),
        currency: context.parameter("currency"),
        file: FileOptions {
            encoding: context.parameter("encoding"),
            delimiter: super::parsed(context, "delimiter", "one character")?,
            sheet: context.parameter("sheet"),
            no_headings: super::parsed(context, "no_headings", "true or false")?.unwrap_or(false),
        },
        as_new: super::parsed(context, "as_new", "true or false")?.unwrap_or(false),
    })
}

fn id(context: &Context) -> Result<ImportId, Error> {
    context.path("id").parse().map_err(|_| Error::NotFound)
}

fn shown(import: &Import) -> Value {
    json!({
        "id": import.id,
        "name": import.name,
        "layout": import.layout,
        "state": import.state.as_str(),
        "inserted": import.counts.inserted,
        "changed": import.counts.changed,
        "unchanged": import.counts.unchanged,
        "rejected": import.rejected,
        "started_at": import.started_at,
        "finished_at": import.finished_at,
    })
}
