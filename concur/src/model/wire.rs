//! How Concur writes plain values, read leniently: empty text for "nothing", decimals with exponents, dates with
//! and without time, zone and fraction, numbers as text. Not here: any meaning of a field.
//! Source: Expense Reports, Entries and Itemizations v3 (samples); User Provisioning v4 (status).

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Value, value::RawValue};

/// Text; `null` and the empty string are `None`, since v3 uses both for "nothing".
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// A decimal, read from the digits as written and never through a binary float. `25.00000000`, `0E-8`,
/// `"12.50"` and `null` occur.
pub(crate) fn decimal<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Decimal>, D::Error> {
    let Some(raw) = Option::<Box<RawValue>>::deserialize(from)? else { return Ok(None) };
    let digits = raw.get().trim_matches('"');
    if digits.is_empty() {
        return Ok(None);
    }
    parse_decimal(digits)
        .map(Some)
        .ok_or_else(|| D::Error::custom("expected a decimal number of at most 28 digits"))
}

/// See [`decimal`].
pub(crate) fn parse_decimal(digits: &str) -> Option<Decimal> {
    let parsed = if digits.contains(['e', 'E']) {
        Decimal::from_scientific(digits)
    } else {
        Decimal::from_str_exact(digits)
    };
    parsed.ok().map(|decimal| decimal.normalize())
}

/// A date and time. Without a zone it is taken as UTC, which the Entries page states and the Reports page leaves open.
pub(crate) fn date_time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime>, D::Error> {
    let Some(written) = text(from)? else { return Ok(None) };
    parse_date_time(&written)
        .map(Some)
        .ok_or_else(|| D::Error::custom("expected a date and time such as 2026-01-31T12:00:00"))
}

/// A day; a time of day behind it is dropped.
pub(crate) fn date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
    Ok(date_time(from)?.map(DateTime::date))
}

/// See [`date_time`].
pub(crate) fn parse_date_time(written: &str) -> Option<DateTime> {
    // jiff's civil parser silently drops an offset, so try the form with an offset first.
    if let Ok(instant) = written.parse::<Timestamp>() {
        return Some(TimeZone::UTC.to_datetime(instant));
    }
    written
        .parse::<DateTime>()
        .ok()
        .or_else(|| Some(written.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight())))
}

/// Text that some samples write as a number (`code`).
pub(crate) fn text_or_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    match Option::<Value>::deserialize(from)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(D::Error::custom("expected text or a number")),
    }
}

/// A list that the data files write as a single object (`messages`); `null` is the empty list.
pub(crate) fn one_or_many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Shape<T> {
        Many(Vec<T>),
        One(T),
    }
    Ok(match Option::<Shape<T>>::deserialize(from)? {
        None => Vec::new(),
        Some(Shape::Many(many)) => many,
        Some(Shape::One(one)) => vec![one],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "decimal")]
        amount: Option<Decimal>,
        #[serde(default, deserialize_with = "date_time")]
        at: Option<DateTime>,
    }

    #[test]
    fn decimals_keep_every_digit_and_lose_only_trailing_zeros() {
        #[track_caller]
        fn check(json: &str, expected: Option<&str>) {
            let row: Row = serde_json::from_str(&format!(r#"{{"amount": {json}}}"#)).unwrap();
            assert_eq!(row.amount.map(|amount| amount.to_string()).as_deref(), expected, "{json}");
        }
        check("25.00000000", Some("25"));
        check("0E-8", Some("0"));
        check("1.5E+2", Some("150"));
        check("-19.99", Some("-19.99"));
        check("1234567890123456.78", Some("1234567890123456.78"));
        check("\"12.50\"", Some("12.5"));
        check("\"\"", None);
        check("null", None);
    }

    #[test]
    fn an_amount_that_does_not_fit_is_refused_and_not_rounded() {
        let too_long = format!(r#"{{"amount": 0.{}}}"#, "1".repeat(40));
        assert!(serde_json::from_str::<Row>(&too_long).is_err());
        assert!(serde_json::from_str::<Row>(r#"{"amount": true}"#).is_err());
    }

    #[test]
    fn dates_come_with_and_without_zone_time_and_fraction() {
        #[track_caller]
        fn check(written: &str, expected: &str) {
            let row: Row = serde_json::from_str(&format!(r#"{{"at": "{written}"}}"#)).unwrap();
            assert_eq!(row.at, Some(expected.parse().unwrap()), "{written}");
        }
        check("2013-09-02T19:05:57.687", "2013-09-02T19:05:57.687");
        check("2013-09-02T19:46:01.57", "2013-09-02T19:46:01.57");
        check("2013-09-02T00:00:00", "2013-09-02T00:00:00");
        check("2013-09-02", "2013-09-02T00:00:00");
        check("2013-09-02T23:30:00-02:00", "2013-09-03T01:30:00");
    }
}
