//! Grants, refresh, single flight, and the traps of the token endpoint.

use crate::support::{
    MemoryStore, Reply, Server, StoreEvent, TestClock, config, connected, credentials, http, json,
    token_answer, tokens,
};
use concur::{
    Advice, Client, Error, HostPolicy, UserId,
    auth::{Grant, Remedy, TokenCause, exchange},
};
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

const USER: &str = "6f0e2f1c-9a44-4a55-8d0a-0c8f4d3d1a01";

fn company() -> Grant {
    Grant::Company {
        company_uuid: "b2c8f6ab-0000-4000-8000-000000000001".to_owned(),
        company_request_token: "canary-request-token".to_owned().into(),
    }
}

fn user_body() -> Value {
    json!({"id": USER, "userName": "ada@example.org"})
}

#[tokio::test]
async fn the_company_grant_is_a_form_without_charset_and_without_scope() {
    let server =
        Server::start(|_| token_answer("a", "r", "https://us2.api.concursolutions.com/oauth2/v0/token"))
            .await;
    let now = TestClock::new().now();
    let tokens = exchange(&http(), &server.origin(), &credentials(), &company(), now).await.unwrap();
    assert_eq!(tokens.geolocation.as_str(), "https://us2.api.concursolutions.com");
    assert_eq!(tokens.scopes, ["EXPRPT", "user.read"]);
    assert_eq!(tokens.access_expires_at.duration_since(now), SignedDuration::from_hours(1));
    assert_eq!(tokens.refresh_due_at().duration_since(now), SignedDuration::from_mins(48));

    let request = &server.requests()[0];
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/oauth2/v0/token"));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert!(request.header("content-length").is_some() && request.header("transfer-encoding").is_none());
    assert!(request.header("authorization").is_none());
    let members = ["client_id", "client_secret", "grant_type", "username", "password", "credtype", "scope"];
    let sent = members.map(|name| request.form(name).unwrap_or_default());
    let company = "b2c8f6ab-0000-4000-8000-000000000001";
    assert_eq!(
        sent,
        ["client-1", "canary-client-secret", "password", company, "canary-request-token", "authtoken", ""]
    );
}

#[tokio::test]
async fn the_user_grant_sends_login_and_password() {
    let server = Server::start(|_| token_answer("a", "r", "https://us2.api.concursolutions.com")).await;
    let grant = Grant::User { username: "ada@example.org".to_owned(), password: "p&=w".to_owned().into() };
    exchange(&http(), &server.origin(), &credentials(), &grant, TestClock::new().now()).await.unwrap();
    let request = &server.requests()[0];
    let sent = ["username", "password", "credtype"].map(|name| request.form(name).unwrap());
    assert_eq!(sent, ["ada@example.org", "p&=w", "password"]);
}

#[tokio::test]
async fn token_answers_of_all_documented_shapes_are_read() {
    #[track_caller]
    fn check_life(body: &Value, found: SignedDuration, seconds: i64) {
        assert_eq!(found, SignedDuration::from_secs(seconds), "{body}");
    }
    let origin = "https://us2.api.concursolutions.com";
    for (expires_in, seconds) in [
        (json!("3600"), 3600),
        (json!(3600), 3600),
        (json!(null), 3600),
        (json!("soon"), 3600),
        (json!(-5), 3600),
        // A point in time by mistake must not make a token that lives for decades.
        (json!(1_517_039_403), 24 * 3600),
    ] {
        let body = json!({"access_token": "a", "refresh_token": "r", "expires_in": expires_in, "geolocation": origin,
            "refresh_expires_in": 1_517_039_403, "unknown": {}});
        let answer = body.to_string();
        let server = Server::start(move |_| json(200, &answer)).await;
        let now = TestClock::new().now();
        let tokens = exchange(&http(), &server.origin(), &credentials(), &company(), now).await.unwrap();
        check_life(&body, tokens.access_expires_at.duration_since(now), seconds);
        assert!(tokens.refresh_expires_at().duration_since(now) < SignedDuration::from_hours(184 * 24));
    }
}

#[tokio::test]
async fn a_geolocation_at_a_foreign_host_is_refused() {
    for foreign in
        ["https://evil.test", "http://us2.api.concursolutions.com", "https://evilconcursolutions.com", "no"]
    {
        let server = Server::start(move |_| token_answer("a", "r", foreign)).await;
        let error =
            exchange(&http(), &server.origin(), &credentials(), &company(), TestClock::new().now()).await;
        let error = error.unwrap_err();
        assert!(matches!(error, Error::Host { .. }), "{foreign}: {error}");
        assert_eq!(error.advice(), Advice::Permanent);
    }
}

