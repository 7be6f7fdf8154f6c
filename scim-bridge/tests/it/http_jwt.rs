//! Access with the JWTs of a trusted issuer (B16), which is a server of its own on a real socket.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use reqwest::Method;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
};
use scim_bridge::clock::Clock;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::harness::{Answer, House, send, with};

/// A key for nothing but these tests: RSA 2048, PKCS #8; ring makes none of its own.
const RSA_KEY: &str = include_str!("jwt_rsa_key_of_tests.b64");

const AUDIENCE: &str = "api://scim-bridge";

/// Publishes keys and signs with them.
struct Issuer {
    name: String,
    keys_url: String,
    published: Arc<Mutex<Option<Value>>>,
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
}

impl Issuer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = format!("http://{}", listener.local_addr().unwrap());
        let der = STANDARD.decode(RSA_KEY.split_whitespace().collect::<String>()).unwrap();
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let issuer = Self {
            keys_url: format!("{name}/keys"),
            name,
            published: Arc::default(),
            rsa: RsaKeyPair::from_pkcs8(&der).unwrap(),
            ec: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random)
                .unwrap(),
        };
        *issuer.published.lock().unwrap() = Some(issuer.keys());
        let published = Arc::clone(&issuer.published);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut heard = [0; 2048];
                let _ = socket.read(&mut heard).await;
                let answer = match &*published.lock().unwrap() {
                    Some(keys) => {
                        let body = keys.to_string();
                        format!(
                            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                            body.len()
                        )
                    }
                    None => "HTTP/1.1 503 Away\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
                };
                drop(socket.write_all(answer.as_bytes()).await);
            }
        });
        issuer
    }

    fn keys(&self) -> Value {
        let rsa: PublicKeyComponents<Vec<u8>> = self.rsa.public().into();
        let point = self.ec.public_key().as_ref();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"keys": [
            {"kty": "RSA", "kid": "rsa", "use": "sig", "n": part(&rsa.n), "e": part(&rsa.e)},
            {"kty": "EC", "crv": "P-256", "kid": "ec", "x": part(&point[1..33]), "y": part(&point[33..])},
        ]})
    }

    /// What it says of a machine that may use the bridge, and other or more than that.
    fn claims(&self, other: &Value) -> Value {
        let now = Clock::system().now().as_second();
        let mut claims = json!({
            "iss": self.name, "aud": AUDIENCE, "sub": "entra", "iat": now, "nbf": now, "exp": now + 600,
        });
        claims.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        claims
    }

    /// A JWT with this header.
    fn token(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let (random, bytes) = (SystemRandom::new(), signed.as_bytes());
        let mut signature = vec![0; self.rsa.public().modulus_len()];
        match header["alg"].as_str().unwrap() {
            "RS256" => self.rsa.sign(&RSA_PKCS1_SHA256, &random, bytes, &mut signature).unwrap(),
            "PS256" => self.rsa.sign(&RSA_PSS_SHA256, &random, bytes, &mut signature).unwrap(),
            "ES256" => signature = self.ec.sign(&random, bytes).unwrap().as_ref().to_vec(),
            "none" => signature = Vec::new(),
            // With the public key as the shared secret: the oldest trick (RFC 8725 §2.1).
            "HS256" => {
                let public: PublicKeyComponents<Vec<u8>> = self.rsa.public().into();
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &public.n);
                signature = ring::hmac::sign(&key, bytes).as_ref().to_vec();
            }
            other => panic!("{other}"),
        }
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn rs256(&self, other: &Value) -> String {
        self.token(&json!({"alg": "RS256", "kid": "rsa"}), &self.claims(other))
    }
}

/// `token trust`, with its answer.
fn trust(house: &House, issuer: &Issuer, more: &[&str]) -> (i32, String, String) {
    let line = [
        ["token", "trust"].as_slice(),
        &["--account", "Acme", "--name", "Entra", "--issuer", &issuer.name, "--audience", AUDIENCE],
        more,
    ];
    house.command(&line.concat())
}

