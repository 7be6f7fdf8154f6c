//! Webhooks and the outbox of messages to them.

use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use store::ids::AccountId;
use store::testing::{self, TestStore};
use store::webhooks::{self, Claimed, Message, Outcome, State, Topic, Webhook};
use store::{Error, accounts, runs};

use crate::lines::{line, put};
use crate::{add_account, at, on_each, read, write};

fn hook(test: &TestStore, account: AccountId, topics: &[Topic]) -> Webhook {
    write(test, |c| {
        webhooks::insert(c, account, "https://hooks.example.com/a", topics, &"whsec_canary".into(), at(0))
    })
}

fn messages(test: &TestStore, webhook: &Webhook) -> Vec<Message> {
    read(test, |c| webhooks::list_messages(c, webhook.id, None, 100))
}

fn claim(test: &TestStore, now: Timestamp, until: Timestamp) -> Vec<Claimed> {
    write(test, |c| webhooks::claim(c, now, until, 10))
}

#[test]
fn a_webhook_is_told_of_its_topics_and_of_its_account_alone() {
    on_each(|test, account| {
        let other = add_account(test, "Other");
        let paused = hook(test, account, &[Topic::AccountPaused]);
        let both = hook(test, account, &[Topic::AccountPaused, Topic::AccountResumed]);
        let foreign = hook(test, other, &[Topic::AccountPaused]);
        write(test, |c| accounts::pause(c, account, "a holiday", at(1)));
        write(test, |c| accounts::resume(c, account, at(2)));
        assert_eq!(messages(test, &both).len(), 2);
        assert_eq!(messages(test, &foreign), []);
        let told = messages(test, &paused);
        let body: Value = serde_json::from_str(&told[0].body).unwrap();
        let expected = json!({"type": "account.paused", "timestamp": at(1), "account": account, "data": {"reason": "a holiday"}});
        assert_eq!((told.len(), body), (1, expected));
    });
}

#[test]
fn what_is_rolled_back_is_not_told() {
    on_each(|test, account| {
        let webhook = hook(test, account, &[Topic::AccountPaused]);
        let undone = test.store.write_blocking(|c| {
            accounts::pause(c, account, "never", at(1))?;
            Err::<(), _>(Error::NotFound { what: "luck" })
        });
        assert!(undone.is_err());
        assert_eq!(messages(test, &webhook), []);
    });
}

#[test]
fn the_end_of_a_run_is_told_unless_a_person_cancelled_it() {
    on_each(|test, account| {
        let webhook = hook(test, account, &[Topic::RunFinished, Topic::RunFailed]);
        let ends = [runs::State::CompleteWithGaps, runs::State::Failed, runs::State::Cancelled];
        for (second, state) in (1..).zip(ends) {
            let run = write(test, |c| runs::start(c, account, "sync", &json!({"lines": 3}), at(second)));
            write(test, |c| runs::finish(c, run.id, state, Some("why"), at(second)));
        }
        let told: Vec<(String, Value)> = messages(test, &webhook)
            .into_iter()
            .map(|message| {
                (message.topic, serde_json::from_str::<Value>(&message.body).unwrap()["data"].clone())
            })
            .collect();
        assert_eq!(
            told.iter().map(|(topic, _)| topic.as_str()).collect::<Vec<_>>(),
            ["run.failed", "run.finished"]
        );
        assert_eq!(told[1].1["state"], "complete_with_gaps");
        assert_eq!((&told[0].1["error"], &told[0].1["progress"]["lines"]), (&json!("why"), &json!(3)));
    });
}

#[test]
fn a_message_is_claimed_by_one_until_its_time_is_up_and_only_the_last_attempt_counts() {
    on_each(|test, account| {
        let webhook = hook(test, account, &[Topic::AccountPaused]);
        write(test, |c| accounts::pause(c, account, "x", at(1)));
        let first = claim(test, at(1), at(61)).pop().unwrap();
        assert_eq!(first.secret.expose_secret(), "whsec_canary");
        assert_eq!((first.message.attempts, claim(test, at(60), at(120)).len()), (1, 0));
        let second = claim(test, at(61), at(121)).pop().unwrap();
        assert_eq!(second.message.attempts, 2);
        let ended = |claimed: &Claimed, outcome: &Outcome| {
            write(test, |c| webhooks::end(c, &claimed.message, outcome, at(62)))
        };
        assert!(!ended(&first, &Outcome::Delivered(200)), "the first was taken for dead");
        let error = "answered 500".to_owned();
        assert!(ended(&second, &Outcome::Again { at: at(300), status: Some(500), error: error.clone() }));
        assert_eq!(claim(test, at(299), at(400)).len(), 0);
        let third = claim(test, at(300), at(400)).pop().unwrap();
        assert!(ended(&third, &Outcome::Failed { status: None, error }));
        let message = messages(test, &webhook).pop().unwrap();
        assert_eq!((message.state, message.attempts, message.ended_at), (State::Failed, 3, Some(at(62))));
        assert!(write(test, |c| webhooks::replay(c, account, message.id, at(500))));
        assert!(!write(test, |c| webhooks::replay(c, account, message.id, at(500))), "it waits already");
        let fourth = claim(test, at(500), at(600)).pop().unwrap();
        assert_eq!((fourth.message.attempts, &fourth.message.body), (1, &first.message.body));
        assert!(ended(&fourth, &Outcome::Delivered(204)));
        assert_eq!(write(test, |c| webhooks::prune(c, at(62))), 0);
        assert_eq!(write(test, |c| webhooks::prune(c, at(63))), 1);
    });
}

