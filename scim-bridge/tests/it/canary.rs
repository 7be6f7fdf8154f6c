//! Secrets and personal data stay where they belong (reliability S6, T9): canaries are looked for in everything that
//! leaves the process, and in the database.

use std::sync::{Arc, Mutex};

use reqwest::Method;
use scim_bridge::clock::Clock;
use scim_bridge::config::{LogFormat, LogLevel};
use scim_bridge::logging::AllowList;
use serde_json::json;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::harness::{House, send, user};

#[tokio::test(flavor = "multi_thread")]
async fn canaries_are_found_in_no_log_metric_answer_or_database_file() {
    // The only test that installs a subscriber: what other tests log lands here as well and does no harm.
    let log = Arc::new(Mutex::new(Vec::<u8>::new()));
    let layer = AllowList::new(LogFormat::Text, LogLevel::Trace, Clock::system(), log.clone());
    tracing_subscriber::registry().with(layer).init();

    let database = store::testing::sqlite();
    let file = database.database_url.strip_prefix("sqlite:").unwrap().to_owned();
    let house = House::build(database, |_| {}).await;
    let mut body = user("canary.person@example.com");
    body["password"] = "canary-password".into();
    body["name"]["familyName"] = "Canaryson".into();
    let id = house.post(&body).await.expect(201)["id"].as_str().unwrap().to_owned();
    house
        .until("delivered", async || house.operations().await.iter().all(|(_, state)| state == "done"))
        .await;
    let mut answers = vec![
        house.get(&format!("/Users/{id}")).await.text,
        house.filter("name.familyName eq \"Canaryson\"").await.text,
        house.get("/api/v1/operations/1").await.text,
        house.patch(&id, json!({"op": "replace", "path": "active", "value": "canary-value"})).await.text,
        send(house.bare(Method::GET, "/Users").header("authorization", "Bearer canary-token")).await.text,
    ];
    let metrics = house.get("/metrics").await.text;
    let info = house.simulator.info().clone();
    let token = house.token.clone();
    house.running.stop().await;

    let log = String::from_utf8(log.lock().unwrap().clone()).unwrap();
    assert!(log.contains("route=/scim/v2/Users"), "the log was read: {log}");
    for secret in [
        &info.client_secret,
        &info.company_request_token,
        &token,
        &"canary-password".to_owned(),
        &"canary-token".to_owned(),
    ] {
        for (place, text) in [("log", &log), ("metrics", &metrics)] {
            assert!(!text.contains(secret.as_str()), "{place} holds a secret");
        }
        assert!(answers.iter().all(|answer| !answer.contains(secret.as_str())), "an answer holds a secret");
    }
    for personal in ["canary.person", "Canaryson", "canary-value"] {
        assert!(!log.contains(personal), "the log holds {personal}");
        assert!(!metrics.contains(personal), "a metric holds {personal}");
    }
    answers.clear();

    for suffix in ["", "-wal"] {
        let Ok(bytes) = std::fs::read(format!("{file}{suffix}")) else { continue };
        // Between the id and the checksum; it may hold a `_` itself, and a short piece of it would be found anywhere.
        let secret_part = token.rsplit_once('_').unwrap().0.splitn(3, '_').nth(2).unwrap();
        assert!(secret_part.len() >= 40, "{} characters", secret_part.len());
        for secret in
            [info.client_secret.as_str(), info.company_request_token.as_str(), secret_part, "canary-password"]
        {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "the database file{suffix} holds a secret in clear");
        }
    }
}
