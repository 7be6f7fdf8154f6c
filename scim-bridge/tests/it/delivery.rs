//! Delivery against the simulator, on every database: what Concur was asked, what it holds, what the outbox says.

use std::collections::BTreeMap;

use fixtures::simulator::{Fault, FaultKind};
use scim_bridge::accounts::AccountSettings;
use scim_bridge::delivery::{Verdict, failure, part};
use scim_bridge::translate::{ENTERPRISE, Kind, SPEND};
use serde_json::json;
use store::operations::{self, State};
use store::resources;

use crate::delivery_harness::{House, accepted, patch_paths, person, quick, until, work_on};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_arrives_and_the_resource_takes_concurs_id() {
    for house in House::each().await {
        let (handle, worker) = house.work();
        let (resource, operation) = house.create(person("ada")).await;
        handle.wake();
        let id = accepted(&handle, operation).await;
        house.reaches(operation, State::Done).await;
        let there = house.in_concur(resource).await;
        assert_eq!(there["userName"], "ada@example.com");
        assert_eq!(there[ENTERPRISE]["department"], "Research");
        assert_eq!(there[ENTERPRISE]["companyId"], house.account.company_uuid);
        let spend = house.client().await.spend().get_user(&id.parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(spend[SPEND]["reimbursementCurrency"], "USD");
        let row = house.store().read(move |conn| resources::get(conn, resource)).await.unwrap();
        assert_eq!(row.scim_id.to_string(), id, "the public id is Concur's while nobody has seen another");
        assert_eq!(house.writes().len(), 1, "one POST and nothing else");
        let parts = house.store().read(move |conn| operations::extensions(conn, operation)).await.unwrap();
        let parts: Vec<_> = parts.iter().map(|part| (part.extension.as_str(), part.state.as_str())).collect();
        assert_eq!(parts, [(part::IDENTITY, "success"), (part::SPEND, "success")]);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_user_reaches_concur_in_the_smallest_patches() {
    for house in House::each().await {
        let (handle, worker) = house.work();
        let (resource, created) = house.create(person("life")).await;
        house.reaches(created, State::Done).await;

        let mut body = person("life");
        body["name"]["familyName"] = json!("King");
        body[ENTERPRISE]["department"] = json!("Analysis");
        let (moved, kind) = house.change(resource, body.clone()).await;
        handle.wake();
        assert_eq!(kind, Kind::Update);
        house.reaches(moved, State::Done).await;
        let department = format!("{ENTERPRISE}:department");
        assert_eq!(
            house.last_patch(),
            [("replace".to_owned(), "name.familyName".to_owned()), ("replace".to_owned(), department)]
        );

        body["active"] = json!(false);
        let (left, kind) = house.change(resource, body.clone()).await;
        assert_eq!(kind, Kind::Deactivate);
        house.reaches(left, State::Done).await;
        assert_eq!(house.last_patch(), [("replace".to_owned(), "active".to_owned())]);
        assert_eq!(house.in_concur(resource).await["active"], false);

        body["active"] = json!(true);
        body["title"] = json!("Lead");
        let (back, kind) = house.change(resource, body).await;
        assert_eq!(kind, Kind::Reactivate);
        house.reaches(back, State::Done).await;
        let paths = ["active", "title"].map(|path| ("replace".to_owned(), path.to_owned()));
        assert_eq!(house.last_patch(), paths);

        let gone = house.delete(resource).await;
        house.reaches(gone, State::Done).await;
        assert_eq!(house.last_patch(), [("replace".to_owned(), "active".to_owned())]);
        let there = house.in_concur(resource).await;
        assert_eq!((&there["active"], &there["name"]["familyName"]), (&json!(false), &json!("King")));
        assert_eq!(house.writes().len(), 5, "one write per change");
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deactivation_sends_nothing_else_and_the_rest_follows_on_its_own() {
    let house = House::new(AccountSettings::default()).await;
    let (_, worker) = house.work();
    let (resource, created) = house.create(person("leaver")).await;
    house.reaches(created, State::Done).await;
    let mut body = person("leaver");
    body["active"] = json!(false);
    body["title"] = json!("Former engineer");
    let (left, _) = house.change(resource, body).await;
    house.reaches(left, State::Done).await;
    let rest = house.store().read(move |conn| operations::latest_for_resource(conn, resource)).await.unwrap();
    let rest = rest.unwrap();
    assert_eq!(rest.kind, "update");
    house.reaches(rest.id, State::Done).await;
    let patches: Vec<_> = house.writes()[1..].iter().map(|write| patch_paths(&write.body)).collect();
    let replace = |path: &str| vec![("replace".to_owned(), path.to_owned())];
    assert_eq!(patches, [replace("active"), replace("title")]);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_in_concur_already_is_adopted_and_keeps_the_login() {
    for house in House::each().await {
        let (handle, worker) = house.work();
        let users = house.client().await.identity().list(20, None).await.unwrap().items;
        let existing = users.iter().find(|user| user.active() == Some(true) && user.external_id().is_none());
        let existing = existing.expect("an employee without externalId");
        let login = existing.user_name().unwrap().to_owned();
        let mut body = person("adopted");
        body["userName"] = json!(login);
        body["externalId"] = json!("idp-adopted");
        body["emails"] = json!([{"value": "other@example.com", "type": "work"}]);
        body["title"] = json!("Adopted engineer");
        let (resource, operation) = house.create(body).await;
        handle.wake();
        assert_eq!(accepted(&handle, operation).await, existing.id().to_string());
        house.reaches(operation, State::Done).await;
        assert!(house.link(resource).await.adopted);
        assert_eq!(house.count(&login).await, 1);
        let there = house.in_concur(resource).await;
        assert_eq!(there["title"], "Adopted engineer");
        assert_eq!(there["externalId"], "idp-adopted");
        assert_eq!(there["emails"], existing.raw()["emails"], "an adoption changes no login identifier");
        assert!(house.last_patch().iter().all(|(_, path)| path != "userName" && !path.starts_with("emails")));
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_name_of_somebody_else_is_refused_and_not_tried_for_ever() {
    let house = House::new(AccountSettings::default()).await;
    let (handle, worker) = house.work();
    let (_, first) = house.create(person("first")).await;
    house.reaches(first, State::Done).await;
    let mut body = person("second");
    body[ENTERPRISE]["employeeNumber"] = json!("E-first");
    let (_, operation) = house.create(body).await;
    handle.wake();
    let Verdict::Refused(error) = handle.verdict(operation, std::time::Duration::from_secs(30)).await else {
        panic!("not refused: {:?}", house.operation(operation).await)
    };
    assert_eq!((error.status, error.scim_type), (409, Some(scim::ScimType::Uniqueness)));
    assert!(error.detail.contains("correlation id"), "{}", error.detail);
    let row = house.reaches(operation, State::Failed).await;
    assert_eq!(row.error_code.as_deref(), Some(failure::UNIQUENESS));
    assert!(row.error_message.is_some() && row.correlation_id.is_some());
    assert_eq!(row.attempt, 1);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_concur_refuses_is_told_with_concurs_reason() {
    let house = House::new(AccountSettings::default()).await;
    let (handle, worker) = house.work();
    let (resource, created) = house.create(person("martian")).await;
    house.reaches(created, State::Done).await;
    let mut known = house.link(resource).await.known.unwrap();
    known["timezone"] = json!("Mars/Olympus");
    let operation = house.enqueue_raw(resource, Kind::Update, known).await;
    handle.wake();
    let Verdict::Refused(error) = handle.verdict(operation, std::time::Duration::from_secs(30)).await else {
        panic!("not refused: {:?}", house.operation(operation).await)
    };
    assert_eq!((error.status, error.scim_type), (400, Some(scim::ScimType::InvalidValue)));
    assert!(error.detail.to_lowercase().contains("timezone"), "{}", error.detail);
    assert_eq!(house.operation(operation).await.state, State::Failed);
    // The same verdict for a process that did not deliver it.
    let (elsewhere, idle) = work_on(house.base.another(), quick());
    idle.stop().await;
    let verdict = elsewhere.verdict(operation, std::time::Duration::from_secs(30)).await;
    assert_eq!(verdict, Verdict::Refused(error));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_spend_profile_leaves_the_identity_and_goes_round_alone() {
    let ledger = Some("NO-SUCH-LEDGER".to_owned());
    let house = House::new(AccountSettings { ledger_code: ledger, ..AccountSettings::default() }).await;
    let (handle, worker) = house.work();
    let (resource, operation) = house.create(person("ledger")).await;
    handle.wake();
    accepted(&handle, operation).await;
    let row = house.reaches(operation, State::Failed).await;
    assert_eq!((row.attempt, row.error_code.as_deref()), (3, Some(failure::EXTENSION)));
    assert!(row.error_message.unwrap().contains("ledgerCode"));
    assert_eq!(house.in_concur(resource).await["userName"], "ledger@example.com");
    let writes = house.writes();
    let methods: Vec<_> = writes.iter().map(|write| write.method.as_str()).collect();
    assert_eq!(methods, ["POST", "PATCH", "PATCH"]);
    for write in &writes[1..] {
        let paths = patch_paths(&write.body);
        assert!(!paths.is_empty() && paths.iter().all(|(_, path)| path.starts_with(SPEND)), "{paths:?}");
    }
    let parts = house.store().read(move |conn| store::links::extensions(conn, resource)).await.unwrap();
    let states: BTreeMap<_, _> = parts.iter().map(|it| (it.extension.as_str(), it.state.as_str())).collect();
    assert_eq!(states, BTreeMap::from([(part::IDENTITY, "success"), (part::SPEND, "failed")]));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_wait_travel_as_one_bulk_with_one_operation_per_user() {
    for house in House::each().await {
        let mut waiting = Vec::new();
        for n in 0..12 {
            waiting.push(house.create(person(&format!("bulk{n}"))).await);
        }
        let (_, worker) = house.work();
        for (resource, operation) in &waiting {
            house.reaches(*operation, State::Done).await;
            assert_eq!(house.in_concur(*resource).await["active"], true);
        }
        let writes = house.writes();
        assert_eq!(writes.len(), 1, "{writes:?}");
        assert!(writes[0].path.starts_with("/profile/v4/Bulk"));
        let operations = writes[0].body["Operations"].as_array().unwrap();
        let mut ids: Vec<_> = operations.iter().map(|it| it["bulkId"].as_str().unwrap()).collect();
        ids.sort_unstable();
        let mut expected: Vec<_> = waiting.iter().map(|(_, operation)| operation.to_string()).collect();
        expected.sort_unstable();
        assert_eq!(ids, expected);
        assert_eq!(writes[0].body.get("failOnErrors"), None);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_spoils_a_bulk_does_not_hold_the_others_up() {
    let house = House::new(AccountSettings::default()).await;
    let mut waiting = Vec::new();
    for n in 0..6 {
        waiting.push(house.create(person(&format!("good{n}"))).await.1);
    }
    let (taken, _) = house.create(person("good6")).await;
    // The same user name again, by an operation that went past the translation.
    let bad = house.create(person("bad")).await.0;
    let spoiled =
        house.store().read(move |conn| operations::latest_for_resource(conn, bad)).await.unwrap().unwrap();
    let mut payload = spoiled.payload.clone();
    payload["desired"]["timezone"] = json!("Mars/Olympus");
    house
        .store()
        .write(move |conn| {
            let text = payload.to_string().replace('\'', "''");
            let sql = format!("UPDATE operation_details SET payload = '{text}' WHERE op_id = {}", spoiled.id);
            store::testing::execute(conn, &sql)
        })
        .await
        .unwrap();
    let (_, worker) = house.work();
    for operation in waiting {
        house.reaches(operation, State::Done).await;
    }
    let row = house.reaches(spoiled.id, State::Failed).await;
    assert_eq!(row.error_code.as_deref(), Some(failure::INVALID_VALUE));
    until("the seventh", || async {
        let latest = house.store().read(move |conn| operations::latest_for_resource(conn, taken)).await;
        let state = latest.unwrap().unwrap().state;
        if state == State::Done { Ok(()) } else { Err(state.to_string()) }
    })
    .await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_arrives_as_concurs_id() {
    let house = House::new(AccountSettings::default()).await;
    let (handle, worker) = house.work();
    let (_, boss) = house.create(person("boss")).await;
    handle.wake();
    let boss_id = accepted(&handle, boss).await;
    let mut body = person("report");
    body[ENTERPRISE]["manager"] = json!({"value": boss_id});
    let (_, operation) = house.create(body).await;
    house.reaches(operation, State::Done).await;
    let post = house.writes().pop().unwrap();
    assert_eq!(post.body[ENTERPRISE]["manager"]["value"], json!(boss_id));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn someone_who_never_reached_concur_is_deleted_without_a_word_to_it() {
    let house = House::new(AccountSettings::default()).await;
    let (resource, created) = house.create(person("ghost")).await;
    let expect = operations::Expect { state: State::Ready, lease_epoch: 0 };
    let cancelled = operations::Transition::to(State::Cancelled, scim_bridge::clock::Clock::system().now());
    let done =
        house.store().write(move |conn| operations::transition(conn, created, expect, &cancelled)).await;
    assert!(done.unwrap());
    let operation = house.delete(resource).await;
    let (_, worker) = house.work();
    house.reaches(operation, State::Done).await;
    assert_eq!(house.writes().len(), 0);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_who_arrives_later_is_named_then() {
    for house in House::each().await {
        manager_arrives_later(&house).await;
    }
}

async fn manager_arrives_later(house: &House) {
    // The manager's own create waits for a person, so the people below go first.
    let (boss, boss_created) = house.create(person("late-boss")).await;
    let held = operations::Transition::to(State::Held, scim_bridge::clock::Clock::system().now());
    let expect = operations::Expect { state: State::Ready, lease_epoch: 0 };
    let write = move |conn: &mut store::Conn| operations::transition(conn, boss_created, expect, &held);
    assert!(house.store().write(write).await.unwrap());
    let boss_id = house.store().read(move |conn| resources::get(conn, boss)).await.unwrap().scim_id;
    house.store().write(move |conn| resources::mark_shown(conn, &[boss])).await.unwrap();
    let mut body = person("early");
    body[ENTERPRISE]["manager"] = json!({"value": boss_id.to_string()});
    let (handle, worker) = house.work();
    let (resource, operation) = house.create(body).await;
    handle.wake();
    house.reaches(operation, State::Done).await;
    assert_eq!(house.writes().pop().unwrap().body[ENTERPRISE].get("manager"), None);
    worker.stop().await;

    let released = operations::Transition::to(State::Ready, scim_bridge::clock::Clock::system().now());
    let expect = operations::Expect { state: State::Held, lease_epoch: 0 };
    let write = move |conn: &mut store::Conn| operations::transition(conn, boss_created, expect, &released);
    assert!(house.store().write(write).await.unwrap());
    let (_, worker) = house.work();
    house.reaches(boss_created, State::Done).await;
    worker.stop().await;
    // A worker looks around when it starts.
    let (_, worker) = house.work();
    let follow_up = until("the follow-up", || async {
        let latest = house.store().read(move |conn| operations::latest_for_resource(conn, resource)).await;
        let latest = latest.unwrap().unwrap();
        if latest.id == operation { Err("no follow-up yet".to_owned()) } else { Ok(latest) }
    });
    house.reaches(follow_up.await.id, State::Done).await;
    let manager = format!("{ENTERPRISE}:manager");
    assert_eq!(house.last_patch(), [("replace".to_owned(), manager)]);
    let value = house.writes().pop().unwrap().body["Operations"][0]["value"]["value"].clone();
    assert_eq!(Some(value.as_str().unwrap().to_owned()), house.link(boss).await.concur_user_id);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deactivations_go_before_what_waited_longer() {
    let house = House::new(AccountSettings::default()).await;
    let (_, worker) = house.work();
    let (resource, created) = house.create(person("first-out")).await;
    house.reaches(created, State::Done).await;
    worker.stop().await;
    for n in 0..3 {
        house.create(person(&format!("later{n}"))).await;
    }
    let mut body = person("first-out");
    body["active"] = json!(false);
    let (left, _) = house.change(resource, body).await;
    // One slot, so that order shows.
    let settings = scim_bridge::delivery::Settings { max_concurrent: 1, ..quick() };
    house.concur.inject(Fault::once("/profile/v4/Users", FaultKind::Delay { ms: 200 }).on("POST").times(3));
    let (_, worker) = work_on(house.store().clone(), settings);
    house.reaches(left, State::Done).await;
    let writes = house.writes();
    let position = writes.iter().position(|write| write.method == "PATCH").unwrap();
    assert!(position <= 2, "the deactivation waited behind creates: {writes:?}");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_termination_date_comes_with_the_deactivation_and_goes_with_the_return() {
    let dated = AccountSettings { termination_date_on_deactivation: true, ..AccountSettings::default() };
    let house = House::new(dated).await;
    let (_, worker) = house.work();
    let (resource, created) = house.create(person("dated")).await;
    house.reaches(created, State::Done).await;
    let mut body = person("dated");
    body["active"] = json!(false);
    let (left, _) = house.change(resource, body).await;
    let row = house.reaches(left, State::Done).await;
    let termination = format!("{ENTERPRISE}:terminationDate");
    let replaced = |path: &str| ("replace".to_owned(), path.to_owned());
    assert_eq!(house.last_patch(), [replaced("active"), replaced(&termination)]);
    let day = row.created_at.strftime("%Y-%m-%d").to_string();
    let there = house.in_concur(resource).await[ENTERPRISE]["terminationDate"].clone();
    assert!(there.as_str().unwrap().starts_with(&day), "{there}");
    let (back, _) = house.change(resource, person("dated")).await;
    house.reaches(back, State::Done).await;
    assert_eq!(house.last_patch(), [replaced("active"), ("remove".to_owned(), termination)]);
    worker.stop().await;
}
