//! How a provision status is to be read: one verdict per operation and per extension. Not here: what the caller asked
//! for, which a status does not tell, and what to do next.
//! Source: User Provisioning v4, "Provision Status"; User Provisioning guide, "Reading the result".

use super::{ProvisionExtension, ProvisionOperation, ProvisionStatus, StatusFlags, StatusMessage};
use crate::UserId;

/// What became of an operation or an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Done.
    Success,
    /// Refused, with Concur's reason where it gave one. A code of 5xx may be tried again, 4xx not.
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
    /// "Nothing to do" beside a failure in the same operation. For an extension that was in the request it means that the
    /// failure stopped it: keep it in the retry. For others it means nothing, since Concur lists untouched ones too.
    Blocked,
    /// Not finished.
    Pending,
    /// Concur did not come to it; may be sent again.
    NotProcessed,
}

/// What became of one extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionOutcome {
    /// URN of the extension; core and enterprise attributes count as extensions here.
    pub name: String,
    /// What became of it.
    pub verdict: Verdict,
    /// Warnings, which success can carry too.
    pub warnings: Vec<StatusMessage>,
}

/// What became of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationOutcome {
    /// The bulk id as sent; `gen-temp-bulk-id` for single calls.
    pub bulk_id: Option<String>,
    /// The user; `None` when a creation failed.
    pub user_id: Option<UserId>,
    /// The operation as a whole: failed as soon as one extension failed, even if Concur says success.
    pub verdict: Verdict,
    /// Each extension that Concur lists.
    pub extensions: Vec<ExtensionOutcome>,
}

impl OperationOutcome {
    /// Whether core or enterprise attributes failed: then nothing else of the operation was processed, and all of it must
    /// be repeated. Otherwise the identity is saved and only the failed extensions need a PATCH.
    pub fn identity_failed(&self) -> bool {
        let failed = |extension: &ExtensionOutcome| matches!(extension.verdict, Verdict::Failed { .. });
        if self.extensions.iter().any(failed) {
            self.extensions.iter().any(|extension| failed(extension) && is_identity(&extension.name))
        } else {
            matches!(self.verdict, Verdict::Failed { .. })
        }
    }
}

/// What became of a provision request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProvisionOutcome {
    /// Not finished, or an answer that contradicts itself: ask again, no faster than every 5 seconds.
    Pending,
    /// Finished.
    Completed {
        /// Concur's overall opinion. Not to be trusted without the operations.
        success: bool,
        /// Each operation, to be found by its bulk id and never by its position. Empty in a summary. One that is
        /// missing is unknown.
        operations: Vec<OperationOutcome>,
    },
}

impl ProvisionStatus {
    /// Reads the status.
    pub fn outcome(&self) -> ProvisionOutcome {
        if self.status.completed != Some(true) || !self.counts_add_up() {
            return ProvisionOutcome::Pending;
        }
        let operations = self.operations.iter().map(ProvisionOperation::outcome).collect();
        ProvisionOutcome::Completed { success: self.status.success == Some(true), operations }
    }

    /// Whether the counters agree with each other. An answer whose counters do not is no ground for a decision.
    pub fn counts_add_up(&self) -> bool {
        self.operations_count.is_none_or(|counts| {
            // One sample omits `pending`.
            let known =
                counts.success.saturating_add(counts.failed).saturating_add(counts.pending.unwrap_or(0));
            known == counts.total
        })
    }
}

impl ProvisionOperation {
    /// Reads one operation.
    pub fn outcome(&self) -> OperationOutcome {
        let mut extensions: Vec<ExtensionOutcome> =
            self.extensions.iter().map(ProvisionExtension::outcome).collect();
        let failure = failure(&extensions).or_else(|| {
            let refused = self.status.success == Some(false) && self.status.completed != Some(false);
            refused.then(|| self.own_failure())
        });
        if failure.is_some() {
            for extension in &mut extensions {
                if extension.verdict == Verdict::NoOp {
                    extension.verdict = Verdict::Blocked;
                }
            }
        }
        let any = |verdict: &Verdict| extensions.iter().any(|extension| extension.verdict == *verdict);
        let verdict = match failure {
            Some(failure) => failure,
            None if self.status.result.as_deref() == Some("not-processed") => Verdict::NotProcessed,
            None if self.status.success != Some(true) || any(&Verdict::Pending) => Verdict::Pending,
            None if any(&Verdict::NotProcessed) => Verdict::NotProcessed,
            None if !extensions.is_empty() && !any(&Verdict::Success) => Verdict::NoOp,
            None => Verdict::Success,
        };
        let user_id = self.resource.as_ref().and_then(|resource| resource.id);
        OperationOutcome { bulk_id: self.bulk_id.clone(), user_id, verdict, extensions }
    }

    /// The documentation mentions an `error` member and never shows it: take a message where one can be found.
    fn own_failure(&self) -> Verdict {
        let text = |name: &str| {
            let error = self.error.as_ref()?;
            let found = error.as_str().filter(|_| name == "message").or_else(|| error.get(name)?.as_str());
            found.map(str::to_owned)
        };
        let code = self.status.code.clone().or_else(|| text("code"));
        Verdict::Failed {
            code,
            message: text("message").or_else(|| text("detail")),
            path: text("schemaPath"),
        }
    }
}

impl ProvisionExtension {
    fn outcome(&self) -> ExtensionOutcome {
        let warnings = self.messages.iter().filter(|message| message.is("warning")).cloned().collect();
        ExtensionOutcome { name: self.name.clone(), verdict: self.verdict(), warnings }
    }

    fn verdict(&self) -> Verdict {
        let StatusFlags { completed, success, result, .. } = &self.status;
        match (result.as_deref(), completed, success) {
            (Some("error"), ..) => self.failed(),
            (Some("not-processed"), ..) => Verdict::NotProcessed,
            (Some("processing"), ..) | (_, Some(false), _) => Verdict::Pending,
            (_, _, Some(false)) => self.failed(),
            (Some("no-op"), ..) => Verdict::NoOp,
            (Some("success"), ..) | (_, _, Some(true)) => Verdict::Success,
            _ => Verdict::Pending,
        }
    }

    fn failed(&self) -> Verdict {
        let telling =
            self.messages.iter().find(|message| message.is("error")).or_else(|| self.messages.first());
        Verdict::Failed {
            code: self.status.code.clone(),
            message: telling.and_then(|message| message.message.clone().or_else(|| message.code.clone())),
            path: telling.and_then(|message| message.schema_path.clone()),
        }
    }
}

impl StatusMessage {
    fn is(&self, kind: &str) -> bool {
        self.kind.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(kind))
    }
}

/// The failure that explains the operation: of the identity if it failed, since it stops the rest.
fn failure(extensions: &[ExtensionOutcome]) -> Option<Verdict> {
    let failed = || extensions.iter().filter(|extension| matches!(extension.verdict, Verdict::Failed { .. }));
    let telling = failed().find(|extension| is_identity(&extension.name)).or_else(|| failed().next());
    telling.map(|extension| extension.verdict.clone())
}

fn is_identity(name: &str) -> bool {
    name == "urn:ietf:params:scim:schemas:core:2.0:User" || name == super::ENTERPRISE
}
