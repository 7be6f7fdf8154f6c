//! The outbox: chains, claims, compare-and-set, leases.

use serde_json::json;
use store::ids::{AccountId, OperationId, ResourceId};
use store::operations::{
    self, Claim, Expect, ExtensionOutcome, Filter, NewOperation, Operation, State, Transition, What,
};
use store::testing::{TestStore, execute};
use store::{Constraint, Error};

use crate::{add_account, add_user, at, on_each, read, write};

pub(crate) fn claim(now: i64) -> Claim<'static> {
    let (owner, lease_until) = ("worker", at(now + 80));
    Claim { now: at(now), owner, lease_until, limit: 100, exclude: &[], only: &[], what: What::Everything }
}

pub(crate) fn new_operation(account: AccountId, resource_id: ResourceId, kind: &str) -> NewOperation {
    let payload = json!({"v": 1, "kind": kind});
    NewOperation { account, resource_id, kind: kind.to_owned(), payload, held: None, now: at(0) }
}

fn enqueue(test: &TestStore, account: AccountId, resource: ResourceId, kind: &str) -> Operation {
    write(test, |c| operations::enqueue(c, &new_operation(account, resource, kind)))
}

fn user(test: &TestStore, account: AccountId, name: &str) -> ResourceId {
    write(test, |c| add_user(c, account, name)).id
}

fn due(test: &TestStore, now: i64) -> Vec<Operation> {
    write(test, |c| operations::claim_due(c, &claim(now)))
}

fn get(test: &TestStore, id: OperationId) -> Operation {
    read(test, |c| operations::get(c, id))
}

fn go(test: &TestStore, op: &Operation, to: State, now: i64) -> bool {
    let expect = Expect { state: op.state, lease_epoch: op.lease_epoch };
    write(test, |c| operations::transition(c, op.id, expect, &Transition::to(to, at(now))))
}

/// From `sending` to `done` the way every operation goes.
fn finish(test: &TestStore, op: &Operation, now: i64) {
    for (from, to) in [
        (State::Sending, State::Submitted),
        (State::Submitted, State::Verifying),
        (State::Verifying, State::Done),
    ] {
        assert!(go(test, &Operation { state: from, ..op.clone() }, to, now), "{from} -> {to}");
    }
}

fn ids(operations: &[Operation]) -> Vec<OperationId> {
    operations.iter().map(|op| op.id).collect()
}

#[test]
fn operations_of_a_resource_go_one_after_the_other_and_those_of_others_in_parallel() {
    on_each(|test, account| {
        let (zoe, max) = (user(test, account, "Zoe"), user(test, account, "Max"));
        let first = enqueue(test, account, zoe, "create");
        let second = enqueue(test, account, zoe, "update");
        let third = enqueue(test, account, zoe, "reactivate");
        let other = enqueue(test, account, max, "create");
        assert_eq!(
            (first.state, second.state, third.state),
            (State::Ready, State::Accepted, State::Accepted)
        );
        assert_eq!((first.user_seq, second.user_seq, third.user_seq, other.user_seq), (1, 2, 3, 1));
        assert!(first.id < second.id && second.id < third.id && third.id < other.id);
        let claimed = due(test, 1);
        assert_eq!(ids(&claimed), [first.id, other.id]);
        let op = &claimed[0];
        assert_eq!((op.state, op.attempt, op.lease_epoch), (State::Sending, 1, 1));
        assert_eq!((op.lease_owner.as_deref(), op.lease_until), (Some("worker"), Some(at(81))));
        assert_eq!(op.payload, json!({"v": 1, "kind": "create"}));
        assert_eq!(ids(&due(test, 2)), []);
        finish(test, op, 3);
        assert_eq!(get(test, second.id).state, State::Ready);
        assert_eq!(get(test, third.id).state, State::Accepted);
        assert_eq!(ids(&due(test, 4)), [second.id]);
    });
}

#[test]
fn a_stale_epoch_or_state_changes_nothing() {
    on_each(|test, account| {
        let zoe = user(test, account, "Zoe");
        enqueue(test, account, zoe, "create");
        let op = due(test, 1).remove(0);
        let before = get(test, op.id);
        assert!(!go(test, &Operation { lease_epoch: 0, ..op.clone() }, State::Submitted, 2));
        assert!(!go(test, &Operation { lease_epoch: 2, ..op.clone() }, State::Submitted, 2));
        assert!(!go(test, &Operation { state: State::Submitted, ..op.clone() }, State::Verifying, 2));
        assert_eq!(get(test, op.id), before);
        assert!(go(test, &op, State::Submitted, 2));
        assert!(!go(test, &op, State::Submitted, 2), "the second one to say so");
    });
}

