//! Dates: Concur writes `YYYY-MM-DDThh:mm:ssZ`, reads back without the zone, and knows 1900-01-01 to 2079-06-06.
//!
//! Source: Concur page *Identity v4.1*, `startDate`, `terminationDate`.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, date};

use super::{Outcome, Source};
use crate::translate::mapping::Row;

/// The date at the row's SCIM path, as an instant in UTC.
pub(in crate::translate) fn date_time(source: &Source<'_>, row: &Row) -> Outcome {
    let Some(text) = source.text(row.scim) else { return Outcome::Absent };
    match canonical(text) {
        Some(text) if (date(1900, 1, 1)..=date(2079, 6, 6)).contains(&day(&text)) => {
            Outcome::Fits(text.into())
        }
        Some(_) => Outcome::Misfit("is outside of 1900-01-01 to 2079-06-06".to_owned()),
        None => Outcome::Misfit("is not a date such as 2026-08-31 or 2026-08-31T00:00:00Z".to_owned()),
    }
}

/// One spelling for every spelling of an instant: `2021-11-17`, `2021-11-17T00:00:00.000` and
/// `2021-11-17T01:00:00+01:00` are the same, and times without a zone are in UTC.
pub(in crate::translate) fn canonical(text: &str) -> Option<String> {
    let in_utc = text
        .parse::<Timestamp>()
        .map(|at| jiff::tz::TimeZone::UTC.to_datetime(at))
        .or_else(|_| text.parse::<DateTime>())
        .or_else(|_| text.parse::<Date>().map(|day| day.at(0, 0, 0, 0)))
        .ok()?;
    Some(in_utc.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn day(canonical: &str) -> Date {
    canonical.get(..10).and_then(|day| day.parse().ok()).unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn every_spelling_of_an_instant_has_one_form() {
        for text in
            ["2021-11-17", "2021-11-17T00:00:00.000", "2021-11-17T00:00:00Z", "2021-11-17T01:00:00+01:00"]
        {
            assert_eq!(canonical(text).as_deref(), Some("2021-11-17T00:00:00Z"), "{text}");
        }
        assert_eq!(canonical("17.11.2021"), None);
    }
}
