//! Whole lives of operations, drawn at random, against what must hold in each of them (reliability T1): the policy alone
//! decides, a model counts what it leads to.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use store::operations::State;

use super::Settings;
use super::policy::{Decision, Event, History, decide, later};

/// One step of a life: which of the possible events, after how long, with which luck.
#[derive(Debug, Clone)]
struct Step {
    choice: usize,
    late: Duration,
    jitter: f64,
    retry_after: Option<Duration>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (any::<usize>(), 0_u64..7_200, 0.0..=1.0, proptest::option::of(0_u64..100_000));
    let step = step.prop_map(|(choice, late, jitter, retry_after)| Step {
        choice,
        late: Duration::from_secs(late),
        jitter,
        retry_after: retry_after.map(Duration::from_secs),
    });
    prop::collection::vec(step, 1..120)
}

/// What can happen in a state.
fn possible(state: State, retry_after: Option<Duration>) -> Vec<Event> {
    match state {
        State::Sending => vec![
            Event::Submitted,
            Event::NothingToSend,
            Event::NotApplied { retry_after },
            Event::Adopted,
            Event::Lost,
            Event::Refused,
        ],
        State::Submitted => vec![
            Event::Pending { retry_after },
            Event::Forgotten,
            Event::Succeeded,
            Event::PartFailed { permanent: true },
            Event::PartFailed { permanent: false },
            Event::NotApplied { retry_after },
            Event::Refused,
        ],
        State::Verifying => vec![
            Event::ReadBackEqual,
            Event::ReadBackDifferent,
            Event::ReadFailed { retry_after },
            Event::StepDone,
        ],
        State::Unknown => vec![
            Event::ReadBackEqual,
            Event::ReadBackDifferent,
            Event::ReadFailed { retry_after },
            Event::Adopted,
            Event::Refused,
        ],
        _ => Vec::new(),
    }
}

/// An operation as the store keeps it, and what the model has counted.
struct Life {
    history: History,
    now: Timestamp,
    /// Since the outcome became unknown, a look-up has answered.
    looked: bool,
    /// The outcome became unknown and has not been settled since.
    open_question: Option<Timestamp>,
    sends: u32,
}

impl Life {
    fn begin(urgent: bool) -> Self {
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        let history = History {
            state: State::Sending,
            attempt: 1,
            judged: 1,
            urgent,
            accepted_at: now,
            sent_at: now,
            settle_until: None,
        };
        Self { history, now, looked: false, open_question: None, sends: 1 }
    }

    /// Lets one event happen, checks what follows, and becomes that.
    fn live(&mut self, step: &Step, settings: &Settings) {
        let events = possible(self.history.state, step.retry_after);
        let event = events[step.choice % events.len()];
        self.now = later(self.now, step.late);
        let before = self.history;
        let decision = decide(&before, event, settings, self.now, step.jitter);
        self.check(&before, event, &decision, settings);
        if matches!(event, Event::ReadBackEqual | Event::ReadBackDifferent | Event::Adopted) {
            self.looked = true;
        }
        if decision.to == State::Unknown && before.state != State::Unknown {
            (self.open_question, self.looked) = (Some(self.now), false);
        }
        self.become_what_follows(&decision, event);
    }

    fn check(&self, before: &History, event: Event, decision: &Decision, settings: &Settings) {
        let what = format!("{event:?} in {} leads to {decision:?}", before.state);
        assert!(before.state.may_become(decision.to), "the table forbids it: {what}");
        // Every state that is not an end has a time at which it goes on, and not an absurd one.
        assert!(decision.due_at >= self.now, "due in the past: {what}");
        let wait = decision.due_at.duration_since(self.now);
        assert!(wait <= SignedDuration::from_hours(1), "waits for more than Concur may ask: {what}");
        match decision.to {
            State::Done => {
                assert_eq!((before.state, event), (State::Verifying, Event::ReadBackEqual), "{what}");
            }
            State::Ready if before.state == State::Unknown => {
                assert!(
                    matches!(event, Event::ReadBackDifferent | Event::Adopted),
                    "sent again without a look-up that answered: {what}"
                );
                if event == Event::ReadBackDifferent {
                    let since = self.open_question.expect("an unknown outcome began somewhere");
                    let waited = Duration::try_from(self.now.duration_since(since)).unwrap();
                    assert!(waited >= settings.settle_first * 37, "sent again too early: {what}");
                }
            }
            State::Failed if before.urgent => {
                assert_eq!(event, Event::Refused, "a deactivation was given up: {what}");
            }
            _ => {}
        }
        assert!(!decision.gave_up || decision.to == State::Failed, "{what}");
    }

    fn become_what_follows(&mut self, decision: &Decision, event: Event) {
        let history = &mut self.history;
        if matches!(history.state, State::Sending) {
            history.sent_at = self.now;
        }
        history.state = decision.to;
        if decision.settle_until.is_some() {
            history.settle_until = decision.settle_until;
        }
        self.now = decision.due_at;
        if history.state == State::Ready {
            assert!(self.open_question.is_none() || self.looked, "nothing goes out over an open question");
            // Claimed at once: the next attempt.
            self.open_question = None;
            history.state = State::Sending;
            history.attempt += 1;
            if !matches!(event, Event::NotApplied { .. }) {
                history.judged += 1;
            }
            history.settle_until = None;
            self.sends += 1;
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_rules_hold_from_the_first_attempt_to_the_end(urgent: bool, steps in steps()) {
        let settings = Settings::default();
        let mut life = Life::begin(urgent);
        for step in &steps {
            if possible(life.history.state, None).is_empty() {
                break;
            }
            life.live(step, &settings);
        }
        let ended = possible(life.history.state, None).is_empty();
        prop_assert!(!ended || matches!(life.history.state, State::Done | State::Failed));
        prop_assert!(life.sends <= u32::try_from(steps.len()).unwrap() + 1);
    }

    #[test]
    fn a_concur_that_only_answers_no_to_reads_keeps_an_unknown_outcome_unknown(steps in steps()) {
        let settings = Settings::default();
        let mut life = Life::begin(false);
        let lost = decide(&life.history, Event::Lost, &settings, life.now, 0.5);
        life.history.state = lost.to;
        life.history.settle_until = lost.settle_until;
        for step in steps {
            life.now = later(life.now, step.late);
            let event = Event::ReadFailed { retry_after: step.retry_after };
            let decision = decide(&life.history, event, &settings, life.now, step.jitter);
            prop_assert_eq!(decision.to, State::Unknown);
        }
    }
}