#[tokio::test]
async fn code_16_is_followed_once_and_not_twice() {
    let home = Server::start(|_| token_answer("a", "r", "https://eu2.api.concursolutions.com")).await;
    let there = home.origin.clone();
    let elsewhere =
        move |_: &_| json(400, json!({"code": "16", "error": "invalid_request", "geolocation": there}));
    let wrong = Server::start(elsewhere.clone()).await;
    let now = TestClock::new().now();
    let tokens = exchange(&http(), &wrong.origin(), &credentials(), &company(), now).await.unwrap();
    assert_eq!(tokens.geolocation.as_str(), "https://eu2.api.concursolutions.com");
    assert_eq!((wrong.requests().len(), home.requests().len()), (1, 1));

    let never = Arc::new(Mutex::new(String::new()));
    let target = Arc::clone(&never);
    let looping =
        Server::start(move |_| json(400, json!({"code": 16, "geolocation": *target.lock().unwrap()}))).await;
    never.lock().unwrap().clone_from(&looping.origin);
    let error = exchange(&http(), &looping.origin(), &credentials(), &company(), now).await.unwrap_err();
    assert!(matches!(error, Error::Token { cause: TokenCause::Elsewhere, .. }), "{error}");
    assert_eq!(looping.requests().len(), 2);
}

#[tokio::test]
async fn a_refusal_names_its_cause_and_who_can_mend_it() {
    async fn check(status: u16, body: Value, cause: TokenCause, remedy: Remedy, advice: Advice) {
        let text = body.to_string();
        let server = Server::start(move |_| json(status, &text)).await;
        let error =
            exchange(&http(), &server.origin(), &credentials(), &company(), TestClock::new().now()).await;
        let error = error.unwrap_err();
        let Error::Token { cause: found, .. } = &error else { panic!("{body}: {error}") };
        assert_eq!((*found, found.remedy(), error.advice()), (cause, remedy, advice), "{body}");
        let words = error.to_string();
        assert!(words.contains(cause.meaning()) && words.contains(cause.next_step()), "{words}");
    }
    let wrong = json!({"code": 5, "error": "invalid_grant", "error_description": "Incorrect"});
    check(400, wrong, TokenCause::WrongCredentials, Remedy::Operator, Advice::ReAuthenticate).await;
    let dead = json!({"code": "108", "error": "invalid_grant"});
    check(400, dead, TokenCause::RefreshTokenDead, Remedy::Operator, Advice::ReAuthenticate).await;
    check(400, json!({"code": 135}), TokenCause::UnsupportedFormat, Remedy::Bug, Advice::Permanent).await;
    let later = Advice::CertainlyNotApplied { retry_after: None };
    check(400, json!({"code": 134}), TokenCause::Maintenance, Remedy::Retry, later).await;
    // Nobody said that the connection has ended: a gateway's page, a code of tomorrow.
    check(403, json!({}), TokenCause::Unlisted, Remedy::Unknown, later).await;
    check(400, json!({"code": 9999}), TokenCause::Unlisted, Remedy::Unknown, later).await;
    let no_refresh = json!({"access_token": "a", "expires_in": 3600});
    check(200, no_refresh, TokenCause::NoRefreshToken, Remedy::Configuration, Advice::ReAuthenticate).await;
}

#[tokio::test]
async fn fifty_callers_with_an_old_token_cause_one_refresh_which_is_saved_before_it_is_used() {
    let clock = TestClock::new();
    let here = Arc::new(Mutex::new(String::new()));
    let saved = Arc::new(Mutex::new(None::<Arc<MemoryStore>>));
    let (origin, store_of_server) = (Arc::clone(&here), Arc::clone(&saved));
    let server = Server::start(move |request| {
        if request.is_token() {
            return token_answer("access-1", "refresh-1", &origin.lock().unwrap());
        }
        // Whoever uses the new token may do so only after it was saved.
        assert_eq!(request.header("authorization"), Some("Bearer access-1"));
        assert_eq!(store_of_server.lock().unwrap().as_ref().unwrap().saves(), 1);
        json(200, user_body())
    })
    .await;
    here.lock().unwrap().clone_from(&server.origin);
    let store = MemoryStore::with(tokens(&server.origin(), clock.now()));
    *saved.lock().unwrap() = Some(Arc::clone(&store));
    let client = Client::new(config(&clock), Arc::clone(&store) as _).unwrap();

    clock.advance(SignedDuration::from_mins(49));
    let id: UserId = USER.parse().unwrap();
    let calls = (0..50).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.identity().get(&id).await.map(|user| user.id()) })
    });
    for call in futures::future::join_all(calls).await {
        assert_eq!(call.unwrap().unwrap(), id);
    }
    assert_eq!(server.token_requests().len(), 1);
    assert_eq!(server.token_requests()[0].form("refresh_token").as_deref(), Some("refresh-0"));
    let saved = StoreEvent::Saved { refresh: "refresh-1".to_owned(), previous: Some("refresh-0".to_owned()) };
    assert_eq!(*store.events.lock().unwrap(), [StoreEvent::Locked, saved, StoreEvent::Unlocked]);
}

