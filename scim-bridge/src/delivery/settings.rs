//! How delivery behaves, and which settings contradict each other.

use std::time::Duration;

/// How much longer than a request its lease lasts, at least.
const LEASE_MARGIN: Duration = Duration::from_secs(10);

/// How delivery behaves. `Default` is what the shipped configuration says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// False: changes are only accepted; this process sends none.
    pub deliver: bool,
    /// For how long a worker owns an operation that it claimed; at least `request_timeout` and 10 s more.
    pub lease: Duration,
    /// Longest time of one HTTP request to Concur.
    pub request_timeout: Duration,
    /// How often the worker looks for due work that no wake-up announced.
    pub tick: Duration,
    /// From how many waiting operations on they travel together as one Bulk.
    pub bulk_from: usize,
    /// Operations on their way to one company at a time.
    pub max_concurrent: usize,
    /// First wait before asking for the outcome of a provision request.
    pub poll_first: Duration,
    /// Longest wait before asking again.
    pub poll_max: Duration,
    /// First wait before a retry, doubled each time, with full jitter.
    pub retry_first: Duration,
    /// Longest wait before a retry.
    pub retry_max: Duration,
    /// Attempts after which an operation is given up; a deactivation never is.
    pub max_attempts: u32,
    /// Age at which an operation is given up; a deactivation never is.
    pub give_up_after: Duration,
    /// First wait before an unknown outcome is looked up; then 3, 9 and 24 times as long.
    pub settle_first: Duration,
    /// How often this process says that it lives; `None`: no other process uses the database.
    pub presence: Option<Duration>,
    /// How long a company that does not answer is left alone before one request tries; doubled up to ten times that.
    pub probe_first: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            deliver: true,
            lease: Duration::from_secs(90),
            request_timeout: Duration::from_secs(70),
            tick: Duration::from_secs(1),
            bulk_from: 5,
            max_concurrent: 4,
            poll_first: Duration::from_secs(5),
            poll_max: Duration::from_mins(1),
            retry_first: Duration::from_secs(2),
            retry_max: Duration::from_mins(5),
            max_attempts: 20,
            give_up_after: Duration::from_hours(24),
            settle_first: Duration::from_secs(5),
            presence: None,
            probe_first: Duration::from_secs(30),
        }
    }
}

/// Settings that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A request could outlive the lease it is sent under, and be sent twice.
    #[error("delivery.lease is {lease:?} and must be at least {least:?}: the request time-out and 10 s more")]
    Lease {
        /// As set.
        lease: Duration,
        /// The least that is safe.
        least: Duration,
    },
    /// Nothing could ever be sent.
    #[error("delivery.{0} is 0 and must be at least 1")]
    Zero(&'static str),
}

impl Settings {
    /// Checks the settings against each other.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn check(&self) -> Result<(), SettingsError> {
        let least = self.request_timeout + LEASE_MARGIN;
        if self.lease < least {
            return Err(SettingsError::Lease { lease: self.lease, least });
        }
        for (name, is_zero) in [
            ("max_concurrent", self.max_concurrent == 0),
            ("bulk_from", self.bulk_from == 0),
            ("max_attempts", self.max_attempts == 0),
        ] {
            if is_zero {
                return Err(SettingsError::Zero(name));
            }
        }
        Ok(())
    }

    /// How long a request may take under what is left of a lease, so that the lease outlives it by the margin.
    /// `None`: so little is left that the request is better not begun.
    pub(super) fn time_to_send(&self, left: Duration) -> Option<Duration> {
        let time = left.saturating_sub(LEASE_MARGIN).min(self.request_timeout);
        (time >= self.request_timeout / 2).then_some(time)
    }

    /// Slots for what is not urgent: a quarter, and at least one where there are two, is kept free for deactivations (I17).
    pub(super) fn usual_slots(&self) -> usize {
        self.max_concurrent.saturating_sub(self.max_concurrent.div_ceil(4)).max(1)
    }

    /// From the moment an outcome became unknown until "not seen" counts as "not applied".
    pub(super) fn settle_total(&self) -> Duration {
        self.settle_first * 37
    }
}

#[cfg(test)]
mod tests {
    use super::{Settings, SettingsError};
    use std::time::Duration;

    #[test]
    fn a_lease_that_a_request_could_outlive_is_refused() {
        assert_eq!(Settings::default().check(), Ok(()));
        let short = Settings { lease: Duration::from_secs(79), ..Settings::default() };
        let least = Duration::from_secs(80);
        assert_eq!(short.check(), Err(SettingsError::Lease { lease: short.lease, least }));
    }

    #[test]
    fn a_quarter_of_the_slots_is_kept_for_deactivations() {
        let usual = |max_concurrent| Settings { max_concurrent, ..Settings::default() }.usual_slots();
        assert_eq!([1, 2, 4, 5, 8, 16].map(usual), [1, 1, 3, 3, 6, 12]);
    }

    #[test]
    fn a_request_ends_ten_seconds_before_its_lease_or_does_not_begin() {
        let time =
            |left_s| Settings::default().time_to_send(Duration::from_secs(left_s)).map(|it| it.as_secs());
        assert_eq!(time(90), Some(70));
        assert_eq!(time(79), Some(69));
        assert_eq!(time(45), Some(35));
        assert_eq!(time(44), None);
        assert_eq!(time(0), None);
    }
}
