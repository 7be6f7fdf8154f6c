//! The outbox in an operator's hands: filters and pages, replay, cancel, hold, release; by API and by command.

use fixtures::simulator::{Fault, FaultKind};
use reqwest::Method;
use scim_bridge::clock::Clock;
use scim_bridge::config::{Config, DeliveryMode};
use serde_json::{Value, json};
use store::operations::{self, Claim, Expect, Filter, State, Transition, What};

use crate::brake::{inactive, name, people};
use crate::harness::{Answer, House, user, with};

/// Nobody waits for Concur's word, so that what it refuses fails.
fn at_once(config: &mut Config) {
    config.confirm_within = std::time::Duration::ZERO;
}

fn waiting(config: &mut Config) {
    config.delivery.mode = DeliveryMode::AcceptOnly;
}

async fn act(house: &House, id: &Value, verb: &str, reason: &str) -> Answer {
    let path = format!("/api/v1/operations/{id}/{verb}");
    house.write(Method::POST, &path, &json!({"reason": reason})).await
}

async fn in_state(house: &House, states: &str) -> Vec<Value> {
    let list = house.get(&format!("/api/v1/operations?state={states}")).await.expect(200);
    list["operations"].as_array().unwrap().clone()
}

async fn audited(house: &House, action: &str) -> Vec<Value> {
    let account = house.account.id;
    let events = house.store().read(move |conn| store::audit::list(conn, Some(account), None, 100)).await;
    events.unwrap().into_iter().filter(|event| event.action == action).map(|event| event.details).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_go_after_all_still_gets_what_the_deactivation_had_passed() {
    with(waiting, async |house| {
        let made = house.post(&user("stuck@example.com")).await.expect(201);
        let id = made["id"].as_str().unwrap();
        house.patch(id, inactive()).await.expect(200);
        // Nobody knows what became of the create; after a while the deactivation passes it.
        let passed = house.store().write(|conn| {
            let (create, now) =
                (operations::list(conn, &Filter::default(), 2)?.pop().unwrap(), Clock::system().now());
            let claim = Claim {
                now,
                owner: "test",
                lease_until: now,
                limit: 1,
                exclude: &[],
                only: &[],
                what: What::Everything,
            };
            let sent = operations::claim_one(conn, create.id, &claim)?.unwrap();
            let go = |conn: &mut store::Conn, from: State, to: State| {
                let expect = Expect { state: from, lease_epoch: sent.lease_epoch };
                operations::transition(conn, sent.id, expect, &Transition::to(to, now))
            };
            go(conn, State::Sending, State::Unknown)?;
            let passed = operations::pass_stuck(conn, now, now)?;
            go(conn, State::Unknown, State::Ready)?;
            assert_eq!(operations::get(conn, sent.id)?.state, State::Superseded);
            Ok(passed)
        });
        let passed = passed.await.unwrap();
        act(house, &json!(passed[0]), "cancel", "stays after all").await.expect(200);
        let shown = house.get(&format!("/Users/{id}")).await.expect(200);
        assert_eq!(shown["active"], true);
        let waits = in_state(house, "ready").await;
        assert_eq!((waits.len(), &waits[0]["kind"]), (1, &json!("update")), "{waits:?}");
        let planned = house.get(&format!("/api/v1/operations/{}/request", waits[0]["id"])).await.expect(200);
        assert_eq!((&planned["method"], &planned["body"]["active"]), (&json!("POST"), &json!(true)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_operation_is_shown_with_concurs_words_and_goes_again_when_a_person_says_so() {
    with(at_once, async |house| {
        let ids = people(house, 1).await;
        let refuse = FaultKind::Status { code: 400, retry_after: None, body: None };
        house.simulator.inject(Fault::once("/profile/v4/Users", refuse).on("PATCH"));
        house.patch(&ids[0], json!({"op": "replace", "path": "title", "value": "Lead"})).await.expect(200);
        house.quiet().await;
        let failed = in_state(house, "failed").await.pop().unwrap();
        assert_eq!(failed["error_code"], "refused_invalid_value", "{failed}");
        assert!(failed["correlation_id"].is_string() && failed["error_message"].is_string(), "{failed}");

        let done = house.operations().await.len();
        assert_eq!(act(house, &json!(1), "replay", "x").await.status, 409, "it is done already");
        act(house, &failed["id"], "replay", "").await.expect(400);
        act(house, &json!(4711), "replay", "x").await.expect(404);
        let again = act(house, &failed["id"], "replay", "Concur is mended").await.expect(200);
        assert!(again["replayed_at"].is_string() && again["state"] == "ready", "{again}");
        house.quiet().await;
        let shown = house.get(&format!("/api/v1/operations/{}", failed["id"])).await.expect(200);
        assert_eq!((&shown["state"], shown["attempts"].as_array().unwrap().len()), (&json!("done"), 2));
        assert_eq!(house.operations().await.len(), done, "the same operation, no other");
        assert_eq!(audited(house, "operation.replay").await[0]["reason"], "Concur is mended");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_filters_find_what_is_asked_for() {
    with(waiting, async |house| {
        let mut ids = Vec::new();
        for n in 0..5 {
            let made = house.post(&user(&name(n))).await.expect(201);
            ids.push(made["id"].as_str().unwrap().to_owned());
        }
        house.patch(&ids[2], inactive()).await.expect(200);
        let first = house.get("/api/v1/operations?limit=4").await.expect(200);
        assert_eq!(first["operations"].as_array().unwrap().len(), 4);
        let cursor = first["next_cursor"].as_str().unwrap();
        let rest = house.get(&format!("/api/v1/operations?limit=4&cursor={cursor}")).await.expect(200);
        assert_eq!((rest["operations"].as_array().unwrap().len(), &rest["next_cursor"]), (2, &Value::Null));
        assert_eq!(in_state(house, "ready,accepted").await.len(), 6);
        assert_eq!(in_state(house, "accepted").await.len(), 1);
        for user in [ids[2].clone(), name(2)] {
            let of = house.get(&format!("/api/v1/operations?user={user}&kind=create")).await.expect(200);
            assert_eq!(of["operations"].as_array().unwrap().len(), 1, "{of}");
            assert_eq!(of["operations"][0]["user"], ids[2].as_str());
        }
        house.get("/api/v1/operations?user=nobody").await.expect(400);
        let wrong = house.get("/api/v1/operations?state=ready,lost").await.expect(400);
        assert!(wrong["detail"].as_str().unwrap().contains("\"lost\" is none of accepted"), "{wrong}");
        house.get("/api/v1/operations?states=ready").await.expect(400);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_sends_nothing_says_so_and_what_it_accepts_waits_visibly() {
    with(waiting, async |house| {
        let ready = crate::harness::send(house.bare(Method::GET, "/readyz")).await;
        assert!(ready.status == 200 && ready.text.contains("read-only"), "{}", ready.text);
        assert!(house.get("/metrics").await.text.contains("scim_bridge_read_only 1"));
        let made = house.post(&user(&name(0))).await.expect(201);
        let delivery = "urn:ietf:params:scim:schemas:extension:concurbridge:2.0:Delivery";
        assert_eq!(made[delivery]["identity"]["state"], "ready", "{made}");
        assert_eq!(house.simulator.writes().iter().filter(|it| it.path.starts_with("/profile/")).count(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_the_exact_requests_that_are_sent_afterwards() {
    with(
        |_| {},
        async |house| {
            let (id, now) = (house.account.id, scim_bridge::clock::Clock::system().now());
            let pause = move |conn: &mut store::Conn| store::accounts::pause(conn, id, "dry run", now);
            house.store().write(pause).await.unwrap();
            let started = std::time::Instant::now();
            let made = house.post(&user(&name(0))).await.expect(201);
            let user_id = made["id"].as_str().unwrap();
            house
                .patch(user_id, json!({"op": "replace", "path": "title", "value": "Lead"}))
                .await
                .expect(200);
            house.patch(user_id, inactive()).await.expect(200);
            assert!(started.elapsed().as_secs() < 8, "nobody waits for a word that cannot come");
            let mut shown = Vec::new();
            for operation in 1..=3 {
                shown.push(house.get(&format!("/api/v1/operations/{operation}/request")).await.expect(200));
            }
            let (_, said, _) = house.command(&["operations", "show", "2", "--request"]);
            assert_eq!(serde_json::from_str::<Value>(&said).unwrap(), shown[1]);
            let (_, said, _) = house.command(&["operations", "list", "--requests"]);
            let newest_first: Vec<Value> = said
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap()["request"].take())
                .collect();
            assert!(newest_first.iter().eq(shown.iter().rev()), "{said}");
            house.get("/api/v1/operations/99/request").await.expect(404);
            let sent = || house.simulator.writes().into_iter().filter(|it| it.path.starts_with("/profile/"));
            assert_eq!(sent().count(), 0, "nothing was sent");

            let resume = move |conn: &mut store::Conn| store::accounts::resume(conn, id, now);
            house.store().write(resume).await.unwrap();
            house.quiet().await;
            let sent: Vec<_> = sent().collect();
            assert_eq!(sent.len(), 3);
            for (request, write) in shown.iter().zip(&sent) {
                assert_eq!((&request["method"], &request["body"]), (&json!(write.method), &write.body));
            }
            assert!(shown[1]["path"].as_str().unwrap().contains("new user"), "{}", shown[1]);
            let after = house.get("/api/v1/operations/3/request").await.expect(200);
            assert_eq!(after["none"], "the operation is done");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_held_released_and_cancelled_by_hand() {
    with(waiting, async |house| {
        let made = house.post(&user(&name(0))).await.expect(201);
        let id = made["id"].as_str().unwrap();
        house.patch(id, json!({"op": "replace", "path": "title", "value": "Lead"})).await.expect(200);
        house.patch(id, inactive()).await.expect(200);
        let [create, update, leave] = [1, 2, 3].map(|id| json!(id));
        act(house, &create, "hold", "look first").await.expect(200);
        assert_eq!(in_state(house, "ready").await.len(), 0, "the rest waits behind it");
        act(house, &create, "hold", "again").await.expect(409);
        act(house, &create, "release", "looked").await.expect(200);
        assert_eq!(in_state(house, "ready").await[0]["id"], create);

        act(house, &update, "cancel", "not wanted").await.expect(200);
        // A person who is to keep access is shown so.
        act(house, &leave, "cancel", "a mistake").await.expect(200);
        assert_eq!(house.get(&format!("/Users/{id}")).await.expect(200)["active"], true);
        act(house, &leave, "replay", "x").await.expect(409);
        assert_eq!(audited(house, "operation.cancel").await.len(), 2);

        // What would let a leaver in again is not sent again.
        house.patch(id, inactive()).await.expect(200);
        let at = house.account.id;
        let fail = move |conn: &mut store::Conn| {
            store::testing::execute(conn, "UPDATE operations SET state = 'failed' WHERE op_id = 1")?;
            Ok(at)
        };
        house.store().write(fail).await.unwrap();
        let refused = act(house, &create, "replay", "x").await.expect(409);
        assert!(refused["detail"].as_str().unwrap().contains("operation 1 would give access"), "{refused}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_brake_holds_is_decided_at_the_brake() {
    with(waiting, async |house| {
        house.settings(&json!({"brake": {"day": {"users": 0, "percent": 0}}})).await;
        let made = house.post(&user(&name(0))).await.expect(201);
        house.patch(made["id"].as_str().unwrap(), inactive()).await.expect(200);
        let held = in_state(house, "held").await.pop().unwrap()["id"].clone();
        for verb in ["release", "cancel"] {
            let refused = act(house, &held, verb, "x").await.expect(409);
            assert!(refused["detail"].as_str().unwrap().contains("brake"), "{refused}");
        }
        let id = held.to_string();
        let (code, _, said) = house.command(&["operations", "release", &id, "--reason", "x"]);
        assert!(code == 1 && said.contains("brake release"), "{said}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_lists_shows_and_acts() {
    with(waiting, async |house| {
        let (code, said, _) = house.command(&["operations", "list"]);
        assert!(code == 0 && said.starts_with("id"), "{said}");
        for n in 0..3 {
            house.post(&user(&name(n))).await.expect(201);
        }
        let (_, listed, said) = house.command(&["operations", "list", "--limit", "2", "--state", "ready"]);
        assert!(listed.lines().count() == 3 && said.contains("--cursor 2"), "{listed}{said}");
        let (_, json, _) = house.command(&["operations", "list", "--user", &name(1), "--json"]);
        let page: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(page["operations"].as_array().unwrap().len(), 1);
        let (code, shown, _) = house.command(&["operations", "show", "2"]);
        assert!(code == 0 && shown.contains("kind: create") && shown.contains("state: ready"), "{shown}");
        let (code, _, said) = house.command(&["operations", "hold", "1", "2", "99", "--reason", "look"]);
        assert!(code == 1 && said.contains("operation 1 is held now") && said.contains("99"), "{said}");
        assert!(said.contains("1 of 3 operations stay as they were"), "{said}");
        let (code, _, said) = house.command(&["operations", "release", "1", "2", "--reason", "seen"]);
        assert!(code == 0 && said.contains("operation 2 is ready now"), "{said}");
        let (code, _, said) = house.command(&["operations", "replay", "--all-failed", "--reason", "x"]);
        assert!(code == 0 && said.contains("0 failed operations"), "{said}");
        let usage = |arguments: &[&str], word: &str| {
            let (code, _, said) = house.command(arguments);
            assert!(code == 2 && said.contains(word), "{code} {said}");
        };
        usage(&["operations", "cancel", "1"], "--reason");
        usage(&["operations", "cancel", "1", "--reason", " "], "audit trail");
        usage(&["operations", "replay", "--reason", "x"], "IDS");
        usage(&["operations", "list", "--state", "lost"], "accepted");
        let (code, _, said) = house.command(&["operations", "list", "--user", "nobody"]);
        assert!(code == 1 && said.contains("nobody"), "{said}");
        let (code, _, said) = house.command(&["operations", "show", "99"]);
        assert!(code == 1 && said.contains("no operation 99"), "{said}");
    })
    .await;
}
