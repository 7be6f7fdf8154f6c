//! What follows from what happened: a pure function of state, event, history, time and jitter.
//!
//! No store, no network, no clock. What a wait costs is decided here; what an answer of Concur means is decided in
//! `concur` (`Error::advice`), where the API is known. Source of the figures: Concur page *User Provisioning v4*
//! (polling, 120-minute limit); full jitter after AWS's "Exponential Backoff and Jitter".

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use store::operations::State;

use super::Settings;

/// Concur gives a request up after 120 minutes; five more for its clock and ours.
const POLL_AT_MOST: Duration = Duration::from_mins(125);
/// Longest wait that Concur may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);
/// An extension that Concur refuses for good is tried so often all the same: a refusal can heal when an earlier
/// part has landed.
const REFUSED_EXTENSION_ATTEMPTS: u32 = 3;

/// What is known of an operation when something happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// Its state.
    pub state: State,
    /// Attempts to send, the present one included; the waits grow with it.
    pub attempt: u32,
    /// Attempts that may have reached Concur, the present one included. An outage does not use them up.
    pub judged: u32,
    /// Whether it ends someone's access: then it is never given up.
    pub urgent: bool,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When the last attempt was answered; the poll's waits grow from here.
    pub sent_at: Timestamp,
    /// Until when "not seen" does not yet mean "not applied"; `None` where that has not been said.
    pub settle_until: Option<Timestamp>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Concur took the request and gave a provision id.
    Submitted,
    /// Concur already holds what is wanted, as far as we know.
    NothingToSend,
    /// The request was certainly not applied.
    NotApplied {
        /// How long Concur asked to wait.
        retry_after: Option<Duration>,
    },
    /// Nothing left this process: Concur is left alone for a while, as it asks, or there was no time left to send.
    HeldBack {
        /// For how long.
        retry_after: Option<Duration>,
    },
    /// The user was found and linked; the rest is a change of an existing user.
    Adopted,
    /// One step was read back, the next one can be sent: roles after the spend user.
    StepDone,
    /// Nobody knows whether the request was applied.
    Lost,
    /// Concur will never accept it.
    Refused,
    /// The provision request is not finished, or its status could not be read.
    Pending {
        /// How long Concur asked to wait.
        retry_after: Option<Duration>,
    },
    /// Concur no longer knows the provision request, or its answer leaves this operation out.
    Forgotten,
    /// Concur reports success for every part.
    Succeeded,
    /// The identity is in, another part is not.
    PartFailed {
        /// Whether Concur calls it a mistake of ours (a code of 400 to 499).
        permanent: bool,
    },
    /// Concur was read and holds what is wanted.
    ReadBackEqual,
    /// Concur was read and holds something else, or has no such user.
    ReadBackDifferent,
    /// Concur could not be read.
    ReadFailed {
        /// How long Concur asked to wait.
        retry_after: Option<Duration>,
    },
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The next state.
    pub to: State,
    /// When it is due there.
    pub due_at: Timestamp,
    /// Set when entering `unknown`.
    pub settle_until: Option<Timestamp>,
    /// `failed` because attempts or time are used up, rather than because Concur refused.
    pub gave_up: bool,
}

/// What follows from an event. `jitter` is uniform over 0 to 1.
pub fn decide(history: &History, event: Event, settings: &Settings, now: Timestamp, jitter: f64) -> Decision {
    let at = |to: State, due_at: Timestamp| Decision { to, due_at, settle_until: None, gave_up: false };
    let again = |retry_after: Option<Duration>| {
        let backoff = full_jitter(history.attempt, settings, jitter);
        at(State::Ready, later(now, backoff.max(asked(retry_after))))
    };
    let unknown = || Decision {
        settle_until: Some(later(now, settings.settle_total())),
        ..at(State::Unknown, later(now, settings.settle_first))
    };
    let decision = match event {
        Event::Submitted => at(State::Submitted, later(now, settings.poll_first)),
        Event::NothingToSend | Event::Succeeded => at(State::Verifying, now),
        Event::NotApplied { retry_after } | Event::HeldBack { retry_after } => again(retry_after),
        Event::Adopted | Event::StepDone => at(State::Ready, now),
        Event::Lost | Event::Forgotten => unknown(),
        Event::Refused => at(State::Failed, now),
        Event::Pending { retry_after } => {
            let waited = elapsed(history.sent_at, now);
            if waited >= POLL_AT_MOST {
                unknown()
            } else {
                at(State::Submitted, later(now, poll_wait(waited, settings).max(asked(retry_after))))
            }
        }
        // Ending access is about the identity alone, and that is in.
        Event::PartFailed { .. } if history.urgent => at(State::Verifying, now),
        Event::PartFailed { permanent: true } if history.judged >= REFUSED_EXTENSION_ATTEMPTS => {
            at(State::Failed, now)
        }
        Event::PartFailed { .. } => again(None),
        Event::ReadBackEqual if history.state == State::Unknown => at(State::Verifying, now),
        Event::ReadBackEqual => at(State::Done, now),
        Event::ReadBackDifferent if history.state != State::Unknown => unknown(),
        Event::ReadBackDifferent => match history.settle_until {
            None => unknown(),
            Some(until) if now >= until => at(State::Ready, now),
            Some(until) => at(State::Unknown, next_look(until, now, settings)),
        },
        // The wait grows with the time the question has been open, and the state stays: an unanswered look-up
        // proves nothing.
        Event::ReadFailed { retry_after } => {
            let wait = poll_wait(elapsed(history.sent_at, now), settings).max(asked(retry_after));
            at(history.state, later(now, wait))
        }
    };
    give_up(decision, history, event, settings, now)
}

