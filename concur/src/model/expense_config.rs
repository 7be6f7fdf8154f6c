//! A company's expense policies and expense types, the one living way from a v4 expense to its spend category.
//! Source: page "Expense Configuration v4".

use super::{Row, wire};
use serde::Deserialize;
use serde_json::Value;

/// An expense policy a user may report under.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Id; `policyId` of a v4 report.
    pub policy_id: String,
    /// Name.
    #[serde(default, deserialize_with = "wire::text")]
    pub policy_name: Option<String>,
    /// The user's default policy.
    #[serde(default)]
    pub is_default: Option<bool>,
    /// The policy as Concur wrote it.
    #[serde(skip)]
    pub raw: Value,
}

/// An expense type of a policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpenseType {
    /// Id; `expenseType.id` of a v4 expense.
    pub expense_type_id: String,
    /// Name.
    #[serde(default, deserialize_with = "wire::text")]
    pub expense_type_name: Option<String>,
    /// Spend category code, such as `COMPU`; stable over languages.
    #[serde(default, deserialize_with = "wire::text")]
    pub spend_category_code: Option<String>,
    /// Spend category in some language.
    #[serde(default, deserialize_with = "wire::text")]
    pub spend_category_name: Option<String>,
    /// A heading of other types, which no expense has.
    #[serde(default)]
    pub is_category: Option<bool>,
    /// The heading it stands under.
    #[serde(default, deserialize_with = "wire::text")]
    pub parent_expense_type_id: Option<String>,
    /// The expense type as Concur wrote it.
    #[serde(skip)]
    pub raw: Value,
}

impl Row for Policy {
    fn with_raw(self, raw: Value) -> Self {
        Self { raw, ..self }
    }
}

impl Row for ExpenseType {
    fn with_raw(self, raw: Value) -> Self {
        Self { raw, ..self }
    }
}
