//! How a provision status is to be read: one verdict per operation and per extension.

use super::{ProvisionStatus, StatusMessage};
use crate::UserId;

/// What became of an operation or an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Done.
    Success,
    /// Refused, with Concur's reason where it gave one.
    Failed {
        /// HTTP-like code, such as `400`.
        code: Option<String>,
        /// Concur's words.
        message: Option<String>,
        /// The attribute it is about.
        path: Option<String>,
    },
    /// There was nothing to do.
    NoOp,
    /// Nothing was done because another part of the same operation failed. Only meaningful for extensions that were in the
    /// request: Concur lists untouched ones as well.
    Blocked,
    /// Not finished.
    Pending,
    /// Concur gave up before it; safe to send again.
    NotProcessed,
}

/// What became of one extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionOutcome {
    /// URN of the extension.
    pub name: String,
    /// What became of it.
    pub verdict: Verdict,
    /// Warnings, also on success.
    pub warnings: Vec<StatusMessage>,
}

/// What became of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationOutcome {
    /// The bulk id as sent; `None` if Concur left it out.
    pub bulk_id: Option<String>,
    /// The user.
    pub user_id: Option<UserId>,
    /// The operation as a whole: `Failed` as soon as one extension failed, `Pending` while one is.
    pub verdict: Verdict,
    /// Each extension.
    pub extensions: Vec<ExtensionOutcome>,
}

/// What became of a provision request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProvisionOutcome {
    /// Poll again later.
    Pending,
    /// Completed; look at each operation.
    Completed {
        /// Concur's overall opinion; not to be trusted without the operations.
        success: bool,
        /// Each operation, by `bulk_id`.
        operations: Vec<OperationOutcome>,
    },
}

impl ProvisionStatus {
    /// Reads the status.
    pub fn outcome(&self) -> ProvisionOutcome {
        unimplemented!()
    }
}
