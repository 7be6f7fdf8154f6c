//! One row to one canonical line, or to the reason why not. Pure.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value};
use store::lines::{Money, NewLine, Texts};

use super::amount::DecimalMark;
use super::date::DateOrder;
use super::field::Field;
use super::mapping::Mapping;
use super::table::Record;

/// The source that imported lines carry.
pub const SOURCE: &str = "import";
/// Concur's texts have 64 characters; beyond this a cell is no text of an expense.
const TEXT_CHARS_MAX: usize = 4_000;

/// What was decided for whole columns.
#[derive(Clone, Debug)]
pub(super) struct Formats {
    pub(super) date_order: DateOrder,
    pub(super) decimal_mark: DecimalMark,
    /// For rows that name none.
    pub(super) currency: Option<String>,
}

/// Why a row is no line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// Line of the file or row of the sheet.
    pub line: u64,
    /// The field that is wrong.
    pub field: &'static str,
    /// Its value.
    pub value: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A line without its key, which depends on the rows before it.
pub(super) fn line(record: &Record, mapping: &Mapping, formats: &Formats) -> Result<NewLine, Rejection> {
    let row = Row { record, mapping, formats };
    let date = row.date()?;
    let (posted, transaction) = row.amounts()?;
    let texts = row.texts()?;
    let optional = |field| Some(row.text(field)).filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(NewLine {
        source: SOURCE.to_owned(),
        source_key: String::new(),
        report_id: optional(Field::ReportId),
        entry_id: optional(Field::EntryId),
        itemization_id: None,
        owner_login: row.text(Field::OwnerLogin).to_owned(),
        transaction_date: date,
        transaction,
        posted,
        texts,
        is_personal: row.is_personal()?,
        has_itemizations: false,
        raw: row.raw(),
    })
}

struct Row<'a> {
    record: &'a Record,
    mapping: &'a Mapping,
    formats: &'a Formats,
}

impl<'a> Row<'a> {
    fn text(&self, field: Field) -> &'a str {
        self.mapping.text(&self.record.cells, field)
    }

    fn reject(&self, field: Field, reason: impl Into<String>) -> Rejection {
        let value = self.text(field).chars().take(100).collect();
        Rejection { line: self.record.line, field: field.name(), value, reason: reason.into() }
    }

    fn date(&self) -> Result<Date, Rejection> {
        let text = self.text(Field::TransactionDate);
        let order = self.formats.date_order;
        order.parse(text).ok_or_else(|| {
            let reason = if text.is_empty() {
                "the row has no date".to_owned()
            } else {
                format!("not a date in the order of this column ({})", order.name())
            };
            self.reject(Field::TransactionDate, reason)
        })
    }

    /// What was posted, and what the vendor got; each stands for the other where the file has one only.
    fn amounts(&self) -> Result<(Money, Money), Rejection> {
        let posted = self.amount(Field::PostedAmount)?;
        let transaction = self.amount(Field::TransactionAmount)?;
        let posted_currency = self.currency(Field::PostedCurrency, Field::PostedAmount)?;
        let transaction_currency = self.currency(Field::TransactionCurrency, Field::TransactionAmount)?;
        let default = self.formats.currency.clone();
        let money = |amount: Decimal, currencies: [&Option<String>; 3]| {
            let currency = currencies.into_iter().flatten().next().cloned();
            currency.map(|currency| Money { amount, currency }).ok_or_else(|| {
                self.reject(
                    Field::PostedCurrency,
                    "no currency; map a column to it, or give one for the whole file",
                )
            })
        };
        match (posted, transaction) {
            (None, None) => Err(self.reject(Field::PostedAmount, "the row has no amount")),
            (Some(amount), None) => {
                let posted = money(amount, [&posted_currency, &transaction_currency, &default])?;
                Ok((posted.clone(), posted))
            }
            (None, Some(amount)) => {
                let transaction = money(amount, [&transaction_currency, &posted_currency, &default])?;
                Ok((transaction.clone(), transaction))
            }
            (Some(posted), Some(transaction)) => Ok((
                money(posted, [&posted_currency, &default, &transaction_currency])?,
                money(transaction, [&transaction_currency, &posted_currency, &default])?,
            )),
        }
    }

    fn amount(&self, field: Field) -> Result<Option<Decimal>, Rejection> {
        let text = self.text(field);
        if text.is_empty() {
            return Ok(None);
        }
        let mark = self.formats.decimal_mark;
        let reason = || format!("not an amount with a decimal {}", mark.name());
        mark.parse(text).map(Some).ok_or_else(|| self.reject(field, reason()))
    }

    /// From its own column, else from a sign beside the amount that stands for one currency only.
    fn currency(&self, field: Field, amount: Field) -> Result<Option<String>, Rejection> {
        let text = self.text(field);
        if text.is_empty() {
            let beside = self.text(amount);
            let sign = |sign: char, code: &str| beside.contains(sign).then(|| code.to_owned());
            return Ok(sign('€', "EUR").or_else(|| sign('£', "GBP")).or_else(|| sign('₹', "INR")));
        }
        if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Ok(Some(text.to_ascii_uppercase()));
        }
        Err(self.reject(field, "not a currency code of three letters (ISO 4217)"))
    }

    fn texts(&self) -> Result<Texts, Rejection> {
        let text = |field| {
            let text = self.text(field);
            if text.chars().nth(TEXT_CHARS_MAX).is_some() {
                return Err(self.reject(field, format!("longer than {TEXT_CHARS_MAX} characters")));
            }
            Ok(Some(text).filter(|text| !text.is_empty()).map(str::to_owned))
        };
        Ok(Texts {
            vendor_description: text(Field::VendorDescription)?,
            vendor_list_item: None,
            description: text(Field::Description)?,
            business_purpose: text(Field::BusinessPurpose)?,
            expense_type_code: text(Field::ExpenseTypeCode)?,
            expense_type_name: text(Field::ExpenseTypeName)?,
            spend_category_code: text(Field::SpendCategoryCode)?,
            spend_category_name: text(Field::SpendCategory)?,
        })
    }

    fn is_personal(&self) -> Result<bool, Rejection> {
        const YES: &[&str] = &["y", "yes", "true", "1", "x", "ja", "oui", "si", "sí", "はい"];
        const NO: &[&str] = &["", "n", "no", "false", "0", "nein", "non", "いいえ", "-"];
        let text = self.text(Field::IsPersonal).to_lowercase();
        match (YES.contains(&text.as_str()), NO.contains(&text.as_str())) {
            (true, _) => Ok(true),
            (_, true) => Ok(false),
            _ => Err(self.reject(Field::IsPersonal, "neither yes nor no")),
        }
    }

    /// The cells that filled a field, as they were read; what is not needed is not kept (features D22).
    fn raw(&self) -> Value {
        let cell = |field: &Field| {
            let text = self.text(*field);
            (!text.is_empty()).then(|| (field.name().to_owned(), Value::from(text)))
        };
        Value::Object(Field::ALL.iter().filter_map(cell).collect::<Map<_, _>>())
    }
}

