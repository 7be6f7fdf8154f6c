//! The nouns as Concur writes them, under the names of its documentation. Not here: verbs, which are in `api`.

mod custom_field;
mod entry;
mod identity;
mod itemization;
mod outcome;
mod provision;
mod report;
mod row;
pub(crate) mod wire;

pub use custom_field::CustomField;
pub use entry::Entry;
pub use identity::{ENTERPRISE, IdentityUser};
pub use itemization::Itemization;
pub use outcome::{ExtensionOutcome, OperationOutcome, ProvisionOutcome, Verdict};
pub(crate) use provision::patch_message;
pub use provision::{
    BulkMethod, BulkOperation, Created, Op, OperationCounts, PatchOperation, Patched, ProvisionExtension,
    ProvisionOperation, ProvisionResource, ProvisionStatus, StatusFlags, StatusMessage, Submitted,
};
pub use report::Report;
pub(crate) use row::Row;