/// An operation that would go round again fails instead when its attempts or its time are used up.
fn give_up(
    decision: Decision,
    history: &History,
    event: Event,
    settings: &Settings,
    now: Timestamp,
) -> Decision {
    let was_judged = !matches!(
        event,
        Event::NotApplied { .. } | Event::HeldBack { .. } | Event::Adopted | Event::StepDone
    );
    let spent = (was_judged && history.judged >= settings.max_attempts)
        || elapsed(history.accepted_at, now) >= settings.give_up_after;
    if decision.to == State::Ready && spent && !history.urgent {
        return Decision { to: State::Failed, due_at: now, settle_until: None, gave_up: true };
    }
    decision
}

/// Uniform between nothing and the doubled wait, so that a crowd of retries spreads.
fn full_jitter(attempt: u32, settings: &Settings, jitter: f64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(30);
    let cap = settings.retry_first.saturating_mul(1 << doublings).min(settings.retry_max);
    cap.mul_f64(jitter.clamp(0.0, 1.0))
}

/// The waits grow by half each time: after `waited` in all, the next one is `first + waited / 2`.
fn poll_wait(waited: Duration, settings: &Settings) -> Duration {
    (settings.poll_first + waited / 2).min(settings.poll_max.max(settings.poll_first))
}

/// Looks are at 1, 4, 13 and 37 times the first wait after the outcome became unknown.
fn next_look(settle_until: Timestamp, now: Timestamp, settings: &Settings) -> Timestamp {
    let total = settings.settle_total();
    let since = later(settle_until, Duration::ZERO) - SignedDuration::try_from(total).unwrap_or_default();
    let waited = elapsed(since, now);
    let look = [4, 13].into_iter().map(|times| settings.settle_first * times).find(|look| *look > waited);
    look.map_or(settle_until, |look| later(since, look))
}

fn asked(retry_after: Option<Duration>) -> Duration {
    retry_after.unwrap_or_default().min(RETRY_AFTER_MAX)
}

/// `from` and `wait` more; a wait beyond the calendar ends with it.
pub(super) fn later(from: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait).ok().and_then(|wait| from.checked_add(wait).ok()).unwrap_or(Timestamp::MAX)
}