#[tokio::test]
async fn fifty_callers_with_a_refused_token_cause_one_refresh() {
    let here = Arc::new(Mutex::new(String::new()));
    let origin = Arc::clone(&here);
    let server = Server::start(move |request| match request.header("authorization") {
        None => token_answer("access-1", "refresh-0", &origin.lock().unwrap()),
        Some("Bearer access-1") => json(200, user_body()),
        Some(_) => json(401, ""),
    })
    .await;
    here.lock().unwrap().clone_from(&server.origin);
    let client = connected(&server);
    let id: UserId = USER.parse().unwrap();
    let identity = client.identity();
    let answers = futures::future::join_all((0..50).map(|_| identity.get(&id))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(server.token_requests().len(), 1);
}

#[tokio::test]
async fn a_missing_scope_costs_one_refresh_and_not_one_per_call() {
    let here = Arc::new(Mutex::new(String::new()));
    let (origin, refreshes) = (Arc::clone(&here), AtomicUsize::new(0));
    let server = Server::start(move |request| {
        if request.is_token() {
            let count = refreshes.fetch_add(1, Ordering::SeqCst);
            return token_answer(&format!("access-{}", count + 1), "refresh-0", &origin.lock().unwrap());
        }
        json(403, json!({"Error": {"Message": "Forbidden Request"}}))
    })
    .await;
    here.lock().unwrap().clone_from(&server.origin);
    let client = connected(&server);
    for _ in 0..5 {
        let error = client.identity().get(&USER.parse().unwrap()).await.unwrap_err();
        assert!(matches!(error, Error::Denied(_)), "{error}");
        assert_eq!((error.status(), error.advice()), (Some(403), Advice::ReAuthenticate));
    }
    assert_eq!((server.token_requests().len(), server.requests().len()), (1, 7));
}

#[tokio::test]
async fn the_previous_refresh_token_is_tried_when_the_newest_is_refused_and_dropped_when_it_works() {
    let here = Arc::new(Mutex::new(String::new()));
    let origin = Arc::clone(&here);
    let server = Server::start(move |request| match request.form("refresh_token").as_deref() {
        Some("lost") => json(400, json!({"code": 108, "error": "invalid_grant"})),
        Some("older") => token_answer("access-1", "newer", &origin.lock().unwrap()),
        _ => token_answer("access-2", "newer", &origin.lock().unwrap()),
    })
    .await;
    here.lock().unwrap().clone_from(&server.origin);
    let clock = TestClock::new();
    let mut first = tokens(&server.origin(), clock.now());
    first.refresh_token = "lost".to_owned().into();
    first.previous_refresh_token = Some("older".to_owned().into());
    let client = Client::new(config(&clock), MemoryStore::with(first)).unwrap();

    let second = client.refresh().await.unwrap();
    assert_eq!(second.refresh_token.expose_secret(), "newer");
    assert_eq!(second.previous_refresh_token.unwrap().expose_secret(), "older");
    let third = client.refresh().await.unwrap();
    assert!(third.previous_refresh_token.is_none());
    let used: Vec<_> =
        server.token_requests().iter().map(|request| request.form("refresh_token").unwrap()).collect();
    assert_eq!(used, ["lost", "older", "newer"]);
}

#[tokio::test]
async fn a_token_that_cannot_be_saved_is_kept_and_saved_later_instead_of_being_asked_for_again() {
    let here = Arc::new(Mutex::new(String::new()));
    let origin = Arc::clone(&here);
    let server = Server::start(move |request| {
        if request.is_token() {
            token_answer("access-1", "refresh-1", &origin.lock().unwrap())
        } else {
            json(200, user_body())
        }
    })
    .await;
    here.lock().unwrap().clone_from(&server.origin);
    let clock = TestClock::new();
    let store = MemoryStore::with(tokens(&server.origin(), clock.now()));
    *store.saves_to_refuse.lock().unwrap() = 1;
    let client = Client::new(config(&clock), Arc::clone(&store) as _).unwrap();
    clock.advance(SignedDuration::from_hours(2));

    let error = client.identity().get(&USER.parse().unwrap()).await.unwrap_err();
    assert_eq!(error.advice(), Advice::CertainlyNotApplied { retry_after: None });
    assert_eq!(server.requests().len(), 1, "the unsaved token was not used");
    client.identity().get(&USER.parse().unwrap()).await.unwrap();
    assert_eq!(server.token_requests().len(), 1);
    assert_eq!(store.tokens.lock().unwrap().as_ref().unwrap().refresh_token.expose_secret(), "refresh-1");
}

#[tokio::test]
async fn while_another_replica_refreshes_the_token_in_use_serves_on() {
    let server = Server::start(|_| json(200, user_body())).await;
    let clock = TestClock::new();
    let store = MemoryStore::with(tokens(&server.origin(), clock.now()));
    *store.held_elsewhere.lock().unwrap() = true;
    let client = Client::new(config(&clock), store).unwrap();
    clock.advance(SignedDuration::from_mins(50));
    client.identity().get(&USER.parse().unwrap()).await.unwrap();
    assert!(server.token_requests().is_empty());
}

#[tokio::test]
async fn a_failing_early_refresh_does_not_stop_calls_and_is_not_repeated_at_once() {
    let server =
        Server::start(|request| if request.is_token() { json(503, "down") } else { json(200, user_body()) })
            .await;
    let clock = TestClock::new();
    let store = MemoryStore::with(tokens(&server.origin(), clock.now()));
    let client = Client::new(config(&clock), store).unwrap();
    clock.advance(SignedDuration::from_mins(50));
    for _ in 0..3 {
        client.identity().get(&USER.parse().unwrap()).await.unwrap();
    }
    assert_eq!(server.token_requests().len(), 1);

    // Once the token has ended a call cannot be made, and was certainly not applied.
    clock.advance(SignedDuration::from_mins(20));
    let error = client.identity().get(&USER.parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::NotAuthenticated(_)), "{error}");
    assert_eq!(error.advice(), Advice::CertainlyNotApplied { retry_after: None });
}