#[test]
fn a_transition_that_the_table_forbids_is_an_error() {
    on_each(|test, account| {
        let zoe = user(test, account, "Zoe");
        let op = enqueue(test, account, zoe, "create");
        let expect = Expect { state: State::Ready, lease_epoch: 0 };
        for to in [State::Sending, State::Done, State::Accepted] {
            let forbidden = test
                .store
                .write_blocking(|c| operations::transition(c, op.id, expect, &Transition::to(to, at(1))));
            assert!(matches!(forbidden, Err(Error::IllegalTransition { .. })), "{to}: {forbidden:?}");
        }
        let missing = OperationId::from_i64(1_000_000);
        let missing = test.store.write_blocking(|c| {
            operations::transition(c, missing, expect, &Transition::to(State::Held, at(1)))
        });
        assert!(matches!(missing, Err(Error::NotFound { .. })));
    });
}

#[test]
fn the_index_itself_refuses_a_second_operation_in_flight() {
    on_each(|test, account| {
        let zoe = user(test, account, "Zoe");
        enqueue(test, account, zoe, "create");
        enqueue(test, account, zoe, "update");
        due(test, 1);
        for state in ["sending", "submitted", "verifying", "unknown"] {
            let sql = format!("UPDATE operations SET state = '{state}' WHERE user_seq = 2");
            let refused = test.store.write_blocking(|c| execute(c, &sql));
            assert!(
                matches!(refused, Err(Error::Conflict { constraint: Constraint::OneInFlight })),
                "{refused:?}"
            );
        }
    });
}

#[test]
fn two_ready_operations_of_a_resource_are_not_claimed_together() {
    on_each(|test, account| {
        let zoe = user(test, account, "Zoe");
        let first = enqueue(test, account, zoe, "update");
        let second = enqueue(test, account, zoe, "update");
        // As after a replay of a failed one beside a deactivation that has passed it.
        write(test, |c| execute(c, "UPDATE operations SET state = 'ready'"));
        assert_eq!(ids(&due(test, 1)), [first.id]);
        assert_eq!(get(test, second.id).state, State::Ready);
        assert_eq!(ids(&due(test, 2)), []);
        assert_eq!(write(test, |c| operations::claim_one(c, second.id, &claim(2))), None);
    });
}

#[test]
fn deactivations_go_first_and_a_worker_can_ask_for_them_alone() {
    on_each(|test, account| {
        let users: Vec<_> = ["a", "b", "c", "d"].map(|name| user(test, account, name)).into();
        let update = enqueue(test, account, users[0], "update");
        enqueue(test, account, users[1], "update");
        let deactivate = enqueue(test, account, users[2], "deactivate");
        let delete = enqueue(test, account, users[3], "delete");
        let urgent = Claim { what: What::Urgent, limit: 1, ..claim(1) };
        assert_eq!(ids(&write(test, |c| operations::claim_due(c, &urgent))), [deactivate.id]);
        let two = Claim { limit: 2, ..claim(1) };
        assert_eq!(ids(&write(test, |c| operations::claim_due(c, &two))), [delete.id, update.id]);
        assert_eq!(ids(&write(test, |c| operations::claim_due(c, &urgent))), []);
    });
}

