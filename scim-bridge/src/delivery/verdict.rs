//! Who waits for Concur's word on the identity part, and how they learn it.
//!
//! The worker of this process tells waiters at once. A worker of another replica cannot, so a waiter also looks into
//! the store every half second. Nothing is decided here: what is not known in time is `Pending`, and delivery goes on.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use scim::Error;
use store::Store;
use store::ids::OperationId;
use store::operations::{self, State};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout};

use super::{causes, failure, part};

/// How often a waiter looks into the store.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What Concur says about the identity part of an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The user is there, or changed.
    Accepted {
        /// Concur's id of the user.
        concur_user_id: String,
    },
    /// Refused for certain: 409 `uniqueness` or 400 `invalidValue`, with Concur's reason and correlation id.
    Refused(Error),
    /// Not known in time.
    Pending,
}

/// The waiters of this process, by operation.
#[derive(Clone, Default)]
pub(super) struct Waiters(Arc<Mutex<HashMap<OperationId, Vec<oneshot::Sender<Verdict>>>>>);

impl Waiters {
    fn register(&self, operation: OperationId) -> oneshot::Receiver<Verdict> {
        let (sender, receiver) = oneshot::channel();
        let mut waiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever gave up waiting has dropped the receiver.
        waiters.retain(|_, senders| {
            senders.retain(|sender| !sender.is_closed());
            !senders.is_empty()
        });
        waiters.entry(operation).or_default().push(sender);
        receiver
    }

    /// Tells everyone who waits for the operation; nobody waiting is the normal case.
    pub(super) fn publish(&self, operation: OperationId, verdict: &Verdict) {
        let senders = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&operation);
        for sender in senders.into_iter().flatten() {
            // A waiter that left in this moment is served by its own look into the store, or not at all.
            drop(sender.send(verdict.clone()));
        }
    }
}

/// The way into delivery for everyone else. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    pub(super) store: Store,
    pub(super) waiters: Waiters,
    pub(super) bell: Arc<Notify>,
    pub(super) deliver: bool,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("delivery::Handle")
    }
}

impl Handle {
    /// A way in behind which nobody delivers.
    pub(crate) fn silent(store: Store) -> Self {
        Self { store, waiters: Waiters::default(), bell: Arc::default(), deliver: false }
    }

    /// An operation was committed: look now rather than at the next tick.
    pub fn wake(&self) {
        self.bell.notify_one();
    }

    /// Whether verdicts come at all: a process that only accepts changes has none.
    pub fn judges(&self) -> bool {
        self.deliver
    }

    /// Waits for the verdict on the identity part of an operation, at most for `within`. A process that only accepts
    /// changes has no verdict to wait for.
    pub async fn verdict(&self, operation: OperationId, within: Duration) -> Verdict {
        if !self.deliver {
            return Verdict::Pending;
        }
        let deadline = Instant::now() + within;
        let mut told = self.waiters.register(operation);
        loop {
            if let Some(verdict) = self.look(operation).await {
                return verdict;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Verdict::Pending;
            }
            if let Ok(Ok(verdict)) = timeout(left.min(LOOK_EVERY), &mut told).await {
                return verdict;
            }
        }
    }

    /// The verdict as the store has it. A store that does not answer has none: it will be asked again.
    async fn look(&self, operation: OperationId) -> Option<Verdict> {
        self.store.read(move |conn| stored_verdict(conn, operation)).await.ok().flatten()
    }
}

/// The verdict that stands in the store: for waiters whose operation another replica delivers.
fn stored_verdict(conn: &mut store::Conn, operation: OperationId) -> Result<Option<Verdict>, store::Error> {
    let row = operations::get(conn, operation)?;
    if row.state == State::Failed {
        return Ok(refusal_of(&row).map(Verdict::Refused));
    }
    if matches!(row.state, State::Superseded | State::Cancelled) {
        // It is not going to be sent, so there will be no verdict on it.
        return Ok(Some(Verdict::Pending));
    }
    let identity_is_in = matches!(row.state, State::Verifying | State::Done)
        || operations::extensions(conn, operation)?
            .iter()
            .any(|outcome| outcome.extension == part::IDENTITY && outcome.state == "success");
    if !identity_is_in {
        return Ok(None);
    }
    let link = store::links::get(conn, row.resource_id)?;
    Ok(link.and_then(|link| link.concur_user_id).map(|concur_user_id| Verdict::Accepted { concur_user_id }))
}

/// The refusal of the identity part that a failed operation stands for; `None` where it failed otherwise.
fn refusal_of(row: &operations::Operation) -> Option<Error> {
    let code = row.error_code.as_deref()?;
    let reason = row.error_message.as_deref().unwrap_or("no reason given");
    refusal(code, reason, row.correlation_id.as_deref())
}

/// The SCIM error for a refusal of the identity part; `None` for every other failure.
pub(super) fn refusal(code: &str, reason: &str, correlation_id: Option<&str>) -> Option<Error> {
    let id = correlation_id.map(|id| format!(" · correlation id: {id}")).unwrap_or_default();
    let detail = format!("{}{id}", causes::explained(reason));
    match code {
        failure::UNIQUENESS => Some(Error::uniqueness(detail)),
        failure::INVALID_VALUE => Some(Error::invalid_value(detail)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Verdict, Waiters, failure, refusal};
    use store::ids::OperationId;

    #[test]
    fn a_verdict_reaches_every_waiter_once_and_nobody_else() {
        let waiters = Waiters::default();
        let (mine, other) = (OperationId::from_i64(1), OperationId::from_i64(2));
        let (mut first, mut second) = (waiters.register(mine), waiters.register(mine));
        let mut stranger = waiters.register(other);
        waiters.publish(mine, &Verdict::Pending);
        assert_eq!(first.try_recv(), Ok(Verdict::Pending));
        assert_eq!(second.try_recv(), Ok(Verdict::Pending));
        assert!(stranger.try_recv().is_err());
    }

    #[test]
    fn only_a_refused_identity_is_told_to_the_provider() {
        let error = refusal(failure::UNIQUENESS, "userName is taken", Some("c-1")).unwrap();
        assert_eq!(error.status, 409);
        assert!(
            error.detail.contains("userName is taken") && error.detail.contains("c-1"),
            "{}",
            error.detail
        );
        assert_eq!(refusal(failure::INVALID_VALUE, "x", None).unwrap().status, 400);
        assert_eq!(refusal(failure::GAVE_UP, "x", None), None);
        assert_eq!(refusal(failure::EXTENSION, "x", None), None);
    }
}
