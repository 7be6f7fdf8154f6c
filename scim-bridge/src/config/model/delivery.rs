//! The road to Concur for changes of users.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::duration;

/// Whether changes travel to Concur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMode {
    /// They do.
    Deliver,
    /// They are accepted and wait: nothing is sent to Concur by this process.
    AcceptOnly,
}

/// The road to Concur for changes of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// Whether changes travel to Concur.
    pub mode: DeliveryMode,
    /// For how long a worker owns an operation that it has claimed.
    #[serde(with = "duration")]
    pub lease: Duration,
    /// How often the worker looks for due work that no wake-up announced.
    #[serde(with = "duration")]
    pub tick: Duration,
    /// From how many waiting operations on they travel as one `/Bulk`.
    pub bulk_from: usize,
    /// Operations sent to one company at a time.
    pub max_concurrent: usize,
    /// Wait before the first question about a provision request.
    #[serde(with = "duration")]
    pub poll_first: Duration,
    /// Longest wait between two questions about it.
    #[serde(with = "duration")]
    pub poll_max: Duration,
    /// First wait before a retry; doubled each time.
    #[serde(with = "duration")]
    pub retry_first: Duration,
    /// Longest wait between two attempts.
    #[serde(with = "duration")]
    pub retry_max: Duration,
    /// First wait before an unknown outcome is looked up in Concur.
    #[serde(with = "duration")]
    pub settle_first: Duration,
    /// How long a company that does not answer is left alone before one request tries; doubled up to ten times that.
    #[serde(with = "duration")]
    pub probe_first: Duration,
    /// Attempts after which an operation is given up and shown to a person.
    pub max_attempts: u32,
    /// Age at which an operation is given up and shown to a person.
    #[serde(with = "duration")]
    pub give_up_after: Duration,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            mode: DeliveryMode::Deliver,
            lease: Duration::from_secs(90),
            tick: Duration::from_secs(1),
            bulk_from: 5,
            max_concurrent: 4,
            poll_first: Duration::from_secs(5),
            poll_max: Duration::from_mins(1),
            retry_first: Duration::from_secs(2),
            retry_max: Duration::from_mins(5),
            settle_first: Duration::from_secs(5),
            probe_first: Duration::from_secs(30),
            max_attempts: 20,
            give_up_after: Duration::from_hours(24),
        }
    }
}
