//! A company that does not answer is left alone, apart from one request now and then that tries (reliability I19).
//!
//! Pure: a breaker is told what came of requests and asked what may go out. It opens after five failures in a row or ten of
//! the last twenty, lets one request through after 30 s (`probe_first`), and doubles that wait up to five minutes while it fails. It lives
//! in the process: another replica finds out by itself. Accepting changes does not depend on it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use store::ids::AccountId;

use super::policy::later;

/// So many failures one after the other open a breaker.
const IN_A_ROW: usize = 5;
/// So many outcomes are remembered; half of them failures open it as well.
const REMEMBERED: usize = 20;
/// The longest wait before one request tries, as a multiple of the first.
const LONGEST: u32 = 10;

/// What may go out for a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// Everything.
    Open,
    /// One request, to see whether Concur is back.
    OneTry,
    /// Nothing.
    Shut,
}

/// The breaker of one company.
#[derive(Debug, Clone, Default)]
pub(super) struct Breaker {
    /// The latest outcomes, oldest first; true is a failure.
    outcomes: VecDeque<bool>,
    tripped: Option<Tripped>,
    /// Concur asks to be left alone until then; nothing goes out, and nothing follows from it.
    paused_until: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct Tripped {
    /// Nothing goes out before.
    until: Timestamp,
    /// How long that was.
    wait: Duration,
    /// Whether one request is out to try.
    trying: bool,
}

impl Breaker {
    /// What may go out now.
    pub(super) fn gate(&self, now: Timestamp) -> Gate {
        if self.paused_until.is_some_and(|until| now < until) {
            return Gate::Shut;
        }
        match self.tripped {
            None => Gate::Open,
            Some(tripped) if now < tripped.until => Gate::Shut,
            Some(_) => Gate::OneTry,
        }
    }

    /// The one request goes out; until it has come to something, or `lease` is over, nothing else does.
    pub(super) fn trying(&mut self, now: Timestamp, lease: Duration) {
        if let Some(tripped) = &mut self.tripped {
            (tripped.until, tripped.trying) = (later(now, lease), true);
        }
    }

    /// A request ended: with any answer that shows Concur at work, or not.
    pub(super) fn heard(&mut self, failed: bool, now: Timestamp, first_wait: Duration) {
        if !failed && self.tripped.is_some() {
            *self = Self::default();
            return;
        }
        if let Some(tripped) = &mut self.tripped {
            // What was under way when it tripped says nothing new; the one that tried does.
            if tripped.trying {
                let wait = (tripped.wait * 2).min(first_wait * LONGEST);
                *tripped = Tripped { until: later(now, wait), wait, trying: false };
            }
            return;
        }
        if self.outcomes.len() == REMEMBERED {
            self.outcomes.pop_front();
        }
        self.outcomes.push_back(failed);
        let in_a_row = self.outcomes.iter().rev().take_while(|failed| **failed).count();
        let failures = self.outcomes.iter().filter(|failed| **failed).count();
        if in_a_row >= IN_A_ROW || (self.outcomes.len() == REMEMBERED && failures * 2 >= REMEMBERED) {
            self.outcomes.clear();
            let until = later(now, first_wait);
            self.tripped = Some(Tripped { until, wait: first_wait, trying: false });
        }
    }
}

/// The breakers of all companies. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub(super) struct Breakers(Arc<Mutex<BTreeMap<AccountId, Breaker>>>);

impl Breakers {
    /// The companies for which not everything may go out now.
    pub(super) fn gates(&self, now: Timestamp) -> Vec<(AccountId, Gate)> {
        let breakers = self.lock();
        let gates = breakers.iter().map(|(account, breaker)| (*account, breaker.gate(now)));
        gates.filter(|(_, gate)| *gate != Gate::Open).collect()
    }

    /// Nothing goes out for a company until then.
    pub(super) fn pause(&self, account: AccountId, until: Timestamp) {
        let mut breakers = self.lock();
        let breaker = breakers.entry(account).or_default();
        breaker.paused_until = breaker.paused_until.max(Some(until));
    }

