//! The verbs, one module per API, under the names of Concur's documentation. Not here: the nouns, which are in `model`.

mod catalogue;
mod events;
mod expense_config;
mod expense_reports;
mod expenses;
mod identity;
mod provisioning;
mod provisioning_schemas;
mod report_details;
mod rows;
mod signing_keys;
mod spend;
mod target;
mod travel;

pub use catalogue::{EndpointScopes, endpoint_scopes};
pub use events::Events;
pub use expense_config::ExpenseConfig;
pub use expense_reports::ExpenseReports;
pub use expenses::{ExpenseUser, Expenses, ItemizationsOf, PAGE_ROWS_MAX, ReportQuery};
pub use identity::{Identity, LIST_ROWS_MAX, LookupAttribute};
pub use provisioning::{BULK_BYTES_MAX, BULK_OPERATIONS_MAX, Provisioning};
pub use report_details::ReportDetails;
pub use signing_keys::signing_keys;
pub use spend::{SPEND_ROWS_MAX, Spend};
pub use travel::Travel;