#[test]
fn what_a_deactivation_waits_for_is_asked_about_before_everything_else() {
    on_each(|test, account| {
        let people: Vec<ResourceId> = (0..4).map(|n| user(test, account, &format!("person-{n}"))).collect();
        let [zoe, max] = [people[2], people[3]];
        for person in &people {
            enqueue(test, account, *person, "update");
        }
        for op in due(test, 1) {
            assert!(go(test, &op, State::Submitted, 2));
            assert!(go(test, &Operation { state: State::Submitted, ..op }, State::Verifying, 3));
        }
        let urgent = |now: i64| {
            let claim = Claim { what: What::Urgent, ..claim(now) };
            write(test, |c| operations::claim_polls(c, &claim))
        };
        assert_eq!(urgent(4).len(), 0);
        assert_eq!(enqueue(test, account, zoe, "deactivate").state, State::Accepted);
        let first = urgent(5);
        assert_eq!(first.iter().map(|op| op.resource_id).collect::<Vec<_>>(), [zoe]);
        assert_eq!(read(test, |c| operations::oldest_deactivation(c, account)), Some(at(0)));
        assert!(go(test, &first[0], State::Done, 6));
        assert_eq!(due(test, 7).len(), 1, "the deactivation goes out");

        // One that was held when it came, and is let go.
        let held =
            NewOperation { held: Some("brake".to_owned()), ..new_operation(account, max, "deactivate") };
        let held = write(test, |c| operations::enqueue(c, &held));
        assert_eq!((urgent(8).len(), write(test, |c| operations::make_way_for_all(c, at(8)))), (0, 0));
        assert!(go(test, &held, State::Ready, 9));
        assert_eq!(get(test, held.id).state, State::Ready, "and not claimed beside what is under way");
        assert_eq!(due(test, 9).len(), 0);
        assert_eq!(write(test, |c| operations::make_way_for_all(c, at(9))), 1);
        assert_eq!(urgent(10).iter().map(|op| op.resource_id).collect::<Vec<_>>(), [max]);
    });
}

#[test]
fn what_was_not_sent_yet_goes_before_everybody_elses_when_a_deactivation_waits_for_it() {
    on_each(|test, account| {
        let people: Vec<ResourceId> = (0..3).map(|n| user(test, account, &format!("person-{n}"))).collect();
        let updates: Vec<Operation> = people.iter().map(|it| enqueue(test, account, *it, "update")).collect();
        let urgent = Claim { what: What::Urgent, ..claim(1) };
        assert_eq!(ids(&write(test, |c| operations::claim_due(c, &urgent))), []);
        let leaves = enqueue(test, account, people[2], "deactivate");
        assert_eq!(leaves.state, State::Accepted, "the order stays");
        let first = write(test, |c| operations::claim_due(c, &urgent));
        assert_eq!(ids(&first), [updates[2].id]);

        // Concur had no time for it: it keeps its place.
        let again = Transition { is_retry: true, ..Transition::to(State::Ready, at(2)) };
        let expect = Expect { state: State::Sending, lease_epoch: first[0].lease_epoch };
        assert!(write(test, |c| operations::transition(c, first[0].id, expect, &again)));
        let urgent = Claim { what: What::Urgent, ..claim(3) };
        let first = write(test, |c| operations::claim_due(c, &urgent));
        assert_eq!(ids(&first), [updates[2].id]);
        finish(test, &first[0], 4);
        let urgent = Claim { what: What::Urgent, ..claim(5) };
        assert_eq!(ids(&write(test, |c| operations::claim_due(c, &urgent))), [leaves.id]);
    });
}

#[test]
fn a_poll_that_was_to_come_later_comes_at_once_when_a_deactivation_waits_for_it() {
    on_each(|test, account| {
        let zoe = user(test, account, "zoe");
        enqueue(test, account, zoe, "update");
        let [op] = &due(test, 1)[..] else { panic!("one") };
        let polled_later = Transition { due_at: Some(at(300)), ..Transition::to(State::Submitted, at(2)) };
        let expect = Expect { state: State::Sending, lease_epoch: op.lease_epoch };
        assert!(write(test, |c| operations::transition(c, op.id, expect, &polled_later)));
        assert_eq!(write(test, |c| operations::claim_polls(c, &claim(5))).len(), 0);
        enqueue(test, account, zoe, "deactivate");
        let urgent = Claim { what: What::Urgent, ..claim(5) };
        assert_eq!(ids(&write(test, |c| operations::claim_polls(c, &urgent))), [op.id]);
    });
}

#[test]
fn excluded_accounts_and_later_due_times_are_not_claimed() {
    on_each(|test, account| {
        let other = add_account(test, "Other");
        let (mine, theirs) = (user(test, account, "Zoe"), user(test, other, "Zoe"));
        let op = enqueue(test, account, mine, "create");
        let foreign = enqueue(test, other, theirs, "create");
        let exclude = [account];
        let without = Claim { exclude: &exclude, ..claim(1) };
        assert_eq!(ids(&write(test, |c| operations::claim_due(c, &without))), [foreign.id]);
        let expect = Expect { state: State::Ready, lease_epoch: 0 };
        let later = Transition { due_at: Some(at(60)), ..Transition::to(State::Ready, at(1)) };
        assert!(write(test, |c| operations::transition(c, op.id, expect, &later)));
        assert_eq!(ids(&due(test, 59)), []);
        assert_eq!(ids(&due(test, 60)), [op.id]);
    });
}

