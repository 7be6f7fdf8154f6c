//! What a write answers when Concur accepts, refuses or is away (design D4), and what Concur then holds.

use std::time::Duration;

use fixtures::simulator::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::harness::{House, ada, everywhere, send, user, with};

const DELIVERY: &str = "urn:ietf:params:scim:schemas:extension:concurbridge:2.0:Delivery";

/// Concur's own view of a user name, through the bridge's client.
async fn in_concur(house: &House, user_name: &str) -> Vec<Value> {
    let client = house.running.bridge().accounts.get(house.account.id).await.unwrap();
    let found = client.identity().find_by(concur::api::LookupAttribute::UserName, user_name).await.unwrap();
    found.into_iter().map(|user| user.raw().clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_concur_accepts_in_time_shows_concurs_id() {
    everywhere(async |house| {
        let body = house.post(&ada()).await.expect(201);
        let users = in_concur(house, "ada.lovelace@example.com").await;
        assert_eq!(users.len(), 1);
        assert_eq!(body["id"], users[0]["id"], "the public id is Concur's, nobody had seen another one");
        house
            .until("delivered", async || house.operations().await == [("create".into(), "done".into())])
            .await;
        let id = body["id"].as_str().unwrap();
        let status = house.get(&format!("/Users/{id}")).await.expect(200)[DELIVERY].clone();
        assert_eq!(status["identity"]["state"], "success", "{status}");
        let delivered = house.filter(&format!("{DELIVERY}:identity.state eq \"success\"")).await;
        assert_eq!(delivered.expect(200)["totalResults"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_concur_is_down_users_are_created_all_the_same_and_delivered_later() {
    let short = |config: &mut scim_bridge::config::Config| config.confirm_within = Duration::from_millis(300);
    with(short, async |house| {
        house.simulator.set_down(true);
        let body = house.post(&ada()).await.expect(201);
        let id = body["id"].as_str().unwrap();
        assert_eq!(house.get(&format!("/Users/{id}")).await.expect(200)["active"], true);
        let patched = house.patch(id, json!({"op": "replace", "path": "title", "value": "Analyst"})).await;
        assert_eq!(patched.expect(200)["title"], "Analyst");
        house.simulator.set_down(false);
        house
            .until("delivered", async || {
                let operations = house.operations().await;
                operations.iter().all(|(_, state)| state == "done")
            })
            .await;
        let users = in_concur(house, "ada.lovelace@example.com").await;
        assert_eq!((users.len(), users[0]["title"].as_str()), (1, Some("Analyst")));
        assert_eq!(
            house.get(&format!("/Users/{id}")).await.expect(200)["id"],
            id,
            "a shown id never changes"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_concur_refuses_leaves_nothing_behind() {
    everywhere(async |house| {
        let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let numbered = |user_name: &str| {
            let mut user = user(user_name);
            user[urn] = json!({"employeeNumber": "E-4711"});
            user
        };
        house.post(&numbered("first@example.com")).await.expect(201);
        // Concur keeps employee numbers unique in the company; SCIM does not, so only Concur can refuse.
        let refused = house.post(&numbered("second@example.com")).await;
        let detail = refused.expect_error(409, Some("uniqueness"))["detail"].as_str().unwrap().to_owned();
        assert!(detail.to_ascii_lowercase().contains("employee"), "Concur's own reason: {detail}");
        assert_eq!(house.filter("userName eq \"second@example.com\"").await.expect(200)["totalResults"], 0);
        assert_eq!(house.operations().await[1], ("create".to_owned(), "cancelled".to_owned()));
        let mut repaired = numbered("second@example.com");
        repaired[urn]["employeeNumber"] = "E-4712".into();
        house.post(&repaired).await.expect(201);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_in_concur_already_is_adopted_under_concurs_id() {
    everywhere(async |house| {
        let there = house.simulator.info().username.clone();
        let before = in_concur(house, &there).await;
        let created = house.post(&user(&there)).await.expect(201);
        assert_eq!(created["id"], before[0]["id"]);
        assert_eq!(in_concur(house, &there).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_concur_refuses_is_answered_with_its_reason_and_taken_back() {
    everywhere(async |house| {
        let id = house.post(&ada()).await.expect(201)["id"].as_str().unwrap().to_owned();
        house.until("delivered", async || house.operations().await[0].1 == "done").await;
        let before = house.get(&format!("/Users/{id}")).await.expect(200);
        house.simulator.inject(Fault::status("/profile/v4/Users", 400, 1).on("PATCH"));
        let refused = house.patch(&id, json!({"op": "replace", "path": "title", "value": "Refused"})).await;
        refused.expect_error(400, Some("invalidValue"));
        let after = house.get(&format!("/Users/{id}")).await.expect(200);
        assert_eq!(after.get("title"), before.get("title"));
        assert_eq!(house.operations().await[1], ("update".to_owned(), "cancelled".to_owned()));
        let next = house.patch(&id, json!({"op": "replace", "path": "title", "value": "Accepted"})).await;
        assert_eq!(next.expect(200)["title"], "Accepted");
        assert_eq!(in_concur(house, "ada.lovelace@example.com").await[0]["title"], "Accepted");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_user_is_deactivated_in_concur_and_returns_as_the_same_one() {
    everywhere(async |house| {
        let first = house.post(&ada()).await.expect(201)["id"].as_str().unwrap().to_owned();
        house.delete(&format!("/Users/{first}")).await.expect(204);
        house
            .until("deactivated", async || {
                in_concur(house, "ada.lovelace@example.com").await[0]["active"] == false
            })
            .await;
        let second = house.post(&ada()).await.expect(201);
        assert_ne!(second["id"], first.as_str(), "an id is never used twice");
        house
            .until("reactivated", async || {
                in_concur(house, "ada.lovelace@example.com").await[0]["active"] == true
            })
            .await;
        assert_eq!(in_concur(house, "ada.lovelace@example.com").await.len(), 1);
        assert_eq!(
            house.operations().await.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(),
            ["create", "delete", "reactivate"]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_concur_would_not_notice_is_kept_and_sends_nothing() {
    everywhere(async |house| {
        let id = house.post(&ada()).await.expect(201)["id"].as_str().unwrap().to_owned();
        house.until("delivered", async || house.operations().await[0].1 == "done").await;
        let writes = house.simulator.writes().len();
        let kept = house
            .patch(&id, json!({"op": "add", "path": "profileUrl", "value": "https://example.com/ada"}))
            .await;
        assert_eq!(kept.expect(200)["profileUrl"], "https://example.com/ada");
        assert_eq!(house.operations().await.len(), 1);
        assert_eq!(house.simulator.writes().len(), writes);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_under_way_is_finished_before_the_process_stops() {
    for database in store::testing::stores() {
        let house = House::build(database, |_| {}).await;
        let slow = FaultKind::Delay { ms: 700 };
        house.simulator.inject(Fault::once("/profile/v4/Users", slow).on("POST"));
        let request =
            house.request(reqwest::Method::POST, "/Users").header("content-type", "application/json");
        let under_way = tokio::spawn(send(request.body(ada().to_string())));
        let accepted = async || !house.operations().await.is_empty();
        house.until("the write is accepted", accepted).await;
        let address = house.running.addr();
        house.stop().await;
        under_way.await.unwrap().expect(201);
        assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
    }
}

/// I2: a later change of the same user that was accepted meanwhile is planned again, not lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_accepted_behind_a_refused_one_stays_and_reaches_concur_without_it() {
    let short = |config: &mut scim_bridge::config::Config| config.confirm_within = Duration::from_secs(3);
    with(short, async |house| {
        let id = house.post(&ada()).await.expect(201)["id"].as_str().unwrap().to_owned();
        house.until("delivered", async || house.operations().await[0].1 == "done").await;
        house.simulator.inject(Fault::once("/profile/v4/Users", FaultKind::Delay { ms: 1_000 }).on("PATCH"));
        house.simulator.inject(Fault::status("/profile/v4/Users", 400, 1).on("PATCH"));
        let refused = house.patch(&id, json!({"op": "replace", "path": "title", "value": "Refused"}));
        let kept = async {
            house.until("the first is on its way", async || house.operations().await.len() == 2).await;
            house.patch(&id, json!({"op": "replace", "path": "name.middleName", "value": "Kept"})).await
        };
        let (refused, kept) = tokio::join!(refused, kept);
        refused.expect_error(400, Some("invalidValue"));
        kept.expect(200);
        let settled = async || house.operations().await.last().is_some_and(|(_, state)| state == "done");
        house.until("the second is delivered", settled).await;
        let user = house.get(&format!("/Users/{id}")).await.expect(200);
        assert_eq!((user.get("title"), &user["name"]["middleName"]), (None, &json!("Kept")), "{user}");
        let concur = &in_concur(house, "ada.lovelace@example.com").await[0];
        assert_eq!(
            (concur["title"].as_str(), concur["name"]["middleName"].as_str()),
            (None, Some("Kept")),
            "{concur}"
        );
        let states: Vec<String> = house.operations().await.into_iter().map(|(_, state)| state).collect();
        assert_eq!(states, ["done", "cancelled", "superseded", "done"]);
    })
    .await;
}
