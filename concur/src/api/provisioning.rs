//! Writing users: User Provisioning v4.
use crate::{
    Client, Error, ProvisionId, UserId,
    model::{BulkOperation, Created, PatchOperation, Patched, ProvisionStatus, Submitted},
};
use serde_json::Value;

/// Most operations in one bulk request.
pub const BULK_OPERATIONS_MAX: usize = 100;
/// Most bytes in one bulk request: below Concur's 400 KB.
pub const BULK_BYTES_MAX: usize = 350 * 1024;

/// Writes users.
#[derive(Clone, Debug)]
pub struct Provisioning {
    pub(crate) client: Client,
}

#[expect(clippy::unused_async, reason = "signature first")]
impl Provisioning {
    /// `POST /profile/v4/Users`.
    pub async fn create_user(&self, _user: &Value) -> Result<Created, Error> {
        let _ = &self.client;
        unimplemented!()
    }
    /// `PATCH /profile/v4/Users/{id}`.
    pub async fn patch_user(&self, _id: &UserId, _operations: &[PatchOperation]) -> Result<Patched, Error> {
        unimplemented!()
    }
    /// `POST /profile/v4/Bulk`.
    pub async fn bulk(&self, _operations: &[BulkOperation]) -> Result<Submitted, Error> {
        unimplemented!()
    }
    /// The status with all its operations.
    pub async fn status(&self, _id: &ProvisionId) -> Result<ProvisionStatus, Error> {
        unimplemented!()
    }
    /// The status without operations: cheap, for polling.
    pub async fn status_summary(&self, _id: &ProvisionId) -> Result<ProvisionStatus, Error> {
        unimplemented!()
    }
}
