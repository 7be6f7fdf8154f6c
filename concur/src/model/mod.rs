//! The nouns as Concur writes them, under the names of its documentation. Not here: verbs, which are in `api`.

mod custom_field;
mod entry;
mod event;
mod expense_config;
mod expense_v4;
mod identity;
mod itemization;
mod outcome;
mod provision;
mod provision_schema;
mod report;
mod report_v2;
mod row;
mod spend;
mod travel;
pub(crate) mod wire;

pub use custom_field::CustomField;
pub use entry::Entry;
pub use event::{Event, EventSubject, WebhookSubscription, WebhookTarget};
pub use expense_config::{ExpenseType, Policy};
pub use expense_v4::{ExpenseTypeRef, ExpenseV4, Money, ReportV4, Vendor, expense_key};
pub use identity::{ENTERPRISE, IdentityUser};
pub use itemization::Itemization;
pub use outcome::{ExtensionOutcome, OperationOutcome, ProvisionOutcome, Verdict};
pub(crate) use provision::patch_message;
pub use provision::{
    BulkMethod, BulkOperation, Created, Op, OperationCounts, PatchOperation, Patched, ProvisionExtension,
    ProvisionOperation, ProvisionResource, ProvisionStatus, StatusFlags, StatusMessage, Submitted,
};
pub use provision_schema::{ProvisionAttribute, ProvisionResourceType, ProvisionSchema, SchemaExtension};
pub use report::Report;
pub use report_v2::{EntryV2, ItemizationV2, ReportV2};
pub(crate) use row::Row;
pub(crate) use spend::role_codes;
pub use spend::{FormField, FormList, SPEND, SPEND_APPROVER, SPEND_ROLE, SpendUser};
pub use travel::{TRAVEL, TravelUser};