#[test]
fn a_disabled_webhook_gets_nothing_until_it_is_enabled() {
    on_each(|test, account| {
        let webhook = hook(test, account, &[Topic::AccountPaused]);
        write(test, |c| accounts::pause(c, account, "x", at(1)));
        write(test, |c| webhooks::disable(c, webhook.id, "gone", at(2)));
        write(test, |c| accounts::pause(c, account, "y", at(3)));
        assert_eq!((claim(test, at(4), at(5)).len(), messages(test, &webhook).len()), (0, 1));
        let other = add_account(test, "Other");
        assert!(!write(test, |c| webhooks::enable(c, other, webhook.id)), "another account's");
        assert!(write(test, |c| webhooks::enable(c, account, webhook.id)));
        assert_eq!(claim(test, at(4), at(5)).len(), 1);
        assert!(!write(test, |c| webhooks::remove(c, other, webhook.id)), "another account's");
        assert!(write(test, |c| webhooks::remove(c, account, webhook.id)));
        assert!(!read(test, webhooks::any));
    });
}

#[test]
fn changed_lines_are_told_once_a_minute_with_the_place_in_the_feed() {
    on_each(|test, account| {
        put(test, account, &[line("E0", "1")], 0);
        let webhook = hook(test, account, &[Topic::LinesChanged]);
        let tell = |second| write(test, |c| webhooks::tell_changed_lines(c, at(second)));
        assert_eq!(tell(100), 0, "what was there before is no news");
        put(test, account, &[line("E1", "1")], 1);
        assert_eq!(tell(59), 0, "too soon");
        assert_eq!((tell(60), tell(300)), (1, 0));
        put(test, account, &[line("E2", "1")], 2);
        assert_eq!((tell(61), tell(120)), (0, 1));
        let told: Vec<Value> = messages(test, &webhook)
            .iter()
            .map(|message| serde_json::from_str::<Value>(&message.body).unwrap()["data"].clone())
            .collect();
        assert_eq!(
            told[0]["changes_after"], told[1]["last_change"],
            "no change between two messages is left out"
        );
    });
}

/// As several replicas do: whoever is later with a message gets nothing.
#[test]
fn of_several_who_claim_at_once_each_message_goes_to_one() {
    on_each(|test, account| {
        let webhook = hook(test, account, &[Topic::AccountPaused]);
        for second in 1..=40 {
            write(test, |c| accounts::pause(c, account, "x", at(second)));
        }
        let claimed = |_| {
            let mut mine = Vec::new();
            loop {
                let page = claim(test, at(50), at(110));
                if page.is_empty() {
                    return mine;
                }
                mine.extend(page.into_iter().map(|claimed| claimed.message.id));
            }
        };
        let mut all: Vec<_> = std::thread::scope(|scope| {
            let running: Vec<_> = (0..4).map(|each| scope.spawn(move || claimed(each))).collect();
            running.into_iter().flat_map(|one| one.join().unwrap()).collect()
        });
        all.sort_unstable();
        let mut expected: Vec<_> = messages(test, &webhook).iter().map(|message| message.id).collect();
        expected.sort_unstable();
        assert_eq!(all, expected);
    });
}

#[test]
fn a_secret_that_does_not_open_stops_its_webhook_and_no_other() {
    on_each(|test, account| {
        let (broken, sound) =
            (hook(test, account, &[Topic::AccountPaused]), hook(test, account, &[Topic::AccountPaused]));
        let moved = format!(
            "UPDATE webhooks SET secret = (SELECT secret FROM webhooks WHERE webhook_id = '{}') WHERE webhook_id = '{}'",
            sound.id, broken.id
        );
        write(test, |c| testing::execute(c, &moved));
        write(test, |c| accounts::pause(c, account, "x", at(1)));
        let claimed = claim(test, at(1), at(61));
        assert_eq!(claimed.iter().map(|one| one.message.webhook).collect::<Vec<_>>(), [sound.id]);
        let broken = read(test, |c| webhooks::get(c, account, broken.id));
        assert!(broken.disabled_reason.unwrap().contains("webhooks.secret does not open"));
    });
}
