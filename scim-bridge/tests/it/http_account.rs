//! `/api/v1/account`: what there is to see of the token's account, and what can be done to it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, House, ada, everywhere, send, token};

struct Admin<'a> {
    house: &'a House,
    token: String,
}

impl<'a> Admin<'a> {
    async fn of(house: &'a House) -> Self {
        let token = token(house.store(), Some(&house.account), &["admin", "ops:read"]).await;
        Self { house, token }
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Answer {
        let asked = self.house.bare(method, &format!("/api/v1/account{path}")).bearer_auth(&self.token);
        send(asked.header("content-type", "application/json").body(body.to_string())).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, &body).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_shown_without_secrets_renamed_paused_and_resumed() {
    everywhere(async |house| {
        let admin = Admin::of(house).await;
        let answer = house.get("/api/v1/account").await;
        let shown = answer.expect(200);
        assert_eq!(
            (&shown["name"], &shown["authentication_type"]),
            (&json!("Acme"), &json!("company_level"))
        );
        assert!(shown["tokens"]["connection_ends_if_unused_at"].is_string(), "{shown}");
        let info = house.simulator.info();
        for secret in [&info.client_secret, &info.company_request_token] {
            assert!(!answer.text.contains(secret.as_str()));
        }

        house.write(Method::POST, "/api/v1/account/pause", &json!({"reason": "x"})).await.expect(403);
        admin.post("/pause", json!({"reason": " "})).await.expect(400);
        admin.post("/pause", json!({})).await.expect(400);
        let paused = admin.post("/pause", json!({"reason": "an audit"})).await.expect(200);
        assert_eq!(paused["paused_reason"], "an audit");
        admin.post("/pause", json!({"reason": "again"})).await.expect(409);
        house.post(&ada()).await.expect(201);
        assert_eq!(house.operations().await[0].1, "ready", "accepted, and waits");
        assert_eq!(admin.post("/resume", json!({})).await.expect(200)["paused_at"], Value::Null);
        admin.post("/resume", json!({})).await.expect(409);
        house.until("delivered", async || house.operations().await[0].1 == "done").await;

        admin.post("/rename", json!({"name": ""})).await.expect(400);
        assert_eq!(
            admin.post("/rename", json!({"name": "Acme Europe"})).await.expect(200)["name"],
            "Acme Europe"
        );
        assert_eq!(house.get("/api/v1/account").await.expect(200)["id"], shown["id"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_replaced_as_a_whole_and_mistakes_are_named() {
    everywhere(async |house| {
        let admin = Admin::of(house).await;
        house.post(&ada()).await.expect(201);
        let settings = house.get("/api/v1/account/settings").await.expect(200);
        assert_eq!(settings["default_country"], "US", "{settings}");
        for (wrong, word) in [
            (json!({"default_county": "DE"}), "default_county"),
            (json!({"default_country": "Germany"}), "Germany"),
            (json!({"scope": "departmnt eq \"Sales\""}), "departmnt"),
        ] {
            let refused = admin.ask(Method::PUT, "/settings", &wrong).await;
            refused.expect(400);
            assert!(refused.text.contains(word), "{}", refused.text);
        }
        assert_eq!(house.get("/api/v1/account/settings").await.expect(200), settings, "nothing was stored");
        let put = admin.ask(Method::PUT, "/settings", &json!({"entitlements": ["Expense", "Request"]})).await;
        let done = put.expect(200);
        assert_eq!((&done["users"], &done["operations"]), (&json!(1), &json!(1)), "{done}");
        let now = house.get("/api/v1/account/settings").await.expect(200);
        assert_eq!(now["entitlements"], json!(["Expense", "Request"]));
        house.until("delivered", async || house.operations().await.iter().all(|it| it.1 == "done")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnected_account_keeps_its_data_and_is_not_resumed_without_a_connection() {
    everywhere(async |house| {
        let admin = Admin::of(house).await;
        let ended = admin.post("/disconnect", json!({})).await.expect(200);
        assert!(ended["at_concur"].as_str().is_some_and(|told| told.contains("Concur")), "{ended}");
        let shown = house.get("/api/v1/account").await.expect(200);
        assert_eq!((&shown["tokens"], &shown["paused_reason"]), (&Value::Null, &json!("disconnected")));
        let refused = admin.post("/resume", json!({})).await;
        refused.expect(400);
        assert!(refused.text.contains("account connect"), "{}", refused.text);
    })
    .await;
}
