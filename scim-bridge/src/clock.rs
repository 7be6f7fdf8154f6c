//! The one place of the bridge that reads the time.
//!
//! Everything else is given a [`Clock`] or a timestamp, so that a test of a seven-day back-off takes a
//! millisecond. Waiting is not its subject: timers use the monotonic clock of the runtime.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A time as people write one: a timestamp (RFC 3339), or a date, which means its end (UTC).
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let end = |day: Date| day.tomorrow().ok()?.to_zoned_datetime(TimeZone::UTC).ok();
    text.parse().ok().or_else(|| end(text.parse().ok()?).map(|end| end.timestamp()))
}

/// Where "now" comes from. Cloning shares the source.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's clock, cut to microseconds: what the store can keep.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the time")]
    pub fn system() -> Self {
        Self::from_fn(|| micros(Timestamp::now()))
    }

    /// A clock that stands still.
    pub fn fixed(at: Timestamp) -> Self {
        Self::from_fn(move || at)
    }

    /// A clock that is moved by hand, and the hand.
    pub fn manual(start: Timestamp) -> (Self, ClockHand) {
        let hand = ClockHand(Arc::new(Mutex::new(start)));
        let read = hand.clone();
        (Self::from_fn(move || read.now()), hand)
    }

    /// Any other source, for example a simulator's clock.
    pub fn from_fn(source: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }

    /// The same source as a plain function, for crates that know no `Clock`.
    pub fn as_fn(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        Arc::clone(&self.0)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Moves the clock that [`Clock::manual`] made.
#[derive(Debug, Clone)]
pub struct ClockHand(Arc<Mutex<Timestamp>>);

impl ClockHand {
    /// Moves the clock; a negative duration moves it back.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(by).unwrap_or(*now);
    }

    /// Sets the clock.
    pub fn set(&self, to: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }

    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cuts what is finer than a microsecond, so that a value read back equals the one written.
fn micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_means_its_end() {
        let at = |text: &str| moment(text).map(|at| at.to_string());
        assert_eq!(at("2026-03-31").as_deref(), Some("2026-04-01T00:00:00Z"));
        assert_eq!(at("2026-03-31T12:00:00+02:00").as_deref(), Some("2026-03-31T10:00:00Z"));
        assert_eq!((at("yesterday"), at("2026-02-30"), at("")), (None, None, None));
    }

    #[test]
    fn the_system_clock_gives_what_the_store_can_keep() {
        let now = Clock::system().now();
        assert_eq!(now.subsec_nanosecond() % 1_000, 0);
    }

    #[test]
    fn a_manual_clock_moves_only_by_its_hand() {
        let start: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        let (clock, hand) = Clock::manual(start);
        assert_eq!(clock.now(), start);
        hand.advance(SignedDuration::from_hours(24));
        assert_eq!(clock.now().to_string(), "2026-03-02T09:00:00Z");
        assert_eq!(clock.clone().now(), clock.now());
        hand.set(start);
        assert_eq!(clock.now(), start);
    }
}
