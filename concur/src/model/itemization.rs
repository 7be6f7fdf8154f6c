//! A part of an expense entry. Source: Expense Itemizations v3, "Itemization" response schema.

use super::{CustomField, custom_field::custom_fields, wire};
use crate::{EntryId, ItemizationId, ReportId};
use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

/// A part of an entry. It has no vendor and no currency of its own: both are the entry's.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Itemization {
    /// Encrypted id.
    #[serde(rename = "ID")]
    pub id: ItemizationId,
    /// The entry it is a part of.
    #[serde(rename = "EntryID")]
    pub entry_id: EntryId,
    /// The report of that entry.
    #[serde(rename = "ReportID", default)]
    pub report_id: Option<ReportId>,
    /// Login id of the report's owner.
    #[serde(rename = "ReportOwnerID", default, deserialize_with = "wire::text")]
    pub report_owner_id: Option<String>,
    /// Code of the expense type; stable over languages.
    #[serde(default, deserialize_with = "wire::text")]
    pub expense_type_code: Option<String>,
    /// Expense type in the token owner's language.
    #[serde(default, deserialize_with = "wire::text")]
    pub expense_type_name: Option<String>,
    /// Code of the spend category.
    #[serde(default, deserialize_with = "wire::text")]
    pub spend_category_code: Option<String>,
    /// Spend category in the token owner's language.
    #[serde(default, deserialize_with = "wire::text")]
    pub spend_category_name: Option<String>,
    /// Free text on this part.
    #[serde(default, deserialize_with = "wire::text")]
    pub description: Option<String>,
    /// The day of the expense.
    #[serde(default, deserialize_with = "wire::date")]
    pub transaction_date: Option<Date>,
    /// In the transaction currency of the entry.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub transaction_amount: Option<Decimal>,
    /// In the report's currency.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub posted_amount: Option<Decimal>,
    /// In the report's currency; zero or missing before approval.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub approved_amount: Option<Decimal>,
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

impl Itemization {
    /// `Custom1`-`40` and `OrgUnit1`-`6`, those that are set.
    pub fn custom_fields(&self) -> impl Iterator<Item = (&str, CustomField)> {
        custom_fields(&self.raw)
    }
}
