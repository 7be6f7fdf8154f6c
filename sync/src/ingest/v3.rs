//! Expense v3 to the canonical line: report, entry and itemization as Concur sends them, to what is stored.
//!
//! An entry with itemizations is the sum of them, so its itemizations become lines and the entry does not: nothing is
//! counted twice. Itemizations carry no vendor and no currency; both are inherited from the entry. v3 has no business
//! purpose, so that field stays empty and the description beside it (Entries v3, Itemizations v3).

use concur::model::{Entry, Itemization, Report};
use jiff::{
    civil::{Date, DateTime},
    tz::TimeZone,
};
use rust_decimal::Decimal;
use serde_json::json;
use store::{
    lines::{Money, NewLine, Texts},
    reports::NewReport,
};

/// The source that lines and reports of this API carry.
pub const SOURCE: &str = "concur_v3";

/// A report header as it is stored.
pub fn report(report: &Report) -> NewReport {
    NewReport {
        source: SOURCE.to_owned(),
        report_id: report.id.as_str().to_owned(),
        name: report.name.clone().unwrap_or_default(),
        owner_login: report.owner_login_id.clone().unwrap_or_default(),
        // Concur shows a login alone; whose it is, the users say.
        owner_id: None,
        owner_name: report.owner_name.clone(),
        currency: currency_of(report),
        total: report.total.unwrap_or_default(),
        approval_status: report.approval_status_code.clone(),
        payment_status: report.payment_status_code.clone(),
        last_modified: report
            .last_modified_date
            .and_then(|at| at.to_zoned_datetime(TimeZone::UTC).ok())
            .map(|at| at.timestamp()),
        raw: report.raw.clone(),
    }
}

/// The lines of one entry: itself, or its itemizations. `itemizations` may hold those of other entries.
pub fn lines(report: &Report, entry: &Entry, itemizations: &[Itemization]) -> Vec<NewLine> {
    let parts: Vec<&Itemization> = itemizations.iter().filter(|part| part.entry_id == entry.id).collect();
    if parts.is_empty() {
        vec![of_entry(report, entry)]
    } else {
        parts.into_iter().map(|part| of_itemization(report, entry, part)).collect()
    }
}

fn of_entry(report: &Report, entry: &Entry) -> NewLine {
    NewLine {
        source_key: format!("entry/{}", entry_key(entry)),
        itemization_id: None,
        transaction_date: entry.transaction_date.unwrap_or_else(|| fallback_date(report)),
        transaction: transaction(report, entry, entry.transaction_amount),
        posted: posted(report, entry.posted_amount),
        texts: Texts {
            description: entry.description.clone(),
            expense_type_code: entry.expense_type_code.clone(),
            expense_type_name: entry.expense_type_name.clone(),
            spend_category_code: entry.spend_category_code.clone(),
            spend_category_name: entry.spend_category_name.clone(),
            ..vendor(entry)
        },
        is_personal: entry.is_personal.unwrap_or(false),
        raw: entry.raw.clone(),
        ..common(report, entry)
    }
}

fn of_itemization(report: &Report, entry: &Entry, part: &Itemization) -> NewLine {
    NewLine {
        source_key: format!("itemization/{}", part.id.as_str()),
        itemization_id: Some(part.id.as_str().to_owned()),
        transaction_date: part
            .transaction_date
            .or(entry.transaction_date)
            .unwrap_or_else(|| fallback_date(report)),
        transaction: transaction(report, entry, part.transaction_amount),
        posted: posted(report, part.posted_amount),
        texts: Texts {
            description: part.description.clone().or_else(|| entry.description.clone()),
            expense_type_code: part.expense_type_code.clone(),
            expense_type_name: part.expense_type_name.clone(),
            spend_category_code: part.spend_category_code.clone(),
            spend_category_name: part.spend_category_name.clone(),
            ..vendor(entry)
        },
        is_personal: part.is_personal.or(entry.is_personal).unwrap_or(false),
        raw: json!({ "entry": entry.raw, "itemization": part.raw }),
        ..common(report, entry)
    }
}

/// What every line of an entry shares; the rest is filled in by the caller.
fn common(report: &Report, entry: &Entry) -> NewLine {
    NewLine {
        source: SOURCE.to_owned(),
        source_key: String::new(),
        report_id: Some(report.id.as_str().to_owned()),
        entry_id: Some(entry.id.as_str().to_owned()),
        itemization_id: None,
        owner_login: entry
            .report_owner_id
            .clone()
            .or_else(|| report.owner_login_id.clone())
            .unwrap_or_default(),
        transaction_date: fallback_date(report),
        transaction: posted(report, None),
        posted: posted(report, None),
        texts: Texts::default(),
        is_personal: false,
        has_itemizations: false,
        raw: serde_json::Value::Null,
    }
}

/// Entries move between reports and their v3 id may then differ; `ExpenseID` stays. It is compared without hyphens
/// and case, since v3 and v4 write it differently. Old tenants lack it.
fn entry_key(entry: &Entry) -> String {
    match &entry.expense_id {
        Some(id) => id.chars().filter(|letter| *letter != '-').collect::<String>().to_ascii_lowercase(),
        None => entry.id.as_str().to_owned(),
    }
}

