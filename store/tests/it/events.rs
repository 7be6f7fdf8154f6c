//! Events: taken once, reports touched, outcomes asked for sooner, spans that are lost.

use jiff::SignedDuration;
use store::events::{self, Gap, NewEvent, Subscription, Touch, Touched};
use store::ids::AccountId;
use store::operations::{self, Expect, State, Transition};
use store::testing::TestStore;

use crate::operations::{claim, new_operation};
use crate::{add_account, add_user, at, on_each, read, write};

const HOUR: i64 = 3_600;

fn event(account: AccountId, id: &str, subject: Option<&str>, now: i64) -> NewEvent {
    NewEvent {
        account,
        id: id.to_owned(),
        topic: "public.concur.expense.report".to_owned(),
        event_type: "reportUpdated".to_owned(),
        subject: subject.map(str::to_owned),
        happened_at: Some(at(now - 1)),
        now: at(now),
    }
}

#[test]
fn an_event_is_taken_once_by_each_account_until_it_is_forgotten() {
    on_each(|test, account| {
        let other = add_account(test, "Other");
        let put = |new: NewEvent| write(test, |c| events::put(c, &new));
        assert!(put(event(account, "e1", Some("R1"), 10)));
        assert!(!put(event(account, "e1", Some("R2"), 20)), "{}", test.name);
        assert!(put(event(other, "e1", None, 20)));
        let told = |subject: &str, since| read(test, |c| events::was_told(c, subject, at(since)));
        assert!(told("R1", 10) && !told("R1", 11) && !told("R2", 0), "{}", test.name);
        assert_eq!(write(test, |c| events::prune(c, at(15))), 1);
        assert!(put(event(account, "e1", Some("R1"), 30)), "{}: forgotten", test.name);
        for now in [1, 5] {
            write(test, |c| events::count(c, account, "taken", at(now)));
        }
        write(test, |c| events::count(c, account, "duplicate", at(7)));
        let counts = read(test, |c| events::counts(c, account));
        let counts: Vec<_> = counts.iter().map(|it| (it.outcome.as_str(), it.events, it.last_at)).collect();
        assert_eq!(counts, [("duplicate", 1, at(7)), ("taken", 2, at(5))], "{}", test.name);
    });
}

#[test]
fn a_touched_report_is_one_row_and_not_settled_by_who_read_it_before_the_last_touch() {
    on_each(|test, account| {
        let touch = |deleted, owner: Option<&str>, now| {
            let owner_id = owner.map(str::to_owned);
            let touch = Touch { account, report_id: "R1".to_owned(), owner_id, deleted, now: at(now) };
            write(test, |c| events::touch(c, &touch));
        };
        let due = |now| read(test, |c| events::due(c, account, at(now), 10));
        touch(true, Some("u1"), 10);
        let seen = due(10);
        let only = Touched {
            account,
            report_id: "R1".to_owned(),
            owner_id: Some("u1".to_owned()),
            deleted: true,
            first_at: at(10),
            last_at: at(10),
            tries: 0,
        };
        assert_eq!(seen, std::slice::from_ref(&only), "{}", test.name);
        // At the same instant, by an event without an owner that is older than the deletion.
        touch(false, None, 10);
        write(test, |c| events::settled(c, &seen[0]));
        let again = due(10);
        assert!(again.len() == 1 && again[0].deleted && again[0].owner_id == only.owner_id, "{again:?}");
        write(test, |c| events::put_off(c, &again[0], at(60)));
        assert!(due(59).is_empty() && due(60)[0].tries == 1, "{}", test.name);
        assert_eq!(read(test, |c| events::waiting(c, account)), 1);
        touch(false, None, 30);
        assert_eq!(
            (due(30).len(), due(30)[0].last_at),
            (1, at(30)),
            "{}: a new one is due at once",
            test.name
        );
        write(test, |c| events::settled(c, &due(30)[0]));
        assert_eq!(read(test, |c| events::waiting(c, account)), 0, "{}", test.name);
    });
}

/// An operation that waits for the outcome of this request until `due_at`.
fn submitted(test: &TestStore, account: AccountId, provision: &str, due_at: i64) -> operations::Operation {
    let user = write(test, |c| add_user(c, account, provision)).id;
    write(test, |c| operations::enqueue(c, &new_operation(account, user, "update")));
    let sent = write(test, |c| operations::claim_due(c, &claim(0))).remove(0);
    let expect = Expect { state: sent.state, lease_epoch: sent.lease_epoch };
    let change = Transition {
        due_at: Some(at(due_at)),
        provision_id: Some(provision.to_owned()),
        ..Transition::to(State::Submitted, at(1))
    };
    assert!(write(test, |c| operations::transition(c, sent.id, expect, &change)));
    read(test, |c| operations::get(c, sent.id))
}