#[test]
fn a_failed_operation_blocks_its_own_chain_until_a_person_acts_but_no_deactivation() {
    on_each(|test, account| {
        let (zoe, max) = (user(test, account, "Zoe"), user(test, account, "Max"));
        enqueue(test, account, zoe, "create");
        let update = enqueue(test, account, zoe, "update");
        let op = due(test, 1).remove(0);
        let refused = Transition {
            error_code: Some("40001".to_owned()),
            error_message: Some("userName in use elsewhere".to_owned()),
            correlation_id: Some("corr-1".to_owned()),
            ..Transition::to(State::Failed, at(2))
        };
        let expect = Expect { state: op.state, lease_epoch: op.lease_epoch };
        assert!(write(test, |c| operations::transition(c, op.id, expect, &refused)));
        let failed = get(test, op.id);
        assert_eq!((failed.state, failed.error_code.as_deref()), (State::Failed, Some("40001")));
        assert_eq!(get(test, update.id).state, State::Accepted);
        assert_eq!(enqueue(test, account, max, "create").state, State::Ready, "other users go on");

        let deactivate = enqueue(test, account, zoe, "deactivate");
        assert_eq!(deactivate.state, State::Ready);
        let claimed = due(test, 3);
        assert_eq!(claimed[0].id, deactivate.id);
        assert_eq!(get(test, update.id).state, State::Accepted, "still blocked");
        finish(test, &claimed[0], 4);
        for earlier in [failed.id, update.id] {
            let earlier = get(test, earlier);
            assert_eq!((earlier.state, earlier.superseded_by), (State::Superseded, Some(deactivate.id)));
        }
        let back = enqueue(test, account, zoe, "reactivate");
        assert_eq!(back.state, State::Ready, "nothing is left that blocks it");
    });
}

#[test]
fn an_update_that_was_never_sent_gives_its_turn_to_the_next_one() {
    on_each(|test, account| {
        let zoe = user(test, account, "Zoe");
        let later = |now: i64| NewOperation { now: at(now), ..new_operation(account, zoe, "update") };
        let first = write(test, |c| operations::enqueue(c, &later(10)));
        let second = write(test, |c| operations::enqueue(c, &later(20)));
        let first = get(test, first.id);
        assert_eq!((first.state, first.superseded_by), (State::Superseded, Some(second.id)));
        let second = get(test, second.id);
        assert_eq!((second.state, second.due_at), (State::Ready, at(10)), "it does not begin to wait anew");
        assert_eq!(ids(&due(test, 30)), [second.id]);
        // That one is on its way: what comes now waits.
        let third = write(test, |c| operations::enqueue(c, &later(40)));
        assert_eq!(third.state, State::Accepted);
    });
}

#[test]
fn a_held_operation_waits_for_its_release_and_blocks_its_chain() {
    on_each(|test, account| {
        let zoe = user(test, account, "Zoe");
        let held =
            NewOperation { held: Some("a person".to_owned()), ..new_operation(account, zoe, "update") };
        let held = write(test, |c| operations::enqueue(c, &held));
        assert_eq!((held.state, held.reason.as_deref()), (State::Held, Some("a person")));
        let behind = enqueue(test, account, zoe, "reactivate");
        assert_eq!(behind.state, State::Accepted);
        assert_eq!(ids(&due(test, 1)), []);
        assert!(go(test, &held, State::Ready, 100));
        assert_eq!(get(test, held.id).due_at, at(100));
        assert_eq!(ids(&due(test, 100)), [held.id]);
    });
}

#[test]
fn a_held_deactivation_lets_its_chain_pass_and_leads_again_when_released() {
    on_each(|test, account| {
        let zoe = user(test, account, "Zoe");
        let held =
            NewOperation { held: Some("brake".to_owned()), ..new_operation(account, zoe, "deactivate") };
        let held = write(test, |c| operations::enqueue(c, &held));
        let [first, second] = [1, 2].map(|_| enqueue(test, account, zoe, "update"));
        assert_eq!((first.state, second.state), (State::Ready, State::Accepted));
        assert!(go(test, &held, State::Accepted, 50));
        assert_eq!(get(test, held.id).state, State::Ready, "released, it is the head of its chain");
        assert_eq!(ids(&due(test, 100)), [held.id], "and goes before what came after it");
        assert_eq!(get(test, second.id).state, State::Accepted);
    });
}

