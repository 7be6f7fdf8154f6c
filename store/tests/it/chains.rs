//! One chain for each person: whoever comes back goes on where the earlier resource stopped, and nothing older goes out
//! after something newer.

use store::ids::{AccountId, ResourceId};
use store::links::{self, Link};
use store::operations::{self, Expect, Operation, State, Transition};
use store::resources;
use store::testing::{TestStore, execute};
use store::{Constraint, Error};

use crate::operations::{claim, new_operation};
use crate::{add_user, at, on_each, read, write};

fn enqueue(test: &TestStore, account: AccountId, resource: ResourceId, kind: &str) -> Operation {
    write(test, |c| operations::enqueue(c, &new_operation(account, resource, kind)))
}

fn get(test: &TestStore, op: &Operation) -> Operation {
    read(test, |c| operations::get(c, op.id))
}

fn go(test: &TestStore, op: &Operation, to: State) {
    let op = get(test, op);
    let expect = Expect { state: op.state, lease_epoch: op.lease_epoch };
    let went = write(test, |c| operations::transition(c, op.id, expect, &Transition::to(to, at(2))));
    assert!(went, "{} -> {to}", op.state);
}

fn due(test: &TestStore) -> Vec<Operation> {
    write(test, |c| operations::claim_due(c, &claim(10)))
}

/// A user of this name who was deleted, and another who came after.
fn twice(test: &TestStore, account: AccountId) -> (ResourceId, ResourceId) {
    let first = write(test, |c| add_user(c, account, "Zoe")).id;
    write(test, |c| resources::soft_delete(c, first, None, at(1)));
    let second = write(test, |c| add_user(c, account, "Zoe")).id;
    (first, second)
}

#[test]
fn a_person_who_comes_back_stands_behind_their_own_deletion() {
    on_each(|test, account| {
        let (first, second) = twice(test, account);
        let created = enqueue(test, account, first, "create");
        let deleted = enqueue(test, account, first, "delete");
        write(test, |c| operations::follow(c, second, first));
        let again = enqueue(test, account, second, "create");
        assert_eq!((again.chain, again.user_seq, again.state), (first, 3, State::Accepted));
        assert!(!read(test, |c| operations::is_latest(c, deleted.id)));
        assert!(read(test, |c| operations::is_latest(c, again.id)));

        assert_eq!(due(test).iter().map(|op| op.id).collect::<Vec<_>>(), [created.id]);
        let second_in_flight = format!("UPDATE operations SET state = 'sending' WHERE op_id = {}", again.id);
        let refused = test.store.write_blocking(|c| execute(c, &second_in_flight));
        assert!(
            matches!(refused, Err(Error::Conflict { constraint: Constraint::OneInFlight })),
            "{refused:?}"
        );
        for op in [&created, &deleted] {
            if get(test, op).state == State::Ready {
                due(test);
            }
            go(test, op, State::Verifying);
            go(test, op, State::Done);
        }
        assert_eq!(get(test, &again).state, State::Ready);
        // A third life goes on with the same chain.
        write(test, |c| resources::soft_delete(c, second, None, at(5)));
        let third = write(test, |c| add_user(c, account, "Zoe")).id;
        write(test, |c| operations::follow(c, third, second));
        assert_eq!(enqueue(test, account, third, "create").chain, first);
    });
}

