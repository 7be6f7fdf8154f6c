//! Scope, overrides of the mapping, and what a settings change means for everyone.

use scim_bridge::accounts::AccountSettings;
use scim_bridge::clock::Clock;
use scim_bridge::provision::recompute;
use serde_json::{Value, json};

use crate::harness::{House, ada, everywhere, user};

const DELIVERY: &str = "urn:ietf:params:scim:schemas:extension:concurbridge:2.0:Delivery";

async fn settings(house: &House, value: &Value) -> store::accounts::Account {
    let stored = AccountSettings::from_stored(value).unwrap().to_stored();
    let (id, now) = (house.account.id, Clock::system().now());
    house
        .store()
        .write(move |conn| {
            store::accounts::set_settings(conn, id, &stored, now)?;
            store::accounts::get(conn, id)
        })
        .await
        .unwrap()
}

async fn delivered(house: &House) {
    let ends = ["done", "failed", "superseded", "cancelled"];
    house
        .until("everything is delivered", async || {
            house.operations().await.iter().all(|(_, state)| ends.contains(&state.as_str()))
        })
        .await;
}

async fn shown(house: &House, user: &Value) -> Value {
    house.get(&format!("/Users/{}", user["id"].as_str().unwrap())).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_out_of_scope_is_kept_and_not_sent_and_the_reason_stands_in_the_resource() {
    everywhere(async |house| {
        settings(house, &json!({"scope": "active eq true and title eq \"Chef\""})).await;
        let mut out = ada();
        out["title"] = "Clerk".into();
        let out = house.post(&out).await.expect(201);
        assert_eq!(house.operations().await, []);
        let reason = out[DELIVERY]["skipReason"].as_str().unwrap().to_owned();
        assert!(reason.contains("not met: title eq \"Chef\""), "{reason}");
        let found = house.filter(&format!("{DELIVERY}:skipReason co \"scope\"")).await.expect(200);
        assert_eq!(found["totalResults"], 1, "{found}");

        // Deleted there, and nothing of it reaches Concur.
        let mut other = user("never@example.com");
        other["title"] = "Clerk".into();
        let other = house.post(&other).await.expect(201);
        house.delete(&format!("/Users/{}", other["id"].as_str().unwrap())).await.expect(204);
        assert_eq!(house.operations().await, []);

        // Comes into scope: is created in Concur.
        let id = out["id"].as_str().unwrap();
        house.patch(id, json!({"op": "replace", "path": "title", "value": "chef"})).await.expect(200);
        delivered(house).await;
        assert_eq!(house.operations().await, [("create".to_owned(), "done".to_owned())]);
        assert_eq!(shown(house, &out).await[DELIVERY]["skipReason"], Value::Null);

        // Leaves it: loses access, and stays in SCIM as the provider wrote it.
        house.patch(id, json!({"op": "replace", "path": "title", "value": "Clerk"})).await.expect(200);
        delivered(house).await;
        let left = shown(house, &out).await;
        assert_eq!((&left["active"], left[DELIVERY]["skipReason"].is_string()), (&json!(true), true));
        assert_eq!(house.operations().await.last().unwrap().0, "deactivate");
        house.patch(id, json!({"op": "replace", "path": "nickName", "value": "x"})).await.expect(200);
        assert_eq!(house.operations().await.len(), 2);

        // And comes back.
        house.patch(id, json!({"op": "replace", "path": "title", "value": "Chef"})).await.expect(200);
        delivered(house).await;
        assert_eq!(house.operations().await.last().unwrap().0, "reactivate");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_settings_reach_everyone_once() {
    everywhere(async |house| {
        house.post(&user("ada@example.com")).await.expect(201);
        let mut chef = user("bo@example.com");
        chef["title"] = "Chef".into();
        let chef = house.post(&chef).await.expect(201);
        delivered(house).await;
        let new = json!({"scope": "title eq \"Chef\"", "attribute_mappings": [
            {"attribute": "title", "default": "Cook"},
            {"attribute": "nickName", "from": "title", "transformation": "uppercase"},
        ]});
        let account = settings(house, &new).await;
        let (store, again) = (house.store().clone(), account.clone());
        let done = tokio::task::spawn_blocking(move || recompute(&store, &Clock::system(), account, "test"));
        let done = done.await.unwrap().unwrap();
        assert_eq!((done.users, done.operations, done.unfit), (2, 2, 0));
        delivered(house).await;
        let mut kinds: Vec<String> =
            house.operations().await.into_iter().map(|(kind, _)| kind).skip(2).collect();
        kinds.sort();
        assert_eq!(kinds, ["deactivate", "update"]);
        assert_eq!(
            shown(house, &chef).await["nickName"],
            Value::Null,
            "the provider's resource stays as it was sent"
        );
        let written = house.simulator.writes().iter().any(|write| write.body.to_string().contains("CHEF"));
        assert!(written, "the nickname went to Concur");

        let store = house.store().clone();
        let done = tokio::task::spawn_blocking(move || recompute(&store, &Clock::system(), again, "test"));
        assert_eq!(done.await.unwrap().unwrap().operations, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfilled_template_never_reaches_concur() {
    everywhere(async |house| {
        let mut person = ada();
        person["title"] = "${user.title}".into();
        let made = house.post(&person).await.expect(201);
        let warnings = made[DELIVERY]["warnings"].to_string();
        assert!(warnings.contains("title: left out") && warnings.contains("template"), "{warnings}");
        let mut nameless = user("bo@example.com");
        nameless["name"]["familyName"] = "@null".into();
        let refused = house.post(&nameless).await.expect_error(400, Some("invalidValue"));
        assert!(refused["detail"].as_str().unwrap().contains("name.familyName"), "{refused}");
        assert_eq!(
            house.simulator.writes().iter().filter(|write| write.body.to_string().contains("${")).count(),
            0
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_users_are_found_by_their_delivery_state() {
    everywhere(async |house| {
        let made = house.post(&ada()).await.expect(201);
        delivered(house).await;
        let found = house.filter(&format!("{DELIVERY}:identity.state eq \"success\"")).await.expect(200);
        assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &made["id"]));
        let failed = house.filter(&format!("{DELIVERY}:identity.state eq \"failed\"")).await.expect(200);
        assert_eq!(failed["totalResults"], 0);
    })
    .await;
}
