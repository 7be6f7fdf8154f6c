//! Dates in a column. The order of day, month and year is decided once for the whole column and never row by row: a
//! column that fits two orders with different dates is a question for a person, not a guess.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The order in which a column writes its dates. Separators do not matter, a time behind the date neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DateOrder {
    /// `2026-01-31`, `20260131`
    #[serde(rename = "YMD")]
    YearMonthDay,
    /// `31.01.2026`, `31/1/26`, `31 Jan 2026`
    #[serde(rename = "DMY")]
    DayMonthYear,
    /// `01/31/2026`, `Jan 31, 2026`
    #[serde(rename = "MDY")]
    MonthDayYear,
}

impl DateOrder {
    pub(super) const ALL: [DateOrder; 3] =
        [DateOrder::YearMonthDay, DateOrder::DayMonthYear, DateOrder::MonthDayYear];

    /// As the command line and the API write it.
    pub const fn name(self) -> &'static str {
        match self {
            DateOrder::YearMonthDay => "YMD",
            DateOrder::DayMonthYear => "DMY",
            DateOrder::MonthDayYear => "MDY",
        }
    }

    /// The order of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name().eq_ignore_ascii_case(name))
    }

    /// A date in this order; `None` for anything else.
    pub(super) fn parse(self, text: &str) -> Option<Date> {
        let text = without_time(text.trim());
        if self == DateOrder::YearMonthDay
            && text.len() == 8
            && text.bytes().all(|byte| byte.is_ascii_digit())
        {
            return date(&text[..4], &text[4..6], &text[6..]);
        }
        let mut parts = text
            .split(|c: char| matches!(c, '-' | '/' | '.' | ',' | '年' | '月' | '日') || c.is_whitespace());
        let mut next = || parts.by_ref().find(|part| !part.is_empty());
        let (first, second, third) = (next()?, next()?, next()?);
        if next().is_some() {
            return None;
        }
        match self {
            DateOrder::YearMonthDay if first.len() == 4 => date(first, second, third),
            DateOrder::YearMonthDay => None,
            DateOrder::DayMonthYear => date(third, second, first),
            // Nobody writes month, day and year with full stops; behind a month's name one is an abbreviation.
            DateOrder::MonthDayYear if text.contains('.') && is_number(first) => None,
            DateOrder::MonthDayYear => date(third, first, second),
        }
    }
}

/// Cuts `T10:00:00Z` or ` 10:00 AM` off.
fn without_time(text: &str) -> &str {
    let Some(colon) = text.find(':') else { return text };
    text[..colon].rfind(['T', ' ']).map_or(text, |end| text[..end].trim_end())
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn date(year: &str, month: &str, day: &str) -> Option<Date> {
    if !is_number(day) || day.len() > 2 {
        return None;
    }
    Date::new(year_of(year)?, month_of(month)?, day.parse().ok()?).ok()
}

fn year_of(text: &str) -> Option<i16> {
    let year: i16 = text.parse().ok()?;
    match text.len() {
        4 if (1970..2200).contains(&year) => Some(year),
        // Two digits are this century: nobody expenses what was bought before 1970.
        2 => Some(2000 + year),
        _ => None,
    }
}

/// A number, or the beginning of an English, German, French or Spanish name of at least three letters.
fn month_of(text: &str) -> Option<i8> {
    const NAMES: [&[&str]; 12] = [
        &["january", "januar", "janvier", "enero"],
        &["february", "februar", "fevrier", "février", "febrero"],
        &["march", "märz", "maerz", "mars", "marzo"],
        &["april", "avril", "abril"],
        &["may", "mai", "mayo"],
        &["june", "juni", "juin", "junio"],
        &["july", "juli", "juillet", "julio"],
        &["august", "août", "aout", "agosto"],
        &["september", "septembre", "septiembre"],
        &["october", "oktober", "octobre", "octubre"],
        &["november", "novembre", "noviembre"],
        &["december", "dezember", "décembre", "decembre", "diciembre"],
    ];
    if text.len() <= 2 && is_number(text) {
        return text.parse().ok();
    }
    let text = text.to_lowercase();
    if text.chars().count() < 3 {
        return None;
    }
    let month = NAMES.iter().position(|names| names.iter().any(|name| name.starts_with(&text)))?;
    i8::try_from(month + 1).ok()
}

/// What a column of dates was seen to be.
#[derive(Clone, Debug, Default)]
pub(super) struct DateSurvey {
    values: u64,
    orders: [Seen; 3],
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    parsed: u64,
    /// Over the dates as this order reads them: two orders with the same one read the same dates.
    print: u64,
}

/// What follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DateVerdict {
    /// No value at all.
    Empty,
    /// This order.
    Order(DateOrder),
    /// These read it equally well, and differently.
    Ambiguous(Vec<DateOrder>),
    /// No order reads at least half of it.
    None,
}