#[test]
fn two_chains_that_turn_out_to_be_one_person_become_one() {
    on_each(|test, account| {
        let (first, second) = twice(test, account);
        let created = enqueue(test, account, first, "create");
        let deleted = enqueue(test, account, first, "delete");
        let again = enqueue(test, account, second, "create");
        let changed = enqueue(test, account, second, "update");
        assert_eq!((again.chain, again.state), (second, State::Ready));
        write(test, |c| operations::join(c, second, first, at(3)));
        write(test, |c| operations::join(c, second, first, at(3))); // again: no harm
        let order: Vec<_> = [&created, &deleted, &again, &changed].map(|op| get(test, op)).into();
        assert!(order.iter().all(|op| op.chain == first));
        assert_eq!(order.iter().map(|op| op.user_seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(
            order.iter().map(|op| op.state).collect::<Vec<_>>(),
            [State::Ready, State::Accepted, State::Accepted, State::Accepted]
        );
        assert_eq!(enqueue(test, account, second, "update").user_seq, 5, "and stays with it");
    });
}

#[test]
fn the_link_of_a_person_is_found_from_every_life() {
    on_each(|test, account| {
        let (first, second) = twice(test, account);
        assert_eq!(read(test, |c| operations::link(c, second)), None);
        let link = Link {
            resource_id: first,
            account,
            concur_user_id: Some("concur-1".to_owned()),
            known: None,
            adopted: false,
            updated_at: at(1),
        };
        write(test, |c| links::put(c, &link));
        assert_eq!(read(test, |c| operations::link(c, second)), None, "a stranger so far");
        write(test, |c| operations::follow(c, second, first));
        assert_eq!(read(test, |c| operations::link(c, second)), Some(link));
    });
}

#[test]
fn what_a_deactivation_has_passed_is_never_sent_after_it() {
    on_each(|test, account| {
        let zoe = write(test, |c| add_user(c, account, "Zoe")).id;
        let update = enqueue(test, account, zoe, "update");
        due(test);
        go(test, &update, State::Failed);
        let leaves = enqueue(test, account, zoe, "deactivate");
        assert_eq!(due(test).remove(0).id, leaves.id);
        // A person replays the failed one while the deactivation is on its way.
        go(test, &update, State::Ready);
        let replayed = get(test, &update);
        assert_eq!((replayed.state, replayed.superseded_by), (State::Superseded, Some(leaves.id)));
        assert!(replayed.reason.is_some());
        go(test, &leaves, State::Verifying);
        go(test, &leaves, State::Done);
        assert_eq!(due(test), []);
    });
}

#[test]
fn updates_go_on_while_a_deactivation_is_held_and_never_replace_it() {
    on_each(|test, account| {
        let zoe = write(test, |c| add_user(c, account, "Zoe")).id;
        let new = new_operation(account, zoe, "deactivate");
        let held = operations::NewOperation { held: Some("brake".to_owned()), ..new };
        let held = write(test, |c| operations::enqueue(c, &held));
        let update = enqueue(test, account, zoe, "update");
        assert_eq!(due(test).remove(0).id, update.id);
        go(test, &update, State::Verifying);
        go(test, &update, State::Done);
        assert_eq!(get(test, &held).state, State::Held, "it still waits for a person");
        go(test, &held, State::Ready);
        assert_eq!(due(test).remove(0).id, held.id, "and is sent once it is released");
        go(test, &held, State::Verifying);
        go(test, &held, State::Done);

        // A return makes one that is held pointless.
        let new = new_operation(account, zoe, "deactivate");
        let held = operations::NewOperation { held: Some("brake".to_owned()), ..new };
        let held = write(test, |c| operations::enqueue(c, &held));
        let back = enqueue(test, account, zoe, "reactivate");
        due(test);
        go(test, &back, State::Verifying);
        go(test, &back, State::Done);
        assert_eq!(get(test, &held).state, State::Superseded);
    });
}

#[test]
fn of_updates_that_wait_the_last_one_stands_for_all() {
    on_each(|test, account| {
        let zoe = write(test, |c| add_user(c, account, "Zoe")).id;
        let created = enqueue(test, account, zoe, "create");
        let waiting: Vec<_> = (0..3).map(|_| enqueue(test, account, zoe, "update")).collect();
        let left = enqueue(test, account, zoe, "deactivate");
        let after = enqueue(test, account, zoe, "update");
        due(test);
        go(test, &created, State::Verifying);
        go(test, &created, State::Done);
        let last = &waiting[2];
        for merged in &waiting[..2] {
            let merged = get(test, merged);
            assert_eq!((merged.state, merged.superseded_by), (State::Superseded, Some(last.id)));
        }
        assert_eq!(due(test).remove(0).id, last.id);
        assert!(write(test, |c| operations::has_absorbed(c, last.id)));
        assert!(!write(test, |c| operations::has_absorbed(c, left.id)));
        go(test, last, State::Verifying);
        go(test, last, State::Done);
        assert_eq!(get(test, &left).state, State::Ready, "never across a change of access");
        assert_eq!(get(test, &after).state, State::Accepted);
    });
}

#[test]
fn a_deactivation_passes_what_is_stuck_and_nothing_older_is_sent_after_it() {
    on_each(|test, account| {
        let zoe = write(test, |c| add_user(c, account, "Zoe")).id;
        let stuck = enqueue(test, account, zoe, "update");
        due(test);
        go(test, &stuck, State::Submitted);
        let between = enqueue(test, account, zoe, "update");
        let left = enqueue(test, account, zoe, "deactivate"); // accepted at 0
        assert_eq!(write(test, |c| operations::pass_stuck(c, at(-1), at(299))), [], "not yet");
        assert_eq!(write(test, |c| operations::pass_stuck(c, at(0), at(300))), [left.id]);
        let claimed = write(test, |c| operations::claim_due(c, &claim(300)));
        assert_eq!(claimed.iter().map(|op| op.id).collect::<Vec<_>>(), [left.id]);
        assert_eq!(
            read(test, |c| store::watches::count(c, account)),
            1,
            "either of the two may take effect last"
        );
        // It could not be sent; all the same it is the next one.
        go(test, &left, State::Ready);
        // The stuck one turns out not to have been applied.
        go(test, &stuck, State::Unknown);
        go(test, &stuck, State::Ready);
        assert_eq!(get(test, &stuck).state, State::Superseded);
        let claimed = write(test, |c| operations::claim_due(c, &claim(400)));
        assert_eq!(claimed.iter().map(|op| op.id).collect::<Vec<_>>(), [left.id]);
        assert_eq!(get(test, &between).state, State::Accepted);
        assert_eq!(
            write(test, |c| operations::claim_due(c, &claim(400))),
            [],
            "it waits for the deactivation"
        );
        go(test, &left, State::Verifying);
        go(test, &left, State::Done);
        assert_eq!(get(test, &between).state, State::Superseded);
    });
}

#[test]
fn the_next_due_time_is_found_in_an_index_however_much_waits() {
    on_each(|test, account| {
        assert_eq!(read(test, operations::next_due), None);
        let zoe = write(test, |c| add_user(c, account, "Zoe")).id;
        enqueue(test, account, zoe, "update");
        assert_eq!(read(test, operations::next_due), Some(at(0)));
        write(test, |c| operations::claim_due(c, &claim(1)));
        assert_eq!(read(test, operations::next_due), Some(at(81)), "when the lease ends");
        if test.name == "sqlite" {
            for sql in [
                "SELECT due_at FROM operations WHERE state = 'ready' AND lease_until IS NULL ORDER BY due_at LIMIT 1",
                "SELECT lease_until FROM operations WHERE lease_until IS NOT NULL ORDER BY lease_until LIMIT 1",
            ] {
                let explained = read(test, |c| store::testing::explain(c, sql));
                assert!(explained.contains("USING") && explained.contains("INDEX"), "{sql}: {explained}");
                assert!(!explained.contains("TEMP B-TREE"), "{sql}: {explained}");
            }
        }
    });
}
