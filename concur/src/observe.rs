//! What every finished call tells about itself, for metrics and logs. Carries no personal data: no path with
//! ids, no query, no body.

use crate::error::HostRefusal;
use std::time::Duration;

/// One finished HTTP exchange with Concur (or an attempt at one).
#[derive(Clone, Debug)]
pub struct Call {
    /// The HTTP method, such as `GET`.
    pub method: &'static str,
    /// The stable name of the endpoint, such as `identity.get`; usable as a metric label.
    pub endpoint: &'static str,
    /// The HTTP status, or `None` when no answer arrived.
    pub status: Option<u16>,
    /// Time from sending to the end of the body; waiting for a free slot is not counted.
    pub duration: Duration,
    /// The correlation id that Concur answered, else the one that was sent.
    pub correlation_id: String,
}

/// Receives every finished call. Must not block.
pub trait Observer: Send + Sync {
    /// Called once per HTTP exchange, also for failed ones and for token requests.
    fn called(&self, call: &Call);

    /// Called when something went on that a person should look at. Ignored by default.
    fn noticed(&self, notice: &Notice) {
        let _ = notice;
    }
}

/// What went on and should be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The answer to a refresh named a geolocation that is not allowed. The tokens are saved and calls go to the
    /// geolocation known before; if the company has really moved, they will fail until the host is allowed.
    GeolocationRefused {
        /// What is wrong with it.
        reason: HostRefusal,
    },
}