fn vendor(entry: &Entry) -> Texts {
    Texts {
        vendor_description: entry.vendor_description.clone(),
        vendor_list_item: entry.vendor_list_item_name.clone(),
        ..Texts::default()
    }
}

fn transaction(report: &Report, entry: &Entry, amount: Option<Decimal>) -> Money {
    let currency = entry.transaction_currency_code.clone().unwrap_or_else(|| currency_of(report));
    Money { amount: amount.unwrap_or_default(), currency }
}

fn posted(report: &Report, amount: Option<Decimal>) -> Money {
    Money { amount: amount.unwrap_or_default(), currency: currency_of(report) }
}

/// The documentation's own list writes `GBO` for pound sterling, a typo for GBP.
fn currency_of(report: &Report) -> String {
    match report.currency_code.as_deref() {
        Some("GBO") => "GBP".to_owned(),
        Some(code) => code.to_owned(),
        None => String::new(),
    }
}

/// The day of an expense whose date Concur left out: the report's creation.
fn fallback_date(report: &Report) -> Date {
    report.create_date.or(report.last_modified_date).map_or(Date::ZERO, DateTime::date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: serde::de::DeserializeOwned>(json: &str) -> T {
        serde_json::from_str(json).unwrap()
    }

    fn a_report() -> Report {
        read(
            r#"{"ID": "R1", "Name": "March", "OwnerLoginID": "ana@aldermoor.example", "CurrencyCode": "GBO",
                "Total": 142.50, "CreateDate": "2026-03-02T08:00:00", "LastModifiedDate": "2026-03-09T08:00:00.5",
                "ApprovalStatusCode": "A_APPR", "PaymentStatusCode": "P_PAID"}"#,
        )
    }

    fn an_entry(extra: &str) -> Entry {
        read(&format!(
            r#"{{"ID": "gE$1", "ReportID": "R1", "ReportOwnerID": "ana@aldermoor.example", "TransactionDate":
                "2026-03-01T00:00:00", "TransactionCurrencyCode": "USD", "TransactionAmount": 180.00000000,
                "PostedAmount": 142.50, "VendorDescription": "QUILLWORK 4029357733", "Description": "Design seats",
                "ExpenseTypeCode": "SOFTW", "ExpenseTypeName": "Software" {extra}}}"#
        ))
    }

    fn a_part(id: &str, entry: &str, posted: &str) -> Itemization {
        read(&format!(
            r#"{{"ID": "{id}", "EntryID": "{entry}", "TransactionAmount": 90, "PostedAmount": {posted},
                "ExpenseTypeCode": "LODNG", "SpendCategoryCode": "LODGG"}}"#
        ))
    }

    #[test]
    fn an_entry_without_itemizations_is_one_line() {
        let lines = lines(&a_report(), &an_entry(""), &[]);
        assert_eq!(lines.len(), 1);
        let line = &lines[0];
        assert_eq!(line.transaction, Money { amount: "180".parse().unwrap(), currency: "USD".to_owned() });
        assert_eq!(line.posted, Money { amount: "142.50".parse().unwrap(), currency: "GBP".to_owned() });
        assert_eq!(line.texts.vendor_description.as_deref(), Some("QUILLWORK 4029357733"));
        assert_eq!(line.texts.business_purpose, None, "v3 has none");
        assert_eq!(line.source_key, "entry/gE$1");
    }

    #[test]
    fn itemizations_replace_their_entry_and_inherit_vendor_and_currency() {
        let parts =
            [a_part("gI$1", "gE$1", "100"), a_part("gI$2", "gE$1", "42.5"), a_part("gI$3", "gE$9", "7")];
        let lines = lines(&a_report(), &an_entry(r#", "HasItemizations": true"#), &parts);
        let keys: Vec<_> = lines.iter().map(|line| line.source_key.as_str()).collect();
        assert_eq!(keys, ["itemization/gI$1", "itemization/gI$2"], "not the entry, not another entry's part");
        for line in &lines {
            assert_eq!(line.texts.vendor_description.as_deref(), Some("QUILLWORK 4029357733"));
            assert_eq!(line.texts.description.as_deref(), Some("Design seats"));
            assert_eq!(line.texts.expense_type_code.as_deref(), Some("LODNG"));
            assert_eq!(line.transaction.currency, "USD");
        }
        let posted: Decimal = lines.iter().map(|line| line.posted.amount).sum();
        assert_eq!(posted, "142.5".parse().unwrap());
    }

    #[test]
    fn the_expense_id_is_the_key_however_it_is_written() {
        #[track_caller]
        fn check(extra: &str, expected: &str) {
            assert_eq!(lines(&a_report(), &an_entry(extra), &[])[0].source_key, expected);
        }
        check(
            r#", "ExpenseID": "0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0""#,
            "entry/0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        );
        check(
            r#", "ExpenseID": "0F1E2D3C4B5A69788796A5B4C3D2E1F0""#,
            "entry/0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        );
    }

    #[test]
    fn a_header_keeps_its_codes_and_its_time_is_utc() {
        let header = report(&a_report());
        assert_eq!(header.currency, "GBP");
        assert_eq!(header.last_modified, Some("2026-03-09T08:00:00.5Z".parse().unwrap()));
        assert_eq!(header.payment_status.as_deref(), Some("P_PAID"));
    }
}
