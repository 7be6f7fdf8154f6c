//! Processes that deliver: who is silent is buried once, and what it held is free at once.

use store::operations::{self, Claim, State, Worker};

use crate::operations::{claim, new_operation};
use crate::{add_user, at, on_each, read, write};

#[test]
fn who_is_silent_is_buried_once_and_what_it_held_is_free() {
    on_each(|test, account| {
        let beat = |owner: &str| write(test, |c| operations::beat(c, owner));
        assert_eq!(beat("one"), []);
        assert_eq!(beat("two"), [Worker { owner: "one".to_owned(), beats: 1 }]);
        let [sending, polled, others] = ["sending", "polled", "others"].map(|name| {
            let user = write(test, |c| add_user(c, account, name)).id;
            write(test, |c| operations::enqueue(c, &new_operation(account, user, "create"))).id
        });
        let take = |id, owner: &str| {
            let claim = Claim { owner, ..claim(0) };
            write(test, |c| operations::claim_one(c, id, &claim)).unwrap()
        };
        take(sending, "one");
        take(others, "two");
        let taken = take(polled, "one");
        let expect = operations::Expect { state: taken.state, lease_epoch: taken.lease_epoch };
        let submitted = operations::Transition {
            due_at: Some(at(1)),
            ..operations::Transition::to(State::Submitted, at(0))
        };
        assert!(write(test, |c| operations::transition(c, polled, expect, &submitted)));
        let polls = |now: i64, owner: &str| {
            let claim = Claim { owner, ..claim(now) };
            let polls = write(test, |c| operations::claim_polls(c, &claim));
            polls.into_iter().map(|op| op.id).collect::<Vec<_>>()
        };
        assert_eq!(polls(2, "one"), [polled]);
        assert_eq!(polls(3, "two"), [], "it is leased");

        let silent = beat("two").remove(0);
        beat("one");
        assert_eq!(write(test, |c| operations::bury(c, &silent)), None, "it has spoken meanwhile");
        let silent = beat("two").remove(0);
        assert_eq!((silent.beats, write(test, |c| operations::bury(c, &silent))), (2, Some(2)));
        assert_eq!(write(test, |c| operations::bury(c, &silent)), None, "once is enough");
        assert_eq!(write(test, |c| operations::expire_leases(c, at(4))), [sending]);
        assert_eq!(polls(4, "two"), [polled, sending], "by their due times");
        assert_eq!(
            read(test, |c| operations::get(c, others)).state,
            State::Sending,
            "the living keep theirs"
        );
        assert_eq!(
            beat("one"),
            [Worker { owner: "two".to_owned(), beats: 3 }],
            "who was buried may come back"
        );
    });
}

#[test]
fn who_leaves_holds_nothing_any_more() {
    on_each(|test, account| {
        write(test, |c| operations::beat(c, "one"));
        let user = write(test, |c| add_user(c, account, "zoe")).id;
        let id = write(test, |c| operations::enqueue(c, &new_operation(account, user, "create"))).id;
        write(test, |c| operations::claim_one(c, id, &Claim { owner: "one", ..claim(0) }));
        assert_eq!(write(test, |c| operations::leave(c, "one")), 1);
        assert_eq!(write(test, |c| operations::expire_leases(c, at(1))), [id]);
        assert_eq!(write(test, |c| operations::beat(c, "two")), []);
    });
}

#[test]
fn a_late_word_does_not_bring_back_who_has_left() {
    on_each(|test, _| {
        write(test, |c| operations::beat(c, "one"));
        assert_eq!(write(test, |c| operations::beat_again(c, "one")), Some(Vec::new()));
        write(test, |c| operations::leave(c, "one"));
        assert_eq!(write(test, |c| operations::beat_again(c, "one")), None);
        assert_eq!(write(test, |c| operations::beat(c, "two")), [], "nobody else is there");
    });
}
