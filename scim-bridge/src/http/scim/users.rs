//! `/Users`, RFC 7644 §3.3 to §3.6. Each handler: read the request, call the use case, render.

use actix_web::HttpResponse;
use actix_web::http::header::ETAG;
use scim::{ListQuery, Projection};

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;
use crate::provision::{View, users};

/// POST `/Users`: 201 with the whole resource.
pub(crate) async fn create(mut context: Context) -> Result<HttpResponse, Error> {
    let (on, projection) = (context.on_behalf()?, context.projection()?);
    let body = context.body().await?;
    let view = users::create(context.bridge(), &on, &body).await?;
    let base = context.bridge().scim_base();
    let rendered = view.render(&base, &projection);
    Ok(reply::resource(&mut HttpResponse::Created(), &rendered, &view.etag(), &view.location(&base)))
}

/// GET `/Users/{id}`: 200, or 304 for a version the caller has.
pub(crate) async fn read(context: Context) -> Result<HttpResponse, Error> {
    let (on, projection) = (context.on_behalf()?, context.projection()?);
    let view = users::read(context.bridge(), &on, &context.path("id")).await?;
    if context.is_known(view.version()) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, view.etag())).finish());
    }
    Ok(ok(&context, &view, &projection))
}

/// GET `/Users`: 200 with a page, also when nothing matches.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    let on = context.on_behalf()?;
    let page = users::list(context.bridge(), &on, context.list_query()?).await?;
    Ok(reply::scim(&page.into_message()))
}

/// POST `/Users/.search`, RFC 7644 §3.4.3: the same query in a body.
pub(crate) async fn search(mut context: Context) -> Result<HttpResponse, Error> {
    let on = context.on_behalf()?;
    let query = ListQuery::from_search_request(&context.body().await?)?;
    let page = users::list(context.bridge(), &on, query).await?;
    Ok(reply::scim(&page.into_message()))
}

/// PUT `/Users/{id}`: 200 with the whole resource.
pub(crate) async fn replace(mut context: Context) -> Result<HttpResponse, Error> {
    let (on, projection, precondition) =
        (context.on_behalf()?, context.projection()?, context.precondition());
    let body = context.body().await?;
    let view = users::replace(context.bridge(), &on, &context.path("id"), &precondition, body).await?;
    Ok(ok(&context, &view, &projection))
}

/// PATCH `/Users/{id}`: 200 with the whole resource; clients that expect 204 read it as the same success.
pub(crate) async fn patch(mut context: Context) -> Result<HttpResponse, Error> {
    let (on, projection, precondition) =
        (context.on_behalf()?, context.projection()?, context.precondition());
    let request = context.patch_request().await?;
    let view = users::patch(context.bridge(), &on, &context.path("id"), &precondition, request).await?;
    Ok(ok(&context, &view, &projection))
}

/// DELETE `/Users/{id}`: 204.
pub(crate) async fn delete(context: Context) -> Result<HttpResponse, Error> {
    let (on, precondition) = (context.on_behalf()?, context.precondition());
    users::delete(context.bridge(), &on, &context.path("id"), &precondition).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn ok(context: &Context, view: &View, projection: &Projection) -> HttpResponse {
    let base = context.bridge().scim_base();
    let rendered = view.render(&base, projection);
    reply::resource(&mut HttpResponse::Ok(), &rendered, &view.etag(), &view.location(&base))
}
