//! How much may be sent again: retries together stay under a fifth of the first attempts of the last minute, and ten of
//! them are always allowed (reliability I19). So a company that fails half of everything is not asked twice as much.
//!
//! Pure; deactivations are counted and never kept back. It lives in the process: each replica has its own.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use super::policy::elapsed;

/// What is counted together.
const WINDOW: Duration = Duration::from_mins(1);
/// Retries that are always allowed in a window.
const AT_LEAST: usize = 10;
/// One retry for so many first attempts.
const FIRSTS_PER_RETRY: usize = 5;

/// What was sent in the last minute.
#[derive(Debug, Default)]
pub(super) struct Budget {
    sent: VecDeque<(Timestamp, Sent)>,
}

/// Attempts of one claim.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sent {
    /// Never sent before, and next steps of what went well.
    pub(super) firsts: usize,
    /// Sent before.
    pub(super) retries: usize,
}

impl Budget {
    /// How many retries may go out now.
    pub(super) fn allowance(&mut self, now: Timestamp) -> usize {
        self.sent.retain(|(at, _)| elapsed(*at, now) < WINDOW);
        let sum = |count: fn(&Sent) -> usize| self.sent.iter().map(|(_, sent)| count(sent)).sum::<usize>();
        let allowed = (sum(|sent| sent.firsts) / FIRSTS_PER_RETRY).max(AT_LEAST);
        allowed.saturating_sub(sum(|sent| sent.retries))
    }

    /// Notes what went out.
    pub(super) fn spend(&mut self, sent: Sent, now: Timestamp) {
        if sent != Sent::default() {
            self.sent.push_back((now, sent));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::policy::later;

    #[test]
    fn retries_stay_under_a_fifth_of_first_attempts_and_ten_are_always_allowed() {
        let start: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        let at = |seconds| later(start, Duration::from_secs(seconds));
        let mut budget = Budget::default();
        assert_eq!(budget.allowance(at(0)), 10);
        budget.spend(Sent { firsts: 0, retries: 4 }, at(0));
        assert_eq!(budget.allowance(at(1)), 6);
        budget.spend(Sent { firsts: 100, retries: 0 }, at(1));
        assert_eq!(budget.allowance(at(1)), 16);
        budget.spend(Sent { firsts: 0, retries: 30 }, at(2));
        assert_eq!(budget.allowance(at(2)), 0, "urgent ones are counted and never kept back");
        assert_eq!(budget.allowance(at(60)), 0, "the first minute is over for the first four alone");
        assert_eq!(budget.allowance(at(62)), 10);
    }
}
