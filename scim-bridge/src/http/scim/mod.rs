//! The SCIM 2.0 protocol over HTTP, RFC 7644. Parsing and rules are the `scim` crate's, use cases are `provision`'s.

pub(super) mod bulk;
pub(super) mod discovery;
pub(super) mod groups;
pub(super) mod users;

use ::scim::ListQuery;
use actix_web::HttpResponse;

use super::context::Context;
use super::error::Error;
use super::reply;
use crate::provision;

/// `/Me`: tokens belong to programs, so there is nobody to be. RFC 7644 §3.11 asks for 501 then.
pub(super) async fn me(_: Context) -> Result<HttpResponse, Error> {
    Err(::scim::Error::not_implemented("/Me is not offered: tokens of this bridge belong to programs").into())
}

/// POST `/.search`, RFC 7644 §3.4.3: over every kind of resource, users first.
pub(super) async fn search(mut context: Context) -> Result<HttpResponse, Error> {
    let on = context.on_behalf()?;
    let query = ListQuery::from_search_request(&context.body().await?)?;
    let page = provision::everything(context.bridge(), &on, query).await?;
    Ok(reply::scim(&page.into_message()))
}
