//! `Retry-After` in both its forms. Source: RFC 9110 section 10.2.3; Concur documents neither form nor presence.

use jiff::{Timestamp, fmt::rfc2822};
use std::time::Duration;

/// The longest wait we let an answer impose on us.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// Seconds or an HTTP date, capped; `None` when it is neither. A date in the past is no wait.
pub(crate) fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        value.parse().map_or(RETRY_AFTER_MAX, Duration::from_secs)
    } else {
        Duration::try_from(http_date(value)?.duration_since(now)).unwrap_or(Duration::ZERO)
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// An HTTP date such as `Tue, 24 Nov 2026 08:00:00 GMT`.
pub(crate) fn http_date(value: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms_and_capped_at_an_hour() {
        #[track_caller]
        fn check(value: &str, seconds: Option<u64>) {
            let now = "2026-11-24T08:00:00Z".parse().unwrap();
            assert_eq!(parse(value, now), seconds.map(Duration::from_secs), "{value:?}");
        }
        check("0", Some(0));
        check(" 120 ", Some(120));
        check("3601", Some(3600));
        check("99999999999999999999999", Some(3600));
        check("Tue, 24 Nov 2026 08:02:00 GMT", Some(120));
        check("Tue, 24 Nov 2026 07:00:00 GMT", Some(0));
        check("Wed, 25 Nov 2026 08:00:00 GMT", Some(3600));
        check("soon", None);
        check("-5", None);
        check("", None);
    }
}
