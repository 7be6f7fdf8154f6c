//! `/Bulk`, RFC 7644 §3.7: many changes in one request.

use actix_web::HttpResponse;
use scim::bulk::{BulkRequest, Limits};

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;
use crate::config;
use crate::provision::bulk;

/// POST `/Bulk`: 200 with a result for each operation that was carried out.
pub(crate) async fn run(mut context: Context) -> Result<HttpResponse, Error> {
    let on = context.on_behalf()?;
    let limits = limits(&context.bridge().config.limits);
    let body = context.body_of(limits.max_payload_bytes).await?;
    let request = BulkRequest::parse(body, &limits)?;
    let refused = |error| Error::from(error).to_scim(context.request_id());
    let response = bulk::run(context.bridge(), &on, request, refused).await;
    Ok(reply::scim(&response))
}

/// What one request may ask for, as `ServiceProviderConfig` tells it.
pub(super) fn limits(limits: &config::Limits) -> Limits {
    Limits { max_operations: limits.bulk_operations, max_payload_bytes: limits.bulk_body_bytes }
}
