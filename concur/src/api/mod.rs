//! The verbs, one module per API, under the names of Concur's documentation. Not here: the nouns, which are in `model`.

mod expenses;
mod identity;
mod provisioning;
mod spend;
mod target;

pub use expenses::{ExpenseUser, Expenses, ItemizationsOf, PAGE_ROWS_MAX, ReportQuery};
pub use identity::{Identity, LIST_ROWS_MAX, LookupAttribute};
pub use provisioning::{BULK_BYTES_MAX, BULK_OPERATIONS_MAX, Provisioning};
pub use spend::Spend;
