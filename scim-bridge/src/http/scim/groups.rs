//! `/Groups`, RFC 7644 §3.3 to §3.6: roles and entitlements of Concur, and what providers push.

use actix_web::HttpResponse;
use actix_web::http::header::ETAG;
use scim::{ListQuery, Projection};

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;
use crate::provision::groups::{self, View};

/// POST `/Groups`: 201 with the whole resource.
pub(crate) async fn create(mut context: Context) -> Result<HttpResponse, Error> {
    let (on, projection) = (context.on_behalf()?, context.projection()?);
    let body = group_body(&mut context).await?;
    let view = groups::create(context.bridge(), &on, &body).await?;
    let base = context.bridge().scim_base();
    let rendered = view.render(&base, &projection);
    Ok(reply::resource(&mut HttpResponse::Created(), &rendered, &view.etag(), &view.location(&base)))
}

/// GET `/Groups/{id}`: 200, or 304 for a version the caller has.
pub(crate) async fn read(context: Context) -> Result<HttpResponse, Error> {
    let (on, projection) = (context.on_behalf()?, context.projection()?);
    let view = groups::read(context.bridge(), &on, &context.path("id"), &projection).await?;
    if context.is_known(view.version()) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, view.etag())).finish());
    }
    Ok(ok(&context, &view, &projection))
}

/// GET `/Groups`: 200 with a page, also when nothing matches.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    let on = context.on_behalf()?;
    let page = groups::list(context.bridge(), &on, context.list_query()?).await?;
    Ok(reply::scim(&page.into_message()))
}

/// POST `/Groups/.search`, RFC 7644 §3.4.3: the same query in a body.
pub(crate) async fn search(mut context: Context) -> Result<HttpResponse, Error> {
    let on = context.on_behalf()?;
    let query = ListQuery::from_search_request(&context.body().await?)?;
    let page = groups::list(context.bridge(), &on, query).await?;
    Ok(reply::scim(&page.into_message()))
}

/// PUT `/Groups/{id}`: 200 with the whole resource.
pub(crate) async fn replace(mut context: Context) -> Result<HttpResponse, Error> {
    let (on, projection, precondition) =
        (context.on_behalf()?, context.projection()?, context.precondition());
    let body = group_body(&mut context).await?;
    let view = groups::replace(context.bridge(), &on, &context.path("id"), &precondition, body).await?;
    Ok(ok(&context, &view, &projection))
}

/// PATCH `/Groups/{id}`: 204, as Entra and Okta expect of groups; with `attributes` 200 and what they name (RFC 7644
/// §3.5.2).
pub(crate) async fn patch(mut context: Context) -> Result<HttpResponse, Error> {
    let (on, projection, precondition) =
        (context.on_behalf()?, context.projection()?, context.precondition());
    let request = context.patch_request_of(most(&context)).await?;
    let view = groups::patch(context.bridge(), &on, &context.path("id"), &precondition, request).await?;
    if projection.is_default() {
        return Ok(HttpResponse::NoContent().insert_header((ETAG, view.etag())).finish());
    }
    Ok(ok(&context, &view, &projection))
}

/// DELETE `/Groups/{id}`: 204.
pub(crate) async fn delete(context: Context) -> Result<HttpResponse, Error> {
    let (on, precondition) = (context.on_behalf()?, context.precondition());
    groups::delete(context.bridge(), &on, &context.path("id"), &precondition).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A group may have many members, so its body may be larger than others.
async fn group_body(context: &mut Context) -> Result<serde_json::Value, Error> {
    context.body_of(most(context)).await
}

fn most(context: &Context) -> usize {
    let limits = &context.bridge().config.limits;
    limits.group_body_bytes.max(limits.scim_body_bytes)
}

fn ok(context: &Context, view: &View, projection: &Projection) -> HttpResponse {
    let base = context.bridge().scim_base();
    let rendered = view.render(&base, projection);
    reply::resource(&mut HttpResponse::Ok(), &rendered, &view.etag(), &view.location(&base))
}
