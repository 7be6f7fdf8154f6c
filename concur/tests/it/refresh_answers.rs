//! What a refresh can answer beside two good tokens, and what is left of the connection afterwards.

use crate::support::{MemoryStore, Server, TestClock, config, json, token_answer, tokens};
use concur::{
    Advice, Client, HostPolicy, Notice, Observer, auth::request_token_expires_at, error::HostRefusal,
};
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const USER: &str = "6f0e2f1c-9a44-4a55-8d0a-0c8f4d3d1a01";

fn user_body() -> Value {
    json!({"id": USER, "userName": "ada@example.org"})
}

#[derive(Default)]
struct Notices(Mutex<Vec<Notice>>);

impl Observer for Notices {
    fn called(&self, _: &concur::Call) {}

    fn noticed(&self, notice: &Notice) {
        self.0.lock().unwrap().push(notice.clone());
    }
}

#[tokio::test]
async fn a_rotated_refresh_token_survives_a_refused_geolocation_and_the_refusal_is_reported() {
    let server = Server::start(|request| {
        if request.is_token() {
            token_answer("access-1", "refresh-1", "https://evil.example")
        } else {
            json(200, user_body())
        }
    })
    .await;
    let clock = TestClock::new();
    let store = MemoryStore::with(tokens(&server.origin(), clock.now()));
    let (notices, mut config) = (Arc::new(Notices::default()), config(&clock));
    config.observer = Some(Arc::clone(&notices) as _);
    let client = Client::new(config, Arc::clone(&store) as _).unwrap();
    clock.advance(SignedDuration::from_mins(50));
    client.identity().get(&USER.parse().unwrap()).await.unwrap();

    let kept = store.tokens.lock().unwrap().clone().unwrap();
    assert_eq!(kept.refresh_token.expose_secret(), "refresh-1");
    assert_eq!(kept.geolocation, server.origin());
    let refused = Notice::GeolocationRefused { reason: HostRefusal::NotAllowed };
    assert_eq!(*notices.0.lock().unwrap(), [refused]);
    assert_eq!(server.requests().last().unwrap().header("authorization"), Some("Bearer access-1"));
}

#[tokio::test]
async fn oddities_beside_the_tokens_of_a_refresh_do_not_lose_them() {
    let server = Server::start(|_| {
        let body = json!({"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": {"odd": 1},
                          "geolocation": 7, "scope": ["EXPRPT"], "refresh_expires_in": 1_794_000_000});
        json(200, body)
    })
    .await;
    let clock = TestClock::new();
    let store = MemoryStore::with(tokens(&server.origin(), clock.now()));
    let client = Client::new(config(&clock), Arc::clone(&store) as _).unwrap();
    let fresh = client.refresh().await.unwrap();
    assert_eq!(fresh.refresh_token.expose_secret(), "refresh-1");
    assert_eq!(fresh.geolocation, server.origin());
    assert_eq!(fresh.access_expires_at.duration_since(clock.now()), SignedDuration::from_hours(1));
    // `refresh_expires_in` is a point in time on one page and absent on the others: never a duration.
    assert_eq!(fresh.refresh_expires_at().duration_since(clock.now()), SignedDuration::from_hours(182 * 24));
}

#[test]
fn the_ends_of_every_token_can_be_counted_down_to() {
    let now = TestClock::new().now();
    let origin = HostPolicy::production().origin("https://us2.api.concursolutions.com").unwrap();
    let tokens = tokens(&origin, now);
    let hours = |end: jiff::Timestamp| end.duration_since(now).as_hours();
    assert_eq!(hours(request_token_expires_at(now)), 24);
    assert_eq!(hours(tokens.access_expires_at), 1);
    assert_eq!(hours(tokens.refresh_expires_at()), 182 * 24);
    assert_eq!(hours(tokens.refresh_warning_at()), 152 * 24);
}

#[tokio::test]
async fn a_dead_connection_is_not_asked_again_and_again_until_it_has_new_tokens() {
    let server = Server::start(|request| match request.form("refresh_token").as_deref() {
        Some("refresh-new") => {
            token_answer("access-2", "refresh-new", &format!("http://{}", request.header("host").unwrap()))
        }
        Some(_) => json(400, json!({"code": 108, "error": "invalid_grant"})),
        None => json(200, user_body()),
    })
    .await;
    let clock = TestClock::new();
    let store = MemoryStore::with(tokens(&server.origin(), clock.now()));
    let client = Client::new(config(&clock), Arc::clone(&store) as _).unwrap();
    clock.advance(SignedDuration::from_hours(2));
    let id = USER.parse().unwrap();
    for _ in 0..20 {
        let error = client.identity().get(&id).await.unwrap_err();
        assert_eq!(error.advice(), Advice::ReAuthenticate, "{error}");
    }
    assert_eq!(server.token_requests().len(), 1);
    // Who wants to know whether it works again is told what Concur says now.
    client.refresh().await.unwrap_err();
    assert_eq!(server.token_requests().len(), 2);
    clock.advance(SignedDuration::from_mins(6));
    client.identity().get(&id).await.unwrap_err();
    assert_eq!(server.token_requests().len(), 3);

    let mut renewed = tokens(&server.origin(), clock.now());
    renewed.refresh_token = "refresh-new".to_owned().into();
    renewed.access_expires_at = clock.now();
    *store.tokens.lock().unwrap() = Some(renewed);
    client.identity().get(&id).await.unwrap();
}
