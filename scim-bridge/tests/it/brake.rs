//! The deprovisioning brake (reliability B1-B4): what it lets through, what it holds, and whom it tells.

use futures::future::join_all;
use jiff::SignedDuration;
use reqwest::Method;
use scim_bridge::brake::watch;
use scim_bridge::clock::Clock;
use scim_bridge::provision::recompute;
use serde_json::{Value, json};

use crate::harness::{House, everywhere, send, user};

/// Three users in ten minutes.
pub(crate) fn three() -> Value {
    json!({"brake": {"day": {"users": 5, "percent": 10}, "ten_minutes": {"users": 3, "percent": 5}}})
}

/// Creates users and waits until they are in Concur; their ids.
pub(crate) async fn people(house: &House, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..count {
        let made = house.post(&user(&name(n))).await.expect(201);
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    house.quiet().await;
    ids
}

pub(crate) fn name(n: usize) -> String {
    format!("user{n}@example.com")
}

pub(crate) fn inactive() -> Value {
    json!({"op": "replace", "path": "active", "value": false})
}

async fn with_access(house: &House, count: usize) -> usize {
    let mut found = 0;
    for n in 0..count {
        found += usize::from(house.has_access(&name(n)).await);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn past_the_limit_deactivations_are_accepted_and_held_and_everything_else_goes_on() {
    everywhere(async |house| {
        house.settings(&three()).await;
        let ids = people(house, 8).await;
        for (n, id) in ids.iter().take(6).enumerate() {
            // A deletion counts like a deactivation.
            if n % 2 == 0 {
                house.patch(id, inactive()).await.expect(200);
            } else {
                house.delete(&format!("/Users/{id}")).await.expect(204);
            }
        }
        house.quiet().await;
        assert_eq!(with_access(house, 8).await, 5, "three of eight went");
        let status = house.get("/api/v1/brake").await.expect(200);
        assert_eq!((&status["state"], &status["held"]), (&json!("tripped"), &json!(3)), "{status}");
        assert_eq!(status["counted"]["ten_minutes"], json!({"users": 6, "limit": 3}), "{status}");
        assert!(status["reason"].as_str().unwrap().contains("4 users would lose access within 10 minutes"));
        let held = house.get("/api/v1/operations?state=held").await.expect(200);
        let reason = held["operations"][0]["reason"].as_str().unwrap();
        assert!(reason.starts_with("held by the brake"), "{reason}");
        let shown = house.get(&format!("/Users/{}", ids[4])).await.expect(200);
        assert_eq!(shown["active"], false, "what the provider said is shown");
        let delivery = "urn:ietf:params:scim:schemas:extension:concurbridge:2.0:Delivery";
        assert_eq!(shown[delivery]["identity"]["state"], "held", "{shown}");

        // Another user is created and one who stays is changed, as ever.
        house.post(&user("new@example.com")).await.expect(201);
        house.patch(&ids[7], json!({"op": "replace", "path": "title", "value": "Lead"})).await.expect(200);
        house.quiet().await;
        assert!(house.has_access("new@example.com").await && house.has_access(&name(7)).await);
        assert_eq!(house.get("/api/v1/brake").await.expect(200)["held"], 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_users_other_changes_go_on_and_carry_no_change_of_access() {
    everywhere(async |house| {
        house.settings(&json!({"brake": {"day": {"users": 0, "percent": 0}}})).await;
        let ids = people(house, 1).await;
        house.patch(&ids[0], inactive()).await.expect(200);
        house.patch(&ids[0], json!({"op": "replace", "path": "title", "value": "Lead"})).await.expect(200);
        house.quiet().await;
        let operations = house.operations().await;
        let states: Vec<_> = operations.iter().map(|(kind, state)| (kind.as_str(), state.as_str())).collect();
        assert_eq!(states, [("create", "done"), ("deactivate", "held"), ("update", "done")]);
        assert!(house.has_access(&name(0)).await, "the update has not ended access");
        let written =
            house.simulator.writes().iter().filter(|write| write.body.to_string().contains("Lead")).count();
        assert_eq!(written, 1, "and has reached Concur");

        // The provider takes the deactivation back: it is gone, and the count stays.
        house.patch(&ids[0], json!({"op": "replace", "path": "active", "value": true})).await.expect(200);
        house.quiet().await;
        let brake = house.get("/api/v1/brake").await.expect(200);
        assert_eq!((&brake["state"], &brake["held"]), (&json!("tripped"), &json!(0)), "{brake}");
        assert_eq!(brake["counted"]["day"]["users"], 1, "a return takes no count back");
        assert_eq!(house.operations().await[1].1, "superseded");
        assert!(house.has_access(&name(0)).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_without_access_who_is_in_concur_with_it_goes_through_the_brake_too() {
    everywhere(async |house| {
        let client = house.running.bridge().accounts.get(house.account.id).await.unwrap();
        let there = client.identity().list(50, None).await.unwrap().items;
        let mut free = there.iter().filter(|it| it.active() == Some(true) && it.external_id().is_none());
        let logins: Vec<String> =
            [free.next(), free.next()].iter().map(|it| it.unwrap().user_name().unwrap().to_owned()).collect();
        let leaver = |login: &str| {
            let mut leaver = user(login);
            leaver["active"] = json!(false);
            leaver
        };
        house.post(&leaver(&logins[0])).await.expect(201);
        house.quiet().await;
        assert!(!house.has_access(&logins[0]).await, "what the provider says is done");
        assert_eq!(house.get("/api/v1/brake").await.expect(200)["counted"]["day"]["users"], 1);
        house.settings(&json!({"brake": {"day": {"users": 0, "percent": 0}}})).await;
        house.post(&leaver(&logins[1])).await.expect(201);
        house.quiet().await;
        assert!(house.has_access(&logins[1]).await, "and counted like any deactivation");
        assert_eq!(house.get("/api/v1/brake").await.expect(200)["held"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_a_person_ends_it_and_people_are_told_at_once_and_every_half_hour() {
    everywhere(async |house| {
        house.settings(&json!({"brake": {"day": {"users": 0, "percent": 0}}})).await;
        let ids = people(house, 2).await;
        let (store, metrics) = (house.store(), scim_bridge::metrics::Metrics::new().unwrap());
        let start = Clock::system().now();
        assert_eq!(watch::look(store, &metrics, start).await.unwrap(), 0, "nothing is wrong yet");
        house.patch(&ids[0], inactive()).await.expect(200);
        // The process looks every 15 s itself; what it has said already is not said again here.
        let said = store.read({
            let account = house.account.id;
            move |conn| Ok(store::brakes::get(conn, account)?.alerted_at)
        });
        let first = usize::from(said.await.unwrap().is_none());
        let later = |minutes| start + SignedDuration::from_mins(minutes);
        assert_eq!(watch::look(store, &metrics, later(0)).await.unwrap(), first);
        assert_eq!(watch::look(store, &metrics, later(29)).await.unwrap(), 0);
        assert_eq!(watch::look(store, &metrics, later(31)).await.unwrap(), 1);
        assert_eq!(
            watch::look(store, &metrics, later(60 * 24 * 30)).await.unwrap(),
            1,
            "a month later still"
        );
        let text = metrics.render();
        let account = house.account.id;
        assert!(text.contains(&format!("scim_bridge_brake_tripped{{account=\"{account}\"}} 1")), "{text}");
        assert!(text.contains(&format!("scim_bridge_brake_held{{account=\"{account}\"}} 1")), "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_at_the_limit_let_no_more_through_than_one() {
    // One process at a time serves from SQLite.
    if let Some(database) = store::testing::postgres() {
        let house = House::build(database, |_| {}).await;
        house.settings(&three()).await;
        let ids = people(&house, 12).await;
        let other = house.replica().await;
        let asked = ids.iter().enumerate().map(|(n, id)| {
            let address = if n % 2 == 0 { house.running.addr() } else { other.addr() };
            let request = house
                .http
                .patch(format!("http://{address}/scim/v2/Users/{id}"))
                .bearer_auth(&house.token)
                .header("content-type", "application/scim+json");
            let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [inactive()]});
            send(request.body(body.to_string()))
        });
        for answer in join_all(asked).await {
            answer.expect(200);
        }
        house.quiet().await;
        let held = house.operations().await.iter().filter(|(_, state)| state == "held").count();
        assert_eq!((held, with_access(&house, 12).await), (9, 9));
        other.stop().await;
        house.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_would_leave_nobody_are_held_however_few_there_are() {
    everywhere(async |house| {
        people(house, 3).await;
        let account = house.settings(&json!({"scope": "title eq \"Chef\""})).await;
        let (store, of) = (house.store().clone(), account.clone());
        let done = tokio::task::spawn_blocking(move || recompute(&store, &Clock::system(), of, "test"));
        let done = done.await.unwrap().unwrap();
        assert_eq!((done.operations, done.held), (3, 3));
        house.quiet().await;
        assert_eq!(with_access(house, 3).await, 3);
        let status = house.get("/api/v1/brake").await.expect(200);
        assert!(status["reason"].as_str().unwrap().contains("leave nobody"), "{status}");

        // With one who stays it is an ordinary change of scope.
        let release = json!({"all": true, "reason": "the scope is meant"});
        house.write(Method::POST, "/api/v1/brake/cancel", &release).await.expect(200);
        let ids = people(house, 5).await;
        let account = house.settings(&json!({"scope": format!("userName ne \"{}\"", name(4))})).await;
        assert_eq!(ids.len(), 5);
        let store = house.store().clone();
        let done = tokio::task::spawn_blocking(move || recompute(&store, &Clock::system(), account, "test"));
        let done = done.await.unwrap().unwrap();
        assert_eq!(done.held, 0, "{done:?}");
        house.quiet().await;
        assert_eq!(with_access(house, 5).await, 4);
    })
    .await;
}