#[tokio::test]
async fn an_unconnected_account_and_a_production_client_send_nothing() {
    let server = Server::start(|_| Reply::Close).await;
    let clock = TestClock::new();
    let client = Client::new(config(&clock), Arc::new(MemoryStore::default())).unwrap();
    let error = client.identity().get(&USER.parse().unwrap()).await.unwrap_err();
    assert!(
        matches!(&error, Error::NotAuthenticated(source) if matches!(**source, Error::NotConnected)),
        "{error}"
    );
    assert_eq!(error.advice(), Advice::ReAuthenticate);
    assert!(HostPolicy::production().origin(&server.origin).is_err());
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn debug_output_shows_no_secret() {
    let server = Server::start(|_| Reply::Close).await;
    let clock = TestClock::new();
    let shown = format!(
        "{:?} {:?} {:?} {:?}",
        credentials(),
        company(),
        tokens(&server.origin(), clock.now()),
        config(&clock),
    );
    for secret in ["canary", "access-0", "refresh-0"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_caller_that_goes_away_during_a_refresh_does_not_take_the_new_token_with_it() {
    let here = Arc::new(Mutex::new(String::new()));
    let (release, gate) = std::sync::mpsc::channel::<()>();
    let (origin, gate) = (Arc::clone(&here), Mutex::new(gate));
    let server = Server::start(move |_| {
        gate.lock().unwrap().recv().unwrap();
        token_answer("access-1", "refresh-1", &origin.lock().unwrap())
    })
    .await;
    here.lock().unwrap().clone_from(&server.origin);
    let clock = TestClock::new();
    let store = MemoryStore::with(tokens(&server.origin(), clock.now()));
    let client = Client::new(config(&clock), Arc::clone(&store) as _).unwrap();
    let caller = tokio::spawn(async move { client.refresh().await });
    while server.token_requests().is_empty() {
        tokio::task::yield_now().await;
    }
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    release.send(()).unwrap();
    let saved = async {
        while store.saves() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), saved).await.unwrap();
    assert_eq!(store.tokens.lock().unwrap().as_ref().unwrap().refresh_token.expose_secret(), "refresh-1");
}
