//! Identity and spend: addresses, filters, cursors, answers about somebody else; what the observer is told.

use crate::support::{MemoryStore, Server, TestClock, config, connected, json, tokens, with_header};
use concur::{Call, Client, Error, Observer, api::LookupAttribute};
use futures::{StreamExt, TryStreamExt};
use serde_json::json;
use std::sync::{Arc, Mutex};

const ADA: &str = "6f0e2f1c-9a44-4a55-8d0a-0c8f4d3d1a01";
const BOB: &str = "6f0e2f1c-9a44-4a55-8d0a-0c8f4d3d1a02";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[tokio::test]
async fn a_user_is_read_with_its_raw_json_and_shown_without_personal_data() {
    let server = Server::start(|_| {
        json(200, json!({
            "id": ADA, "userName": "ada@example.org", "externalId": "x-1", "active": true, "displayName": "Ada L",
            "name": {"givenName": "Ada", "familyName": "Lovelace"}, "emails": [{"value": "ada@example.org", "type": "work"}],
            ENTERPRISE: {"employeeNumber": "7", "companyId": BOB}, "somethingNew": [1],
        }))
    })
    .await;
    let user = connected(&server).identity().get(&ADA.parse().unwrap()).await.unwrap();
    assert_eq!(
        (user.user_name(), user.external_id(), user.employee_number()),
        (Some("ada@example.org"), Some("x-1"), Some("7"))
    );
    assert_eq!(
        (user.active(), user.given_name(), user.family_name()),
        (Some(true), Some("Ada"), Some("Lovelace"))
    );
    assert_eq!((user.company_id(), user.display_name()), (Some(BOB), Some("Ada L")));
    assert_eq!(user.emails().collect::<Vec<_>>(), ["ada@example.org"]);
    assert_eq!(user.raw()["somethingNew"], json!([1]));
    assert!(!format!("{user:?}").contains("ada"));

    let request = &server.requests()[0];
    assert_eq!(request.target, format!("/profile/identity/v4.1/Users/{ADA}"));
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(request.header("authorization"), Some("Bearer access-0"));
    assert!(request.header("concur-correlationid").is_some_and(|id| id.len() == 36));
}

#[tokio::test]
async fn an_answer_about_another_user_is_no_answer() {
    let server = Server::start(|_| json(200, json!({"id": BOB}))).await;
    let error = connected(&server).identity().get(&ADA.parse().unwrap()).await.unwrap_err();
    assert!(matches!(&error, Error::Decode { path, .. } if path == "id"), "{error}");
}

