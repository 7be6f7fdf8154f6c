//! An expense entry. Not here: attendees, journeys and taxes, which stay readable in the raw row.
//! Source: Expense Entries v3, "Entry" response schema.

use super::{CustomField, custom_field::custom_fields, wire};
use crate::{EntryId, ReportId};
use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

/// One expense of a report. An entry with itemizations is the sum of them: count either, never both.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Entry {
    /// Encrypted id.
    #[serde(rename = "ID")]
    pub id: EntryId,
    /// The id Expense v4 calls `expenseId`; old tenants may lack it. Compare without hyphens and case.
    #[serde(rename = "ExpenseID", default, deserialize_with = "wire::text")]
    pub expense_id: Option<String>,
    /// The report it is on now; entries can move.
    #[serde(rename = "ReportID", default)]
    pub report_id: Option<ReportId>,
    /// Login id of the report's owner (a login id despite the name).
    #[serde(rename = "ReportOwnerID", default, deserialize_with = "wire::text")]
    pub report_owner_id: Option<String>,
    /// Code of the expense type; stable over languages.
    #[serde(default, deserialize_with = "wire::text")]
    pub expense_type_code: Option<String>,
    /// Expense type in the token owner's language.
    #[serde(default, deserialize_with = "wire::text")]
    pub expense_type_name: Option<String>,
    /// Code of the spend category, such as `COMPU`.
    #[serde(default, deserialize_with = "wire::text")]
    pub spend_category_code: Option<String>,
    /// Spend category in the token owner's language.
    #[serde(default, deserialize_with = "wire::text")]
    pub spend_category_name: Option<String>,
    /// The vendor as typed, or the card's merchant text; at most 64 characters.
    #[serde(default, deserialize_with = "wire::text")]
    pub vendor_description: Option<String>,
    /// Id of the vendor in the company's list.
    #[serde(rename = "VendorListItemID", default, deserialize_with = "wire::text")]
    pub vendor_list_item_id: Option<String>,
    /// Name of the vendor in the company's list.
    #[serde(default, deserialize_with = "wire::text")]
    pub vendor_list_item_name: Option<String>,
    /// Free text on the expense; v3 has no business purpose of its own.
    #[serde(default, deserialize_with = "wire::text")]
    pub description: Option<String>,
    /// The day of the expense.
    #[serde(default, deserialize_with = "wire::date")]
    pub transaction_date: Option<Date>,
    /// ISO 4217 code of what was paid to the vendor.
    #[serde(default, deserialize_with = "wire::text")]
    pub transaction_currency_code: Option<String>,
    /// Paid to the vendor, in `transaction_currency_code`; negative for refunds.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub transaction_amount: Option<Decimal>,
    /// Rate from transaction to report currency.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub exchange_rate: Option<Decimal>,
    /// In the report's currency; includes personal expenses.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub posted_amount: Option<Decimal>,
    /// In the report's currency; zero or missing before approval.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub approved_amount: Option<Decimal>,
    /// Id of the payment type.
    #[serde(rename = "PaymentTypeID", default, deserialize_with = "wire::text")]
    pub payment_type_id: Option<String>,
    /// Payment type, such as cash or company card.
    #[serde(default, deserialize_with = "wire::text")]
    pub payment_type_name: Option<String>,
    /// Id of the company card charge behind it.
    #[serde(rename = "CompanyCardTransactionID", default, deserialize_with = "wire::text")]
    pub company_card_transaction_id: Option<String>,
    /// City or place.
    #[serde(default, deserialize_with = "wire::text")]
    pub location_name: Option<String>,
    /// ISO 3166-1 country of the place.
    #[serde(default, deserialize_with = "wire::text")]
    pub location_country: Option<String>,
    /// Whether it is broken down; then only its itemizations count.
    #[serde(default)]
    pub has_itemizations: Option<bool>,
    /// Whether the employee marked it as personal: not company spend.
    #[serde(default)]
    pub is_personal: Option<bool>,
    /// Whether it can be billed on.
    #[serde(default)]
    pub is_billable: Option<bool>,
    /// When it changed last, UTC.
    #[serde(default, deserialize_with = "wire::date_time")]
    pub last_modified: Option<DateTime>,
    /// The row as Concur wrote it.
    #[serde(skip)]
    pub raw: Value,
}

impl Entry {
    /// `Custom1`-`40` and `OrgUnit1`-`6`, those that are set.
    pub fn custom_fields(&self) -> impl Iterator<Item = (&str, CustomField)> {
        custom_fields(&self.raw)
    }
}