    /// One request goes out for a company that is tried.
    pub(super) fn trying(&self, account: AccountId, now: Timestamp, lease: Duration) {
        self.lock().entry(account).or_default().trying(now, lease);
    }

    /// A request to a company ended. Answers whether that opened or closed its breaker.
    pub(super) fn heard(
        &self,
        account: AccountId,
        failed: bool,
        now: Timestamp,
        first_wait: Duration,
    ) -> Option<Gate> {
        let mut breakers = self.lock();
        let breaker = breakers.entry(account).or_default();
        let before = breaker.tripped.is_some();
        breaker.heard(failed, now, first_wait);
        match (before, breaker.tripped.is_some()) {
            (false, true) => Some(Gate::Shut),
            (true, false) => Some(Gate::Open),
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<AccountId, Breaker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(30);

    #[test]
    fn a_pause_that_concur_asks_for_shuts_and_ends_by_itself() {
        let (breakers, account) =
            (Breakers::default(), "0193a1b2-0000-7000-8000-000000000001".parse().unwrap());
        breakers.pause(account, at(300));
        breakers.pause(account, at(200));
        assert_eq!(breakers.gates(at(299)), [(account, Gate::Shut)]);
        assert_eq!(breakers.gates(at(300)), []);
    }

    fn at(seconds: u64) -> Timestamp {
        later("2026-03-01T09:00:00Z".parse().unwrap(), Duration::from_secs(seconds))
    }

    fn after(outcomes: &[bool]) -> Breaker {
        let mut breaker = Breaker::default();
        for failed in outcomes {
            breaker.heard(*failed, at(0), FIRST);
        }
        breaker
    }

    #[test]
    fn five_failures_in_a_row_or_ten_of_twenty_open_it() {
        assert_eq!(after(&[true; 4]).gate(at(0)), Gate::Open);
        assert_eq!(after(&[true, true, true, true, false, true]).gate(at(0)), Gate::Open);
        assert_eq!(after(&[true; 5]).gate(at(0)), Gate::Shut);
        let half: Vec<bool> = (0..20).map(|n| n % 2 == 0).collect();
        assert_eq!(after(&half[..19]).gate(at(0)), Gate::Open);
        assert_eq!(after(&half).gate(at(0)), Gate::Shut);
    }

    #[test]
    fn one_request_tries_after_thirty_seconds_and_the_wait_doubles_up_to_five_minutes() {
        let mut breaker = after(&[true; 5]);
        let (mut now, mut waits) = (0, Vec::new());
        for _ in 0..6 {
            let wait = (0..3_600).find(|wait| breaker.gate(at(now + wait)) == Gate::OneTry).unwrap();
            waits.push(wait);
            now += wait;
            breaker.trying(at(now), Duration::from_secs(90));
            assert_eq!(breaker.gate(at(now)), Gate::Shut, "one, and no more");
            breaker.heard(true, at(now), FIRST);
        }
        assert_eq!(waits, [30, 60, 120, 240, 300, 300]);
    }

    #[test]
    fn any_answer_closes_it_and_a_try_that_never_ended_is_followed_by_another() {
        let mut breaker = after(&[true; 5]);
        breaker.trying(at(30), Duration::from_secs(90));
        assert_eq!(breaker.gate(at(119)), Gate::Shut);
        assert_eq!(breaker.gate(at(120)), Gate::OneTry);
        breaker.heard(false, at(121), FIRST);
        assert_eq!(breaker.gate(at(121)), Gate::Open);
        breaker.heard(true, at(122), FIRST);
        assert_eq!(breaker.gate(at(122)), Gate::Open, "and what went before is forgotten");
    }

    #[test]
    fn what_was_under_way_when_it_opened_does_not_make_the_wait_longer() {
        let mut breaker = after(&[true; 5]);
        breaker.heard(true, at(1), FIRST);
        assert_eq!(breaker.gate(at(30)), Gate::OneTry);
    }
}
