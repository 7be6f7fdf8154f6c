//! Bulk, RFC 7644 §3.7: each operation is a use case of its own with its own transaction (I6), one after the other.
//!
//! No operation waits for Concur while others still have to be accepted. When all are, those that Concur has a word on
//! are waited for together, for no longer than one single request would wait; what Concur refuses by then is taken
//! back, and its result says so. `failOnErrors` therefore counts what we refuse, not what Concur refuses later.
//! Why: `docs/decisions/0031-bulk-waits-once.md`.

use futures::future::join_all;
use scim::bulk::{BulkRequest, Call, Method, Run, Success};
use scim::patch::PatchRequest;
use serde_json::Value;

use super::groups;
use super::users::{self, PublicId};
use super::verdict::{self, Accepted};
use super::{Error, OnBehalf, Precondition};
use crate::bridge::Bridge;

/// Carries out a request and answers the `BulkResponse`. `refused` says an error as one operation's answer has it.
pub async fn run(
    bridge: &Bridge,
    on: &OnBehalf,
    request: BulkRequest,
    refused: impl Fn(Error) -> scim::Error,
) -> Value {
    let mut run = Run::new(request);
    let mut accepted = Vec::new();
    while let Some(call) = run.next_call() {
        let operation = call.operation;
        match carry_out(bridge, on, call).await {
            Ok((success, write)) => {
                accepted.extend(write.map(|write| (operation, write)));
                run.settle(Ok(success));
            }
            Err(error) => run.settle(Err(refused(error))),
        }
    }
    let verdicts = join_all(accepted.iter().map(|(_, write)| verdict::refused(bridge, on, write))).await;
    // The last one first: it may build on those before it.
    for ((operation, write), verdict) in accepted.iter().zip(verdicts).rev() {
        if let Some(refusal) = verdict
            && let Err(error) = verdict::take_back(bridge, on, write, refusal).await
        {
            run.take_back(*operation, refused(error));
        }
    }
    run.into_response(&bridge.scim_base())
}

/// One operation, accepted and stored.
async fn carry_out(bridge: &Bridge, on: &OnBehalf, call: Call) -> Result<(Success, Option<Accepted>), Error> {
    if call.resource_type == scim::ResourceType::group() {
        return Ok((write_group(bridge, on, call).await?, None));
    }
    let precondition = call.version.as_deref().map_or(Precondition::None, Precondition::parse);
    let id = call.id.unwrap_or_default();
    let (status, accepted) = match call.method {
        // Others may refer to it from now on, so its id must not change any more.
        Method::Post => (201, users::accept_create(bridge, on, &call.data, PublicId::Fixed).await?),
        Method::Put => (200, users::accept_replace(bridge, on, &id, &precondition, call.data).await?),
        Method::Patch => {
            let patch = PatchRequest::parse(&call.data)?;
            (200, users::accept_patch(bridge, on, &id, &precondition, patch).await?)
        }
        Method::Delete => (204, users::accept_delete(bridge, on, &id, &precondition).await?),
    };
    let view = users::stored(bridge, &accepted).await?;
    let success = Success {
        status,
        id: view.id(),
        location: view.location(&bridge.scim_base()),
        version: (call.method != Method::Delete).then(|| view.etag()),
    };
    Ok((success, Some(accepted)))
}

/// One operation on a group; Concur has no word on those.
async fn write_group(bridge: &Bridge, on: &OnBehalf, call: Call) -> Result<Success, Error> {
    let precondition = call.version.as_deref().map_or(Precondition::None, Precondition::parse);
    let id = call.id.unwrap_or_default();
    let (status, view) = match call.method {
        Method::Post => (201, groups::create(bridge, on, &call.data).await?),
        Method::Put => (200, groups::replace(bridge, on, &id, &precondition, call.data).await?),
        Method::Patch => {
            let patch = PatchRequest::parse(&call.data)?;
            (200, groups::patch(bridge, on, &id, &precondition, patch).await?)
        }
        Method::Delete => {
            groups::delete(bridge, on, &id, &precondition).await?;
            let location = format!("{}/Groups/{id}", bridge.scim_base());
            return Ok(Success { status: 204, id, location, version: None });
        }
    };
    let (location, version) = (view.location(&bridge.scim_base()), Some(view.etag()));
    Ok(Success { status, id: view.id(), location, version })
}
