//! What each kind of trouble becomes, and whether the request was applied.

use crate::support::{MemoryStore, Reply, Server, TestClock, config, connected, json, tokens, with_header};
use concur::{Advice, Client, Error, HttpConfig, api::ReportQuery};
use serde_json::json;
use std::time::Duration;

const SAFE: Advice = Advice::CertainlyNotApplied { retry_after: None };
const UNKNOWN: Advice = Advice::Unknown { retry_after: None };

async fn create(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Error {
    let server = Server::start(move |request| if request.is_token() { json(503, "") } else { reply() }).await;
    connected(&server).provisioning().create_user(&json!({"userName": "ada@example.org"})).await.unwrap_err()
}

#[tokio::test]
async fn only_what_is_certain_is_called_not_applied() {
    async fn check(status: u16, body: &'static str, advice: Advice) {
        let error = create(move || json(status, body)).await;
        assert_eq!(error.advice(), advice, "{status} {body}: {error}");
        assert!(error.correlation_id().is_some(), "{status}");
    }
    check(400, r#"{"scimType": "invalidValue", "detail": "No."}"#, Advice::Permanent).await;
    check(400, r#"{"scimType": "uniqueness", "detail": "Taken."}"#, Advice::Conflict).await;
    check(409, "{}", Advice::Conflict).await;
    check(404, "", Advice::NotFound).await;
    check(413, "", Advice::Split).await;
    check(429, "", SAFE).await;
    check(405, "", Advice::Permanent).await;
    for status in [408, 500, 501, 502, 503, 504, 302, 307] {
        check(status, "<html>", UNKNOWN).await;
    }
    // A success that is none.
    for body in [
        "",
        "<html>",
        "[]",
        "{}",
        r#"{"id": "x"}"#,
        r#"{"id": "6f0e2f1c-9a44-4a55-8d0a-0c8f4d3d1a01"}"#,
        r#"{"id": "#,
    ] {
        check(201, body, UNKNOWN).await;
    }
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_a_refused_connection_is_not() {
    assert_eq!(create(|| Reply::Close).await.advice(), UNKNOWN);
    let cut = create(|| Reply::Cut).await;
    assert!(matches!(cut, Error::NoAnswer { .. }), "{cut}");
    assert_eq!(cut.advice(), UNKNOWN);

    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let clock = TestClock::new();
    let origin = concur::HostPolicy::development().origin(&nobody).unwrap();
    let client = Client::new(config(&clock), MemoryStore::with(tokens(&origin, clock.now()))).unwrap();
    let error = client.provisioning().create_user(&json!({})).await.unwrap_err();
    assert!(matches!(error, Error::NotSent { .. }), "{error}");
    assert_eq!(error.advice(), SAFE);
}

#[tokio::test]
async fn a_tls_handshake_that_fails_is_certainly_not_applied() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let clock = TestClock::new();
    let origin = concur::HostPolicy::development().origin(&origin).unwrap();
    let client = Client::new(config(&clock), MemoryStore::with(tokens(&origin, clock.now()))).unwrap();
    let error = client.provisioning().create_user(&json!({})).await.unwrap_err();
    assert_eq!(error.advice(), SAFE, "{error}");
}

#[tokio::test]
async fn retry_after_is_read_and_capped() {
    async fn check(status: u16, value: &'static str, expected: Advice) {
        let error = create(move || with_header(json(status, ""), "Retry-After", value)).await;
        assert_eq!(error.advice(), expected, "{status} {value}");
    }
    let wait = |seconds| Some(Duration::from_secs(seconds));
    check(429, "7", Advice::CertainlyNotApplied { retry_after: wait(7) }).await;
    check(429, "0", Advice::CertainlyNotApplied { retry_after: wait(0) }).await;
    check(429, "86400", Advice::CertainlyNotApplied { retry_after: wait(3600) }).await;
    // The test's clock stands at 08:00.
    check(503, "Tue, 24 Nov 2026 08:01:30 GMT", Advice::Unknown { retry_after: wait(90) }).await;
    check(503, "whenever", UNKNOWN).await;
}

#[tokio::test]
async fn a_400_of_the_legacy_framework_may_pass() {
    let server =
        Server::start(|_| json(400, json!({"Error": {"Message": "Transaction was deadlocked"}}))).await;
    let error = connected(&server).expenses().reports(&ReportQuery::default()).page(None).await.unwrap_err();
    assert_eq!(error.advice(), SAFE, "{error}");
    assert_eq!(error.messages()[0].message, "Transaction was deadlocked");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Server::start(|_| json(200, "{}")).await;
    let there = other.origin.clone();
    let error = create(move || with_header(json(302, ""), "Location", &there)).await;
    assert_eq!((error.status(), error.advice()), (Some(302), UNKNOWN));
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read_to_its_end() {
    async fn check(bytes: usize, too_large: bool) {
        let server = Server::start(move |_| json(200, format!("\"{}\"", "x".repeat(bytes - 2)))).await;
        let clock = TestClock::new();
        let mut config = config(&clock);
        config.http = HttpConfig { body_bytes_max: 100_000, ..HttpConfig::default() };
        let store = MemoryStore::with(tokens(&server.origin(), clock.now()));
        let spend = Client::new(config, store).unwrap().spend();
        let id = "6f0e2f1c-9a44-4a55-8d0a-0c8f4d3d1a01".parse().unwrap();
        let answer = spend.get_user(&id).await;
        assert_eq!(
            matches!(answer, Err(Error::BodyTooLarge { limit: 100_000, .. })),
            too_large,
            "{bytes}: {answer:?}"
        );
    }
    check(100_000, false).await;
    check(100_001, true).await;
}

#[tokio::test]
async fn an_error_tells_what_where_and_under_which_id_and_never_a_value() {
    let error =
        create(|| with_header(json(201, json!({"id": 5, "meta": {}})), "concur-correlationid", "c-1")).await;
    let text = error.to_string();
    assert_eq!(
        text,
        "provisioning.create: cannot read the answer at id: invalid type: integer `5`, expected a formatted UUID string at line 1 column 7 (status 201, correlation id c-1)"
    );
    let error = create(|| json(201, json!({"id": "Ada Lovelace", "meta": {}}))).await;
    assert!(!error.to_string().contains("Ada"), "{error}");

    let body = r#"{"urn:ietf:params:scim:api:messages:concur:2.0:Error": {"messages": [{"code": "INVALID_VALUE", "message": "Invalid 'title' Size", "schemaPath": "title"}]}}"#;
    let error = create(move || json(400, body)).await;
    assert!(error.to_string().starts_with("provisioning.create was refused (status 400"), "{error}");
    assert!(error.to_string().ends_with(": Invalid 'title' Size"));
    assert_eq!(error.messages()[0].schema_path.as_deref(), Some("title"));
}