#[test]
fn an_outcome_is_asked_for_as_soon_as_it_is_told() {
    on_each(|test, account| {
        let (told, other) = (submitted(test, account, "p1", 3_600), submitted(test, account, "p2", 3_600));
        let due_at = |of: &operations::Operation| read(test, |c| operations::get(c, of.id)).due_at;
        assert_eq!(write(test, |c| operations::hasten(c, "p1", at(10))), 1, "{}", test.name);
        assert_eq!((due_at(&told), due_at(&other)), (at(10), at(3_600)), "{}", test.name);
        assert_eq!(write(test, |c| operations::hasten(c, "p1", at(20))), 0, "it is due already");
        assert_eq!(write(test, |c| operations::hasten(c, "p3", at(20))), 0);
        write(test, |c| operations::due_by(c, other.id, at(50)));
        write(test, |c| operations::due_by(c, other.id, at(90)));
        assert_eq!(due_at(&other), at(50), "{}", test.name);
        let polled = write(test, |c| operations::claim_polls(c, &claim(10)));
        assert_eq!(polled.iter().map(|it| it.id).collect::<Vec<_>>(), [told.id], "{}", test.name);
        let expect = Expect { state: State::Submitted, lease_epoch: polled[0].lease_epoch };
        let done = Transition::to(State::Verifying, at(11));
        assert!(write(test, |c| operations::transition(c, told.id, expect, &done)), "no lease was disturbed");
        assert_eq!(write(test, |c| operations::hasten(c, "p1", at(0))), 0, "it waits for nothing any more");
    });
}

#[test]
fn a_listener_begins_again_under_another_address_and_ends() {
    on_each(|test, account| {
        let subscription =
            |topic: &str| Subscription { topic: topic.to_owned(), id: format!("scim-bridge-{topic}") };
        let begin = |no, topics: &[&str], now| {
            let subscriptions: Vec<_> = topics.iter().map(|topic| subscription(topic)).collect();
            write(test, |c| events::begin(c, account, no, &subscriptions, at(now)));
        };
        assert_eq!(read(test, |c| events::listener(c, account)), None);
        begin(1, &["a", "b"], 0);
        write(test, |c| events::checked(c, account, Some("a is missing"), at(5)));
        assert_eq!(
            read(test, |c| events::listener(c, account)).unwrap().trouble.as_deref(),
            Some("a is missing")
        );
        begin(2, &["b"], 10);
        let known = read(test, |c| events::listener(c, account)).unwrap();
        assert_eq!((known.address_no, known.subscribed_at, known.trouble), (2, at(0), None), "{}", test.name);
        assert_eq!(read(test, |c| events::subscriptions(c, account)), [subscription("b")]);
        assert_eq!(read(test, events::listeners).len(), 1);
        assert!(write(test, |c| events::end(c, account)) && !write(test, |c| events::end(c, account)));
        assert_eq!(read(test, |c| events::subscriptions(c, account)), []);
    });
}

#[test]
fn what_was_lost_while_nobody_listened_is_a_gap_until_all_was_read_again() {
    on_each(|test, account| {
        let beat = |now| write(test, |c| events::beat(c, account, SignedDuration::from_hours(72), at(now)));
        assert_eq!(beat(0), None, "{}: nobody listens", test.name);
        write(test, |c| events::begin(c, account, 1, &[], at(0)));
        assert_eq!(beat(72 * HOUR), None, "{}: Concur has tried until now", test.name);
        let (from, to) = (72 * HOUR, (72 + 28) * HOUR);
        let gap = Gap { from: at(from), to: at(to), closed_at: None };
        assert_eq!(beat(to + 72 * HOUR), Some(gap), "{}", test.name);
        assert_eq!(beat(to + 73 * HOUR), None);
        let close = |began, now| write(test, |c| events::close_gap(c, account, at(began), at(now)));
        assert!(!close(to - 1, to + 80 * HOUR), "{}: it began too early", test.name);
        // Another one before the first is closed.
        write(test, |c| events::open_gap(c, account, at(from + 5), at(to + HOUR)));
        let known = |test| read(test, |c| events::listener(c, account)).unwrap().gap.unwrap();
        assert_eq!(known(test), Gap { from: at(from), to: at(to + HOUR), closed_at: None }, "{}", test.name);
        assert!(close(to + HOUR, to + 81 * HOUR) && !close(to + HOUR, to + 82 * HOUR), "{}", test.name);
        assert_eq!(known(test).closed_at, Some(at(to + 81 * HOUR)), "{}", test.name);
        // A later one begins anew.
        write(test, |c| events::open_gap(c, account, at(to + 90 * HOUR), at(to + 91 * HOUR)));
        assert_eq!(known(test).from, at(to + 90 * HOUR), "{}", test.name);
    });
}