#[test]
fn who_knows_to_be_alone_ends_the_leases_of_the_dead_at_once() {
    on_each(|test, account| {
        let zoe = user(test, account, "Zoe");
        enqueue(test, account, zoe, "create");
        let op = due(test, 0).remove(0);
        assert_eq!(write(test, |c| operations::end_leases(c, at(10))), 1);
        assert_eq!(write(test, |c| operations::end_leases(c, at(10))), 0);
        assert_eq!(write(test, |c| operations::expire_leases(c, at(10))), [op.id]);
        assert_eq!(get(test, op.id).state, State::Unknown, "its outcome is looked up, not guessed");
    });
}

#[test]
fn a_send_without_an_answer_becomes_unknown_and_its_worker_can_change_nothing_more() {
    on_each(|test, account| {
        let zoe = user(test, account, "Zoe");
        enqueue(test, account, zoe, "create");
        let op = due(test, 0).remove(0);
        assert_eq!(write(test, |c| operations::expire_leases(c, at(79))), []);
        assert_eq!(read(test, operations::next_due), Some(at(80)));
        assert_eq!(write(test, |c| operations::expire_leases(c, at(80))), [op.id]);
        assert_eq!(write(test, |c| operations::expire_leases(c, at(80))), []);
        let unknown = get(test, op.id);
        assert_eq!((unknown.state, unknown.ever_unknown, unknown.lease_epoch), (State::Unknown, true, 2));
        assert!(!go(test, &op, State::Submitted, 81), "the sleeper wakes");
        let attempts = read(test, |c| operations::attempts(c, op.id));
        assert_eq!(attempts.len(), 1);
        assert_eq!((attempts[0].outcome, attempts[0].ended_at), (Some(State::Unknown), Some(at(80))));

        // Looked up, not there: sent again, as another attempt.
        let polled = write(test, |c| operations::claim_polls(c, &claim(85)));
        assert_eq!(ids(&polled), [op.id]);
        assert!(go(test, &polled[0], State::Ready, 86));
        let again = due(test, 86).remove(0);
        assert_eq!((again.attempt, again.ever_unknown), (2, true));
        finish(test, &again, 90);
        let outcomes: Vec<_> =
            read(test, |c| operations::attempts(c, op.id)).into_iter().map(|a| a.outcome).collect();
        assert_eq!(outcomes, [Some(State::Unknown), Some(State::Submitted)]);
    });
}

#[test]
fn what_waits_for_concur_is_polled_by_one_worker_at_a_time() {
    on_each(|test, account| {
        let zoe = user(test, account, "Zoe");
        enqueue(test, account, zoe, "create");
        let op = due(test, 0).remove(0);
        let submitted = Transition {
            provision_id: Some("p-1".to_owned()),
            due_at: Some(at(5)),
            ..Transition::to(State::Submitted, at(1))
        };
        let expect = Expect { state: State::Sending, lease_epoch: 1 };
        assert!(write(test, |c| operations::transition(c, op.id, expect, &submitted)));
        let stored = get(test, op.id);
        assert_eq!((stored.provision_id.as_deref(), stored.lease_owner.as_deref()), (Some("p-1"), None));
        let poll = |now| write(test, |c| operations::claim_polls(c, &claim(now)));
        assert_eq!(read(test, operations::next_due), Some(at(5)));
        assert_eq!(ids(&poll(4)), []);
        let polled = poll(5);
        assert_eq!((polled[0].state, polled[0].lease_epoch), (State::Submitted, 2));
        assert_eq!(ids(&poll(6)), [], "leased");
        assert_eq!(ids(&poll(85)), [op.id], "the poller died");
        let again = Transition { due_at: Some(at(99)), ..Transition::to(State::Submitted, at(86)) };
        let expect = |lease_epoch| Expect { state: State::Submitted, lease_epoch };
        assert!(!write(test, |c| operations::transition(c, op.id, expect(2), &again)));
        assert!(write(test, |c| operations::transition(c, op.id, expect(3), &again)));
        assert_eq!(ids(&poll(98)), []);
        assert_eq!(ids(&poll(99)), [op.id]);
    });
}

