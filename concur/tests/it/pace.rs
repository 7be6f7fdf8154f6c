//! How a "slow down" of Concur holds back every call to the company, and for how long.

use crate::support::{MemoryStore, Reply, Server, TestClock, config, connected, json, tokens, with_header};
use concur::{Advice, Budget, Client, ClientConfig, Error, Held, HostPolicy};
use jiff::SignedDuration;
use serde_json::json;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};
use tokio::net::TcpListener;

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

/// A server whose identity API answers like this and whose token endpoint and other APIs serve.
async fn identity_answers(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request| match &request.target {
        identity if identity.starts_with("/profile/identity/") => reply(),
        _ => json(200, "[]"),
    })
    .await
}

#[tokio::test]
async fn an_api_that_answers_503_is_left_alone_for_five_minutes_and_the_others_are_not() {
    let server = identity_answers(|| json(503, "Service Unavailable")).await;
    let clock = TestClock::new();
    let client =
        Client::new(config(&clock), MemoryStore::with(tokens(&server.origin(), clock.now()))).unwrap();
    let id = USER.parse().unwrap();
    client.identity().get(&id).await.unwrap_err();
    // The machine's clock goes on beside the test's.
    let almost = |left: Duration, minutes: u64| {
        let whole = Duration::from_mins(minutes);
        left <= whole && left + Duration::from_secs(30) > whole
    };
    assert!(almost(client.pace().unavailable["identity"], 5));
    clock.advance(SignedDuration::from_mins(4));
    let held = client.identity().get(&id).await.unwrap_err();
    assert!(matches!(held, Error::Paused { because: Held::Unavailable, .. }), "{held}");
    let Advice::CertainlyNotApplied { retry_after: Some(left) } = held.advice() else { panic!("{held}") };
    assert!(almost(left, 1), "{held}");
    assert_eq!(server.requests().len(), 1);
    client.expense_config().policies(&id).await.unwrap();
    clock.advance(SignedDuration::from_mins(1));
    client.identity().get(&id).await.unwrap_err();
    assert_eq!(server.requests().len(), 3, "after the pause it is asked again");
}

#[tokio::test]
async fn a_503_that_says_how_long_is_obeyed_instead() {
    let server = identity_answers(|| with_header(json(503, ""), "Retry-After", "20")).await;
    let client = connected(&server);
    client.identity().get(&USER.parse().unwrap()).await.unwrap_err();
    let pace = client.pace();
    assert!(pace.unavailable.is_empty(), "{pace:?}");
    assert!(pace.paused.is_some_and(|left| left <= Duration::from_secs(20)), "{pace:?}");
}

#[tokio::test]
async fn silence_counts_as_unavailable_and_a_cut_answer_does_not() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", silent.local_addr().unwrap());
    let origin = HostPolicy::development().origin(&origin).unwrap();
    let clock = TestClock::new();
    let mut hasty = config(&clock);
    hasty.http.total_timeout = Duration::from_millis(50);
    let client = Client::new(hasty, MemoryStore::with(tokens(&origin, clock.now()))).unwrap();
    let error = client.identity().get(&USER.parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::NoAnswer { .. }), "{error}");
    assert_eq!(client.pace().unavailable.len(), 1);

    let server = identity_answers(|| Reply::Cut).await;
    let client = connected(&server);
    client.identity().get(&USER.parse().unwrap()).await.unwrap_err();
    let pace = client.pace();
    assert!(pace.unavailable.is_empty() && pace.slowdown == 2, "{pace:?}");
}

#[tokio::test]
async fn a_token_endpoint_that_answers_503_is_left_alone_too() {
    let server = Server::start(|_| json(503, "maintenance")).await;
    let clock = TestClock::new();
    let client =
        Client::new(config(&clock), MemoryStore::with(tokens(&server.origin(), clock.now()))).unwrap();
    clock.advance(SignedDuration::from_hours(2));
    let id = USER.parse().unwrap();
    for _ in 0..3 {
        let error = client.identity().get(&id).await.unwrap_err();
        assert!(matches!(error.advice(), Advice::CertainlyNotApplied { .. }), "{error}");
    }
    assert_eq!(server.token_requests().len(), 1);
    clock.advance(SignedDuration::from_mins(5));
    client.identity().get(&id).await.unwrap_err();
    assert_eq!(server.token_requests().len(), 2);
}

#[tokio::test]
async fn companies_with_one_budget_share_it() {
    let server = Server::start(|_| json(200, json!({"id": USER}))).await;
    let (clock, budget) = (TestClock::new(), Budget::new(4, 2));
    let company = || {
        let config = ClientConfig { budget: Some(budget.clone()), ..config(&clock) };
        Client::new(config, MemoryStore::with(tokens(&server.origin(), clock.now()))).unwrap()
    };
    let (first, second) = (company(), company());
    let (id, started) = (USER.parse().unwrap(), Instant::now());
    for client in [&first, &second, &first, &second] {
        client.identity().get(&id).await.unwrap();
    }
    // Two are free, the other two keep the rate of two a second.
    assert!(started.elapsed() >= Duration::from_millis(900), "{:?}", started.elapsed());
    assert_eq!(budget.in_flight(), 0);
}
