//! A company's expense policies and types as one of its users has them. Read-only.
//! Source: page "Expense Configuration v4".

use super::{rows, target::segment};
use crate::{
    Client, Error, Page, UserId,
    http::Endpoint,
    model::{ExpenseType, Policy},
};

static POLICIES: Endpoint =
    Endpoint::get("expense_config.policies").needing(&["expense.config.policies.restricted.read"]);
static EXPENSE_TYPES: Endpoint =
    Endpoint::get("expense_config.expense_types").needing(&["expense.config.expensetypes.restricted.read"]);

pub(super) static ENDPOINTS: &[&Endpoint] = &[&POLICIES, &EXPENSE_TYPES];

/// Reads the expense configuration; company and user tokens, scopes `expense.config.policies.restricted.read` and
/// `expense.config.expensetypes.restricted.read`, which many applications do not hold.
#[derive(Clone, Debug)]
pub struct ExpenseConfig {
    pub(crate) client: Client,
}

impl ExpenseConfig {
    /// The policies a user may report under; there are no further pages.
    pub async fn policies(&self, user: &UserId) -> Result<Page<Policy>, Error> {
        let target = format!("/expenseconfig/v4/users/{user}/policies");
        rows::array(&self.client.get(&POLICIES, &target).await?)
    }

    /// The expense types of a policy, each with its spend category; there are no further pages.
    pub async fn expense_types(&self, user: &UserId, policy_id: &str) -> Result<Page<ExpenseType>, Error> {
        let policy = segment(policy_id);
        let target = format!("/expenseconfig/v4/users/{user}/policies/{policy}/expensetypes");
        rows::array(&self.client.get(&EXPENSE_TYPES, &target).await?)
    }
}