impl DateSurvey {
    pub(super) fn see(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        self.values += 1;
        for (order, seen) in DateOrder::ALL.into_iter().zip(&mut self.orders) {
            if let Some(date) = order.parse(text) {
                seen.parsed += 1;
                let day =
                    u64::try_from(i32::from(date.year()) * 400 + i32::from(date.day_of_year())).unwrap_or(0);
                seen.print = seen.print.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(day);
            }
        }
    }

    pub(super) fn verdict(&self) -> DateVerdict {
        let most = self.orders.iter().map(|seen| seen.parsed).max().unwrap_or(0);
        if self.values == 0 {
            return DateVerdict::Empty;
        }
        if most * 2 < self.values {
            return DateVerdict::None;
        }
        let best: Vec<(DateOrder, u64)> = DateOrder::ALL
            .into_iter()
            .zip(&self.orders)
            .filter(|(_, seen)| seen.parsed == most)
            .map(|(order, seen)| (order, seen.print))
            .collect();
        match best.as_slice() {
            [(first, print), rest @ ..] if rest.iter().all(|(_, other)| other == print) => {
                DateVerdict::Order(*first)
            }
            _ => DateVerdict::Ambiguous(best.into_iter().map(|(order, _)| order).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;

    #[test]
    fn one_order_reads_many_spellings() {
        #[track_caller]
        fn check(order: DateOrder, text: &str, expected: Option<Date>) {
            assert_eq!(order.parse(text), expected, "{text}");
        }
        use DateOrder::{DayMonthYear as Dmy, MonthDayYear as Mdy, YearMonthDay as Ymd};
        let end = Some(day(2026, 1, 31));
        for text in [
            "2026-01-31",
            "20260131",
            "2026/1/31",
            "2026-01-31T23:59:59Z",
            "2026-01-31 10:00:00",
            "2026年1月31日",
        ] {
            check(Ymd, text, end);
        }
        for text in [
            "31.01.2026",
            "31/1/26",
            "31-01-2026",
            "31 Jan 2026",
            "31. Januar 2026",
            "31-janv-2026",
            "31.01.2026 08:15",
        ] {
            check(Dmy, text, end);
        }
        for text in ["01/31/2026", "1/31/26", "Jan. 31, 2026", "January 31 2026", "1/31/2026 3:04 PM"] {
            check(Mdy, text, end);
        }
        check(Ymd, "26-01-31", None);
        check(Dmy, "01/31/2026", None);
        check(Mdy, "31/01/2026", None);
        check(Mdy, "01.31.2026", None);
        check(Dmy, "31.02.2026", None);
        check(Ymd, "2026-01", None);
        check(Dmy, "1.2.3.2026", None);
        check(Ymd, "9999-01-01", None);
        check(Dmy, "n/a", None);
    }

    #[track_caller]
    fn survey(values: &[&str], expected: &DateVerdict) {
        let mut survey = DateSurvey::default();
        for value in values {
            survey.see(value);
        }
        assert_eq!(survey.verdict(), *expected, "{values:?}");
    }

    #[test]
    fn the_whole_column_decides() {
        survey(&["03/04/2026", "05/06/2026", "25/12/2026"], &DateVerdict::Order(DateOrder::DayMonthYear));
        survey(&["03/04/2026", "12/25/2026"], &DateVerdict::Order(DateOrder::MonthDayYear));
        survey(&["2026-03-04", "", "  "], &DateVerdict::Order(DateOrder::YearMonthDay));
        survey(&["03.01.2026", "06.13.2026", "05.01.2026"], &DateVerdict::Order(DateOrder::DayMonthYear));
        survey(&["01.02.2026", "garbage", "25.02.2026"], &DateVerdict::Order(DateOrder::DayMonthYear));
        survey(&["", " "], &DateVerdict::Empty);
        survey(&["soon", "later", "2026-01-01"], &DateVerdict::None);
    }

    #[test]
    fn two_orders_that_disagree_are_a_question_and_two_that_agree_are_not() {
        let both = DateVerdict::Ambiguous(vec![DateOrder::DayMonthYear, DateOrder::MonthDayYear]);
        survey(&["03/04/2026", "05/06/2026"], &both);
        survey(&["03/03/2026", "05/05/2026"], &DateVerdict::Order(DateOrder::DayMonthYear));
    }
}
