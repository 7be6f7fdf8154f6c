//! What one company's "slow down" means for all calls to it: a pause after a 429, and a slower pace for a while after
//! any sign of strain. Not here: slots and rate themselves (`limits`), and whether a request is sent again, which its
//! caller decides.
//! Source: page "HTTP Status Codes", 429; no numbers and no `Retry-After` are promised, and the one published sample
//! says `retry-after: 0`.

use super::pause::Pause;
use jiff::Timestamp;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The pause after a first 429; doubled with each further one, also when Concur says "0".
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause we choose ourselves; Concur may ask for up to an hour.
const OWN_PAUSE_MAX: Duration = Duration::from_mins(5);
/// The pace is halved at most so often: a sixteenth of what was configured.
const STRAIN_MAX: u32 = 4;
/// Signs that arrive together are one sign.
const STRAIN_EVERY: Duration = Duration::from_secs(1);
/// So many successes undo one halving.
const SUCCESSES_TO_RECOVER: u32 = 10;

/// The shared state of one company. A new one knows of no trouble.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    pause: Option<Pause>,
    /// 429s one pause after the other, without a success between them.
    refusals: u32,
    strain: u32,
    strained_at: Option<Instant>,
    successes: u32,
}

impl Backoff {
    /// How long to hold the next call back; `None` for not at all.
    pub(crate) fn remaining(&self, now: Timestamp, instant: Instant) -> Option<Duration> {
        self.state().pause?.left(now, instant)
    }

    /// Concur has asked everybody to wait, for `asked` if it said how long.
    pub(crate) fn throttled(&self, asked: Option<Duration>, now: Timestamp, instant: Instant) {
        let running = self.remaining(now, instant);
        let mut state = self.state();
        // What was in flight when a pause began is refused as well; that is one refusal and not many.
        if running.is_none() {
            state.refusals = (state.refusals + 1).min(16);
        }
        let own = (FIRST_PAUSE * 2_u32.pow(state.refusals.saturating_sub(1))).min(OWN_PAUSE_MAX);
        let wait = own.max(asked.unwrap_or_default());
        if running.is_some_and(|left| left >= wait) {
            return;
        }
        state.pause = Some(Pause::of(wait, now, instant));
    }

    /// A sign that Concur is overloaded: 429, 503, no answer in time.
    pub(crate) fn strained(&self, instant: Instant) {
        let mut state = self.state();
        state.successes = 0;
        if state.strained_at.is_none_or(|at| instant.saturating_duration_since(at) >= STRAIN_EVERY) {
            state.strain = (state.strain + 1).min(STRAIN_MAX);
            state.strained_at = Some(instant);
        }
    }

    /// A call went through.
    pub(crate) fn went_well(&self, now: Timestamp, instant: Instant) {
        let running = self.remaining(now, instant).is_some();
        let mut state = self.state();
        // An answer that was on its way before the pause says nothing about the time after it.
        if !running {
            (state.refusals, state.pause) = (0, None);
        }
        state.successes += 1;
        if state.successes >= SUCCESSES_TO_RECOVER {
            state.successes = 0;
            state.strain = state.strain.saturating_sub(1);
        }
    }

    /// By what the time between two calls is multiplied: 1 without trouble, at most 16.
    pub(crate) fn slowdown(&self) -> u32 {
        1 << self.state().strain
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    const SECOND: Duration = Duration::from_secs(1);

    fn noon() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    fn later(seconds: i64) -> Timestamp {
        noon().checked_add(SignedDuration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn a_pause_lasts_as_long_as_concur_asks_and_never_less_than_a_second() {
        #[track_caller]
        fn check(asked: Option<u64>, expected: u64) {
            let (backoff, start) = (Backoff::default(), Instant::now());
            assert_eq!(backoff.remaining(noon(), start), None);
            backoff.throttled(asked.map(Duration::from_secs), noon(), start);
            assert_eq!(backoff.remaining(noon(), start), Some(SECOND * u32::try_from(expected).unwrap()));
        }
        check(None, 1);
        check(Some(0), 1);
        check(Some(7), 7);
        check(Some(3600), 3600);
    }

    #[test]
    fn refusals_after_each_pause_double_it_up_to_five_minutes() {
        let (backoff, start) = (Backoff::default(), Instant::now());
        let (mut at, mut pauses) = (0, Vec::new());
        for _ in 0..11 {
            backoff.throttled(None, later(at), start + Duration::from_secs(at.unsigned_abs()));
            let left = backoff.remaining(later(at), start + Duration::from_secs(at.unsigned_abs())).unwrap();
            pauses.push(left.as_secs());
            at += i64::try_from(left.as_secs()).unwrap();
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        let end = start + Duration::from_secs(at.unsigned_abs());
        backoff.went_well(later(at), end);
        backoff.throttled(None, later(at), end);
        assert_eq!(backoff.remaining(later(at), end), Some(SECOND));
    }

    #[test]
    fn refusals_of_calls_that_were_in_flight_together_count_once() {
        let (backoff, start) = (Backoff::default(), Instant::now());
        for _ in 0..5 {
            backoff.throttled(Some(Duration::from_secs(3)), noon(), start);
        }
        backoff.throttled(Some(SECOND), noon(), start);
        assert_eq!(backoff.remaining(noon(), start), Some(SECOND * 3));
        backoff.went_well(noon(), start);
        assert_eq!(
            backoff.remaining(noon(), start),
            Some(SECOND * 3),
            "an earlier call does not end a pause"
        );
    }

    #[test]
    fn strain_halves_the_pace_once_a_second_and_successes_restore_it() {
        let (backoff, start) = (Backoff::default(), Instant::now());
        backoff.strained(start);
        backoff.strained(start);
        assert_eq!(backoff.slowdown(), 2);
        for second in 1..10 {
            backoff.strained(start + SECOND * second);
        }
        assert_eq!(backoff.slowdown(), 16);
        for expected in [8, 4, 2, 1, 1] {
            for _ in 0..SUCCESSES_TO_RECOVER {
                backoff.went_well(noon(), start);
            }
            assert_eq!(backoff.slowdown(), expected);
        }
    }
}
