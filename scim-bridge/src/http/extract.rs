//! From bytes to a JSON value, within limits: media type, encoding, size, time, syntax.
//!
//! It runs after authentication. Requests are never decompressed: 65 KB of gzip can be 2 GB of JSON.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use futures::{Stream, StreamExt};
use tokio::time::Instant;

use super::error::Error;
use crate::config::Limits;

/// From then on a body must keep its pace.
const PACE_FROM: Duration = Duration::from_secs(5);

/// The JSON document of a request, of `most` bytes, as it came.
pub(crate) async fn json_bytes(
    headers: &HeaderMap,
    payload: Payload,
    most: usize,
    limits: &Limits,
) -> Result<Vec<u8>, Error> {
    let wanted = "Content-Type must be application/scim+json or application/json, in UTF-8";
    check_headers(headers, most, is_json, wanted)?;
    let reading = collect(payload, most, limits.body_pace);
    tokio::time::timeout(limits.body_time, reading).await.map_err(|_| Error::BodyTooSlow)?
}

/// The body of a request, of `most` bytes, whatever it says it is.
pub(crate) async fn any_bytes(
    headers: &HeaderMap,
    payload: Payload,
    most: usize,
    limits: &Limits,
) -> Result<Vec<u8>, Error> {
    check_headers(headers, most, |_| true, "")?;
    let reading = collect(payload, most, limits.body_pace);
    tokio::time::timeout(limits.body_time, reading).await.map_err(|_| Error::BodyTooSlow)?
}

/// The parameters of a form, of `most` bytes.
pub(crate) async fn form(
    headers: &HeaderMap,
    payload: Payload,
    most: usize,
    limits: &Limits,
) -> Result<Vec<(String, String)>, Error> {
    let is_form = |content_type: &str| {
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    };
    check_headers(headers, most, is_form, "Content-Type must be application/x-www-form-urlencoded")?;
    let reading = collect(payload, most, limits.body_pace);
    let bytes = tokio::time::timeout(limits.body_time, reading).await.map_err(|_| Error::BodyTooSlow)??;
    Ok(url::form_urlencoded::parse(&bytes).into_owned().collect())
}

/// What can be refused before the first byte of the body is read.
pub(super) fn check_headers(
    headers: &HeaderMap,
    most: usize,
    is_right: impl Fn(&str) -> bool,
    wanted: &str,
) -> Result<(), Error> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let plain = |value: &HeaderValue| {
        value.to_str().is_ok_and(|v| v.trim().is_empty() || v.trim().eq_ignore_ascii_case("identity"))
    };
    if !headers.get_all(CONTENT_ENCODING).all(plain) {
        return Err(Error::UnsupportedMedia(
            "Content-Encoding is not accepted: send the body as it is".into(),
        ));
    }
    if !is_right(text(CONTENT_TYPE)) {
        return Err(Error::UnsupportedMedia(wanted.to_owned()));
    }
    if text(CONTENT_LENGTH).parse::<usize>().is_ok_and(|length| length > most) {
        return Err(Error::BodyTooLarge { limit: most });
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

async fn collect(
    payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    limit: usize,
    pace: usize,
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let take = async |chunk: Bytes| {
        bytes.extend_from_slice(&chunk);
        Ok(())
    };
    each_chunk(payload, limit, pace, take).await?;
    Ok(bytes)
}

/// Hands on what arrives, within a limit and at a pace.
pub(super) async fn each_chunk(
    mut payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    limit: usize,
    pace: usize,
    mut take: impl AsyncFnMut(Bytes) -> Result<(), Error>,
) -> Result<(), Error> {
    let begun = Instant::now();
    let mut arrived = 0;
    // What has arrived after n seconds is looked at once in each second, so that no chunk need come for it.
    let mut look = tokio::time::interval_at(begun + PACE_FROM, Duration::from_secs(1));
    loop {
        tokio::select! {
            chunk = payload.next() => {
                let Some(chunk) = chunk else { return Ok(()) };
                let chunk = chunk.map_err(|_| Error::BodyBroken)?;
                arrived += chunk.len();
                if arrived > limit {
                    return Err(Error::BodyTooLarge { limit });
                }
                take(chunk).await?;
            }
            now = look.tick() => {
                if !keeps_pace(arrived, now.duration_since(begun), pace) {
                    return Err(Error::BodyTooSlow);
                }
            }
        }
    }
}

/// Whether so many bytes are enough after this time, at a pace in bytes a second.
fn keeps_pace(bytes: usize, elapsed: Duration, pace: usize) -> bool {
    let seconds = usize::try_from(elapsed.as_secs()).unwrap_or(usize::MAX);
    elapsed < PACE_FROM || bytes >= seconds.saturating_mul(pace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;

    #[test]
    fn after_five_seconds_a_body_must_keep_its_pace() {
        let check = |bytes: usize, seconds: u64, kept: bool| {
            assert_eq!(keeps_pace(bytes, Duration::from_secs(seconds), 1_024), kept, "{bytes} {seconds}");
        };
        check(0, 4, true);
        check(5 * 1_024, 5, true);
        check(5 * 1_024 - 1, 5, false);
        check(10 * 1_024, 11, false);
        assert!(keeps_pace(0, Duration::from_secs(9), 0), "no pace is asked for");
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_and_not_one_byte_past_it() {
        let body = |bytes: usize| {
            stream::iter([Ok(Bytes::from(vec![b' '; bytes - 1])), Ok(Bytes::from_static(b" "))])
        };
        assert_eq!(collect(body(100), 100, 0).await.unwrap().len(), 100);
        assert!(matches!(collect(body(101), 100, 0).await, Err(Error::BodyTooLarge { limit: 100 })));
    }

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
