//! After a write is stored: Concur's word on it, and what is shown.
//!
//! Whoever waits, waits for a bounded time. A refusal puts the resource back ([`refusal`]) and becomes the answer; no
//! word in time is a success, and delivery goes on (design D4).

use std::time::{Duration, Instant};

use store::Conn;
use store::ids::{OperationId, ResourceId};
use store::resources::{self, Content};

use super::view::View;
use super::{Error, OnBehalf, find, refusal};
use crate::bridge::Bridge;
use crate::config::Config;
use crate::delivery::Verdict;

/// What a committed write leaves behind.
#[derive(Debug, Clone)]
pub(super) struct Accepted {
    pub resource: ResourceId,
    /// Absent when Concur has nothing to notice.
    pub operation: Option<OperationId>,
    /// What to go back to if Concur refuses; absent for a new resource.
    pub before: Option<Content>,
    /// What was stored.
    pub after: Content,
    /// Version of the row after the write.
    pub version: i64,
    /// What the write left, where it is known without reading it again and anyone has seen the id.
    pub view: Option<View>,
}

/// What is there after a write.
enum Left {
    View(View),
    /// Nobody has seen its id yet.
    Unseen(resources::Resource),
    /// By someone else, or by the first of two equal creates when Concur refused it.
    Deleted,
}

/// Waits for Concur's word, goes back if it is no, and shows what is there.
pub(super) async fn settle(bridge: &Bridge, on: &OnBehalf, mut accepted: Accepted) -> Result<View, Error> {
    // Nothing is waited for, so nothing can have changed.
    let settled = accepted.operation.is_none() || !is_awaited(bridge, on);
    let view = accepted.view.take().filter(|_| settled);
    heed(bridge, on, &accepted).await?;
    if let Some(view) = view {
        return Ok(view);
    }
    let resource = accepted.resource;
    let left = move |conn: &mut Conn| {
        let row = resources::get(conn, resource)?;
        Ok(match row {
            row if row.deleted_at.is_some() => Left::Deleted,
            row if row.shown => Left::View(View::load(conn, row)?),
            row => Left::Unseen(row),
        })
    };
    match bridge.store.read(left).await? {
        Left::View(view) => Ok(view),
        Left::Unseen(row) => {
            let mut views = find::show(&bridge.store, vec![row]).await?;
            views.pop().ok_or_else(|| store::Error::NotFound { what: "user" }.into())
        }
        Left::Deleted => Err(scim::Error::conflict("the user was deleted while this request waited").into()),
    }
}

/// Whether a write waits for Concur's word at all. One that does not is answered at once, so that its id is seen.
pub(super) fn is_awaited(bridge: &Bridge, on: &OnBehalf) -> bool {
    bridge.delivery.judges() && on.account.paused_at.is_none() && !wait(bridge, on).is_zero()
}

/// How long a write of the account waits for Concur's word.
fn wait(bridge: &Bridge, on: &OnBehalf) -> Duration {
    let own = on.settings.confirm_within_ms.map(Duration::from_millis);
    own.unwrap_or(bridge.config.confirm_within).min(Config::CONFIRM_WITHIN_MAX)
}

/// Waits for Concur's word, and goes back if it is no.
pub(super) async fn heed(bridge: &Bridge, on: &OnBehalf, accepted: &Accepted) -> Result<(), Error> {
    match refused(bridge, on, accepted).await {
        None => Ok(()),
        Some(refusal) => take_back(bridge, on, accepted, refusal).await,
    }
}

/// Waits for Concur's word; its refusal, if it is one.
pub(super) async fn refused(bridge: &Bridge, on: &OnBehalf, accepted: &Accepted) -> Option<scim::Error> {
    let operation = accepted.operation?;
    bridge.backlog.accepted(on.account.id);
    bridge.delivery.wake();
    if on.account.paused_at.is_some() {
        // Nothing is sent for a paused account, so there is no word to wait for.
        return None;
    }
    let within = wait(bridge, on);
    if within.is_zero() {
        return None;
    }
    let started = Instant::now();
    let verdict = bridge.delivery.verdict(operation, within).await;
    let name = match &verdict {
        Verdict::Accepted { .. } => "accepted",
        Verdict::Refused(_) => "refused",
        Verdict::Pending => "pending",
    };
    bridge.metrics.scim_verdict_seconds.with_label_values(&[name]).observe(started.elapsed().as_secs_f64());
    match verdict {
        Verdict::Accepted { .. } | Verdict::Pending => None,
        Verdict::Refused(error) => Some(error),
    }
}

/// Undoes what Concur has refused, and answers the refusal.
pub(super) async fn take_back(
    bridge: &Bridge,
    on: &OnBehalf,
    accepted: &Accepted,
    refusal: scim::Error,
) -> Result<(), Error> {
    if let Some(operation) = accepted.operation {
        refusal::undo(bridge, on, operation, accepted).await?;
    }
    Err(refusal.into())
}
