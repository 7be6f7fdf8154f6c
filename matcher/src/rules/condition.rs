//! Conditions, and whether they hold for a line.

use std::cell::OnceCell;

use regex_lite::Regex;
use rust_decimal::Decimal;

use super::Facts;
use crate::normalize::Normalized;

/// A text of a line that rules may test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    VendorDescription,
    BusinessPurpose,
    ExpenseTypeName,
    SpendCategory,
    ExpenseTypeCode,
    SpendCategoryCode,
    Currency,
    Owner,
    Department,
    Account,
}

/// Every text with its name in files.
pub(super) const TEXTS: [(&str, Text); 10] = [
    ("vendor_description", Text::VendorDescription),
    ("business_purpose", Text::BusinessPurpose),
    ("expense_type_name", Text::ExpenseTypeName),
    ("spend_category", Text::SpendCategory),
    ("expense_type_code", Text::ExpenseTypeCode),
    ("spend_category_code", Text::SpendCategoryCode),
    ("currency", Text::Currency),
    ("owner", Text::Owner),
    ("department", Text::Department),
    ("account", Text::Account),
];

/// What must hold.
#[derive(Debug)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Text(Text, Test),
    Amount(Comparison, Decimal),
}

/// A test of a text. Words are normalised and stand between single spaces.
#[derive(Debug)]
pub(super) enum Test {
    ContainsWord(String),
    Equals(String),
    StartsWith(String),
    Regex(Regex),
}

/// How an amount is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    AtLeast,
    Above,
    AtMost,
    Below,
    Equals,
}

/// A line whose texts are normalised when they are first asked for.
pub(super) struct Folded<'f> {
    facts: &'f Facts<'f>,
    texts: [OnceCell<String>; TEXTS.len()],
}

impl<'f> Folded<'f> {
    pub(super) fn new(facts: &'f Facts<'f>) -> Folded<'f> {
        Folded { facts, texts: [const { OnceCell::new() }; TEXTS.len()] }
    }

    fn raw(&self, text: Text) -> &'f str {
        let texts = &self.facts.texts;
        let given = match text {
            Text::VendorDescription => Some(texts.vendor_description),
            Text::BusinessPurpose => Some(texts.business_purpose),
            Text::ExpenseTypeName => Some(texts.expense_type_name),
            Text::SpendCategory => Some(texts.spend_category),
            Text::ExpenseTypeCode => texts.expense_type_code,
            Text::SpendCategoryCode => texts.spend_category_code,
            Text::Currency => self.facts.currency,
            Text::Owner => self.facts.owner,
            Text::Department => self.facts.department,
            Text::Account => self.facts.account,
        };
        let given = given.unwrap_or_default();
        &given[..given.floor_char_boundary(crate::TEXT_BYTES_MAX)]
    }

    /// The words, a space around each.
    fn words(&self, text: Text) -> &str {
        self.texts[text as usize].get_or_init(|| spaced(self.raw(text)))
    }
}

/// A text's words, a space around each.
pub(super) fn spaced(text: &str) -> String {
    format!(" {} ", Normalized::of(text).phrase())
}

impl Condition {
    /// Whether it tests this text.
    pub(super) fn reads(&self, text: Text) -> bool {
        match self {
            Condition::All(all) | Condition::Any(all) => all.iter().any(|one| one.reads(text)),
            Condition::Not(one) => one.reads(text),
            Condition::Text(of, _) => *of == text,
            Condition::Amount(..) => false,
        }
    }

    pub(super) fn holds(&self, line: &Folded<'_>) -> bool {
        match self {
            Condition::All(all) => all.iter().all(|one| one.holds(line)),
            Condition::Any(any) => any.iter().any(|one| one.holds(line)),
            Condition::Not(one) => !one.holds(line),
            Condition::Text(of, test) => match test {
                Test::ContainsWord(words) => line.words(*of).contains(words),
                Test::Equals(words) => line.words(*of) == words,
                Test::StartsWith(words) => line.words(*of).starts_with(words),
                Test::Regex(regex) => regex.is_match(line.raw(*of)),
            },
            Condition::Amount(comparison, value) => {
                line.facts.amount.is_some_and(|amount| match comparison {
                    Comparison::AtLeast => amount >= *value,
                    Comparison::Above => amount > *value,
                    Comparison::AtMost => amount <= *value,
                    Comparison::Below => amount < *value,
                    Comparison::Equals => amount == *value,
                })
            }
        }
    }
}
