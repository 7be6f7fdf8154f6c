//! Every limit of reliability §7 that a request can meet, at the limit and one past it. Limits on JSON and filters are
//! tested where they are kept, in `scim`; here that they reach the caller as SCIM errors.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use scim_bridge::config::{Config, DeliveryMode};
use serde_json::{Value, json};

use crate::harness::{House, ada, send, user, with};

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_limited_in_bytes_and_in_number() {
    let few = |config: &mut Config| config.limits.headers = 20;
    with(few, async |house| {
        let ask = async |count: usize| {
            let names = (0..count).map(|n| format!("x-{n}"));
            let request = names.fold(house.request(Method::GET, "/Users"), |r, name| r.header(name, "1"));
            send(request).await
        };
        // authorization, accept, accept-encoding and host are there already.
        ask(16).await.expect(200);
        ask(17).await.expect_error(431, None);

        let line =
            format!("GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n", house.token);
        let ask = |bytes: usize| {
            // A header counts its name, its value, ": " and the line's end; the line counts method and path.
            let counted = "GET/scim/v2/Users".len()
                + "host".len()
                + 1
                + 4
                + "authorization".len()
                + 7
                + house.token.len()
                + 4;
            let pad = bytes - counted - "x-pad".len() - 4 - "connection".len() - "close".len() - 4;
            raw(house, &format!("{line}Connection: close\r\nX-Pad: {}\r\n\r\n", "p".repeat(pad)))
        };
        assert!(ask(16 * 1024).starts_with("HTTP/1.1 200"));
        let past = ask(16 * 1024 + 1);
        assert!(past.starts_with("HTTP/1.1 431") && past.contains("\"status\":\"431\""), "{past}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_headers_than_the_library_reads_are_431() {
    with(|_| {}, async |house| {
        let ask = |count: usize| {
            let headers = "X-A: 1\r\n".repeat(count - 3);
            raw(house, &format!(
                "GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nConnection: close\r\n{headers}\r\n",
                house.token
            ))
        };
        assert!(ask(96).starts_with("HTTP/1.1 200"));
        assert!(ask(97).starts_with("HTTP/1.1 431"), "{}", ask(97));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_limited_in_bytes_and_never_decoded() {
    with(
        |config| config.confirm_within = Duration::ZERO,
        async |house| {
            let padded = |user: &Value, bytes: usize| {
                let text = user.to_string();
                let padding = " ".repeat(bytes - text.len());
                text + &padding
            };
            let post = async |body: String| {
                let request =
                    house.request(Method::POST, "/Users").header("content-type", "application/scim+json");
                send(request.body(body)).await
            };
            post(padded(&ada(), 256 * 1024)).await.expect(201);
            post(padded(&user("b@example.com"), 256 * 1024 + 1)).await.expect_error(413, None);
            let chunk = format!("400\r\n{}\r\n", " ".repeat(1024));
            let chunked = raw(
                house,
                &format!(
                    "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
                    house.token,
                    chunk.repeat(257)
                ),
            );
            assert!(
                chunked.starts_with("HTTP/1.1 413") && chunked.contains("\"status\":\"413\""),
                "{chunked}"
            );

            for encoding in ["gzip", "br", "identity, gzip", "x"] {
                let request =
                    house.request(Method::POST, "/Users").header("content-type", "application/scim+json");
                let encoded =
                    request.header("content-encoding", encoding).body(user("c@example.com").to_string());
                send(encoded).await.expect_error(415, None);
            }
            house.filter("userName eq \"c@example.com\"").await.expect(200)["totalResults"].as_u64().unwrap();
            assert_eq!(house.get("/Users").await.expect(200)["totalResults"], 1);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_scim_limits_reaches_the_caller_as_a_scim_error() {
    with(
        |config| config.confirm_within = Duration::ZERO,
        async |house| {
            let id = house.post(&ada()).await.expect(201)["id"].as_str().unwrap().to_owned();
            let patch = async |operations: usize| {
                let operation = json!({"op": "replace", "path": "title", "value": "x"});
                let body = json!({"schemas": [PATCH_OP], "Operations": vec![operation; operations]});
                house.write(Method::PATCH, &format!("/Users/{id}"), &body).await
            };
            patch(100).await.expect(200);
            patch(101).await.expect_error(413, None);

            let post = async |change: &dyn Fn(&mut Value)| {
                let mut body = user("limits@example.com");
                change(&mut body);
                house.post(&body).await
            };
            let nested = |depth: usize| (0..depth).fold(json!(0), |inner, _| json!([inner]));
            post(&|body| body["x"] = nested(32)).await.expect_error(400, Some("invalidSyntax"));
            post(&|body| body["x"] = vec![0; 1_001].into()).await.expect_error(400, Some("invalidSyntax"));
            post(&|body| body["title"] = "x".repeat(8 * 1024 + 1).into())
                .await
                .expect_error(400, Some("invalidSyntax"));
            post(&|body| body["userName"] = "x".repeat(257).into())
                .await
                .expect_error(400, Some("invalidValue"));
            post(&|body| body["externalId"] = "a\u{7}b".into()).await.expect_error(400, Some("invalidValue"));

            let terms = |count: usize| vec!["title pr"; count].join(" or ");
            let nots = |count: usize| format!("{}title pr{}", "not (".repeat(count), ")".repeat(count));
            house.filter(&terms(50)).await.expect(200);
            house.filter(&terms(51)).await.expect_error(400, Some("invalidFilter"));
            house.filter(&nots(100)).await.expect_error(400, Some("invalidFilter"));
            house
                .filter(&format!("title eq \"{}\"", "x".repeat(4 * 1024)))
                .await
                .expect_error(400, Some("invalidFilter"));
            assert_eq!(house.get("/Users?count=100000").await.expect(200)["totalResults"], 1);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_has_a_rate_and_is_told_when_to_come_back() {
    let slow = |config: &mut Config| {
        config.limits.token_rate = 1;
        config.limits.token_burst = 3;
    };
    with(slow, async |house| {
        let begun = std::time::Instant::now();
        let answers = join_all((0..40).map(|_| house.get("/Users"))).await;
        let (passed, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        let most = 4 + usize::try_from(begun.elapsed().as_secs()).unwrap();
        assert!((3..=most).contains(&passed.len()) && !refused.is_empty(), "{}", passed.len());
        for answer in refused {
            answer.expect_error(429, None);
            assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
        }
        let metrics = house.running.bridge().metrics.render();
        assert!(metrics.contains("scim_bridge_http_limited_total{limit=\"token_rate\"}"), "{metrics}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_authentications_have_a_rate_and_a_valid_token_passes_all_the_same() {
    with(
        |config| config.limits.failed_authentications = 10,
        async |house| {
            let mut statuses = Vec::new();
            for _ in 0..20 {
                let answer = send(house.bare(Method::GET, "/Users").bearer_auth("ccb_wrong")).await;
                statuses.push(answer.status.as_u16());
                if answer.status == 429 {
                    answer.expect_error(429, None);
                    assert!(answer.header("retry-after").parse::<u64>().unwrap() <= 60);
                }
            }
            assert!(
                statuses[..10].iter().all(|status| *status == 401) && statuses.contains(&429),
                "{statuses:?}"
            );
            house.get("/Users").await.expect(200);
            let elsewhere = send(house.bare(Method::GET, "/api/v1/apps")).await;
            assert_eq!(
                (elsewhere.status.as_u16(), elsewhere.header("content-type")),
                (429, "application/problem+json")
            );
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_backlog_only_leavers_are_taken() {
    let small = |config: &mut Config| {
        config.delivery.mode = DeliveryMode::AcceptOnly;
        config.limits.backlog = 3;
        config.limits.backlog_leavers = 4;
    };
    with(small, async |house| {
        let mut ids = Vec::new();
        for n in 0..3 {
            let created = house.post(&user(&format!("u{n}@example.com"))).await.expect(201);
            ids.push(created["id"].as_str().unwrap().to_owned());
        }
        let full = house.post(&user("u3@example.com")).await;
        full.expect_error(503, None);
        assert_eq!(full.header("retry-after"), "60");
        assert_eq!(house.get("/Users").await.expect(200)["totalResults"], 3, "a 503 has changed nothing");
        let title = json!({"op": "replace", "path": "title", "value": "Lead"});
        house.patch(&ids[0], title).await.expect_error(503, None);
        let leaves = json!({"op": "replace", "path": "active", "value": false});
        house.patch(&ids[0], leaves.clone()).await.expect(200);
        house.patch(&ids[1], leaves).await.expect_error(503, None);
        house.get(&format!("/Users/{}", ids[0])).await.expect(200);
        let states: Vec<_> = house.operations().await.into_iter().map(|(_, state)| state).collect();
        assert_eq!(states, ["ready", "ready", "ready", "accepted"], "nothing is sent");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_connections_and_another_one_is_closed() {
    with(
        |config| config.limits.connections_per_address = 3,
        async |house| {
            let ask = |stream: &mut TcpStream| {
                stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").is_ok()
                    && matches!(stream.read(&mut [0; 512]), Ok(bytes) if bytes > 0)
            };
            let connect = || TcpStream::connect(house.running.addr()).unwrap();
            tokio::task::block_in_place(|| {
                let mut open: Vec<TcpStream> = (0..3).map(|_| connect()).collect();
                assert!(open.iter_mut().all(ask));
                assert!(!ask(&mut connect()), "a fourth is closed");
                open.pop();
                let deadline = std::time::Instant::now() + Duration::from_secs(10);
                while !ask(&mut connect()) {
                    assert!(std::time::Instant::now() < deadline, "the place of a closed one is free again");
                }
            });
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_do_not_come_are_given_up() {
    with(
        |config| config.limits.header_time = Duration::from_millis(200),
        async |house| {
            let answer = raw(house, "GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\n");
            assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        },
    )
    .await;
}

/// Sends bytes and reads until the end of the connection.
fn raw(house: &House, request: &str) -> String {
    tokio::task::block_in_place(|| {
        let mut stream = TcpStream::connect(house.running.addr()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    })
}
