//! The crash points of delivery, one by one, on both databases: the process stops exactly there, another is started, and
//! everything is as if nothing had happened but the time that it took (reliability §2, C3 to C9).
//!
//! The stop is at the network: everything between two requests is one transaction, so a process that dies before a
//! request leaves, or when its answer has come, has died at every place there is.

use std::sync::Arc;
use std::time::Duration;

use fixtures::simulator::{Config, Simulator};
use scim_bridge::accounts::{AccountSettings, Clients, connect};
use store::operations::State;
use store::testing::TestStore;

use crate::delivery_harness::{connection, until};
use crate::delivery_line::{Ahead, Line, Stop, When, accept, read, settings, start};

use When::{BeforeItLeaves, WhenTheAnswerIsThere};

#[rustfmt::skip]
const STOPS: &[Stop] = &[
    Stop { point: "C3, stored as sending, not sent", method: "POST", path: "/profile/v4/Users", when: BeforeItLeaves, leaves: State::Sending, writes: 1 },
    Stop { point: "C4 and C5, sent, the answer not stored", method: "POST", path: "/profile/v4/Users", when: WhenTheAnswerIsThere, leaves: State::Sending, writes: 1 },
    Stop { point: "C6, id stored, status not asked", method: "GET", path: "/status", when: BeforeItLeaves, leaves: State::Submitted, writes: 1 },
    Stop { point: "C7, status seen, not stored", method: "GET", path: "/status", when: WhenTheAnswerIsThere, leaves: State::Submitted, writes: 1 },
    Stop { point: "C7, status stored, not verified", method: "GET", path: "/profile/identity/v4.1/Users/", when: BeforeItLeaves, leaves: State::Verifying, writes: 1 },
    Stop { point: "C8, verified, done not stored", method: "GET", path: "/profile/spend/v4.1/Users/", when: WhenTheAnswerIsThere, leaves: State::Verifying, writes: 1 },
    Stop { point: "C9, tokens answered, not stored", method: "POST", path: "/oauth2/v0/token", when: WhenTheAnswerIsThere, leaves: State::Sending, writes: 1 },
];

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stops_anywhere_in_a_delivery_leaves_nothing_that_the_next_one_does_not_finish() {
    concur::install_crypto();
    for stop in STOPS {
        // A store for each, since each has a Concur of its own: nobody from an earlier one shall be looked up there.
        for base in store::testing::stores() {
            stops_at(&base, *stop).await;
        }
    }
}

async fn stops_at(base: &TestStore, stop: Stop) {
    let what = format!("{} on {}", stop.point, base.name);
    let config = Config { provisioning_delay: Duration::ZERO, ..Config::default() };
    let concur = Arc::new(Simulator::offline(&config).unwrap());
    let calm = Line::new(&concur, None);
    // The clock can be moved on, so that a lease runs out and a token is to be refreshed without waiting for either.
    let ahead = Ahead::default();
    let clock = ahead.clock();
    let login = stop.point.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let new = connection(&concur, &login, AccountSettings::default());
    let account = connect(&base.store, &clock, &settings(&calm), new).await.unwrap().account;
    if stop.path.starts_with("/oauth2") {
        ahead.advance(Duration::from_hours(2), &concur);
    }
    let (_, operation) = accept(base, account.id, &clock, &login).await;

    let line = Line::new(&concur, Some(stop));
    let worker = start(base, &clock, &line).1;
    tokio::time::timeout(Duration::from_secs(30), line.died.notified()).await.expect(&what);
    worker.kill();
    let left = read(base, operation).await;
    assert_eq!(left.state, stop.leaves, "{what}");

    ahead.advance(Duration::from_mins(10), &concur);
    let next = Line::new(&concur, None);
    let worker = start(base, &clock, &next).1;
    let done = until(&what, || async {
        let row = read(base, operation).await;
        if row.state == State::Done { Ok(row) } else { Err(format!("{row:?}")) }
    })
    .await;
    worker.stop().await;
    assert_eq!(done.ever_unknown, stop.leaves == State::Sending, "{what}: never sent again without a look");
    let written: Vec<_> =
        concur.writes().into_iter().filter(|it| it.path.starts_with("/profile/v4")).collect();
    assert_eq!(written.len(), stop.writes, "{what}: {written:?}");
    let clients = Clients::new(base.store.clone(), clock, settings(&calm));
    let client = clients.get(account.id).await.unwrap();
    let by = concur::api::LookupAttribute::ExternalId;
    let found = client.identity().find_by(by, &format!("idp-{login}")).await.unwrap();
    assert_eq!(found.len(), 1, "{what}");
    assert_eq!(found[0].active(), Some(true), "{what}");
}
