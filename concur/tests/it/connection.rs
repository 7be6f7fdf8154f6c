//! How far a connection gets before there is a token, and how an idle one is kept alive.

use crate::support::{MemoryStore, Server, TestClock, config, http, json, token_answer, tokens};
use concur::{Client, Error, HostPolicy, Http, HttpConfig, Origin, Unreached};
use jiff::SignedDuration;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

fn loopback(text: &str) -> Origin {
    HostPolicy::development().origin(text).unwrap()
}

#[tokio::test]
async fn a_connection_test_says_how_far_it_got() {
    async fn check(origin: &str, expected: Result<u16, Unreached>) {
        let config = HttpConfig { total_timeout: Duration::from_millis(500), ..HttpConfig::default() };
        let http = Http::new(&config, HostPolicy::development()).unwrap();
        let found = http.reach(&loopback(origin), TestClock::new().now()).await;
        assert_eq!(found, expected, "{origin}");
    }
    let open = Server::start(|_| json(404, "{}")).await;
    check(&open.origin, Ok(404)).await;
    assert!(open.requests()[0].header("authorization").is_none());
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain_address = plain.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = plain.accept().await {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        }
    });
    check(&format!("https://{plain_address}"), Err(Unreached::Tls)).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    // Accepted by the system, answered by nobody.
    check(&format!("http://{address}"), Err(Unreached::TimedOut)).await;
    drop(closed);
    check(&format!("http://{address}"), Err(Unreached::NoConnection)).await;
}

#[tokio::test]
async fn the_addresses_of_a_host_are_told_apart_from_those_that_are_refused() {
    let found = http().look_up(&loopback("http://127.0.0.1:9")).await.unwrap();
    assert_eq!((found.allowed.len(), found.refused.len()), (1, 0));
    let found = http().look_up(&loopback("http://localhost:9")).await.unwrap();
    assert!(!found.allowed.is_empty() && found.refused.is_empty(), "{found:?}");
}

#[tokio::test]
async fn an_idle_connection_is_refreshed_once_whoever_else_wants_it() {
    let here = "http://127.0.0.1:9";
    let server = Server::start(move |_| token_answer("access-1", "refresh-1", here)).await;
    let clock = TestClock::new();
    let store = MemoryStore::with(tokens(&server.origin(), clock.now()));
    let replica = |_| Client::new(config(&clock), Arc::clone(&store) as _).unwrap();
    let replicas: Vec<Client> = (0..3).map(replica).collect();
    clock.advance(SignedDuration::from_hours(23));
    let day_ago = clock.now() - SignedDuration::from_hours(24);
    replicas[0].keep_alive(day_ago).await.unwrap();
    assert_eq!(server.token_requests().len(), 0, "it was used within the day");
    clock.advance(SignedDuration::from_hours(2));
    let day_ago = clock.now() - SignedDuration::from_hours(24);
    for replica in &replicas {
        let tokens = replica.keep_alive(day_ago).await.unwrap();
        assert_eq!(tokens.refresh_issued_at, clock.now());
    }
    assert_eq!(server.token_requests().len(), 1);
}

#[tokio::test]
async fn a_dead_connection_is_not_kept_alive_by_asking_in_a_loop() {
    let server = Server::start(|_| json(400, r#"{"code": 108, "error": "invalid_grant"}"#)).await;
    let clock = TestClock::new();
    let store = MemoryStore::with(tokens(&server.origin(), clock.now()));
    let client = Client::new(config(&clock), store).unwrap();
    clock.advance(SignedDuration::from_hours(48));
    for _ in 0..3 {
        let error = client.keep_alive(clock.now() - SignedDuration::from_hours(24)).await.unwrap_err();
        assert!(matches!(error, Error::Token { code: Some(108), .. }), "{error}");
    }
    assert_eq!(server.token_requests().len(), 1);
}

fn through(proxy: &str) -> HttpConfig {
    HttpConfig {
        total_timeout: Duration::from_secs(5),
        proxy: Some(proxy.parse().unwrap()),
        ..HttpConfig::default()
    }
}

#[tokio::test]
async fn behind_a_proxy_only_the_proxy_is_looked_up_and_connected_to() {
    // A name that leads to this machine, as a proxy's usually does to the private network.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://user:s3cret@localhost:{}", listener.local_addr().unwrap().port());
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 1024];
        let length = stream.read(&mut head).await.unwrap();
        stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        String::from_utf8(head[..length].to_vec()).unwrap()
    });
    let http = Http::new(&through(&proxy), HostPolicy::production()).unwrap();
    let concur = HostPolicy::production().origin("https://us2.api.concursolutions.com").unwrap();
    let found = http.look_up(&concur).await.unwrap();
    assert!(
        found.allowed.iter().all(std::net::IpAddr::is_loopback) && !found.allowed.is_empty(),
        "{found:?}"
    );
    // A tunnel that never came about: the request was certainly not sent.
    assert_eq!(http.reach(&concur, TestClock::new().now()).await, Err(Unreached::NoConnection));
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("CONNECT us2.api.concursolutions.com:443 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.to_ascii_lowercase().contains("proxy-authorization: basic dxnlcjpzm2nyzxq="), "{asked}");
}

#[tokio::test]
async fn without_a_setting_no_private_address_is_connected_to() {
    let http = Http::new(&HttpConfig::default(), HostPolicy::production()).unwrap();
    assert!(http.proxy().is_none());
    let client = Client::new(
        concur::ClientConfig { http: through("http://127.0.0.1:9"), ..config(&TestClock::new()) },
        MemoryStore::with(tokens(&loopback("http://127.0.0.1:9"), TestClock::new().now())),
    );
    let error = client.unwrap().identity().list(1, None).await.unwrap_err();
    assert!(matches!(error, Error::NotSent { .. }), "{error}");
}
