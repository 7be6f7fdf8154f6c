//! Reports and expenses as Expense v4 writes them: where the business purpose is. Not here: the v3 forms, which carry
//! the spend category and are found company-wide; both are joined by [`expense_key`].
//! Source: pages "Reports v4" (`ReportDetails`) and "Expenses v4" (`ReportExpenseSummary`, `ReportExpenseDetail`).

use super::{Row, wire};
use crate::ReportId;
use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

/// An amount with its own currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Money {
    /// The amount, digits as written.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub value: Option<Decimal>,
    /// ISO 4217 code.
    #[serde(default, deserialize_with = "wire::text")]
    pub currency_code: Option<String>,
}

/// A report header of v4. It has no date of the last change.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportV4 {
    /// Id; equals `ID` of v3.
    pub report_id: ReportId,
    /// Name given by the owner.
    #[serde(default, deserialize_with = "wire::text")]
    pub name: Option<String>,
    /// What the whole report is for.
    #[serde(default, deserialize_with = "wire::text")]
    pub business_purpose: Option<String>,
    /// The owner's UUID, in whatever case.
    #[serde(default, deserialize_with = "wire::text")]
    pub user_id: Option<String>,
    /// Approval status code, such as `A_APPR`.
    #[serde(default, deserialize_with = "wire::text")]
    pub approval_status_id: Option<String>,
    /// Payment status code, such as `P_PAID`.
    #[serde(default, deserialize_with = "wire::text")]
    pub payment_status_id: Option<String>,
    /// ISO 4217 code of the report.
    #[serde(default, deserialize_with = "wire::text")]
    pub currency_code: Option<String>,
    /// The policy, under the id that Expense Configuration v4 uses; not v3's `PolicyID`.
    #[serde(default, deserialize_with = "wire::text")]
    pub policy_id: Option<String>,
    /// Sum of all expenses.
    #[serde(default)]
    pub report_total: Option<Money>,
    /// The report as Concur wrote it.
    #[serde(skip)]
    pub raw: Value,
}

/// An expense or itemization of v4, from a list or read alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpenseV4 {
    /// Id; joins with v3's `ExpenseID` by [`ExpenseV4::key`].
    pub expense_id: String,
    /// What the money was spent for: at most 64 characters, v3 does not have it.
    #[serde(default, deserialize_with = "wire::text")]
    pub business_purpose: Option<String>,
    /// Who was paid.
    #[serde(default)]
    pub vendor: Option<Vendor>,
    /// What kind of expense it is.
    #[serde(default)]
    pub expense_type: Option<ExpenseTypeRef>,
    /// The day of the expense.
    #[serde(default, deserialize_with = "wire::date")]
    pub transaction_date: Option<Date>,
    /// Paid to the vendor.
    #[serde(default)]
    pub transaction_amount: Option<Money>,
    /// In the report's currency.
    #[serde(default)]
    pub posted_amount: Option<Money>,
    /// Approved part; empty or zero before approval.
    #[serde(default)]
    pub approved_amount: Option<Money>,
    /// The expense this is a part of. Documented for single expenses only.
    #[serde(default, deserialize_with = "wire::text")]
    pub parent_expense_id: Option<String>,
    /// Not a company's spend.
    #[serde(default)]
    pub is_personal_expense: Option<bool>,
    /// The approver refused it, so it moves to a report of its own. On single expenses only.
    #[serde(default)]
    pub is_expense_rejected: Option<bool>,
    /// When it changed last. On single expenses only, and often null there.
    #[serde(default, deserialize_with = "wire::date_time")]
    pub last_modified_date: Option<DateTime>,
    /// The expense as Concur wrote it.
    #[serde(skip)]
    pub raw: Value,
}

/// The vendor of an expense: from the company's list, or as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Vendor {
    /// Id in the company's list.
    #[serde(default, deserialize_with = "wire::text")]
    pub id: Option<String>,
    /// Name in the company's list.
    #[serde(default, deserialize_with = "wire::text")]
    pub name: Option<String>,
    /// As typed, or the card's merchant text.
    #[serde(default, deserialize_with = "wire::text")]
    pub description: Option<String>,
}

/// The type of an expense.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ExpenseTypeRef {
    /// Key of at most five letters: `expenseTypeId` of Expense Configuration v4.
    #[serde(default, deserialize_with = "wire::text")]
    pub id: Option<String>,
    /// Code of the kind of handling, such as `OTHER`.
    #[serde(default, deserialize_with = "wire::text")]
    pub code: Option<String>,
    /// Name in the language that was asked for.
    #[serde(default, deserialize_with = "wire::text")]
    pub name: Option<String>,
}

impl ExpenseV4 {
    /// The id in the form that v3 and v4 share.
    pub fn key(&self) -> String {
        expense_key(&self.expense_id)
    }
}

/// An expense id in one form: v3 calls it a UUID, v4 samples show 32 upper-case digits, so hyphens go and case is
/// folded.
pub fn expense_key(id: &str) -> String {
    id.chars().filter(|character| *character != '-').map(|character| character.to_ascii_lowercase()).collect()
}

impl Row for ReportV4 {
    fn with_raw(self, raw: Value) -> Self {
        Self { raw, ..self }
    }
}

impl Row for ExpenseV4 {
    fn with_raw(self, raw: Value) -> Self {
        Self { raw, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v3_and_v4_ids_of_one_expense_have_one_key() {
        let v4 = "84FCBB92BD4E5342B849DAC29FD163A1";
        assert_eq!(expense_key(v4), expense_key("84fcbb92-bd4e-5342-b849-dac29fd163a1"));
        assert_ne!(expense_key(v4), expense_key("84fcbb92-bd4e-5342-b849-dac29fd163a2"));
    }
}