/// The id of a token that JWTs of the issuer stand for.
fn trusted(house: &House, issuer: &Issuer, more: &[&str]) -> String {
    let (code, id, said) = trust(house, issuer, more);
    assert_eq!(code, 0, "{said}");
    id.trim().to_owned()
}

async fn users(house: &House, token: &str) -> Answer {
    send(house.bare(Method::GET, "/Users?count=0").bearer_auth(token)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jwt_of_a_trusted_issuer_opens_what_its_token_opens_until_that_is_revoked() {
    with(no_memory, async |house| {
        let issuer = Issuer::start().await;
        let jwt = issuer.rs256(&json!({}));
        users(house, &jwt).await.expect_error(401, None);
        let id = trusted(house, &issuer, &["--keys-url", &issuer.keys_url, "--scopes", "scim:read"]);
        let [rs, ps, es] = [("RS256", "rsa"), ("PS256", "rsa"), ("ES256", "ec")].map(|(alg, kid)| {
            issuer.token(&json!({"alg": alg, "kid": kid, "typ": "at+jwt"}), &issuer.claims(&json!({})))
        });
        for token in [&jwt, &rs, &ps, &es] {
            users(house, token).await.expect(200);
        }
        let nameless = issuer.token(&json!({"alg": "ES256"}), &issuer.claims(&json!({})));
        users(house, &nameless).await.expect(200);

        // The same authorisation as with a bearer token, and the same traces.
        let create = house.bare(Method::POST, "/Users").bearer_auth(&jwt);
        send(create.header("content-type", "application/json").body("{}")).await.expect_error(403, None);
        let (_, listed, _) = house.command(&["token", "list"]);
        let line = listed.lines().find(|line| line.starts_with(&id)).unwrap();
        assert!(line.contains(&format!("JWTs of {}", issuer.name)) && line.contains("Entra"), "{line}");
        let used = house.store().read(|conn| store::tokens::list(conn, None)).await.unwrap();
        assert!(used.iter().any(|token| token.id.as_str() == id && token.last_used_at.is_some()));

        let (code, _, said) = house.command(&["token", "rotate", &id]);
        assert!(code != 0 && said.contains("no secret"), "{said}");
        let (code, _, said) = trust(house, &issuer, &["--keys-url", &issuer.keys_url]);
        assert!(code != 0 && said.contains(&id), "{said}");
        assert_eq!(house.command(&["token", "revoke", &id]).0, 0);
        users(house, &jwt).await.expect_error(401, None);
    })
    .await;
}

/// Each request asks the database anew, and refusals are not counted.
fn no_memory(config: &mut scim_bridge::config::Config) {
    config.token_known_for = std::time::Duration::ZERO;
    config.limits.failed_authentications = 0;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jwt_that_is_not_as_asked_for_is_refused_whatever_is_wrong() {
    with(no_memory, async |house| {
        let (issuer, stranger) = (Issuer::start().await, Issuer::start().await);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), issuer.keys().to_string()).unwrap();
        let keys = file.path().to_str().unwrap();
        trusted(house, &issuer, &["--keys-file", keys, "--claim", "sub=entra", "--claim", "roles=provision"]);
        let right = json!({"roles": ["read", "provision"]});
        users(house, &issuer.rs256(&right)).await.expect(200);

        let now = Clock::system().now().as_second();
        let with = |other: Value| {
            let mut claims = right.clone();
            claims.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
            issuer.claims(&claims)
        };
        let header = json!({"alg": "RS256", "kid": "rsa"});
        for other in [
            json!({"aud": "api://other"}),
            json!({"aud": ["api://other"]}),
            json!({"aud": null}),
            json!({"iss": "https://other"}),
            json!({"iss": format!("{}/", issuer.name)}),
            json!({"sub": "okta"}),
            json!({"roles": ["read"]}),
            json!({"roles": null}),
            json!({"exp": now - 61}),
            json!({"exp": "tomorrow"}),
            json!({"exp": null}),
            json!({"nbf": now + 120}),
            json!({"iat": now + 120}),
            json!({"cnf": {"jkt": "x"}}),
        ] {
            let refused = users(house, &issuer.token(&header, &with(other.clone()))).await;
            assert_eq!(refused.status.as_u16(), 401, "{other}");
        }
        let claims = with(json!({}));
        for header in [
            json!({"alg": "none"}),
            json!({"alg": "HS256", "kid": "rsa"}),
            json!({"alg": "ES256", "kid": "rsa"}),
            json!({"alg": "RS256", "kid": "other"}),
            json!({"alg": "RS256", "kid": "rsa", "crit": ["b64"]}),
            json!({"alg": "RS256", "kid": "rsa", "typ": "logout+jwt"}),
        ] {
            let refused = users(house, &issuer.token(&header, &claims)).await;
            assert_eq!(refused.status.as_u16(), 401, "{header}");
        }
        // Signed by somebody else, who brings the key along; and changed after it was signed.
        let forged =
            stranger.token(&json!({"alg": "ES256", "kid": "ec", "jwk": stranger.keys()["keys"][1]}), &claims);
        users(house, &forged).await.expect_error(401, None);
        let signed = issuer.token(&header, &claims);
        let parts: Vec<&str> = signed.split('.').collect();
        let more = URL_SAFE_NO_PAD.encode(with(json!({"exp": now + 6_000})).to_string());
        for changed in [
            format!("{}.{more}.{}", parts[0], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}.{}", parts[0], parts[1], "A".repeat(342)),
            format!("{signed}."),
            issuer.token(&header, &with(json!({"more": "x".repeat(9_000)}))),
        ] {
            users(house, &changed).await.expect_error(401, None);
        }
        users(house, &signed).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_nobody_is_called_a_liar_and_two_trusts_are_none() {
    with(no_memory, async |house| {
        let issuer = Issuer::start().await;
        *issuer.published.lock().unwrap() = None;
        trusted(house, &issuer, &["--keys-url", &issuer.keys_url]);
        let away = users(house, &issuer.rs256(&json!({}))).await;
        away.expect_error(503, None);
        assert!(!away.header("retry-after").is_empty());
        // Who is not meant at all hears nothing of that.
        users(house, &issuer.rs256(&json!({"aud": "other"}))).await.expect_error(401, None);

        let open = Issuer::start().await;
        trusted(house, &open, &["--keys-url", &open.keys_url]);
        users(house, &open.rs256(&json!({}))).await.expect(200);
        trusted(house, &open, &["--keys-url", &open.keys_url, "--claim", "sub=entra"]);
        users(house, &open.rs256(&json!({}))).await.expect_error(401, None);
        users(house, &open.rs256(&json!({"sub": "okta"}))).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_jwts_count_as_failed_authentications_and_a_trust_ends_as_a_token_does() {
    let few = |config: &mut scim_bridge::config::Config| config.limits.failed_authentications = 2;
    with(few, async |house| {
        let issuer = Issuer::start().await;
        for _ in 0..2 {
            users(house, &issuer.rs256(&json!({}))).await.expect_error(401, None);
        }
        users(house, &issuer.rs256(&json!({}))).await.expect_error(429, None);
        trusted(house, &issuer, &["--keys-url", &issuer.keys_url, "--expires-in", "30d"]);
        let live = async |days: i64| {
            let (name, now) =
                (issuer.name.clone(), Clock::system().now() + SignedDuration::from_hours(24 * days));
            let found = house.store().read(move |conn| store::tokens::trusted(conn, &name, now)).await;
            found.unwrap().len()
        };
        assert_eq!((live(29).await, live(31).await), (1, 0));
    })
    .await;
}
