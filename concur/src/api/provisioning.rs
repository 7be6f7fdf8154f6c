//! Writing users: create, change, bulk, and the status of what is queued. There is no PUT, which erases preferences,
//! approvers and roles that it does not name, and no DELETE, which destroys a person's history.
//! Source: page "User Provisioning v4".

use super::target::{segment, with_query};
use crate::{
    Client, Error, ProvisionId, UserId,
    http::{Answer, Endpoint, Payload},
    model::{
        BulkOperation, Created, PatchOperation, Patched, ProvisionOperation, ProvisionStatus, Submitted,
        patch_message,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

static CREATE: Endpoint = Endpoint::post("provisioning.create").needing(WRITE);
static PATCH: Endpoint = Endpoint::patch("provisioning.patch").needing(WRITE);
static BULK: Endpoint = Endpoint::post("provisioning.bulk").needing(WRITE);
static STATUS: Endpoint = Endpoint::get("provisioning.status").needing(&["user.provision.read"]);

/// What every write takes. `externalId`, `emails.verified` and the spend extensions take a scope more.
const WRITE: &[&str] = &["user.provision.write", "identity.user.coreenterprise.writeonly"];

pub(super) static ENDPOINTS: &[&Endpoint] = &[&CREATE, &PATCH, &BULK, &STATUS];

const USERS: &str = "/profile/v4/Users";

/// Most operations in one bulk request.
pub const BULK_OPERATIONS_MAX: usize = 100;
/// Most bytes in one bulk request: below Concur's 400 KB, whichever kilo it means.
pub const BULK_BYTES_MAX: usize = 350 * 1024;
/// Operations per page of a status; the documentation names no default and no maximum.
const STATUS_ROWS: usize = 100;

/// Writes users; company tokens only.
#[derive(Clone, Debug)]
pub struct Provisioning {
    pub(crate) client: Client,
}

impl Provisioning {
    /// Creates a user. When this returns the identity part is done; spend and travel parts are queued and their
    /// outcome is on the status for seven days.
    ///
    /// # Errors
    /// Look at [`Error::advice`]: after `Unknown` or `Conflict` look the user up before sending again.
    pub async fn create_user(&self, user: &Value) -> Result<Created, Error> {
        let body = user.to_string();
        let answer = self.client.send(&CREATE, USERS, Payload::Json(body.as_bytes())).await?;
        let (id, provision_id, body) = written(&answer)?;
        Ok(Created { id, provision_id, body, correlation_id: answer.call.correlation_id })
    }

    /// Changes a user. When this returns the identity part is done, the rest is queued.
    pub async fn patch_user(&self, id: &UserId, operations: &[PatchOperation]) -> Result<Patched, Error> {
        let target = format!("{USERS}/{}", segment(&id.to_string()));
        let body = patch_message(operations).to_string();
        let answer = self.client.send(&PATCH, &target, Payload::Json(body.as_bytes())).await?;
        let (answered, provision_id, body) = written(&answer)?;
        if answered != *id {
            return Err(answer.undecodable("id", "the answer is about another user"));
        }
        Ok(Patched { id: answered, provision_id, body, correlation_id: answer.call.correlation_id })
    }

    /// Queues up to [`BULK_OPERATIONS_MAX`] operations of together at most [`BULK_BYTES_MAX`]. Nothing is done when
    /// this returns. Order within a bulk is not promised: never put two operations of one user into it.
    ///
    /// # Errors
    /// [`Error::Limit`], before anything is sent, when it is too large, empty or repeats a bulk id.
    pub async fn bulk(&self, operations: &[BulkOperation]) -> Result<Submitted, Error> {
        let body = bulk_body(operations)?;
        let answer = self.client.send(&BULK, "/profile/v4/Bulk", Payload::Json(body.as_bytes())).await?;
        let Accepted { id } = answer.decode()?;
        Ok(Submitted { provision_id: id, correlation_id: answer.call.correlation_id })
    }

    /// The status with all operations and their extensions, over all pages.
    ///
    /// # Errors
    /// [`Error::NotFound`] after seven days, which means "unknown" and not "failed".
    pub async fn status(&self, id: &ProvisionId) -> Result<ProvisionStatus, Error> {
        let mut status = self.status_page(id, Some(1)).await?;
        loop {
            let have = status.operations.len();
            let full = have > 0 && have % STATUS_ROWS == 0;
            if !status.total_results.map_or(full, |total| (have as u64) < total) {
                return Ok(status);
            }
            let next = self.status_page(id, Some(have + 1)).await?;
            let fresh: Vec<ProvisionOperation> = next
                .operations
                .into_iter()
                .filter(|operation| !status.operations.iter().any(|known| known.is_same(operation)))
                .collect();
            if fresh.is_empty() {
                return Ok(status);
            }
            // Later pages are newer: their overall state is the one to believe.
            status.operations.extend(fresh);
            (status.status, status.operations_count) = (next.status, next.operations_count);
            status.total_results = next.total_results.or(status.total_results);
        }
    }

    /// The status without operations: cheap, for polling. Ask for [`Provisioning::status`] once it is completed.
    pub async fn status_summary(&self, id: &ProvisionId) -> Result<ProvisionStatus, Error> {
        self.status_page(id, None).await
    }

    async fn status_page(&self, id: &ProvisionId, start: Option<usize>) -> Result<ProvisionStatus, Error> {
        // Built from the id; the status address in an answer is data and never followed.
        let path = format!("/profile/v4/provisions/{}/status", segment(&id.to_string()));
        let target = match start {
            None => path,
            Some(start) => with_query(
                &path,
                [
                    ("attributes", Some("operations".to_owned())),
                    ("startIndex", Some(start.to_string())),
                    ("count", Some(STATUS_ROWS.to_string())),
                ],
            ),
        };
        let answer = self.client.get(&STATUS, &target).await?;
        let mut status: ProvisionStatus = answer.decode()?;
        if status.id != *id {
            return Err(answer.undecodable("id", "the answer is about another provision request"));
        }
        status.correlation_id = answer.call.correlation_id;
        Ok(status)
    }
}

/// The answer to a bulk. Its counters contradict each other over the samples: only the id counts.
#[derive(Deserialize)]
struct Accepted {
    id: ProvisionId,
}

/// User id, provision id and body of a create or patch.
fn written(answer: &Answer) -> Result<(UserId, ProvisionId, Value), Error> {
    #[derive(Deserialize)]
    struct Written {
        id: UserId,
        meta: Meta,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Meta {
        provision_id: ProvisionId,
    }
    let Written { id, meta } = answer.decode()?;
    Ok((id, meta.provision_id, answer.decode()?))
}

/// `failOnErrors` is not sent: its effect is undocumented, and RFC 7644 would have it abandon the rest.
fn bulk_body(operations: &[BulkOperation]) -> Result<String, Error> {
    #[derive(Serialize)]
    struct BulkRequest<'a> {
        schemas: [&'a str; 1],
        #[serde(rename = "Operations")]
        operations: &'a [BulkOperation],
    }
    let refuse = |reason: String| Error::Limit { endpoint: BULK.name, reason };
    if operations.is_empty() || operations.len() > BULK_OPERATIONS_MAX {
        return Err(refuse(format!(
            "a bulk holds 1 to {BULK_OPERATIONS_MAX} operations, not {}",
            operations.len()
        )));
    }
    let mut ids: Vec<&str> = operations.iter().map(|operation| operation.bulk_id.as_str()).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) || ids[0].is_empty() {
        return Err(refuse("every operation of a bulk needs a bulk id of its own".to_owned()));
    }
    let request = BulkRequest { schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], operations };
    let body = serde_json::to_string(&request).map_err(|error| refuse(error.to_string()))?;
    if body.len() > BULK_BYTES_MAX {
        return Err(refuse(format!("a bulk holds at most {BULK_BYTES_MAX} bytes, not {}", body.len())));
    }
    Ok(body)
}
