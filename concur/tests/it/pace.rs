//! How a "slow down" of Concur holds back every call to the company, and for how long.

use crate::support::{MemoryStore, Reply, Server, TestClock, config, connected, json, tokens, with_header};
use concur::{Advice, Client, Error};
use jiff::SignedDuration;
use serde_json::json;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

const USER: &str = "6f0e2f1c-9a44-4a55-8d0a-0c8f4d3d1a01";

/// A server that throttles its first answer and serves all others.
async fn throttles_once(retry_after: Option<&'static str>) -> Server {
    let calls = AtomicUsize::new(0);
    let throttled = move || -> Reply {
        match retry_after {
            Some(value) => with_header(json(429, ""), "Retry-After", value),
            None => json(429, ""),
        }
    };
    Server::start(move |_| {
        if calls.fetch_add(1, Ordering::SeqCst) == 0 { throttled() } else { json(200, json!({"id": USER})) }
    })
    .await
}

#[tokio::test]
async fn after_a_429_every_clone_of_the_client_waits_even_when_told_zero() {
    for retry_after in [None, Some("0")] {
        let server = throttles_once(retry_after).await;
        let client = connected(&server);
        let id = USER.parse().unwrap();
        let first = client.identity().get(&id).await.unwrap_err();
        assert!(matches!(first, Error::Throttled(_)), "{first}");
        let started = Instant::now();
        client.clone().identity().get(&id).await.unwrap();
        assert!(started.elapsed() >= Duration::from_millis(900), "{:?}", started.elapsed());
        let started = Instant::now();
        client.identity().get(&id).await.unwrap();
        assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_long_pause_is_handed_to_the_caller_and_nothing_is_sent_before_it_ends() {
    let server = throttles_once(Some("120")).await;
    let clock = TestClock::new();
    let client =
        Client::new(config(&clock), MemoryStore::with(tokens(&server.origin(), clock.now()))).unwrap();
    let id = USER.parse().unwrap();
    client.identity().get(&id).await.unwrap_err();
    clock.advance(SignedDuration::from_secs(20));
    let held = client.identity().get(&id).await.unwrap_err();
    let Advice::CertainlyNotApplied { retry_after: Some(left) } = held.advice() else { panic!("{held}") };
    assert!(matches!(held, Error::Paused { .. }) && left.as_secs() == 100, "{held}");
    assert_eq!(server.requests().len(), 1);
    clock.advance(SignedDuration::from_secs(100));
    client.identity().get(&id).await.unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn another_company_is_not_held_back() {
    let (slow, other) = (throttles_once(Some("120")).await, throttles_once(None).await);
    let (slow, other) = (connected(&slow), connected(&other));
    let id = USER.parse().unwrap();
    slow.identity().get(&id).await.unwrap_err();
    assert!(matches!(slow.identity().get(&id).await, Err(Error::Paused { .. })));
    assert!(matches!(other.identity().get(&id).await, Err(Error::Throttled(_))));
}
