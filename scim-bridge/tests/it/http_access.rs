//! Who may call what: tokens, scopes, accounts, methods, addresses.

use reqwest::Method;
use serde_json::json;

use crate::harness::{ALL_SCOPES, ada, connect_account, everywhere, send, token, with};

#[tokio::test(flavor = "multi_thread")]
async fn without_a_valid_token_nothing_is_told_and_nothing_is_read() {
    everywhere(async |house| {
        let wrong = [
            None,
            Some("non-token".to_owned()),
            Some("Bearer ".to_owned()),
            Some(format!("Bearer {}x", house.token)),
            Some(format!("Bearer {}", &house.token[..house.token.len() - 1])),
            Some(format!("Basic {}", house.token)),
            Some(house.token.clone()),
        ];
        for value in wrong {
            let mut request = house.bare(Method::GET, "/Users/some-id");
            if let Some(value) = &value {
                request = request.header("authorization", value);
            }
            let answer = send(request).await;
            answer.expect_error(401, None);
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{value:?}");
        }
        let twice =
            house.request(Method::GET, "/Users").header("authorization", format!("Bearer {}", house.token));
        send(twice).await.expect_error(401, None);
        let in_query = house.bare(Method::GET, &format!("/Users?access_token={}", house.token));
        send(in_query).await.expect_error(401, None);
        // The body is broken and too large; the missing token is what counts.
        let body =
            house.bare(Method::POST, "/Users").header("content-type", "text/plain").body("x".repeat(300_000));
        send(body).await.expect_error(401, None);
        let lower =
            house.bare(Method::GET, "/Users").header("authorization", format!("bearer {}", house.token));
        send(lower).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_sees_its_own_account_only() {
    everywhere(async |house| {
        let id = house.post(&ada()).await.expect(201)["id"].as_str().unwrap().to_owned();
        house.simulator.renew_request_token();
        let config = &house.running.bridge().config;
        let other = connect_account(house.store(), config, &house.simulator, "Other").await;
        let foreign = token(house.store(), Some(&other), ALL_SCOPES).await;
        let ask = |method: Method, path: String| send(house.bare(method, &path).bearer_auth(&foreign));

        ask(Method::GET, format!("/Users/{id}")).await.expect_error(404, None);
        ask(Method::DELETE, format!("/Users/{id}")).await.expect_error(404, None);
        assert_eq!(ask(Method::GET, "/Users".into()).await.expect(200)["totalResults"], 0);
        let by_name =
            ask(Method::GET, "/Users?filter=userName+eq+%22ada.lovelace@example.com%22".into()).await;
        assert_eq!(by_name.expect(200)["totalResults"], 0);
        let operations = ask(Method::GET, "/api/v1/operations".into()).await.expect(200);
        assert_eq!(operations["operations"], json!([]));
        let own = house.get("/api/v1/operations").await.expect(200)["operations"][0]["id"].clone();
        assert_eq!(ask(Method::GET, format!("/api/v1/operations/{own}")).await.status, 404);
        house.get(&format!("/api/v1/operations/{own}")).await.expect(200);

        ask(Method::GET, "/scim/Other/v2/Users".into()).await.expect(200);
        ask(Method::GET, format!("/scim/{}/v2/Users", other.id)).await.expect(200);
        ask(Method::GET, "/scim/Acme/v2/Users".into()).await.expect_error(404, None);
        ask(Method::GET, "/scim/Nobody/v2/Users".into()).await.expect_error(404, None);
        let unbound = token(house.store(), None, ALL_SCOPES).await;
        send(house.bare(Method::GET, "/Users").bearer_auth(unbound)).await.expect_error(403, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_addresses_and_methods_have_scim_errors() {
    everywhere(async |house| {
        for path in ["/scim/v2/Devices", "/scim/v2", "/scim/Acme/v2/Devices"] {
            house.get(path).await.expect_error(404, None);
            send(house.bare(Method::GET, path)).await.expect_error(401, None);
        }
        send(house.bare(Method::GET, "/scim/v1/Users")).await.expect_error(404, None);
        let wrong = send(house.request(Method::PATCH, "/Users")).await;
        wrong.expect_error(405, None);
        assert_eq!(wrong.header("allow"), "GET, HEAD, POST");
        assert_eq!(
            send(house.request(Method::OPTIONS, "/Users/1")).await.header("allow"),
            "GET, HEAD, PUT, PATCH, DELETE"
        );
        let nowhere = send(house.bare(Method::GET, "/api/v2/lines")).await;
        assert_eq!(
            (nowhere.status.as_u16(), nowhere.header("content-type")),
            (404, "application/problem+json")
        );
        house.get("/Users/?count=1").await.expect(200);
        house.get("/Users?aadOptscim062020&count=1").await.expect(200);
        let head = send(house.request(Method::HEAD, "/Users")).await;
        assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
        assert!(!head.header("x-request-id").is_empty());
        send(house.request(Method::GET, "/scim/v2/Me")).await.expect_error(501, None);
        let huge = house.request(Method::GET, "/Users").header("x-huge", "x".repeat(20_000));
        send(huge).await.expect_error(431, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_when_it_is_revoked_and_notes_its_use_once_a_minute() {
    everywhere(async |house| {
        house.get("/Users").await.expect(200);
        let tokens = house.store().read(|conn| store::tokens::list(conn, None)).await.unwrap();
        let used = tokens[0].last_used_at.unwrap();
        house.get("/Users").await.expect(200);
        let again = house.store().read(|conn| store::tokens::list(conn, None)).await.unwrap();
        assert_eq!(again[0].last_used_at, Some(used));
        let (id, now) = (tokens[0].id.clone(), used);
        house.store().write(move |conn| store::tokens::revoke(conn, &id, now)).await.unwrap();
        house.get("/Users").await.expect_error(401, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_health_readiness_metrics_and_a_front_page() {
    everywhere(async |house| {
        house.get("/Users").await.expect(200);
        for (path, text) in [("/healthz", "ok"), ("/readyz", "ready")] {
            let answer = send(house.bare(Method::GET, path)).await;
            assert_eq!((answer.status.as_u16(), answer.text.trim()), (200, text));
        }
        assert_eq!(send(house.bare(Method::GET, "/metrics")).await.status, 401);
        let metrics = house.get("/metrics").await;
        let requests =
            "scim_bridge_http_requests_total{method=\"GET\",route=\"/scim/v2/Users\",status=\"200\"} 1";
        assert!(metrics.text.contains(requests), "{}", metrics.text);
        let front = send(house.bare(Method::GET, "/")).await;
        assert!(front.text.contains("scim-bridge") && front.text.contains("/scim/v2"), "{}", front.text);
        assert!(front.header("content-security-policy").contains("default-src 'none'"));
        assert!(!front.text.contains("<script"));
    })
    .await;
    with(
        |config| config.metrics_open = true,
        async |house| assert_eq!(send(house.bare(Method::GET, "/metrics")).await.status, 200),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_arrive_in_time_is_given_up() {
    use std::io::{Read, Write};
    let hasty = |config: &mut scim_bridge::config::Config| {
        config.limits.body_time = std::time::Duration::from_millis(200);
    };
    with(hasty, async |house| {
        let mut stream = std::net::TcpStream::connect(house.running.addr()).unwrap();
        let head = format!(
            "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
            house.token
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        tokio::task::block_in_place(|| stream.read_to_string(&mut answer)).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"status\":\"408\""), "{answer}");
    })
    .await;
}
