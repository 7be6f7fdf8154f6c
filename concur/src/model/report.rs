//! An expense report header. Not here: its entries. Source: Expense Reports v3, "Report" response schema.

use super::{CustomField, custom_field::custom_fields, wire};
use crate::ReportId;
use jiff::civil::DateTime;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

/// A report header. Amounts are in `currency_code`; times without a zone are taken as UTC.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Report {
    /// Id; equals `reportId` of Expense v4.
    #[serde(rename = "ID")]
    pub id: ReportId,
    /// Name given by the owner.
    #[serde(default, deserialize_with = "wire::text")]
    pub name: Option<String>,
    /// Login id of the owner: the Identity `userName` at the time of reading.
    #[serde(rename = "OwnerLoginID", default, deserialize_with = "wire::text")]
    pub owner_login_id: Option<String>,
    /// Name of the owner.
    #[serde(default, deserialize_with = "wire::text")]
    pub owner_name: Option<String>,
    /// Login id of the approver.
    #[serde(rename = "ApproverLoginID", default, deserialize_with = "wire::text")]
    pub approver_login_id: Option<String>,
    /// Name of the approver.
    #[serde(default, deserialize_with = "wire::text")]
    pub approver_name: Option<String>,
    /// ISO 4217 code of the report: the owner's reimbursement currency when it was created.
    #[serde(default, deserialize_with = "wire::text")]
    pub currency_code: Option<String>,
    /// ISO 3166 alpha-2 country.
    #[serde(default, deserialize_with = "wire::text")]
    pub country: Option<String>,
    /// ISO 3166-2 subdivision, such as `CA-BC`.
    #[serde(default, deserialize_with = "wire::text")]
    pub country_subdivision: Option<String>,
    /// Sum of all entries.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub total: Option<Decimal>,
    /// Approved part.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub total_approved_amount: Option<Decimal>,
    /// Claimed part.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub total_claimed_amount: Option<Decimal>,
    /// Part marked as personal.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub personal_amount: Option<Decimal>,
    /// Owed to the employee.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub amount_due_employee: Option<Decimal>,
    /// Owed to the company card.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub amount_due_company_card: Option<Decimal>,
    /// Approval status code, such as `A_APPR`; companies add their own.
    #[serde(default, deserialize_with = "wire::text")]
    pub approval_status_code: Option<String>,
    /// Approval status in the token owner's language.
    #[serde(default, deserialize_with = "wire::text")]
    pub approval_status_name: Option<String>,
    /// Payment status code, such as `P_PAID`; see [`Report::is_paid`].
    #[serde(default, deserialize_with = "wire::text")]
    pub payment_status_code: Option<String>,
    /// Payment status in the token owner's language.
    #[serde(default, deserialize_with = "wire::text")]
    pub payment_status_name: Option<String>,
    /// When it was created.
    #[serde(default, deserialize_with = "wire::date_time")]
    pub create_date: Option<DateTime>,
    /// When it was submitted.
    #[serde(default, deserialize_with = "wire::date_time")]
    pub submit_date: Option<DateTime>,
    /// When its payment was begun.
    #[serde(default, deserialize_with = "wire::date_time")]
    pub processing_payment_date: Option<DateTime>,
    /// When it was paid.
    #[serde(default, deserialize_with = "wire::date_time")]
    pub paid_date: Option<DateTime>,
    /// The date the owner gave it.
    #[serde(default, deserialize_with = "wire::date_time")]
    pub user_defined_date: Option<DateTime>,
    /// When the header changed last; a changed entry does not move it.
    #[serde(default, deserialize_with = "wire::date_time")]
    pub last_modified_date: Option<DateTime>,
    /// The ledger's name.
    #[serde(default, deserialize_with = "wire::text")]
    pub ledger_name: Option<String>,
    /// Encrypted policy id; not the `policyId` of Expense v4.
    #[serde(rename = "PolicyID", default, deserialize_with = "wire::text")]
    pub policy_id: Option<String>,
    /// Whether it was ever sent back to the owner.
    #[serde(default)]
    pub ever_sent_back: Option<bool>,
    /// Whether it breaks a rule.
    #[serde(default)]
    pub has_exception: Option<bool>,
    /// Whether the receipts have arrived.
    #[serde(default)]
    pub receipts_received: Option<bool>,
    /// The row as Concur wrote it.
    #[serde(skip)]
    pub raw: Value,
}

impl Report {
    /// Sent for payment or payment confirmed: `P_PAYC` follows `P_PAID` where confirmation is in use, so both count.
    pub fn is_paid(&self) -> bool {
        matches!(self.payment_status_code.as_deref(), Some("P_PAID" | "P_PAYC"))
    }

    /// `Custom1`-`20` and `OrgUnit1`-`6`, those that are set.
    pub fn custom_fields(&self) -> impl Iterator<Item = (&str, CustomField)> {
        custom_fields(&self.raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sent_for_payment_and_confirmed_both_count_as_paid() {
        #[track_caller]
        fn check(code: &str, paid: bool) {
            let json = serde_json::json!({"ID": "R", "PaymentStatusCode": code});
            assert_eq!(serde_json::from_value::<Report>(json).unwrap().is_paid(), paid, "{code}");
        }
        check("P_PAID", true);
        check("P_PAYC", true);
        check("P_PROC", false);
        check("P_NOTP", false);
        check("", false);
    }
}
