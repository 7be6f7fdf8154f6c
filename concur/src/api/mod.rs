//! The verbs, one module per API.
mod expenses;
mod identity;
mod provisioning;
mod spend;

pub use expenses::{ExpenseUser, Expenses, ItemizationsOf, ReportQuery};
pub use identity::{Identity, LookupAttribute};
pub use provisioning::{BULK_BYTES_MAX, BULK_OPERATIONS_MAX, Provisioning};
pub use spend::Spend;
