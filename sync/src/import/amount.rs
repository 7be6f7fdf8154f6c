//! Amounts in a column: exact decimals, with one decimal mark decided for the whole column.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What stands before the decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// `1,234.56`
    Point,
    /// `1.234,56`, `1 234,56`
    Comma,
}

impl DecimalMark {
    pub(super) const ALL: [DecimalMark; 2] = [DecimalMark::Point, DecimalMark::Comma];

    /// As the command line and the API write it.
    pub const fn name(self) -> &'static str {
        match self {
            DecimalMark::Point => "point",
            DecimalMark::Comma => "comma",
        }
    }

    /// The mark of a name or of the sign itself.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "." => Some(DecimalMark::Point),
            "," => Some(DecimalMark::Comma),
            _ => Self::ALL.into_iter().find(|mark| mark.name().eq_ignore_ascii_case(name)),
        }
    }

    /// An amount; parentheses or a minus on either side make it negative, currency signs and codes are passed over.
    pub(super) fn parse(self, text: &str) -> Option<Decimal> {
        let (mark, group) = match self {
            DecimalMark::Point => ('.', ','),
            DecimalMark::Comma => (',', '.'),
        };
        let text = text.trim();
        let (text, in_parentheses) = match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            Some(inner) => (inner, true),
            None => (text, false),
        };
        let text = text.trim_matches(|c: char| c.is_alphabetic() || c.is_whitespace() || "$€£¥₹".contains(c));
        let minus = ['-', '\u{2212}'];
        let (text, negative) = match text.strip_prefix(minus).or_else(|| text.strip_suffix(minus)) {
            Some(rest) => (rest, true),
            None => (text, in_parentheses),
        };
        let text = text.trim_matches(|c: char| c.is_alphabetic() || c.is_whitespace() || "$€£¥₹".contains(c));
        let (whole, fraction) = match text.split_once(mark) {
            Some((whole, fraction)) => (whole, fraction),
            None => (text, ""),
        };
        let fraction_is_digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
        if !fraction_is_digits || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let digits = grouped(whole, group)?;
        let amount = Decimal::from_str_exact(&format!("{digits}.{fraction}0")).ok()?.normalize();
        Some(if negative { -amount } else { amount })
    }
}

/// The digits of a whole number whose groups, where there are any, have three digits and one separator.
fn grouped(whole: &str, group: char) -> Option<String> {
    let is_separator = |c: char| c == group || c == '\'' || c == '\u{2019}' || c.is_whitespace();
    let mut parts = whole.split(is_separator);
    let first = parts.next()?;
    let rest: Vec<&str> = parts.collect();
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let well_grouped = rest.iter().all(|part| part.len() == 3 && is_digits(part));
    let first_fits = is_digits(first) && (rest.is_empty() || (1..=3).contains(&first.len()));
    if !well_grouped || !first_fits {
        return None;
    }
    let digits = format!("{first}{}", rest.concat());
    Some(if digits.is_empty() { "0".to_owned() } else { digits })
}

/// What a column of amounts was seen to be.
#[derive(Clone, Debug, Default)]
pub(super) struct AmountSurvey {
    values: u64,
    parsed: [u64; 2],
    /// Values that the two marks read differently.
    different: u64,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AmountVerdict {
    /// No value at all.
    Empty,
    /// This mark.
    Mark(DecimalMark),
    /// Both read it equally well, and differently.
    Ambiguous,
    /// Neither reads at least half of it.
    None,
}

impl AmountSurvey {
    pub(super) fn see(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        self.values += 1;
        let [point, comma] = DecimalMark::ALL.map(|mark| mark.parse(text));
        self.parsed[0] += u64::from(point.is_some());
        self.parsed[1] += u64::from(comma.is_some());
        self.different += u64::from(point.is_some() && comma.is_some() && point != comma);
    }

    pub(super) fn verdict(&self) -> AmountVerdict {
        let [point, comma] = self.parsed;
        match point.max(comma) {
            _ if self.values == 0 => AmountVerdict::Empty,
            most if most * 2 < self.values => AmountVerdict::None,
            _ if point > comma => AmountVerdict::Mark(DecimalMark::Point),
            _ if comma > point => AmountVerdict::Mark(DecimalMark::Comma),
            _ if self.different > 0 => AmountVerdict::Ambiguous,
            _ => AmountVerdict::Mark(DecimalMark::Point),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_in_either_spelling() {
        #[track_caller]
        fn check(mark: DecimalMark, text: &str, expected: Option<&str>) {
            assert_eq!(mark.parse(text).map(|amount| amount.to_string()).as_deref(), expected, "{text}");
        }
        use DecimalMark::{Comma, Point};
        check(Point, "1,234.50", Some("1234.5"));
        check(Point, "$1,234.56", Some("1234.56"));
        check(Point, "USD 12", Some("12"));
        check(Point, "(14.99)", Some("-14.99"));
        check(Point, "-14.99", Some("-14.99"));
        check(Point, "$-14.99", Some("-14.99"));
        check(Point, "-$14.99", Some("-14.99"));
        check(Point, "14.99-", Some("-14.99"));
        check(Point, ".5", Some("0.5"));
        check(Point, "1'234.50", Some("1234.5"));
        check(Point, "12,50", None);
        check(Point, "1,23,456.00", None);
        check(Point, "1.234,56", None);
        check(Comma, "1.234,56", Some("1234.56"));
        check(Comma, "1\u{a0}234,56 €", Some("1234.56"));
        check(Comma, "12,5", Some("12.5"));
        check(Comma, "12.50", None);
        check(Point, "", None);
        check(Point, "-", None);
        check(Point, "abc", None);
        check(Point, "0.1234567890123456789", Some("0.1234567890123456789"));
    }

    #[track_caller]
    fn survey(values: &[&str], expected: AmountVerdict) {
        let mut survey = AmountSurvey::default();
        for value in values {
            survey.see(value);
        }
        assert_eq!(survey.verdict(), expected, "{values:?}");
    }

    #[test]
    fn the_whole_column_decides_and_a_tie_is_a_question() {
        survey(&["1,234", "12.50"], AmountVerdict::Mark(DecimalMark::Point));
        survey(&["1.234", "12,50"], AmountVerdict::Mark(DecimalMark::Comma));
        survey(&["12", "1200", ""], AmountVerdict::Mark(DecimalMark::Point));
        survey(&["1,234", "5,678"], AmountVerdict::Ambiguous);
        survey(&["a", "b", "1"], AmountVerdict::None);
        survey(&[""], AmountVerdict::Empty);
    }
}
