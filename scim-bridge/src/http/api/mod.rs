//! `/api/v1`: questions about lines, apps and the outbox, answered as JSON. Errors are problem documents.
//!
//! The account is the token's. Lists are pages: `limit` is cut to the configured size, `cursor` goes on where the
//! page before ended.

pub(super) mod account;
pub(super) mod accounts;
pub(super) mod apps;
pub(super) mod brake;
pub(super) mod changes;
pub(super) mod conversations;
pub(super) mod drift;
pub(super) mod events;
pub(super) mod explanation;
pub(super) mod hand;
pub(super) mod history;
pub(super) mod imports;
pub(super) mod leavers;
pub(super) mod lines;
pub(super) mod matching;
pub(super) mod operations;
pub(super) mod patterns;
pub(super) mod proposals;
pub(super) mod rules;
pub(super) mod runs;
pub(super) mod totals;
pub(super) mod webhooks;

use std::num::NonZeroUsize;
use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sync::query::PageRequest;

use super::context::Context;
use super::error::Error;
use crate::clock;

/// A parameter of a fixed form, if it is given.
fn parsed<T: FromStr>(context: &Context, name: &str, expected: &str) -> Result<Option<T>, Error> {
    context
        .parameter(name)
        .map(|text| text.parse().map_err(|_| Error::BadParameter(format!("{name} must be {expected}"))))
        .transpose()
}

/// A time, or the end of a day (UTC).
fn moment(context: &Context, name: &str) -> Result<Option<Timestamp>, Error> {
    let Some(text) = context.parameter(name) else { return Ok(None) };
    let wrong =
        || Error::BadParameter(format!("{name} must be a time, like 2026-03-31T12:00:00Z, or a date"));
    clock::moment(&text).map(Some).ok_or_else(wrong)
}

/// Refuses a parameter that nobody reads: a filter that is silently ignored gives wrong answers.
fn only(context: &Context, known: &[&str]) -> Result<(), Error> {
    match context.query().into_iter().find(|(name, _)| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some((name, _)) => Err(Error::BadParameter(format!(
            "there is no parameter {name:?}; there are {}",
            known.join(", ")
        ))),
    }
}

fn page(context: &Context) -> Result<PageRequest, Error> {
    Ok(PageRequest { cursor: context.parameter("cursor"), limit: Some(limit(context)?) })
}

fn limit(context: &Context) -> Result<usize, Error> {
    let most = context.bridge().config.limits.api_page;
    let asked = parsed(context, "limit", "a whole number from 1 on")?.map(NonZeroUsize::get);
    Ok(asked.unwrap_or(most).min(most))
}

/// The JSON of a body as one of our types; what does not fit is named.
fn read<T: serde::de::DeserializeOwned>(body: Value) -> Result<T, Error> {
    serde_json::from_value(body).map_err(|error| Error::BadParameter(format!("the body: {error}")))
}

/// A value of ours as JSON.
fn body(value: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|error| Error::Internal(error.to_string()))
}
