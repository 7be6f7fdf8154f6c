//! The outbox's way to Concur.
use std::time::Duration;
use store::{Store, ids::OperationId};

use crate::{accounts::Clients, clock::Clock, metrics::Metrics};

/// How delivery behaves. `Default` is what config.default.toml says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// For how long a worker owns an operation that it claimed; at least `request_timeout` + 10 s.
    pub lease: Duration,
    /// Longest time of one HTTP request to Concur.
    pub request_timeout: Duration,
    /// How often the worker looks for due work that no wake-up announced.
    pub tick: Duration,
    /// From how many waiting operations on they travel together as one Bulk.
    pub bulk_from: usize,
    /// Operations on their way to one company at a time.
    pub max_concurrent: usize,
    /// First wait before asking for a provision's outcome.
    pub poll_first: Duration,
    /// Longest wait before asking again.
    pub poll_max: Duration,
    /// First wait before a retry, doubled each time, with full jitter.
    pub retry_first: Duration,
    /// Longest wait before a retry.
    pub retry_max: Duration,
    /// Attempts after which an operation is given up.
    pub max_attempts: u32,
    /// Age at which an operation is given up.
    pub give_up_after: Duration,
    /// First wait before an unknown outcome is looked up; 3, 9 and 24 times that for the next ones.
    pub settle_first: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(90),
            request_timeout: Duration::from_secs(70),
            tick: Duration::from_secs(1),
            bulk_from: 5,
            max_concurrent: 4,
            poll_first: Duration::from_secs(5),
            poll_max: Duration::from_secs(60),
            retry_first: Duration::from_secs(2),
            retry_max: Duration::from_secs(300),
            max_attempts: 20,
            give_up_after: Duration::from_secs(86_400),
            settle_first: Duration::from_secs(5),
        }
    }
}

/// What delivery needs.
#[derive(Clone)]
pub struct Parts {
    /// The outbox.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The metrics.
    pub metrics: Metrics,
    /// Concur clients.
    pub clients: Clients,
    /// Settings.
    pub settings: Settings,
}

/// What Concur says about the identity part of an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The user is there, or changed.
    Accepted {
        /// Concur's id of the user.
        concur_user_id: String,
    },
    /// Refused for certain: 409 `uniqueness` or 400 `invalidValue`, with Concur's reason and correlation id.
    Refused(scim::Error),
    /// Not known in time.
    Pending,
}

/// The way into delivery for everyone else. Cheap to clone.
#[derive(Clone)]
pub struct Handle {}

impl Handle {
    /// An operation was committed: look now.
    pub fn wake(&self) {}
    /// Waits for the verdict on the identity part, at most for `within`.
    #[expect(clippy::unused_async, reason = "signature first")]
    pub async fn verdict(&self, _operation: OperationId, _within: Duration) -> Verdict {
        Verdict::Pending
    }
}

/// The running worker.
pub struct Worker {}

impl Worker {
    /// Starts no new send, lets what is under way finish, at most 30 s.
    #[expect(clippy::unused_async, reason = "signature first")]
    pub async fn stop(self) {}
}

/// Starts the worker on the current runtime.
///
/// # Errors
/// Settings that contradict each other: a lease that a request could outlive.
pub fn start(_parts: Parts) -> Result<(Handle, Worker), SettingsError> {
    unimplemented!()
}

/// Settings that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("delivery.lease is {lease:?}: it must be at least {least:?}, the request time-out and 10 s more")]
pub struct SettingsError {
    lease: Duration,
    least: Duration,
}
