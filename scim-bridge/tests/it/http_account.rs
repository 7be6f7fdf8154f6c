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

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_tested_and_nothing_is_written() {
    everywhere(async |house| {
        let admin = Admin::of(house).await;
        let before = house.simulator.requests().len();
        let checked = admin.post("/check", json!({})).await.expect(200);
        assert_eq!(checked["passed"], true, "{checked}");
        let findings = checked["findings"].as_array().unwrap();
        assert!(findings.iter().any(|it| it["check"] == "read: users" && it["outcome"] == "ok"), "{checked}");
        assert!(checked["scopes"].as_array().unwrap().iter().any(|row| row["scope"] == "EXPRPT"));
        for request in &house.simulator.requests()[before..] {
            assert!(request.method == "GET" || request.path == "/oauth2/v0/token", "{request:?}");
        }
        admin.post("/check?for=expenses,users", json!({})).await.expect(200);
        let refused = admin.post("/check?for=travel", json!({})).await.expect(400);
        assert!(refused["detail"].as_str().unwrap().contains("management"), "{refused}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_is_connected_and_listed_by_who_speaks_for_the_installation() {
    everywhere(async |house| {
        let admin = token(house.store(), None, &["admin"]).await;
        let ask = async |method: Method, body: &Value| {
            let asked = house.bare(method, "/api/v1/accounts").bearer_auth(&admin);
            send(asked.header("content-type", "application/json").body(body.to_string())).await
        };
        house.simulator.renew_request_token();
        let info = house.simulator.info();
        let form = json!({
            "name": "Acme Japan", "base_uri": info.origins.us2, "client_id": info.client_id,
            "client_secret": info.client_secret, "company_uuid": info.company_uuid,
            "company_request_token": info.company_request_token, "settings": {"default_country": "JP"},
        });
        let with = |member: &str, value: Value| {
            let mut other = form.clone();
            other[member] = value;
            other
        };
        for (wrong, status, word) in [
            (with("username", json!("ada")), 400, "user level"),
            (with("colour", json!("red")), 400, "colour"),
            (with("settings", json!({"default_country": "Japan"})), 400, "Japan"),
            (with("name", json!("")), 400, "name"),
            (with("replace", json!("Acme")), 400, "once more"),
            (with("client_secret", json!("wrong-secret")), 400, "does not accept"),
        ] {
            let refused = ask(Method::POST, &wrong).await;
            let detail = refused.expect(status)["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains(word) && !detail.contains("wrong-secret"), "{detail}");
        }
        let listed = ask(Method::GET, &Value::Null).await.expect(200);
        assert_eq!(listed["accounts"].as_array().unwrap().len(), 1, "nothing was stored");

        let answer = ask(Method::POST, &form).await;
        let connected = answer.expect(201);
        assert_eq!(connected["account"]["settings"]["default_country"], "JP");
        assert_eq!(connected["unread"], Value::Null);
        for secret in [&info.client_secret, &info.company_request_token] {
            assert!(!answer.text.contains(secret.as_str()));
        }
        let listed = ask(Method::GET, &Value::Null).await.expect(200);
        let names: Vec<_> = listed["accounts"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
        assert_eq!(names, ["Acme", "Acme Japan"]);

        let other = with("company_uuid", json!("7b2c9f3e-1111-4222-8333-944455566677"));
        let refused = ask(Method::POST, &other).await.expect(409);
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains("another company") && !detail.contains("--"), "{detail}");
    })
    .await;
}