#[cfg(test)]
mod tests {
    use super::super::mapping::Wishes;
    use super::*;

    fn convert(headings: &[&str], cells: &[&str], currency: Option<&str>) -> Result<NewLine, Rejection> {
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let mapping = Mapping::find(&own(headings), &Wishes::new()).unwrap();
        let formats = Formats {
            date_order: DateOrder::DayMonthYear,
            decimal_mark: DecimalMark::Comma,
            currency: currency.map(str::to_owned),
        };
        line(&Record { line: 7, cells: own(cells) }, &mapping, &formats)
    }

    const GERMAN: &[&str] =
        &["Datum", "Anbieter", "Betrag", "Währung", "Mitarbeiter", "Privat", "Interne Notiz"];

    #[test]
    fn a_row_becomes_a_line_and_keeps_only_what_is_needed() {
        let line =
            convert(GERMAN, &["31.01.2026", " Zoom ", "1.014,99", "eur", "ana", "nein", "geheim"], None)
                .unwrap();
        assert_eq!(line.transaction_date, jiff::civil::date(2026, 1, 31));
        assert_eq!(
            (line.posted.amount.to_string(), line.posted.currency.as_str()),
            ("1014.99".to_owned(), "EUR")
        );
        assert_eq!(line.transaction, line.posted);
        assert_eq!(line.texts.vendor_description.as_deref(), Some("Zoom"));
        assert_eq!((line.owner_login.as_str(), line.is_personal), ("ana", false));
        assert!(!line.raw.to_string().contains("geheim"));
    }

    #[test]
    fn a_sign_or_the_whole_files_currency_stands_in() {
        let line = convert(GERMAN, &["31.01.2026", "Zoom", "14,99 €"], Some("CHF")).unwrap();
        assert_eq!(line.posted.currency, "EUR");
        let line = convert(GERMAN, &["31.01.2026", "Zoom", "14,99"], Some("CHF")).unwrap();
        assert_eq!(line.posted.currency, "CHF");
        let line = convert(GERMAN, &["31.01.2026", "Zoom", "$14,99"], None);
        assert!(line.unwrap_err().reason.contains("no currency"), "a dollar sign has twenty currencies");
    }

    #[test]
    fn two_amounts_keep_their_currencies_apart() {
        let headings = &[
            "Date",
            "Vendor",
            "Transaction Amount",
            "Transaction Currency",
            "Posted Amount",
            "Posted Currency",
        ];
        let line = convert(headings, &["31.01.2026", "Zoom", "16,49", "USD", "14,99", "EUR"], None).unwrap();
        assert_eq!((line.transaction.currency.as_str(), line.posted.currency.as_str()), ("USD", "EUR"));
    }

    #[test]
    fn a_wrong_row_is_rejected_with_line_field_value_and_reason() {
        #[track_caller]
        fn check(cells: &[&str], field: &str, value: &str, reason: &str) {
            let rejection = convert(GERMAN, cells, Some("EUR")).unwrap_err();
            assert_eq!((rejection.line, rejection.field, rejection.value.as_str()), (7, field, value));
            assert!(rejection.reason.contains(reason), "{}", rejection.reason);
        }
        check(&["2026-01-31", "Zoom", "1"], "TransactionDate", "2026-01-31", "DMY");
        check(&["", "Zoom", "1"], "TransactionDate", "", "no date");
        check(&["31.01.2026", "Zoom", "12.50"], "PostedAmount", "12.50", "decimal comma");
        check(&["31.01.2026", "Zoom", ""], "PostedAmount", "", "no amount");
        check(&["31.01.2026", "Zoom", "1", "Euro"], "PostedCurrency", "Euro", "ISO 4217");
        check(
            &["31.01.2026", "Zoom", "1", "EUR", "ana", "vielleicht"],
            "IsPersonal",
            "vielleicht",
            "neither",
        );
        let long = "x".repeat(TEXT_CHARS_MAX + 1);
        check(&["31.01.2026", &long, "1"], "VendorDescription", &long[..100], "longer");
    }
}
