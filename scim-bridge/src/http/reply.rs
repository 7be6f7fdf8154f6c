//! Answers: the few forms a success or a failure takes on the wire.

use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, LOCATION};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde_json::Value;

/// Media type of SCIM bodies, RFC 7644 §8.1.
pub(crate) const SCIM_JSON: &str = "application/scim+json";
/// Plain JSON.
pub(crate) const JSON: &str = "application/json";

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
    json(&mut HttpResponse::Ok(), JSON, body)
}

/// 201 with a document of `/api/v1`.
pub(crate) fn created(body: &Value) -> HttpResponse {
    json(&mut HttpResponse::Created(), JSON, body)
}

/// 202 with a document of `/api/v1`: it goes on, and stands at `location`.
pub(crate) fn accepted(body: &Value, location: &str) -> HttpResponse {
    json(HttpResponse::Accepted().insert_header((LOCATION, location)), JSON, body)
}

/// Whether the caller names plain JSON and not SCIM's own media type, as OneLogin does. RFC 7644 §3.8 wants both served.
pub(crate) fn wants_plain_json(headers: &HeaderMap) -> bool {
    let mut plain = false;
    for value in headers.get_all(ACCEPT) {
        for range in value.to_str().unwrap_or_default().split(',') {
            let media_type = range.split(';').next().unwrap_or_default().trim();
            if media_type.eq_ignore_ascii_case(SCIM_JSON) {
                return false;
            }
            plain |= media_type.eq_ignore_ascii_case(JSON);
        }
    }
    plain
}

/// Whether the body is a SCIM document.
pub(crate) fn is_scim(answer: &HttpResponse) -> bool {
    answer.headers().get(CONTENT_TYPE).is_some_and(|media_type| media_type == SCIM_JSON)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    #[test]
    fn plain_json_is_served_to_those_who_name_it_and_not_the_other() {
        let check = |accept: &[&'static str], plain: bool| {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(ACCEPT, HeaderValue::from_static(value));
            }
            assert_eq!(wants_plain_json(&headers), plain, "{accept:?}");
        };
        check(&[], false);
        check(&["*/*"], false);
        check(&["application/json"], true);
        check(&["Application/JSON; charset=utf-8, */*;q=0.1"], true);
        check(&["application/json, application/scim+json"], false);
        check(&["application/json", "application/scim+json;q=0.9"], false);
    }
}
