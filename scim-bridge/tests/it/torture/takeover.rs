//! One of two processes dies and stays dead: how soon everything that it held is done by the other one.

use std::time::{Duration, Instant};

use store::ids::AccountId;
use store::operations::{self, Filter, State};
use store::testing::TestStore;

use super::load::{self, Target};
use super::processes::{QUICK, Replicas};
use super::{Stage, figures};

/// How often one is killed.
const ROUNDS: usize = 6;
/// Changes in between.
const LOAD: Duration = Duration::from_secs(6);
/// What the other one may take to finish what the dead one held.
const WITHIN: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes minutes: cargo xtask torture --takeover"]
async fn what_a_dead_process_held_is_done_in_time_by_the_other_on_postgres() {
    let Some(database) = store::testing::durable_postgres() else { return };
    // The simulator and the folder live as long as the test.
    let Stage { simulator: _simulator, folder, account, token, .. } = Stage::set(&database).await;
    let mut replicas = Replicas::start(folder.path(), &database.database_url, 2, QUICK).await;

    let (mut times, mut held_in_all) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        let target = Target {
            addresses: replicas.addresses(),
            token: token.clone(),
            people: 30,
            until: Instant::now() + LOAD,
            first: 1_000 * round as u64,
        };
        let load = tokio::spawn(load::run(target, round as u64));
        tokio::time::sleep(LOAD * 2 / 3).await;
        replicas.kill(round % 2);
        let held = in_flight(&database, account.id).await;
        let killed = Instant::now();
        held_in_all += held.len();
        while !are_done(&database, &held).await {
            assert!(killed.elapsed() < 2 * WITHIN, "round {round}: they are not taken over");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        times.push(killed.elapsed());
        let ledger = load.await.unwrap();
        assert_eq!(ledger.wrong, Vec::<String>::new());
        replicas.revive(round % 2).await;
    }
    println!(
        "{ROUNDS} kills, {held_in_all} operations under way; the last of them done: {}",
        figures(&times)
    );
    replicas.stop();
    assert!(held_in_all > ROUNDS, "too little was under way to mean anything");
    assert!(times.iter().all(|time| *time < WITHIN), "{times:?}");
}

async fn in_flight(database: &TestStore, account: AccountId) -> Vec<store::ids::OperationId> {
    let states = vec![State::Sending, State::Submitted, State::Verifying, State::Unknown];
    let filter = Filter { account: Some(account), states, ..Filter::default() };
    let list = database.store.read(move |conn| operations::list(conn, &filter, 10_000)).await.unwrap();
    list.into_iter().map(|operation| operation.id).collect()
}

async fn are_done(database: &TestStore, ids: &[store::ids::OperationId]) -> bool {
    let ids = ids.to_vec();
    let ended = move |conn: &mut store::Conn| {
        for id in ids {
            if !operations::get(conn, id)?.state.is_end() {
                return Ok(false);
            }
        }
        Ok(true)
    };
    database.store.read(ended).await.unwrap()
}
