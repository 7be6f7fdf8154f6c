//! A stretch of time in which nothing is to be sent. Not here: what began it (`backoff`, `outages`).

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio::time::Instant;

/// Over when either clock says so: the caller's, which tests move, or the machine's, which never stands still.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    until: Timestamp,
    until_instant: Instant,
}

impl Pause {
    /// A pause of `wait` that begins now.
    pub(crate) fn of(wait: Duration, now: Timestamp, instant: Instant) -> Self {
        let on_clock = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        let until = now.saturating_add(on_clock).unwrap_or(Timestamp::MAX);
        Self { until, until_instant: instant + wait }
    }

    /// What is left of it; `None` when it is over.
    pub(crate) fn left(self, now: Timestamp, instant: Instant) -> Option<Duration> {
        let by_clock = Duration::try_from(self.until.duration_since(now)).unwrap_or_default();
        let by_machine = self.until_instant.saturating_duration_since(instant);
        Some(by_clock.min(by_machine)).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_clock_ends_a_pause() {
        let (noon, start): (Timestamp, _) = ("2026-11-24T12:00:00Z".parse().unwrap(), Instant::now());
        let (minute, on_clock) = (Duration::from_mins(1), SignedDuration::from_mins(1));
        let pause = Pause::of(minute, noon, start);
        assert_eq!(pause.left(noon, start), Some(minute));
        assert_eq!(pause.left(noon + on_clock, start), None);
        assert_eq!(pause.left(noon, start + minute), None);
    }
}