#[tokio::test]
async fn look_ups_quote_their_value_and_drop_users_that_do_not_match() {
    async fn check(
        attribute: LookupAttribute,
        value: &str,
        users: serde_json::Value,
        sent: &str,
        found: &[&str],
    ) {
        let server = Server::start(move |_| json(200, json!({"totalResults": 1, "Resources": users}))).await;
        let users = connected(&server).identity().find_by(attribute, value).await.unwrap();
        let ids: Vec<_> = users.iter().map(|user| user.id().to_string()).collect();
        assert_eq!(ids, found, "{value}");
        let request = &server.requests()[0];
        assert_eq!(format!("{} {} {}", request.method, request.target, request.body).trim(), sent);
    }
    let by_name = "GET /profile/identity/v4/Users?filter=userName+eq+%22Ada%40Example.org%22&count=100";
    let ada = json!([{"id": ADA, "userName": "ada@example.org"}, {"id": BOB, "userName": "bob@example.org"}]);
    check(LookupAttribute::UserName, "Ada@Example.org", ada, by_name, &[ADA]).await;
    let quoted = "GET /profile/identity/v4/Users?filter=externalId+eq+%22a%5C%22+or+%5C%22b%22&count=100";
    check(LookupAttribute::ExternalId, r#"a" or "b"#, json!([]), quoted, &[]).await;
    // What the token may not see cannot contradict the server.
    let blind = json!([{"id": ADA}]);
    let by_id = "GET /profile/identity/v4/Users?filter=externalId+eq+%22x%22&count=100";
    check(LookupAttribute::ExternalId, "x", blind, by_id, &[ADA]).await;
    let numbered = json!([{"id": ADA, ENTERPRISE: {"employeeNumber": "7"}}]);
    let search = format!(
        r#"POST /profile/identity/v4.1/Users/.search {{"count":100,"filter":"{ENTERPRISE}:employeeNumber eq \"7\"","schemas":["urn:ietf:params:scim:api:messages:concur:2.0:SearchRequest"]}}"#
    );
    check(LookupAttribute::EmployeeNumber, "7", numbered, &search, &[ADA]).await;
}

#[tokio::test]
async fn a_look_up_that_answers_with_an_unreadable_user_is_an_error_and_not_nobody() {
    let server = Server::start(|_| json(200, json!({"Resources": [{"userName": "ada@example.org"}]}))).await;
    let error = connected(&server)
        .identity()
        .find_by(LookupAttribute::UserName, "ada@example.org")
        .await
        .unwrap_err();
    assert!(matches!(&error, Error::Decode { path, .. } if path == "Resources[0].id"), "{error}");
}

#[tokio::test]
async fn a_list_without_resources_is_empty() {
    let server = Server::start(|_| json(200, json!({"totalResults": 0}))).await;
    assert!(connected(&server).identity().find_by(LookupAttribute::UserName, "x").await.unwrap().is_empty());
}

#[tokio::test]
async fn users_are_streamed_over_all_pages_by_cursor() {
    let server = Server::start(|request| {
        let (id, next) = match request.target.as_str() {
            "/profile/identity/v4.1/Users?count=1" => (ADA, Some("c/1=")),
            "/profile/identity/v4.1/Users?count=1&cursor=c%2F1%3D" => (BOB, None),
            other => panic!("{other}"),
        };
        json(200, json!({"totalResults": 2, "Resources": [{"id": id}], "nextCursor": next}))
    })
    .await;
    let users: Vec<_> = connected(&server).identity().users(1).stream().try_collect().await.unwrap();
    assert_eq!(users.iter().map(|user| user.id().to_string()).collect::<Vec<_>>(), [ADA, BOB]);
}

#[tokio::test]
async fn a_cursor_that_comes_back_ends_the_stream_with_an_error() {
    let server = Server::start(|request| {
        let next = if request.target.contains("cursor=one") { "two" } else { "one" };
        json(200, json!({"Resources": [], "nextCursor": next}))
    })
    .await;
    let pages: Vec<_> = connected(&server).identity().users(10).pages(None).collect().await;
    assert_eq!(pages.len(), 3);
    assert!(matches!(pages.last(), Some(Err(Error::Paging { .. }))));
}

#[tokio::test]
async fn a_user_without_spend_data_is_none() {
    let server = Server::start(|request| {
        if request.target.ends_with(ADA) {
            json(200, json!({"id": ADA}))
        } else {
            json(404, json!({"status": "404"}))
        }
    })
    .await;
    let spend = connected(&server).spend();
    assert_eq!(spend.get_user(&ADA.parse().unwrap()).await.unwrap().unwrap()["id"], ADA);
    assert!(spend.get_user(&BOB.parse().unwrap()).await.unwrap().is_none());
    assert_eq!(server.requests()[0].target, format!("/profile/spend/v4.1/Users/{ADA}"));
}

#[derive(Default)]
struct Log(Mutex<Vec<Call>>);

impl Observer for Log {
    fn called(&self, call: &Call) {
        self.0.lock().unwrap().push(call.clone());
    }
}

#[tokio::test]
async fn the_observer_hears_of_every_exchange_with_the_correlation_id_in_any_case() {
    let server = Server::start(|request| {
        if request.target.ends_with(ADA) {
            with_header(json(200, json!({"id": ADA})), "Concur-Correlationid", "from-concur")
        } else {
            json(500, "")
        }
    })
    .await;
    let clock = TestClock::new();
    let (log, mut config) = (Arc::new(Log::default()), config(&clock));
    config.observer = Some(Arc::clone(&log) as _);
    let store = MemoryStore::with(tokens(&server.origin(), clock.now()));
    let client = Client::new(config, store).unwrap();
    client.identity().get(&ADA.parse().unwrap()).await.unwrap();
    let error = client.identity().get(&BOB.parse().unwrap()).await.unwrap_err();

    let calls = log.0.lock().unwrap();
    let seen: Vec<_> = calls.iter().map(|call| (call.method, call.endpoint, call.status)).collect();
    assert_eq!(seen, [("GET", "identity.get", Some(200)), ("GET", "identity.get", Some(500))]);
    assert_eq!(calls[0].correlation_id, "from-concur");
    // The server that sent none: the id that was sent serves.
    assert_eq!(Some(calls[1].correlation_id.as_str()), error.correlation_id());
    assert_eq!(server.requests()[1].header("concur-correlationid"), error.correlation_id());
}
