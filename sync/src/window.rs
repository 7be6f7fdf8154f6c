//! Which spans of report modification dates to read, newest first (design: one year before the first connection).
//!
//! Pure. Concur's `modifiedDateAfter` and `modifiedDateBefore` take plain dates; whether a boundary belongs to the
//! span and which zone applies is not stated (Reports v3), so a window asks for one day more on each side. What is
//! read twice is stored once.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Days in one window: small enough to show value soon, large enough to keep the number of lists low.
pub const WINDOW_DAYS: i32 = 14;

/// A span of days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

impl Window {
    /// What to ask Concur for: exclusive boundaries one day outside.
    pub fn query(&self) -> concur::api::ReportQuery {
        concur::api::ReportQuery {
            modified_after: Some(day_before(self.from)),
            modified_before: Some(day_after(self.to)),
            ..concur::api::ReportQuery::default()
        }
    }
}

/// The first day whose expenses are stored: one year before the first connection.
pub fn first_day(first_connected_at: Timestamp) -> Date {
    let day = first_connected_at.to_zoned_datetime(TimeZone::UTC).date();
    day.checked_sub(1.year()).unwrap_or(Date::MIN)
}

/// The windows of a span, newest first; the oldest may be shorter.
pub fn newest_first(from: Date, to: Date) -> Vec<Window> {
    let mut windows = Vec::new();
    let mut end = to;
    while end >= from {
        let start = end.checked_sub((WINDOW_DAYS - 1).days()).unwrap_or(Date::MIN).max(from);
        windows.push(Window { from: start, to: end });
        if start == Date::MIN {
            break;
        }
        end = day_before(start);
    }
    windows
}

fn day_before(day: Date) -> Date {
    day.yesterday().unwrap_or(Date::MIN)
}

fn day_after(day: Date) -> Date {
    day.tomorrow().unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn windows_cover_the_span_once_newest_first() {
        let (from, to) = (date(2025, 11, 23), date(2026, 11, 23));
        let windows = newest_first(from, to);
        assert_eq!(windows[0].to, to);
        assert_eq!(windows.last().unwrap().from, from);
        for pair in windows.windows(2) {
            assert_eq!(pair[1].to.tomorrow().unwrap(), pair[0].from, "no hole and no overlap");
        }
        assert!(windows.iter().all(|window| window.from <= window.to));
        assert_eq!(windows.len(), 27, "366 days in steps of 14");
    }

    #[test]
    fn a_span_of_one_day_is_one_window() {
        let day = date(2026, 2, 28);
        assert_eq!(newest_first(day, day), [Window { from: day, to: day }]);
        assert!(newest_first(day, date(2026, 2, 27)).is_empty());
    }

    #[test]
    fn the_year_counts_from_the_first_connection() {
        #[track_caller]
        fn check(connected: &str, expected: Date) {
            assert_eq!(first_day(connected.parse().unwrap()), expected);
        }
        check("2026-11-23T10:00:00Z", date(2025, 11, 23));
        check("2028-02-29T23:59:59Z", date(2027, 2, 28));
    }

    #[test]
    fn a_query_asks_for_one_day_more_on_each_side() {
        let query = Window { from: date(2026, 1, 1), to: date(2026, 1, 14) }.query();
        assert_eq!(query.modified_after, Some(date(2025, 12, 31)));
        assert_eq!(query.modified_before, Some(date(2026, 1, 15)));
    }
}
