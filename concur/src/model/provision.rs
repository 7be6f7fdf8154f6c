//! What User Provisioning takes and answers. Not here: how a status is to be read (`outcome`).
//! Source: User Provisioning v4, "Users", "Bulk" and "Provision Status".

use super::wire;
use crate::{ProvisionId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a PATCH operation does; lower case on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// Adds. On a list without a filter Concur replaces the whole list.
    Add,
    /// Replaces.
    Replace,
    /// Removes.
    Remove,
}

/// One operation of a PATCH.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PatchOperation {
    /// What to do.
    pub op: Op,
    /// Where, in Concur's dialect: `name.givenName`, `<urn>:department`, `emails[type eq "work"].value`.
    pub path: String,
    /// The new value; absent for `remove`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<Value>,
}

/// The method of a bulk operation. There is no `PUT`, which erases what it does not name, and no `DELETE`,
/// which destroys a person's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum BulkMethod {
    /// Creates a user.
    Post,
    /// Changes a user.
    Patch,
}

/// One operation of a bulk request; made by [`BulkOperation::create`] and [`BulkOperation::patch`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BulkOperation {
    /// The method.
    pub method: BulkMethod,
    /// `/Users` or `/Users/<id>`.
    pub path: String,
    /// The one key to find the result again; unique in the request.
    pub bulk_id: String,
    /// The user, or the `PatchOp` message.
    pub data: Value,
}

impl BulkOperation {
    /// Creates a user.
    pub fn create(bulk_id: impl Into<String>, user: Value) -> Self {
        Self { method: BulkMethod::Post, path: "/Users".to_owned(), bulk_id: bulk_id.into(), data: user }
    }

    /// Changes a user.
    pub fn patch(bulk_id: impl Into<String>, user: &UserId, operations: &[PatchOperation]) -> Self {
        let path = format!("/Users/{user}");
        Self { method: BulkMethod::Patch, path, bulk_id: bulk_id.into(), data: patch_message(operations) }
    }

    /// Its size on the wire in bytes, for filling a bulk up to [`crate::api::BULK_BYTES_MAX`].
    pub fn encoded_len(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |bytes| bytes.len() + 1)
    }
}

/// The `PatchOp` message around operations.
pub(crate) fn patch_message(operations: &[PatchOperation]) -> Value {
    serde_json::json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations,
    })
}

/// A user was created: the identity part is done, the extensions are queued.
#[derive(Clone, Debug)]
pub struct Created {
    /// The new user's id.
    pub id: UserId,
    /// Where the outcome of the extensions will be found.
    pub provision_id: ProvisionId,
    /// The identity resource as answered.
    pub body: Value,
    /// Concur's correlation id.
    pub correlation_id: String,
}

/// A user was changed: the identity part is done, the extensions are queued.
#[derive(Clone, Debug)]
pub struct Patched {
    /// The user's id.
    pub id: UserId,
    /// Where the outcome of the extensions will be found.
    pub provision_id: ProvisionId,
    /// The identity resource as answered.
    pub body: Value,
    /// Concur's correlation id.
    pub correlation_id: String,
}

/// A bulk request was taken; nothing of it is done yet, whatever its counters say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Where the outcome will be found.
    pub provision_id: ProvisionId,
    /// Concur's correlation id.
    pub correlation_id: String,
}

/// The state of a provision request as Concur writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionStatus {
    /// The id that was asked for.
    pub id: ProvisionId,
    /// Overall state; pending where it is left out.
    #[serde(default)]
    pub status: StatusFlags,
    /// Counters; one sample omits `pending`.
    #[serde(default)]
    pub operations_count: Option<OperationCounts>,
    /// How many operations the request has, where it says so.
    #[serde(default)]
    pub total_results: Option<u64>,
    /// The operations; empty in a summary.
    #[serde(default)]
    pub operations: Vec<ProvisionOperation>,
    /// Concur's correlation id of this status call.
    #[serde(skip)]
    pub correlation_id: String,
}

/// Completed, successful, and a code where there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct StatusFlags {
    /// Whether work on it has ended.
    #[serde(default)]
    pub completed: Option<bool>,
    /// Whether it succeeded; `None` while pending.
    #[serde(default)]
    pub success: Option<bool>,
    /// HTTP-like code such as `200` or `400`; sometimes missing.
    #[serde(default, deserialize_with = "wire::text_or_number")]
    pub code: Option<String>,
    /// `success`, `error`, `no-op`, `processing` or `not-processed`; on extensions only.
    #[serde(default, deserialize_with = "wire::text")]
    pub result: Option<String>,
}

/// How many operations are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct OperationCounts {
    /// All.
    #[serde(default)]
    pub total: u64,
    /// Successful.
    #[serde(default)]
    pub success: u64,
    /// Failed.
    #[serde(default)]
    pub failed: u64,
    /// Not done; missing in one sample.
    #[serde(default)]
    pub pending: Option<u64>,
}

/// One operation of a provision request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionOperation {
    /// `1`, `2`, … as Concur counts them.
    #[serde(default, deserialize_with = "wire::text_or_number")]
    pub id: Option<String>,
    /// As sent; `gen-temp-bulk-id` for calls to `/Users`.
    #[serde(default, deserialize_with = "wire::text")]
    pub bulk_id: Option<String>,
    /// The user; may be absent when a creation failed.
    #[serde(default)]
    pub resource: Option<ProvisionResource>,
    /// State of the operation.
    #[serde(default)]
    pub status: StatusFlags,
    /// Mentioned by the documentation, never shown: kept as it comes.
    #[serde(default)]
    pub error: Option<Value>,
    /// One entry per extension Concur knows, also untouched ones.
    #[serde(default)]
    pub extensions: Vec<ProvisionExtension>,
}

impl ProvisionOperation {
    /// The same operation seen on another page.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.id, &other.id) {
            (Some(mine), Some(theirs)) => mine == theirs,
            _ => self.bulk_id.is_some() && self.bulk_id == other.bulk_id,
        }
    }
}

/// The user an operation was about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ProvisionResource {
    /// The user's id.
    #[serde(default)]
    pub id: Option<UserId>,
}

/// One extension of an operation.
#[derive(Clone, Debug, Deserialize)]
pub struct ProvisionExtension {
    /// URN of the extension.
    pub name: String,
    /// Its state.
    #[serde(default)]
    pub status: StatusFlags,
    /// What Concur says about it; a list in samples, one object in the data file.
    #[serde(default, deserialize_with = "wire::one_or_many")]
    pub messages: Vec<StatusMessage>,
}

/// A message on an extension.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusMessage {
    /// Opaque code, such as `INVALID_VALUE`.
    #[serde(default, deserialize_with = "wire::text_or_number")]
    pub code: Option<String>,
    /// What is wrong, in Concur's words.
    #[serde(default)]
    pub message: Option<String>,
    /// The attribute it is about.
    #[serde(default)]
    pub schema_path: Option<String>,
    /// `error`, `warning` or `user`.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
}
