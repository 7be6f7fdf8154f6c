//! `/Groups`: an empty list for clients that insist on asking (Okta's SPEC file); writing is not offered yet.

use actix_web::HttpResponse;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;

/// GET `/Groups`: there are none.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    let query = context.query();
    let pairs = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let query = ::scim::ListQuery::parse(pairs)?;
    Ok(reply::scim(&::scim::message::list_response(0, query.start_index, Vec::new())))
}

/// POST `/Groups/.search`: there are none.
pub(crate) async fn search(mut context: Context) -> Result<HttpResponse, Error> {
    let query = ::scim::ListQuery::from_search_request(&context.body().await?)?;
    Ok(reply::scim(&::scim::message::list_response(0, query.start_index, Vec::new())))
}

/// GET `/Groups/{id}`: no group has any id.
pub(crate) async fn unknown(_: Context) -> Result<HttpResponse, Error> {
    Err(::scim::Error::not_found("there is no group with this id").into())
}

/// Every write.
pub(crate) async fn not_offered(_: Context) -> Result<HttpResponse, Error> {
    Err(::scim::Error::not_implemented("groups are not offered; assign users directly").into())
}
