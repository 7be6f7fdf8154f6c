//! OAuth client credentials (RFC 6749 §4.4): what a client gets for them, what it does not get, and when that ends.

use std::time::Duration;

use jiff::SignedDuration;
use reqwest::{Method, RequestBuilder};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use store::tokens;

use crate::harness::{Answer, House, everywhere, send, token, with};

const FORM: &str = "application/x-www-form-urlencoded";

/// The id that a token begins with.
fn id(token: &str) -> &str {
    &token[4..20]
}

async fn ask(house: &House, credentials: Option<(&str, &str)>, form: &str) -> Answer {
    send(request(house, credentials, form)).await
}

fn request(house: &House, credentials: Option<(&str, &str)>, form: &str) -> RequestBuilder {
    let mut request = house.bare(Method::POST, "/oauth/token").header("content-type", FORM);
    if let Some((id, secret)) = credentials {
        request = request.basic_auth(id, Some(secret));
    }
    request.body(form.to_owned())
}

/// Asserts an error of RFC 6749 §5.2.
#[track_caller]
fn expect_refusal(answer: &Answer, status: u16, code: &str) {
    let body = answer.expect(status);
    assert_eq!(body["error"], code, "{body}");
    assert!(body["error_description"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    assert_eq!(
        (answer.header("content-type"), answer.header("cache-control")),
        ("application/json", "no-store")
    );
}

async fn users(house: &House, access: &Value) -> u16 {
    let request = house.bare(Method::GET, "/Users").bearer_auth(access.as_str().unwrap());
    send(request).await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_an_access_token_for_its_credentials_and_works_with_it() {
    everywhere(async |house| {
        let grant = "grant_type=client_credentials";
        let client = token(house.store(), Some(&house.account), &["scim:read", "scim:write"]).await;
        let basic = ask(house, Some((id(&client), &client)), grant).await;
        let body = basic.expect(200);
        assert_eq!((&body["token_type"], &body["scope"]), (&json!("Bearer"), &json!("scim:read scim:write")));
        assert!(body["expires_in"].as_i64().is_some_and(|s| (3500..=3600).contains(&s)), "{body}");
        assert_eq!((basic.header("cache-control"), basic.header("pragma")), ("no-store", "no-cache"));
        assert!(body.get("refresh_token").is_none());
        let access = body["access_token"].as_str().unwrap();
        assert!(!access.contains(&client[21..64]), "the secret stays where it is");
        assert_eq!(users(house, &body["access_token"]).await, 200);

        let form = format!("{grant}&client_id={}&client_secret={client}&scope=scim%3Aread", id(&client));
        let narrow = ask(house, None, &form).await.expect(200);
        assert_eq!(narrow["scope"], "scim:read");
        assert_eq!(users(house, &narrow["access_token"]).await, 200);
        let write = house.bare(Method::POST, "/Users").bearer_auth(narrow["access_token"].as_str().unwrap());
        send(write.header("content-type", "application/json").body("{}")).await.expect_error(403, None);
        // An access token buys no other one.
        let again = ask(house, Some((id(&client), access)), grant).await;
        expect_refusal(&again, 401, "invalid_client");
        assert!(
            house.store().read(move |conn| tokens::list(conn, None)).await.unwrap().iter().any(|token| token
                .id
                .as_str()
                == id(&client)
                && token.last_used_at.is_some())
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_wrongly_is_told_how_in_the_words_of_the_rfc() {
    everywhere(async |house| {
        let grant = "grant_type=client_credentials";
        let client = token(house.store(), Some(&house.account), &["scim:read"]).await;
        let other = token(house.store(), Some(&house.account), &["scim:read"]).await;
        let own = Some((id(&client), client.as_str()));
        expect_refusal(&ask(house, own, "").await, 400, "invalid_request");
        expect_refusal(
            &ask(house, own, "grant_type=authorization_code&code=x").await,
            400,
            "unsupported_grant_type",
        );
        expect_refusal(&ask(house, own, &format!("{grant}&scope=scim:write")).await, 400, "invalid_scope");
        expect_refusal(&ask(house, own, &format!("{grant}&{grant}")).await, 400, "invalid_request");
        let twice = format!("{grant}&client_id={}&client_secret={client}", id(&client));
        expect_refusal(&ask(house, own, &twice).await, 400, "invalid_request");
        for wrong in
            [None, Some((id(&client), "secret")), Some((id(&other), client.as_str())), Some(("", ""))]
        {
            let refused = ask(house, wrong, grant).await;
            expect_refusal(&refused, 401, "invalid_client");
            assert!(refused.header("www-authenticate").starts_with("Basic "), "{wrong:?}");
        }
        let json = house.bare(Method::POST, "/oauth/token").header("content-type", "application/json");
        expect_refusal(&send(json.body("{}")).await, 415, "invalid_request");
        expect_refusal(&send(house.bare(Method::GET, "/oauth/token")).await, 405, "invalid_request");
        let long = format!("{grant}&scope={}", "x".repeat(9_000));
        expect_refusal(&ask(house, own, &long).await, 413, "invalid_request");
        // In the address a secret would end up in logs: there it counts for nothing.
        let address = format!("/oauth/token?client_id={}&client_secret={client}", id(&client));
        let request = house.bare(Method::POST, &address).header("content-type", FORM).body(grant);
        expect_refusal(&send(request).await, 401, "invalid_client");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_credentials_is_slowed_down_like_guessing_tokens() {
    let change = |config: &mut scim_bridge::config::Config| config.limits.failed_authentications = 2;
    with(change, async |house| {
        let grant = "grant_type=client_credentials";
        for _ in 0..2 {
            expect_refusal(&ask(house, Some(("a", "b")), grant).await, 401, "invalid_client");
        }
        let limited = ask(house, Some(("a", "b")), grant).await;
        expect_refusal(&limited, 429, "temporarily_unavailable");
        assert!(!limited.header("retry-after").is_empty());
        let client = token(house.store(), Some(&house.account), &["scim:read"]).await;
        ask(house, Some((id(&client), &client)), grant).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_dies_with_its_client_and_survives_a_rotation() {
    everywhere(async |house| {
        let grant = "grant_type=client_credentials";
        let client = token(house.store(), Some(&house.account), &["scim:read"]).await;
        let client_id = id(&client).to_owned();
        let access = ask(house, Some((&client_id, &client)), grant).await.expect(200)["access_token"].clone();
        let now = house.running.bridge().clock.now();
        let (old, in_an_hour) = (client_id.parse().unwrap(), now + SignedDuration::from_hours(1));
        let rotated = house
            .store()
            .write(move |conn| tokens::rotate(conn, &old, in_an_hour, in_an_hour, now, &mut rand::rng()))
            .await
            .unwrap();
        let tokens::Rotation::Made(made) = rotated else { panic!("not made") };
        let (new, secret) = (made.token, made.plaintext);
        assert_eq!(users(house, &access).await, 200);
        let renewed = ask(house, Some((&client_id, secret.expose_secret())), grant).await.expect(200);
        assert_eq!(users(house, &renewed["access_token"]).await, 200);
        for id in [client_id.parse().unwrap(), new.id.clone()] {
            house.store().write(move |conn| tokens::revoke(conn, &id, now)).await.unwrap();
        }
        let ended = async || {
            users(house, &access).await == 401 && users(house, &renewed["access_token"]).await == 401
        };
        let begun = std::time::Instant::now();
        house.until("revoked access tokens are refused", ended).await;
        assert!(begun.elapsed() < Duration::from_secs(6), "within 5 s (reliability S3)");
        expect_refusal(&ask(house, Some((&client_id, &client)), grant).await, 401, "invalid_client");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_tokens_are_made_is_published() {
    everywhere(async |house| {
        let found =
            send(house.bare(Method::GET, "/.well-known/oauth-authorization-server")).await.expect(200);
        let issuer = found["issuer"].as_str().unwrap();
        assert_eq!(found["token_endpoint"], format!("{issuer}/oauth/token"));
        assert_eq!(found["grant_types_supported"], json!(["client_credentials"]));
        let config = house.get("/scim/v2/ServiceProviderConfig").await.expect(200);
        let kinds: Vec<_> =
            config["authenticationSchemes"].as_array().unwrap().iter().map(|s| &s["type"]).collect();
        assert_eq!(kinds, ["oauthbearertoken", "oauth2"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_refused_within_five_seconds_also_by_those_who_know_it() {
    let change = |config: &mut scim_bridge::config::Config| config.token_known_for = Duration::from_secs(1);
    with(change, async |house| {
        let client = token(house.store(), Some(&house.account), &["scim:read"]).await;
        let ask = async || users(house, &json!(client)).await;
        assert_eq!((ask().await, ask().await), (200, 200));
        let (id, now) = (id(&client).parse().unwrap(), house.running.bridge().clock.now());
        house.store().write(move |conn| tokens::revoke(conn, &id, now)).await.unwrap();
        let begun = std::time::Instant::now();
        house.until("the token is refused", async || ask().await == 401).await;
        assert!(begun.elapsed() < Duration::from_secs(5));
    })
    .await;
}
