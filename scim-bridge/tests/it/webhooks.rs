//! Webhooks: what happens is told to a receiver of the operator's, which checks the signature as its library would.

use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use fixtures::simulator::{Fault, FaultKind};
use reqwest::Method;
use scim_bridge::config::Config;
use scim_bridge::webhooks::sign;
use serde_json::{Value, json};

use crate::brake::people;
use crate::harness::{ALL_SCOPES, Answer, House, everywhere, send, token, with};

/// A message as it arrived.
#[derive(Clone, Debug)]
struct Arrived {
    id: String,
    timestamp: i64,
    signature: String,
    text: String,
}

impl Arrived {
    fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

/// A receiver that answers as it is told to: with each status once, then with the last one.
struct Receiver {
    address: String,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    server: ServerHandle,
}

impl Receiver {
    fn start(statuses: &[u16]) -> Self {
        let arrived: Arc<Mutex<Vec<Arrived>>> = Arc::default();
        let (kept, statuses) = (Arc::clone(&arrived), statuses.to_vec());
        let running = HttpServer::new(move || {
            let (kept, statuses) = (Arc::clone(&kept), statuses.clone());
            App::new().default_service(web::to(move |request: HttpRequest, body: String| {
                let header = |name| request.headers().get(name).unwrap().to_str().unwrap().to_owned();
                let message = Arrived {
                    id: header("webhook-id"),
                    timestamp: header("webhook-timestamp").parse().unwrap(),
                    signature: header("webhook-signature"),
                    text: body,
                };
                let mut kept = kept.lock().unwrap();
                let status = statuses[kept.len().min(statuses.len() - 1)];
                kept.push(message);
                async move { HttpResponse::build(StatusCode::from_u16(status).unwrap()).finish() }
            }))
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        let address = format!("http://{}/hook", running.addrs()[0]);
        let running = running.run();
        let server = running.handle();
        drop(tokio::spawn(running));
        Self { address, arrived, server }
    }

    fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }
}

fn opened(config: &mut Config) {
    config.webhooks.private_addresses = true;
    config.confirm_within = std::time::Duration::ZERO;
}

/// A request with a token that may do everything.
async fn admin(house: &House, method: Method, path: &str, body: &Value) -> Answer {
    let scopes: Vec<&str> = ALL_SCOPES.iter().copied().chain(["admin"]).collect();
    let token = token(house.store(), Some(&house.account), &scopes).await;
    let request = house.bare(method, path).bearer_auth(token).header("content-type", "application/json");
    send(request.body(body.to_string())).await
}

async fn add(house: &House, url: &str, topics: &[&str]) -> (String, secrecy::SecretString) {
    let wanted = json!({"url": url, "topics": topics});
    let added = admin(house, Method::POST, "/api/v1/webhooks", &wanted).await.expect(200);
    let text = |member: &str| added[member].as_str().unwrap().to_owned();
    (text("id"), text("secret").into())
}

async fn messages(house: &House, id: &str) -> Vec<Value> {
    let found = house.get(&format!("/api/v1/webhooks/{id}/messages")).await.expect(200);
    found["messages"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_operation_is_told_signed_and_again_after_the_receiver_was_away() {
    with(opened, async |house| {
        let receiver = Receiver::start(&[503, 200]);
        let (id, secret) = add(house, &receiver.address, &["operation.failed", "brake.tripped"]).await;
        let ids = people(house, 1).await;
        let refuse = FaultKind::Status { code: 400, retry_after: None, body: None };
        house.simulator.inject(Fault::once("/profile/v4/Users", refuse).on("PATCH"));
        house.patch(&ids[0], json!({"op": "replace", "path": "title", "value": "Lead"})).await.expect(200);
        house.until("it was told twice", async || receiver.arrived().len() == 2).await;
        let [first, second]: [Arrived; 2] = receiver.arrived().try_into().unwrap();
        assert_eq!((&first.id, &first.text), (&second.id, &second.text), "the same message");
        for arrived in [first, second] {
            let signed = sign(&secret, &arrived.id, arrived.timestamp, &arrived.text);
            assert_eq!(signed, Some(arrived.signature.clone()));
            let body = arrived.body();
            assert_eq!(body["type"], "operation.failed", "{body}");
            assert_eq!(
                (&body["data"]["user"], &body["data"]["error_code"]),
                (&json!(ids[0]), &json!("refused_invalid_value"))
            );
        }
        house
            .until("it counts as delivered", async || messages(house, &id).await[0]["state"] == "delivered")
            .await;
        let message = messages(house, &id).await.pop().unwrap();
        assert_eq!((&message["attempts"], &message["status"]), (&json!(2), &json!(200)), "{message}");

        let path = format!("/api/v1/webhooks/{id}/messages/{}/replay", message["id"].as_str().unwrap());
        admin(house, Method::POST, &path, &Value::Null).await.expect(200);
        house.until("it was told once more", async || receiver.arrived().len() == 3).await;
        let metrics = house.get("/metrics").await.text;
        let account = house.account.id;
        for (outcome, count) in [("again", 1), ("delivered", 2)] {
            let line = format!(
                "scim_bridge_webhook_attempts_total{{account=\"{account}\",outcome=\"{outcome}\"}} {count}"
            );
            house.until(&line, async || house.get("/metrics").await.text.contains(&line)).await;
        }
        assert!(!metrics.contains(&receiver.address), "an address may hold a secret");
        receiver.server.stop(true).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_left_alone_until_a_person_says_so() {
    with(opened, async |house| {
        let receiver = Receiver::start(&[410, 204]);
        let (id, _) = add(house, &receiver.address, &["account.paused"]).await;
        let path = format!("/api/v1/webhooks/{id}");
        admin(house, Method::POST, &format!("{path}/test"), &Value::Null).await.expect(200);
        let state = async || house.get("/api/v1/webhooks").await.expect(200)["webhooks"][0].clone();
        house.until("it is disabled", async || state().await["disabled_at"].is_string()).await;
        assert_eq!(messages(house, &id).await[0]["state"], "failed");
        assert!(state().await["secret"].is_null(), "shown once");

        admin(house, Method::POST, &format!("{path}/test"), &Value::Null).await.expect(200);
        assert_eq!(messages(house, &id).await[0]["attempts"], 0, "it waits");
        admin(house, Method::POST, &format!("{path}/enable"), &Value::Null).await.expect(200);
        house.until("it arrived", async || messages(house, &id).await[0]["state"] == "delivered").await;
        assert_eq!(receiver.arrived()[1].body()["type"], "webhook.test");

        admin(house, Method::DELETE, &path, &Value::Null).await.expect(200);
        admin(house, Method::DELETE, &path, &Value::Null).await.expect(404);
        house.get(&format!("{path}/messages")).await.expect(404);
        let account = house.account.id;
        let trail = house.store().read(move |conn| store::audit::list(conn, Some(account), None, 20)).await;
        let trail = trail.unwrap();
        let added = trail.iter().find(|event| event.action == "webhook.add").unwrap();
        assert_eq!(added.details, json!({"host": "127.0.0.1", "topics": ["account.paused"]}));
        let acts: Vec<String> = trail.into_iter().rev().map(|event| event.action).collect();
        let acts: Vec<&str> = acts.iter().filter_map(|act| act.strip_prefix("webhook.")).collect();
        assert_eq!(acts, ["add", "test", "test", "enable", "remove"]);
        receiver.server.stop(true).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_webhook_is_refused_with_the_reason() {
    everywhere(async |house| {
        let refused = async |url: &str, topics: &[&str]| {
            let wanted = json!({"url": url, "topics": topics});
            admin(house, Method::POST, "/api/v1/webhooks", &wanted).await.expect(400)["detail"].to_string()
        };
        let public = "https://hooks.example.com/a";
        assert!(refused("http://127.0.0.1:9/", &["run.failed"]).await.contains("webhooks.private_addresses"));
        assert!(refused("https://169.254.169.254/", &["run.failed"]).await.contains("not public"));
        assert!(refused(public, &[]).await.contains("the topics are run.finished"));
        assert!(refused(public, &["run.started"]).await.contains("run.started"));
        assert!(refused(public, &["webhook.test"]).await.contains("webhook.test"));
        assert_eq!(house.get("/api/v1/webhooks").await.expect(200), json!({"webhooks": []}));
        let wanted = json!({"url": public, "topics": ["run.failed"]});
        let refused = house.write(Method::POST, "/api/v1/webhooks", &wanted).await;
        assert_eq!(refused.status, 403, "it takes the scope admin");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_managed_from_the_command_line() {
    with(opened, async |house| {
        let receiver = Receiver::start(&[200]);
        let (code, _, said) = house.command(&["webhook", "add", &receiver.address, "--topics", "run.failed"]);
        assert!(code == 2 && said.contains("webhooks.private_addresses"), "{said}");
        let open = ["--set", "webhooks.private_addresses=true"];
        let add =
            [&open[..], &["webhook", "add", &receiver.address, "--topics", "account.paused,account.resumed"]];
        let (code, added, said) = house.command(&add.concat());
        assert!(code == 0 && added.contains(" whsec_"), "{said}");
        let id = added.split(' ').next().unwrap();
        let (code, _, said) = house.command(&["account", "pause", "Acme", "--reason", "a holiday"]);
        assert_eq!(code, 0, "{said}");
        let (code, _, said) = house.command(&["webhook", "test", id]);
        assert_eq!(code, 0, "{said}");
        house.until("both arrived", async || receiver.arrived().len() == 2).await;
        let told = receiver.arrived().into_iter().map(|arrived| arrived.body()["type"].clone());
        let told: Vec<Value> = told.collect();
        assert!(told.contains(&json!("webhook.test")) && told.contains(&json!("account.paused")), "{told:?}");
        house
            .until("both count", async || !house.command(&["webhook", "log", id]).1.contains("waiting"))
            .await;
        let (_, log, _) = house.command(&["webhook", "log", id, "--json"]);
        let log: Value = serde_json::from_str(&log).unwrap();
        assert_eq!(log["messages"][1]["body"]["data"]["reason"], "a holiday", "{log}");
        let message = log["messages"][0]["id"].as_str().unwrap();
        assert_eq!(house.command(&["webhook", "replay", message]).0, 0);
        house.until("it arrived again", async || receiver.arrived().len() == 3).await;
        let (_, list, _) = house.command(&["webhook", "list"]);
        assert!(list.contains(id) && !list.contains("whsec_"), "{list}");
        let (code, _, said) = house.command(&["webhook", "log", "x"]);
        assert!(code == 2 && said.contains("not the id of a webhook"), "{said}");
        assert_eq!(house.command(&["webhook", "remove", id]).0, 0);
        let (code, _, said) = house.command(&["webhook", "remove", id]);
        assert!(code == 1 && said.contains("webhook not found"), "{said}");
        receiver.server.stop(true).await;
    })
    .await;
}
