//! Answers: the few forms a success or a failure takes on the wire.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde_json::Value;

/// Media type of SCIM bodies, RFC 7644 §8.1.
pub(crate) const SCIM_JSON: &str = "application/scim+json";

/// Finishes an answer with a JSON body.
pub(crate) fn json(answer: &mut HttpResponseBuilder, media_type: &'static str, body: &Value) -> HttpResponse {
    answer
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body.to_string())
}

/// 200 with a SCIM document.
pub(crate) fn scim(body: &Value) -> HttpResponse {
    json(&mut HttpResponse::Ok(), SCIM_JSON, body)
}

/// A SCIM resource with its version and place.
pub(crate) fn resource(
    answer: &mut HttpResponseBuilder,
    body: &Value,
    etag: &str,
    location: &str,
) -> HttpResponse {
    answer.insert_header((ETAG, etag)).insert_header((LOCATION, location));
    json(answer, SCIM_JSON, body)
}

/// 200 with a document of `/api/v1`.
pub(crate) fn api(body: &Value) -> HttpResponse {
    json(&mut HttpResponse::Ok(), "application/json", body)
}
