//! How often a key may pass: a rate with a burst, by the generic cell rate algorithm (ITU-T I.371), which remembers one
//! instant per key and counts exactly.
//!
//! The `governor` crate does the same with a clock of its own type; here time is an argument, and the memory has a
//! bound that holds against keys an attacker makes up.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many in a period, and so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    /// From one to the next, in the long run. Zero: no limit.
    interval: Duration,
    /// How far ahead of its pace a key may be.
    ahead: Duration,
}

impl Rate {
    /// `count` in each `period`, at most `burst` at once. A count of 0 is no limit.
    pub(super) fn new(count: u32, period: Duration, burst: u32) -> Self {
        let interval = if count == 0 { Duration::ZERO } else { period / count };
        Self { interval, ahead: interval * burst.max(1).saturating_sub(1) }
    }
}

/// A rate for each key.
pub(super) struct Limiter<K> {
    rate: Rate,
    keys_max: usize,
    /// When a key that passes no more will be back at its pace.
    paid_until: Mutex<HashMap<K, Instant>>,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// Remembers at most `keys_max` keys: those that are not at their pace again yet.
    pub(super) fn new(rate: Rate, keys_max: usize) -> Self {
        Self { rate, keys_max, paid_until: Mutex::default() }
    }

    /// Passes, or tells how long to wait. When too many keys are ahead of their pace at once, new ones wait as well.
    pub(super) fn pass(&self, key: &K, now: Instant) -> Result<(), Duration> {
        if self.rate.interval.is_zero() {
            return Ok(());
        }
        let mut keys = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(paid_until) = keys.get_mut(key) {
            let ahead = paid_until.saturating_duration_since(now);
            let too_far = ahead.saturating_sub(self.rate.ahead);
            if !too_far.is_zero() {
                return Err(too_far);
            }
            *paid_until = (*paid_until).max(now) + self.rate.interval;
            return Ok(());
        }
        if keys.len() >= self.keys_max {
            keys.retain(|_, paid_until| *paid_until > now);
        }
        if keys.len() >= self.keys_max {
            return Err(self.rate.interval);
        }
        keys.insert(key.clone(), now + self.rate.interval);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(count: u32, burst: u32, keys_max: usize) -> (Limiter<u32>, Instant) {
        (Limiter::new(Rate::new(count, Duration::from_secs(1), burst), keys_max), Instant::now())
    }

    #[test]
    fn a_burst_passes_and_one_past_it_waits_for_its_place() {
        let (limiter, start) = limiter(50, 200, 10);
        for n in 0..200 {
            assert_eq!(limiter.pass(&1, start), Ok(()), "{n}");
        }
        assert_eq!(limiter.pass(&1, start), Err(Duration::from_millis(20)));
        // To be refused costs nothing.
        assert_eq!(limiter.pass(&1, start), Err(Duration::from_millis(20)));
        assert_eq!(limiter.pass(&1, start + Duration::from_millis(20)), Ok(()));
        assert_eq!(limiter.pass(&1, start + Duration::from_millis(39)), Err(Duration::from_millis(1)));
        assert_eq!(limiter.pass(&2, start), Ok(()), "another key has a pace of its own");
    }

    #[test]
    fn in_the_long_run_the_rate_passes() {
        let (limiter, start) = limiter(50, 200, 10);
        let asked_ms = (0..20_000).step_by(5);
        let passed =
            asked_ms.filter(|ms| limiter.pass(&1, start + Duration::from_millis(*ms)).is_ok()).count();
        assert!((1_190..=1_200).contains(&passed), "200 at once and 50 in each of 20 seconds: {passed}");
    }

    #[test]
    fn what_is_remembered_is_bounded_and_forgotten_at_its_pace() {
        let (limiter, start) = limiter(1, 1, 3);
        for key in 0..3 {
            assert_eq!(limiter.pass(&key, start), Ok(()));
        }
        assert_eq!(limiter.pass(&3, start), Err(Duration::from_secs(1)), "a fourth has no place");
        let later = start + Duration::from_secs(1);
        assert_eq!(limiter.pass(&3, later), Ok(()));
        assert_eq!(limiter.paid_until.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_count_of_zero_is_no_limit() {
        let (limiter, start) = limiter(0, 0, 0);
        assert!((0..1_000).all(|_| limiter.pass(&1, start).is_ok()));
    }
}
