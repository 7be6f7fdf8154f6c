//! The request log, the report of what was bent, the flight recorder, and rehearsals: structure without values where
//! nobody asked for more, the same answer and the same requests to Concur as the real thing, and no trace of either.

use jiff::SignedDuration;
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use store::recordings::{self, Recorder};

use crate::harness::{House, ada, everywhere, send, token, user};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Everything that the log says once it says so many.
async fn log(house: &House, least: usize) -> Vec<Value> {
    let mut found = Vec::new();
    house
        .until("the requests are logged", async || {
            let answer = house.get("/api/v1/requests").await.expect(200);
            found.clone_from(answer["requests"].as_array().unwrap());
            found.len() >= least
        })
        .await;
    found
}

async fn from(house: &House, user_agent: &str, method: Method, path: &str, body: &Value) -> u16 {
    let request = house.request(method, path).header("user-agent", user_agent);
    let request = request.header("content-type", "application/scim+json");
    send(request.body(body.to_string())).await.status.as_u16()
}

async fn rehearsed(house: &House, method: &str, path: &str, body: Value) -> Value {
    let asked = json!({"method": method, "path": path, "body": body});
    house.write(Method::POST, "/api/v1/dry-run", &asked).await.expect(200)
}

/// What the simulator was asked to write.
fn writes(house: &House) -> Vec<(String, String, Value)> {
    let writes = house.simulator.writes().into_iter();
    let of_users = writes.filter(|write| write.path.starts_with("/profile/v4/Users"));
    of_users.map(|write| (write.method, write.path, write.body)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_request_log_tells_who_asked_what_and_holds_no_value() {
    everywhere(async |house| {
        let mut body = ada();
        body["title"] = "canary".into();
        assert_eq!(from(house, "Okta SCIM Client 1.0.0", Method::POST, "/Users", &body).await, 201);
        let wrong = json!({"userName": "canary2", "active": "canary"});
        assert_eq!(from(house, "Microsoft.Azure.SyncFabric", Method::POST, "/Users", &wrong).await, 400);
        house.filter("userName like \"canary\"").await.expect(400);
        house.filter("title eq \"canary\"").await.expect(200);
        let entries = log(house, 3).await;
        assert_eq!(entries.len(), 3, "a read that went well is not logged: {entries:?}");
        assert!(!Value::from(entries.clone()).to_string().contains("canary"), "{entries:?}");
        let [filter, refused, created] = [&entries[0], &entries[1], &entries[2]];
        assert_eq!((&created["provider"], &created["status"]), (&json!("okta"), &json!(201)));
        assert!(created["shape"].as_str().unwrap().contains("name.givenName: text"), "{created}");
        assert_eq!((&refused["provider"], &refused["scim_type"]), (&json!("entra"), &json!("invalidValue")));
        assert_eq!((&filter["method"], &filter["scim_type"]), (&json!("GET"), &json!("invalidFilter")));
        let refused = house.get("/api/v1/requests?refused=true&limit=1").await.expect(200);
        assert_eq!(refused["requests"].as_array().unwrap().len(), 1);
        let next = refused["next_cursor"].as_str().unwrap();
        let rest = house.get(&format!("/api/v1/requests?refused=true&cursor={next}")).await.expect(200);
        assert_eq!(rest["requests"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_bent_for_whom_is_counted() {
    everywhere(async |house| {
        let id = house.post(&ada()).await.expect(201)["id"].as_str().unwrap().to_owned();
        let message = |operations: Value| {
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
        };
        let entra = |operations: Value| {
            let (body, address) = (message(operations), format!("/Users/{id}"));
            async move { from(house, "Microsoft.Azure.SyncFabric", Method::PATCH, &address, &body).await }
        };
        assert_eq!(entra(json!([{"op": "Replace", "path": "active", "value": "True"}])).await, 200);
        assert_eq!(entra(json!([{"op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "1"}])).await, 200);
        assert_eq!(entra(json!([{"op": "replace", "value": {"name.givenName": "Ada"}}])).await, 200);
        house.filter(&format!("id eq \"{id}\" and manager eq \"{id}\"")).await.expect(200);
        let mut shown = Vec::new();
        house
            .until("what was bent is counted", async || {
                let answer = house.get("/api/v1/habits").await.expect(200);
                shown = answer["habits"].as_array().unwrap().clone();
                shown.len() >= 5
            })
            .await;
        let counted: Vec<_> = shown
            .iter()
            .map(|it| format!("{} {} {}", it["provider"].as_str().unwrap(), it["habit"].as_str().unwrap(), it["requests"]))
            .collect();
        assert_eq!(
            counted,
            [
                "entra boolean_as_text 1",
                "entra created_by_filter 1",
                "entra operation_in_capitals 2",
                "entra path_as_key 1",
                "other extension_without_urn 1",
            ]
        );
        assert!(shown.iter().all(|it| it["meaning"].is_string() && it["last_at"].is_string()), "{shown:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_answers_as_the_real_request_does_and_leaves_nothing() {
    everywhere(async |house| {
        let mut body = user("bob@example.com");
        body[ENTERPRISE] = json!({"department": "Sales", "employeeNumber": "4711"});
        let tried = rehearsed(house, "POST", "/Users", body.clone()).await;
        assert_eq!(tried["status"], 201, "{tried}");
        assert_eq!(house.get("/Users").await.expect(200)["totalResults"], 0);
        assert!(house.operations().await.is_empty() && writes(house).is_empty());

        let made = house.post(&body).await.expect(201);
        let mut expected = tried["answer"].clone();
        for own in ["id", "meta", "urn:ietf:params:scim:schemas:extension:concurbridge:2.0:Delivery"] {
            expected[own] = made[own].clone();
        }
        assert_eq!(expected, made);
        let planned = &tried["concur_requests"][0];
        let (method, path, sent) = writes(house)[0].clone();
        assert_eq!((planned["method"].as_str(), planned["path"].as_str()), (Some(&*method), Some(&*path)));
        assert_eq!(planned["body"], sent, "what was announced is what was sent");

        let path = format!("/Users/{}", made["id"].as_str().unwrap());
        let change = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "Replace", "path": "title", "value": "Boss"}]});
        house.until("the create is done", async || house.operations().await[0].1 == "done").await;
        let tried = rehearsed(house, "PATCH", &path, change.clone()).await;
        assert_eq!((&tried["status"], &tried["answer"]["title"]), (&json!(200), &json!("Boss")));
        assert_eq!(tried["habits"], json!(["operation_in_capitals"]));
        assert_eq!(house.get(&path).await.expect(200).get("title"), None);
        house.write(Method::PATCH, &path, &change).await.expect(200);
        let (method, _, sent) = writes(house).last().unwrap().clone();
        let planned = &tried["concur_requests"][0];
        assert_eq!((planned["method"].as_str(), &planned["body"]), (Some(&*method), &sent));

        let refused = rehearsed(house, "POST", "/Users", body).await;
        assert_eq!((&refused["status"], &refused["answer"]["scimType"]), (&json!(409), &json!("uniqueness")));
        let gone = rehearsed(house, "DELETE", &path, Value::Null).await;
        assert_eq!((&gone["status"], &gone["concur_requests"][0]["kind"]), (&json!(204), &json!("delete")));
        house.get(&path).await.expect(200);
        let nowhere = json!({"method": "POST", "path": "/Nothing"});
        house.write(Method::POST, "/api/v1/dry-run", &nowhere).await.expect(400);
        let blind = token(house.store(), Some(&house.account), &["ops:read"]).await;
        let request = house.bare(Method::POST, "/api/v1/dry-run").bearer_auth(blind);
        let request = request.header("content-type", "application/json").body(nowhere.to_string());
        send(request).await.expect(403);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_conversation_is_sealed_shown_without_values_and_replayed_without_effect() {
    everywhere(async |house| {
        let now = house.running.bridge().clock.now();
        let recorder = Recorder {
            account: house.account.id,
            started_at: now,
            until: now + SignedDuration::from_hours(1),
            most: 10,
        };
        house.store().write(move |conn| recordings::start(conn, &recorder)).await.unwrap();
        let mut made = 0;
        let mut listed = Vec::new();
        house
            .until("a conversation is recorded", async || {
                let mut body = user(&format!("canary{made}@example.com"));
                body["password"] = "canary-password".into();
                made += 1;
                house.post(&body).await.expect(201);
                let answer = house.get("/api/v1/recordings").await.expect(200);
                listed = answer["recordings"].as_array().unwrap().clone();
                listed.iter().any(|it| it["method"] == "POST")
            })
            .await;
        let one = listed.iter().find(|it| it["method"] == "POST").unwrap();
        let id = one["id"].as_str().unwrap();
        let shown = house.get(&format!("/api/v1/recordings/{id}")).await.expect(200);
        assert!(!shown.to_string().contains("canary"), "{shown}");
        assert_eq!((&shown["request"]["active"], &shown["answer"]["active"]), (&json!(true), &json!(true)));
        assert!(shown["request"].get("password").is_none(), "{shown}");
        let (account, key) = (house.account.id, id.parse().unwrap());
        let (_, said) =
            house.store().read(move |conn| recordings::open(conn, account, key)).await.unwrap().unwrap();
        assert!(!said.expose_secret().contains("canary-password") && !said.expose_secret().contains("ccb_"));

        let before = house.operations().await.len();
        let replayed = house
            .write(Method::POST, &format!("/api/v1/recordings/{id}/replay"), &Value::Null)
            .await
            .expect(200);
        assert_eq!(replayed["recorded"]["status"], 201);
        // The user is there now: by the repeat rule the same answer, else a conflict; and nothing new either way.
        assert!([201, 409].contains(&replayed["replayed"]["status"].as_u64().unwrap()), "{replayed}");
        assert_eq!(replayed["replayed"]["concur_requests"], json!([]));
        assert_eq!(house.operations().await.len(), before);
        house.get("/api/v1/recordings/01890000-0000-7000-8000-000000000000").await.expect(404);
    })
    .await;
}