/// How long ago `since` was; a clock that went back counts as no time.
pub(super) fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-03-01T09:00:00Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    fn history(state: State) -> History {
        History {
            state,
            attempt: 1,
            judged: 1,
            urgent: false,
            accepted_at: now(),
            sent_at: now(),
            settle_until: None,
        }
    }

    fn check(history: History, event: Event, jitter: f64, to: State, due_in_s: i64) {
        let decision = decide(&history, event, &Settings::default(), now(), jitter);
        let due_in = decision.due_at.duration_since(now()).as_secs();
        assert_eq!((decision.to, due_in), (to, due_in_s), "{event:?} from {:?}", history.state);
    }

    #[test]
    fn the_straight_way_leads_to_done() {
        check(history(State::Sending), Event::Submitted, 0.5, State::Submitted, 5);
        check(history(State::Submitted), Event::Succeeded, 0.5, State::Verifying, 0);
        check(history(State::Verifying), Event::ReadBackEqual, 0.5, State::Done, 0);
        check(history(State::Sending), Event::NothingToSend, 0.5, State::Verifying, 0);
    }

    #[test]
    fn retries_wait_a_random_part_of_a_doubling_time() {
        let not_applied = Event::NotApplied { retry_after: None };
        check(history(State::Sending), not_applied, 1.0, State::Ready, 2);
        check(history(State::Sending), not_applied, 0.0, State::Ready, 0);
        check(History { attempt: 4, ..history(State::Sending) }, not_applied, 0.5, State::Ready, 8);
        check(History { attempt: 19, ..history(State::Sending) }, not_applied, 1.0, State::Ready, 300);
    }

    #[test]
    fn retry_after_is_obeyed_up_to_an_hour() {
        let asked = |s| Event::NotApplied { retry_after: Some(Duration::from_secs(s)) };
        check(history(State::Sending), asked(17), 0.5, State::Ready, 17);
        check(history(State::Sending), asked(0), 1.0, State::Ready, 2);
        check(history(State::Sending), asked(86_400), 0.5, State::Ready, 3600);
        let pending = Event::Pending { retry_after: Some(Duration::from_secs(40)) };
        check(history(State::Submitted), pending, 0.5, State::Submitted, 40);
    }

    #[test]
    fn polls_grow_by_half_up_to_a_minute_and_end_after_125_minutes() {
        let pending = Event::Pending { retry_after: None };
        let mut sent_at = now();
        let mut waits = Vec::new();
        for _ in 0..9 {
            let decision = decide(
                &History { sent_at, ..history(State::Submitted) },
                pending,
                &Settings::default(),
                now(),
                0.5,
            );
            let wait = decision.due_at.duration_since(now());
            waits.push(wait.as_millis());
            sent_at -= wait;
        }
        assert_eq!(waits, [5_000, 7_500, 11_250, 16_875, 25_312, 37_968, 56_953, 60_000, 60_000]);
        let old = now() - SignedDuration::from_mins(125);
        check(History { sent_at: old, ..history(State::Submitted) }, pending, 0.5, State::Unknown, 5);
    }

    #[test]
    fn an_unknown_outcome_is_looked_up_four_times_before_it_counts_as_not_applied() {
        let decision = decide(&history(State::Sending), Event::Lost, &Settings::default(), now(), 0.5);
        let settle_until = decision.settle_until.unwrap();
        assert_eq!((decision.to, settle_until.duration_since(now()).as_secs()), (State::Unknown, 185));
        let mut at = decision.due_at;
        let mut looks = Vec::new();
        loop {
            looks.push(at.duration_since(now()).as_secs());
            let unknown = History { settle_until: Some(settle_until), ..history(State::Unknown) };
            let next = decide(&unknown, Event::ReadBackDifferent, &Settings::default(), at, 0.5);
            if next.to == State::Ready {
                break;
            }
            at = next.due_at;
        }
        assert_eq!(looks, [5, 20, 65, 185]);
    }

    #[test]
    fn an_unknown_outcome_is_never_sent_again_without_a_look_up_that_answered() {
        let long_ago = now() - SignedDuration::from_hours(1);
        let unknown = History { settle_until: Some(long_ago), sent_at: long_ago, ..history(State::Unknown) };
        check(unknown, Event::ReadFailed { retry_after: None }, 0.5, State::Unknown, 60);
        check(unknown, Event::ReadBackEqual, 0.5, State::Verifying, 0);
        check(unknown, Event::ReadBackDifferent, 0.5, State::Ready, 0);
    }

    #[test]
    fn a_found_difference_is_unknown_first_since_an_answer_may_be_late() {
        check(history(State::Verifying), Event::ReadBackDifferent, 0.5, State::Unknown, 5);
        check(history(State::Submitted), Event::Forgotten, 0.5, State::Unknown, 5);
    }

    #[test]
    fn a_failed_part_goes_round_again_and_a_refused_one_fails_at_the_third_attempt() {
        let refused = Event::PartFailed { permanent: true };
        check(history(State::Submitted), refused, 1.0, State::Ready, 2);
        check(History { judged: 3, ..history(State::Submitted) }, refused, 1.0, State::Failed, 0);
        let broken = Event::PartFailed { permanent: false };
        check(History { attempt: 3, judged: 3, ..history(State::Submitted) }, broken, 1.0, State::Ready, 8);
    }

    #[test]
    fn attempts_and_age_end_in_failed_but_never_for_a_deactivation() {
        let gives_up = |history, event| {
            let decision = decide(&history, event, &Settings::default(), now(), 0.5);
            (decision.to, decision.gave_up) == (State::Failed, true)
        };
        let not_applied = Event::NotApplied { retry_after: None };
        let broken = Event::PartFailed { permanent: false };
        let many = History { attempt: 20, judged: 20, ..history(State::Submitted) };
        assert!(gives_up(many, broken));
        assert!(!gives_up(History { judged: 19, ..many }, broken));
        assert!(!gives_up(History { urgent: true, ..many }, broken));
        let in_an_outage = History { attempt: 500, judged: 20, ..history(State::Sending) };
        assert!(!gives_up(in_an_outage, not_applied), "what never reached Concur uses nothing up");
        let old = History { accepted_at: now() - SignedDuration::from_hours(24), ..history(State::Sending) };
        assert!(gives_up(old, not_applied));
        assert!(!gives_up(History { urgent: true, ..old }, not_applied));
    }

    #[test]
    fn a_refusal_is_final() {
        let decision = decide(&history(State::Sending), Event::Refused, &Settings::default(), now(), 0.5);
        assert!(decision.to == State::Failed && !decision.gave_up);
    }
}
