//! From bytes to a JSON value, within limits: media type, encoding, size, time, syntax.
//!
//! It runs after authentication. Requests are never decompressed: 65 KB of gzip can be 2 GB of JSON.

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use futures::StreamExt;
use serde_json::Value;

use super::error::Error;
use crate::config::Limits;

/// The JSON document of a request.
pub(crate) async fn json(headers: &HeaderMap, payload: Payload, limits: &Limits) -> Result<Value, Error> {
    check_headers(headers, limits)?;
    let reading = collect(payload, limits.scim_body_bytes);
    let bytes = tokio::time::timeout(limits.body_time, reading).await.map_err(|_| Error::BodyTooSlow)??;
    Ok(scim::json::parse(&bytes)?)
}

/// What can be refused before the first byte of the body is read.
fn check_headers(headers: &HeaderMap, limits: &Limits) -> Result<(), Error> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let encoding = text(CONTENT_ENCODING).trim();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        return Err(Error::UnsupportedMedia(
            "Content-Encoding is not accepted: send the body as it is".into(),
        ));
    }
    let content_type = text(CONTENT_TYPE);
    if !is_json(content_type) {
        return Err(Error::UnsupportedMedia(
            "Content-Type must be application/scim+json or application/json, in UTF-8".into(),
        ));
    }
    if text(CONTENT_LENGTH).parse::<usize>().is_ok_and(|length| length > limits.scim_body_bytes) {
        return Err(Error::BodyTooLarge { limit: limits.scim_body_bytes });
    }
    Ok(())
}

/// The two media types of RFC 7644 §3.1, with UTF-8 or without a charset.
fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let known = ["application/scim+json", "application/json"];
    known.iter().any(|name| media_type.eq_ignore_ascii_case(name))
        && parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset")
                || ["utf-8", "utf8"].iter().any(|c| value.trim().trim_matches('"').eq_ignore_ascii_case(c))
        })
}

async fn collect(mut payload: Payload, limit: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Error::BodyBroken)?;
        if bytes.len() + chunk.len() > limit {
            return Err(Error::BodyTooLarge { limit });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_json_types_are_read_with_utf8_or_no_charset() {
        for (content_type, accepted) in [
            ("application/scim+json", true),
            ("application/json", true),
            ("Application/SCIM+JSON; charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/scim+json; q=1", true),
            ("application/json; charset=iso-8859-1", false),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("application/jsonx", false),
            ("", false),
        ] {
            assert_eq!(is_json(content_type), accepted, "{content_type}");
        }
    }
}
