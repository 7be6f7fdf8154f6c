//! Roles and approvers on their way: what Concur holds is read before a list is written, because Concur replaces it as a
//! whole and an administrator may have added to it since. Source: Concur page *User Provisioning v4*, Role and Approver
//! extensions.

use concur::{Client, Error};
use store::ids::{OperationId, ResourceId};
use store::{Conn, operations};

use super::engine::Engine;
use super::job::Job;
use super::record::{Note, not_applied, nothing_more};

impl Engine {
    /// The job with the roles and approvers that Concur holds now; nothing where they could not be read, which is recorded.
    pub(super) async fn with_current_lists(&self, client: &Client, mut job: Job) -> Option<Job> {
        let Some(user) = job.user.filter(|_| job.has_roles() || job.has_approvers()) else {
            return Some(job);
        };
        let read: Result<_, Error> = client.spend().get_user(&user).await;
        match read {
            Ok(Some(spend)) => {
                job.hold_lists_of(&spend);
                Some(job)
            }
            // No spend user yet: first that one, then the roles.
            Ok(None) => Some(job),
            Err(error) => {
                self.record(&job, not_applied(&error), Note::of(&error), nothing_more()).await;
                None
            }
        }
    }
}

/// Roles that are gone need not be taken away again, unless a later operation gives them back.
pub(super) fn forget_revoked(
    conn: &mut Conn,
    resource: ResourceId,
    operation: OperationId,
    revoked: &[String],
) -> Result<(), store::Error> {
    if revoked.is_empty() || !operations::is_latest(conn, operation)? {
        return Ok(());
    }
    for life in operations::lives(conn, resource)? {
        store::roles::forget(conn, life, revoked)?;
    }
    Ok(())
}
