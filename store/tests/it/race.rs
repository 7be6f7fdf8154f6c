//! Several threads and several stores (as several processes) on one database.

use std::collections::HashSet;
use std::sync::{Barrier, Mutex};

use store::operations::{self, Claim, Expect, State, Transition};
use store::{Constraint, Error, audit, oauth_tokens};

use crate::operations::{claim, new_operation};
use crate::{add_user, at, on_each, read, write};

#[test]
fn of_two_equal_creates_at_once_one_conflicts() {
    on_each(|test, account| {
        let stores = [test.store.clone(), test.another()];
        for round in 0..20 {
            let start = Barrier::new(2);
            let create = |store: &store::Store| {
                start.wait();
                store.write_blocking(|c| add_user(c, account, &format!("user{round}")))
            };
            let results = std::thread::scope(|scope| {
                let threads = stores.each_ref().map(|store| scope.spawn(|| create(store)));
                threads.map(|thread| thread.join().unwrap())
            });
            let created = results.iter().filter(|r| r.is_ok()).count();
            let refused = results
                .iter()
                .filter(|r| matches!(r, Err(Error::Conflict { constraint: Constraint::UserName })))
                .count();
            assert_eq!((created, refused), (1, 1), "{}: {results:?}", test.name);
        }
    });
}

#[test]
fn workers_never_get_the_same_operation_nor_two_of_one_resource() {
    on_each(|test, account| {
        // 12 resources with 5 operations each, all `ready`: worse than it can become. Whatever was not claimed before a
        // later one of its resource was done is superseded.
        let resources: Vec<_> =
            (0..12).map(|n| write(test, |c| add_user(c, account, &format!("user{n}"))).id).collect();
        for resource in &resources {
            for _ in 0..5 {
                write(test, |c| operations::enqueue(c, &new_operation(account, *resource, "update")));
            }
        }
        write(test, |c| store::testing::execute(c, "UPDATE operations SET state = 'ready'"));
        let stores = [test.store.clone(), test.another(), test.store.clone(), test.another()];
        let (seen, in_flight) = (Mutex::new(HashSet::new()), Mutex::new(HashSet::new()));
        std::thread::scope(|scope| {
            for (n, store) in stores.iter().enumerate() {
                let (seen, in_flight) = (&seen, &in_flight);
                scope.spawn(move || {
                    let owner = format!("worker-{n}");
                    let open = |c: &mut store::Conn| operations::count_open(c, account);
                    while store.read_blocking(open).unwrap() > 0 {
                        let claim = Claim { owner: &owner, limit: 3, ..claim(1) };
                        let claimed = again(|| store.write_blocking(|c| operations::claim_due(c, &claim)));
                        for op in claimed {
                            assert!(seen.lock().unwrap().insert(op.id), "claimed twice");
                            assert!(in_flight.lock().unwrap().insert(op.resource_id), "two of one resource");
                            finish(store, &op, in_flight);
                        }
                    }
                });
            }
        });
        let counts = read(test, |c| operations::counts_by_state(c, Some(account)));
        let done = seen.into_inner().unwrap().len();
        assert!(done >= 12, "{}: {counts:?}", test.name);
        let ended: std::collections::BTreeMap<_, _> = counts.into_iter().collect();
        assert_eq!(ended.get(&State::Done), Some(&(done as u64)), "{}", test.name);
        assert_eq!(ended.values().sum::<u64>(), 60, "{}: {ended:?}", test.name);
    });
}

fn finish(
    store: &store::Store,
    op: &operations::Operation,
    in_flight: &Mutex<HashSet<store::ids::ResourceId>>,
) {
    let steps = [State::Sending, State::Submitted, State::Verifying, State::Done];
    for step in steps.windows(2) {
        if step[1] == State::Done {
            in_flight.lock().unwrap().remove(&op.resource_id);
        }
        let expect = Expect { state: step[0], lease_epoch: op.lease_epoch };
        let step = Transition::to(step[1], at(2));
        assert!(again(|| store.write_blocking(|c| operations::transition(c, op.id, expect, &step))));
    }
}

/// Two transactions may meet in a deadlock here, since several of a chain are `ready`: whoever loses comes again.
fn again<T>(mut write: impl FnMut() -> Result<T, Error>) -> T {
    loop {
        match write() {
            Err(Error::Unavailable { .. }) => {}
            done => return done.unwrap(),
        }
    }
}

#[test]
fn an_operation_enqueued_while_its_predecessor_ends_is_not_forgotten() {
    on_each(|test, account| {
        let other = test.another();
        for round in 0..20 {
            let user = write(test, |c| add_user(c, account, &format!("user{round}"))).id;
            let first = write(test, |c| operations::enqueue(c, &new_operation(account, user, "create")));
            let start = Barrier::new(2);
            let second = std::thread::scope(|scope| {
                let cancel = scope.spawn(|| {
                    start.wait();
                    let expect = Expect { state: State::Ready, lease_epoch: 0 };
                    let cancelled = Transition::to(State::Cancelled, at(1));
                    other.write_blocking(|c| operations::transition(c, first.id, expect, &cancelled)).unwrap()
                });
                start.wait();
                let second = write(test, |c| operations::enqueue(c, &new_operation(account, user, "update")));
                assert!(cancel.join().unwrap());
                second
            });
            let second = read(test, |c| operations::get(c, second.id));
            assert_eq!((second.state, second.user_seq), (State::Ready, 2), "{}", test.name);
        }
    });
}

#[test]
fn events_appended_at_once_form_one_chain() {
    on_each(|test, account| {
        let stores = [test.store.clone(), test.another()];
        std::thread::scope(|scope| {
            for store in &stores {
                scope.spawn(move || {
                    for n in 0..25 {
                        let event = audit::NewEvent {
                            account: Some(account),
                            at: at(n),
                            actor: "worker".to_owned(),
                            action: "test".to_owned(),
                            subject: n.to_string(),
                            details: serde_json::json!({}),
                        };
                        store.write_blocking(|c| audit::append(c, &event)).unwrap();
                    }
                });
            }
        });
        let verdict = read(test, |c| audit::verify(c, Some(account)));
        assert_eq!(verdict, audit::Verdict::Intact { rows: 50 }, "{}", test.name);
    });
}

#[test]
fn of_many_who_want_the_refresh_lease_one_gets_it() {
    on_each(|test, account| {
        let stores = [test.store.clone(), test.another(), test.store.clone(), test.another()];
        let got: usize = std::thread::scope(|scope| {
            let try_one = |n: usize, store: &store::Store| {
                let owner = format!("replica-{n}");
                store.write_blocking(|c| oauth_tokens::try_lease(c, account, &owner, at(0), at(60))).unwrap()
            };
            let threads: Vec<_> =
                stores.iter().enumerate().map(|(n, store)| scope.spawn(move || try_one(n, store))).collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
        });
        assert_eq!(got, 1, "{}", test.name);
    });
}
