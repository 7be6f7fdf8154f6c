//! Delivery when things go wrong: Concur down, answers lost, requests throttled, workers dead or doubled.
//!
//! In each case what counts is the same: nobody is lost, nobody is there twice, nothing is sent again unseen.

use std::collections::BTreeMap;
use std::time::Duration;

use fixtures::simulator::{Fault, FaultKind, ProvisioningFault};
use scim_bridge::accounts::{AccountSettings, ClientSettings, Clients};
use scim_bridge::clock::Clock;
use scim_bridge::delivery::Settings;
use scim_bridge::metrics::Metrics;
use scim_bridge::translate::{ENTERPRISE, SPEND};
use serde_json::json;
use store::operations::{self, Claim, State, What};
use store::resources;

use crate::delivery_harness::{
    House, accepted, client_settings, person, quick, until, work_on, work_seen, work_with,
};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_while_concur_is_down() {
    for house in House::each().await {
        house.concur.set_down(true);
        let (handle, worker) = house.work();
        let (resource, operation) = house.create(person("patient")).await;
        handle.wake();
        let tried = until("an attempt", || async {
            let row = house.operation(operation).await;
            if row.attempt > 0 && row.state != State::Sending { Ok(row) } else { Err(format!("{row:?}")) }
        });
        assert!(!tried.await.state.is_end());
        house.concur.set_down(false);
        house.reaches(operation, State::Done).await;
        assert_eq!(house.in_concur(resource).await["userName"], "patient@example.com");
        assert_eq!(house.count("patient@example.com").await, 1);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_settled_by_a_look_up_and_never_by_a_second_post() {
    for house in House::each().await {
        house.concur.inject(Fault::once("/profile/v4/Users", FaultKind::CloseAfter).on("POST"));
        let (handle, worker) = house.work();
        let (resource, operation) = house.create(person("lost")).await;
        handle.wake();
        let id = accepted(&handle, operation).await;
        let row = house.reaches(operation, State::Done).await;
        assert!(row.ever_unknown);
        assert_eq!(house.link(resource).await.concur_user_id.as_deref(), Some(id.as_str()));
        assert_eq!(house.count("lost@example.com").await, 1);
        assert_eq!(house.writes().iter().filter(|write| write.method == "POST").count(), 1);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_lost_before_it_was_applied_is_sent_again_after_looking() {
    let house = House::new(AccountSettings::default()).await;
    house.concur.inject(Fault::once("/profile/v4/Users", FaultKind::CloseBefore).on("POST"));
    let (_, worker) = house.work();
    let (_, operation) = house.create(person("again")).await;
    let row = house.reaches(operation, State::Done).await;
    assert_eq!((row.attempt, row.ever_unknown), (2, true));
    assert_eq!(house.count("again@example.com").await, 1);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_a_patch_is_settled_by_reading_the_user() {
    let house = House::new(AccountSettings::default()).await;
    let (_, worker) = house.work();
    let (resource, created) = house.create(person("patched")).await;
    house.reaches(created, State::Done).await;
    house.concur.inject(Fault::once("/profile/v4/Users", FaultKind::Truncate).on("PATCH"));
    let mut body = person("patched");
    body["title"] = json!("Lead");
    let (operation, _) = house.change(resource, body).await;
    let row = house.reaches(operation, State::Done).await;
    assert_eq!((row.attempt, row.ever_unknown), (1, true));
    assert_eq!(house.in_concur(resource).await["title"], "Lead");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn done_means_that_concur_was_read_and_not_that_it_said_so() {
    for result in ["success", "no-op"] {
        for house in House::each().await {
            let lie = ProvisioningFault {
                extension: Some(SPEND.to_owned()),
                result: Some(result.to_owned()),
                ..ProvisioningFault::default()
            };
            house.concur.inject(Fault::once("/profile/v4/Users", FaultKind::Provisioning(lie)));
            let (_, worker) = house.work();
            let (resource, operation) = house.create(person("told")).await;
            let row = house.reaches(operation, State::Done).await;
            assert!(row.ever_unknown, "{result}: what was read was not what was said");
            let id = house.link(resource).await.concur_user_id.unwrap().parse().unwrap();
            let spend = house.client().await.spend().get_user(&id).await.unwrap();
            let spend = spend.unwrap_or_default();
            assert_eq!(spend[SPEND]["reimbursementCurrency"], "USD", "{result}: {spend}");
            worker.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_request_is_sent_again() {
    let house = House::new(AccountSettings::default()).await;
    let kind = FaultKind::Status { code: 429, retry_after: Some("0".to_owned()), body: None };
    house.concur.inject(Fault::once("/profile/v4/Users", kind).on("POST").times(2));
    let (_, worker) = house.work();
    let (_, operation) = house.create(person("throttled")).await;
    let row = house.reaches(operation, State::Done).await;
    assert_eq!((row.attempt, row.ever_unknown), (3, false), "certainly not applied: no look-up needed");
    let attempts = house.store().read(move |conn| operations::attempts(conn, operation)).await.unwrap();
    let outcomes: Vec<_> = attempts.iter().map(|it| (it.outcome, it.error_code.as_deref())).collect();
    let throttled = (Some(State::Ready), Some("429"));
    assert_eq!(outcomes, [throttled, throttled, (Some(State::Submitted), None)]);
    assert!(attempts.iter().all(|attempt| attempt.correlation_id.is_some()));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_died_after_sending_leaves_one_user_and_no_second_post() {
    for house in House::each().await {
        let (resource, operation) = house.create(person("orphan")).await;
        let claimed = claim_and_die(&house, Duration::ZERO).await;
        assert_eq!(claimed.id, operation);
        // What the dead worker had put on the wire.
        let mut body = claimed.payload["desired"].clone();
        body[ENTERPRISE]["companyId"] = json!(house.account.company_uuid);
        body["schemas"] = json!([scim::urn::USER]);
        let created = house.client().await.provisioning().create_user(&body).await.unwrap();
        let (_, worker) = house.work();
        let row = house.reaches(operation, State::Done).await;
        assert!(row.ever_unknown);
        assert_eq!(row.attempt, 1);
        assert_eq!(house.link(resource).await.concur_user_id, Some(created.id.to_string()));
        assert_eq!(house.writes().len(), 1);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_died_before_sending_is_replaced_after_a_look_up() {
    for house in House::each().await {
        let (_, operation) = house.create(person("unsent")).await;
        claim_and_die(&house, Duration::ZERO).await;
        let (_, worker) = house.work();
        let row = house.reaches(operation, State::Done).await;
        assert_eq!((row.attempt, row.ever_unknown), (2, true));
        assert_eq!(house.count("unsent@example.com").await, 1);
        assert_eq!(house.writes().len(), 1);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_held_goes_on_long_before_its_lease_runs_out() {
    for house in House::each().await {
        let (_, operation) = house.create(person("survivor")).await;
        house.store().write(|conn| operations::beat(conn, "the dead")).await.unwrap();
        let left = claim_and_die(&house, Duration::from_hours(1)).await;
        assert_eq!((left.id, left.state), (operation, State::Sending));
        let present =
            scim_bridge::delivery::Settings { presence: Some(Duration::from_millis(20)), ..quick() };
        let (_, worker) = work_on(house.store().clone(), present);
        let row = house.reaches(operation, State::Done).await;
        assert!(row.ever_unknown, "nobody knows what the dead one has sent");
        assert_eq!(house.count("survivor@example.com").await, 1);
        worker.stop().await;
        let left = house.store().write(|conn| operations::beat(conn, "a visitor")).await.unwrap();
        assert_eq!(left, [], "who stops takes its leave");
    }
}

/// Claims the one due operation, as a worker that was killed has left it; its lease lasts so long.
async fn claim_and_die(house: &House, lease: Duration) -> operations::Operation {
    let claim = move |conn: &mut store::Conn| {
        let now = scim_bridge::clock::Clock::system().now();
        let claim = Claim {
            now,
            owner: "the dead",
            lease_until: now + lease,
            limit: 1,
            exclude: &[],
            only: &[],
            what: What::Everything,
        };
        operations::claim_due(conn, &claim)
    };
    house.store().write(claim).await.unwrap().pop().expect("a due operation")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_on_one_queue_send_nothing_twice() {
    for house in House::each().await {
        // Singles only, so that the two really meet.
        let settings = scim_bridge::delivery::Settings { bulk_from: 1_000, ..quick() };
        let (first, one) = work_on(house.store().clone(), settings.clone());
        let (second, two) = work_on(house.base.another(), settings);
        let mut waiting = Vec::new();
        for n in 0..30 {
            waiting.push(house.create(person(&format!("twin{n}"))).await);
            first.wake();
            second.wake();
        }
        for (resource, operation) in waiting {
            house.reaches(operation, State::Done).await;
            let mut body = house.store().read(move |conn| resources::get(conn, resource)).await.unwrap().body;
            body["title"] = json!("Twin");
            let (changed, _) = house.change(resource, body).await;
            first.wake();
            second.wake();
            house.reaches(changed, State::Done).await;
        }
        let mut sent: BTreeMap<String, usize> = BTreeMap::new();
        for write in house.writes() {
            let key = write.body["userName"].as_str().unwrap_or(&write.path).to_owned();
            *sent.entry(key).or_default() += 1;
        }
        assert_eq!(sent.len(), 60, "30 creates and 30 changes on {}", house.base.name);
        assert!(sent.values().all(|count| *count == 1), "{sent:?}");
        one.stop().await;
        two.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_finds_a_user_whose_create_arrived_and_was_given_up() {
    let house = House::new(AccountSettings::default()).await;
    let (resource, created) = house.create(person("revenant")).await;
    let claimed = claim_and_die(&house, Duration::ZERO).await;
    let mut body = claimed.payload["desired"].clone();
    body[ENTERPRISE]["companyId"] = json!(house.account.company_uuid);
    body["schemas"] = json!([scim::urn::USER]);
    let user = house.client().await.provisioning().create_user(&body).await.unwrap().id;
    let expect = operations::Expect { state: State::Sending, lease_epoch: claimed.lease_epoch };
    let gave_up = operations::Transition::to(State::Failed, scim_bridge::clock::Clock::system().now());
    let write = move |conn: &mut store::Conn| operations::transition(conn, created, expect, &gave_up);
    assert!(house.store().write(write).await.unwrap());
    let operation = house.delete(resource).await;
    let (_, worker) = house.work();
    house.reaches(operation, State::Done).await;
    let there = house.client().await.identity().get(&user).await.unwrap();
    assert_eq!(there.active(), Some(false));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_sent_while_concur_was_left_alone_is_no_repetition_afterwards() {
    let house = House::new(AccountSettings::default()).await;
    let mut waiting = Vec::new();
    for n in 0..250 {
        waiting.push(house.create(person(&format!("outage{n}"))).await.1);
    }
    house.concur.inject(Fault::status("/profile/v4/", 503, 1));
    // Longer than what the client waits out by itself.
    let settings = ClientSettings { unavailable_pause: Duration::from_secs(11), ..client_settings() };
    let clients = Clients::new(house.store().clone(), Clock::system(), settings);
    let (_, worker) = work_with(house.store().clone(), clients, quick());
    // The first hundred met the outage: what became of them is looked up, and repetitions are few a minute. All others were
    // never sent, and are not kept back as if they had been.
    for operation in &waiting[100..] {
        let done = house.reaches(*operation, State::Done).await;
        assert!(done.attempt <= 2, "claimed in vain again and again: {done:?}");
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answered_read_closes_the_breaker_when_nothing_but_reads_is_left() {
    let house = House::new(AccountSettings::default()).await;
    let mut waiting = Vec::new();
    for n in 0..30 {
        waiting.push(house.create(person(&format!("read{n}"))).await.1);
    }
    // Everyone is sent, and nobody can be read back: that trips the breaker.
    house.concur.inject(Fault::status("/profile/identity/v4.1/Users/", 500, u32::MAX));
    let metrics = Metrics::new().unwrap();
    // Longer than the test waits: what one try for each lease would take.
    let settings = Settings { lease: Duration::from_mins(5), ..quick() };
    let clients = Clients::new(house.store().clone(), Clock::system(), client_settings());
    let (_, worker) = work_seen(house.store().clone(), clients, settings, metrics.clone());
    let open = metrics.ups_breaker_open.with_label_values(&[house.account.id.to_string()]);
    until("the breaker is open", || async {
        if open.get() == 1 { Ok(()) } else { Err("closed".to_owned()) }
    })
    .await;
    house.concur.clear_faults();
    for operation in &waiting {
        house.reaches(*operation, State::Done).await;
    }
    assert_eq!(open.get(), 0);
    worker.stop().await;
}
