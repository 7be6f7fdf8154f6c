//! Durations as people write them: `500ms`, `8s`, `5m`, `2h`, `7d`.
//!
//! One number and one unit, no sums and no fractions: a setting must be readable at a glance.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer};

/// Unit suffixes with their length in milliseconds, longest unit first.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads one duration; the message says what was expected.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("{text:?} is not a duration: write a whole number and ms, s, m, h or d, like \"8s\"");
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(*millis).map(Duration::from_millis).ok_or_else(wrong)
}

/// The shortest text that [`parse`] reads back as the same duration.
pub(crate) fn format(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return "0s".to_owned();
    }
    UNITS
        .iter()
        .find(|(_, unit)| millis.is_multiple_of(*unit))
        .map_or_else(|| format!("{millis}ms"), |(name, unit)| format!("{}{name}", millis / unit))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*duration))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_reads_and_writes_back() {
        for (text, millis) in [
            ("0s", 0),
            ("250ms", 250),
            ("8s", 8_000),
            ("90s", 90_000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("7d", 604_800_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
            assert_eq!(parse(&format(Duration::from_millis(millis))), Ok(Duration::from_millis(millis)));
        }
        assert_eq!(format(Duration::from_mins(5)), "5m");
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for text in
            ["", "8", "s", "8 sec", "-1s", "1.5s", "1m30s", "99999999999999999999s", "18446744073709551615d"]
        {
            let message = parse(text).unwrap_err();
            assert!(message.contains("\"8s\""), "{text}: {message}");
        }
    }
}
