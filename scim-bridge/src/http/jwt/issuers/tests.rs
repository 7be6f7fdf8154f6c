//! Against a server on a real socket, with times as arguments.

use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::super::compact::Jwt;
use super::super::keys::Match;
use super::*;

/// An issuer that answers what it is told to.
struct Issuer {
    url: String,
    answer: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Issuer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let issuer = Self { url, answer: Arc::default(), asked: Arc::default() };
        let (answer, asked) = (Arc::clone(&issuer.answer), Arc::clone(&issuer.asked));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut heard = Vec::new();
                while !heard.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    if socket.read(&mut byte).await.unwrap_or(0) == 0 {
                        break;
                    }
                    heard.extend(byte);
                }
                asked.fetch_add(1, Ordering::SeqCst);
                let answer = answer.lock().unwrap().clone();
                drop(socket.write_all(answer.as_bytes()).await);
            }
        });
        issuer
    }

    fn says(&self, status: &str, body: &str) {
        let length = body.len();
        *self.answer.lock().unwrap() = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nLocation: {}\r\nConnection: close\r\n\r\n{body}",
            self.url
        );
    }

    fn has(&self, keys: &[&Signer]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.public()).collect();
        self.says("200 OK", &json!({"keys": keys}).to_string());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

struct Signer {
    id: &'static str,
    pair: EcdsaKeyPair,
}

impl Signer {
    fn new(id: &'static str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Self { id, pair }
    }

    fn public(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let part = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
        json!({"kty": "EC", "crv": "P-256", "kid": self.id, "use": "sig", "x": part(1..33), "y": part(33..65)})
    }

    fn token(&self) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({"alg": "ES256", "kid": self.id}));
        let signed = format!("{header}.{}", part(json!({"iss": "https://idp", "aud": "a", "exp": 9})));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn fits(&self, keys: &KeySet) -> Match {
        keys.matches(&Jwt::parse(&self.token()).unwrap())
    }
}

#[tokio::test]
async fn a_set_is_fetched_once_and_again_when_it_is_old() {
    let (issuer, issuers, key, start) =
        (Issuer::start().await, Issuers::new(""), Signer::new("1"), Instant::now());
    issuer.has(&[&key]);
    for after in [Duration::ZERO, FRESH / 2, FRESH.saturating_sub(Duration::from_millis(1))] {
        let keys = issuers.keys(&issuer.url, start + after).await.unwrap();
        assert_eq!(key.fits(&keys), Match::Signed);
    }
    assert_eq!(issuer.asked(), 1);
    let other = Signer::new("1");
    issuer.has(&[&other]);
    let keys = issuers.keys(&issuer.url, start + FRESH).await.unwrap();
    assert_eq!((key.fits(&keys), other.fits(&keys), issuer.asked()), (Match::Forged, Match::Signed, 2));
}

#[tokio::test]
async fn a_new_key_is_found_and_unknown_ones_do_not_make_us_ask_and_ask() {
    let (issuer, issuers, start) = (Issuer::start().await, Issuers::new(""), Instant::now());
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    issuer.has(&[&old]);
    let keys = issuers.keys(&issuer.url, start).await.unwrap();
    assert_eq!(new.fits(&keys), Match::NoSuchKey);
    issuer.has(&[&old, &new]);
    let early = start + AGAIN_AFTER.saturating_sub(Duration::from_millis(1));
    assert!(issuers.keys_again(&issuer.url, early).await.is_none());
    let keys = issuers.keys_again(&issuer.url, start + AGAIN_AFTER).await.unwrap();
    assert_eq!((new.fits(&keys), old.fits(&keys)), (Match::Signed, Match::Signed));
    for _ in 0..100 {
        assert!(issuers.keys_again(&issuer.url, start + AGAIN_AFTER).await.is_none());
    }
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn an_issuer_that_is_away_is_believed_for_a_day_and_asked_now_and_then() {
    let (issuer, issuers, key, start) =
        (Issuer::start().await, Issuers::new(""), Signer::new("1"), Instant::now());
    issuer.says("500 Internal Server Error", "");
    assert!(issuers.keys(&issuer.url, start).await.unwrap_err().0.contains("500"));
    assert!(issuers.keys(&issuer.url, start).await.is_err());
    assert_eq!(issuer.asked(), 1, "not again at once");
    issuer.has(&[&key]);
    let begun = start + FAILED_PAUSE;
    assert!(issuers.keys(&issuer.url, begun).await.is_ok());
    issuer.says("503 Service Unavailable", "");
    let keys = issuers.keys(&issuer.url, begun + FRESH).await.unwrap();
    assert_eq!(key.fits(&keys), Match::Signed, "the last ones");
    assert!(issuers.keys(&issuer.url, begun + FRESH + FAILED_PAUSE / 2).await.is_ok());
    assert_eq!(issuer.asked(), 3);
    assert!(issuers.keys(&issuer.url, begun + STALE_MAX).await.is_err(), "not for ever");
}

#[tokio::test]
async fn what_is_no_set_is_no_set() {
    let (issuer, issuers, key) = (Issuer::start().await, Issuers::new(""), Signer::new("1"));
    let long = json!({"keys": [key.public()], "more": "x".repeat(BYTES_MAX)}).to_string();
    let mut now = Instant::now();
    for (status, body, why) in [
        ("200 OK", "<html>", "no JSON"),
        ("200 OK", "{\"keys\": []}", "no RSA or P-256 key"),
        ("200 OK", long.as_str(), "longer than"),
        ("302 Found", "", "302"),
        ("404 Not Found", "", "404"),
    ] {
        issuer.says(status, body);
        let refused = issuers.keys(&issuer.url, now).await.unwrap_err();
        assert!(refused.0.contains(why), "{refused}");
        now += FAILED_PAUSE;
    }
    assert_eq!(issuer.asked(), 5, "a redirection is not followed");
    drop(issuer);
    let nobody = issuers.keys("http://127.0.0.1:1/keys", now).await.unwrap_err();
    assert!(!nobody.0.contains("127.0.0.1"), "{nobody}");
}