#[test]
fn a_named_operation_is_claimed_for_whoever_waits_for_it() {
    on_each(|test, account| {
        let zoe = user(test, account, "Zoe");
        let first = enqueue(test, account, zoe, "create");
        let second = enqueue(test, account, zoe, "update");
        let one = |id| write(test, |c| operations::claim_one(c, id, &claim(1)));
        assert_eq!(one(second.id), None, "not its turn");
        assert_eq!(one(first.id).unwrap().state, State::Sending);
        assert_eq!(one(first.id), None);
    });
}

#[test]
fn a_replanned_operation_carries_its_new_payload() {
    on_each(|test, account| {
        let zoe = user(test, account, "Zoe");
        enqueue(test, account, zoe, "create");
        let op = due(test, 0).remove(0);
        let rest = Transition { payload: Some(json!({"v": 2})), ..Transition::to(State::Ready, at(1)) };
        let expect = Expect { state: State::Sending, lease_epoch: 1 };
        assert!(write(test, |c| operations::transition(c, op.id, expect, &rest)));
        let again = due(test, 1).remove(0);
        assert_eq!(again.payload, json!({"v": 2}));
        let attempts = read(test, |c| operations::attempts(c, op.id));
        assert_eq!(attempts[1].payload_hash, again.payload_hash);
        assert_ne!(attempts[0].payload_hash, attempts[1].payload_hash);
    });
}

#[test]
fn outcomes_per_extension_are_kept_with_the_operation() {
    on_each(|test, account| {
        let zoe = user(test, account, "Zoe");
        let op = enqueue(test, account, zoe, "create");
        let outcome = |extension: &str, state: &str| ExtensionOutcome {
            extension: extension.to_owned(),
            state: state.to_owned(),
            code: Some("200".to_owned()),
            message: None,
            updated_at: at(3),
        };
        write(test, |c| operations::put_extension(c, op.id, &outcome("spend", "pending")));
        write(test, |c| operations::put_extension(c, op.id, &outcome("core", "success")));
        write(test, |c| operations::put_extension(c, op.id, &outcome("spend", "failed")));
        let stored = read(test, |c| operations::extensions(c, op.id));
        assert_eq!(stored, [outcome("core", "success"), outcome("spend", "failed")]);
    });
}

#[test]
fn the_outbox_is_listed_and_counted() {
    on_each(|test, account| {
        let other = add_account(test, "Other");
        let (zoe, max) = (user(test, account, "Zoe"), user(test, account, "Max"));
        let theirs = user(test, other, "Zoe");
        let create = enqueue(test, account, zoe, "create");
        let update = enqueue(test, account, zoe, "update");
        let late = NewOperation { now: at(9), ..new_operation(account, max, "create") };
        let late = write(test, |c| operations::enqueue(c, &late));
        enqueue(test, other, theirs, "create");
        let list = |filter: Filter| ids(&read(test, |c| operations::list(c, &filter, 100)));
        let mine = || Filter { account: Some(account), ..Filter::default() };
        assert_eq!(list(Filter::default()).len(), 4);
        assert_eq!(list(mine()), [late.id, update.id, create.id]);
        assert_eq!(list(Filter { before: Some(late.id), ..mine() }), [update.id, create.id]);
        assert_eq!(list(Filter { states: vec![State::Accepted, State::Held], ..mine() }), [update.id]);
        assert_eq!(list(Filter { kind: Some("create".to_owned()), ..mine() }), [late.id, create.id]);
        assert_eq!(list(Filter { resource_id: Some(zoe), ..mine() }), [update.id, create.id]);
        assert_eq!(read(test, |c| operations::latest_for_resource(c, zoe)).unwrap().id, update.id);
        let counts = |account| read(test, |c| operations::counts_by_state(c, account));
        assert_eq!(counts(Some(account)), [(State::Accepted, 1), (State::Ready, 2)]);
        assert_eq!(counts(None), [(State::Accepted, 1), (State::Ready, 3)]);
        let oldest = |account| read(test, |c| operations::oldest_open(c, Some(account)));
        assert_eq!(oldest(account), Some(at(0)));
        let open = |resource| read(test, |c| operations::has_open(c, resource));
        assert!(open(zoe) && open(max));
        assert!(go(test, &late, State::Cancelled, 10));
        assert!(!open(max) && open(zoe));
        let nobody = ResourceId::generate(at(0));
        assert_eq!(read(test, |c| operations::latest_for_resource(c, nobody)), None);
        let orphan =
            test.store.write_blocking(|c| operations::enqueue(c, &new_operation(account, nobody, "create")));
        assert!(matches!(orphan, Err(Error::NotFound { .. })), "{orphan:?}");
    });
}
