//! A server of a few lines, so that tests see exactly what travels, and a token store in memory.

use concur::{
    Client, ClientConfig, Clock, HostPolicy, Http, HttpConfig, Origin,
    auth::{Credentials, StoreError, TokenSet, TokenStore},
};
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// One request as it arrived. Header names are lower-cased.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn form(&self, name: &str) -> Option<String> {
        let pairs = url::form_urlencoded::parse(self.body.as_bytes());
        pairs.into_iter().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn is_token(&self) -> bool {
        self.target == "/oauth2/v0/token"
    }
}

/// What the server does about a request.
pub(crate) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// Closes the connection after the headers and half of the body.
    Cut,
    /// Closes the connection without a word.
    Close,
}

pub(crate) fn json(status: u16, body: impl std::fmt::Display) -> Reply {
    Reply::Answer { status, headers: vec![], body: body.to_string() }
}

pub(crate) fn with_header(reply: Reply, name: &'static str, value: impl std::fmt::Display) -> Reply {
    match reply {
        Reply::Answer { status, mut headers, body } => {
            headers.push((name, value.to_string()));
            Reply::Answer { status, headers, body }
        }
        other => other,
    }
}

/// A server on a loopback port; it ends with the test's runtime.
pub(crate) struct Server {
    pub(crate) origin: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) async fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&log), Arc::clone(&answer)));
            }
        });
        Self { origin, seen }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn token_requests(&self) -> Vec<Request> {
        self.requests().into_iter().filter(Request::is_token).collect()
    }

    pub(crate) fn origin(&self) -> Origin {
        HostPolicy::development().origin(&self.origin).unwrap()
    }
}

async fn serve(
    mut stream: TcpStream,
    log: Arc<Mutex<Vec<Request>>>,
    answer: Arc<impl Fn(&Request) -> Reply + Send + Sync>,
) {
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer).await {
        log.lock().unwrap().push(request.clone());
        match answer(&request) {
            Reply::Close => return,
            Reply::Cut => {
                let head = b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"id\": ";
                stream.write_all(head).await.unwrap();
                return;
            }
            Reply::Answer { status, headers, body } => {
                let mut head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
                for (name, value) in headers {
                    head = format!("{head}{name}: {value}\r\n");
                }
                let answer = format!("{head}\r\n{body}");
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Request> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
            let mut lines = head.lines();
            let mut first = lines.next()?.split(' ');
            let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
            let headers: Vec<(String, String)> = lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect();
            let length = headers.iter().find(|(name, _)| name == "content-length");
            let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
            if buffer.len() >= end + 4 + length {
                let body = String::from_utf8(buffer[end + 4..end + 4 + length].to_vec()).unwrap();
                buffer.drain(..end + 4 + length);
                return Some(Request { method, target, headers, body });
            }
        }
        let mut chunk = [0; 8192];
        let read = stream.read(&mut chunk).await.ok()?;
        if read == 0 {
            return None;
        }
        buffer.extend_from_slice(&chunk[..read]);
    }
}

/// What happened to the token store, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreEvent {
    Saved { refresh: String, previous: Option<String> },
    Locked,
    Unlocked,
}

/// A token store in memory that can refuse to save and can be held by another replica.
#[derive(Default)]
pub(crate) struct MemoryStore {
    pub(crate) tokens: Mutex<Option<TokenSet>>,
    pub(crate) events: Mutex<Vec<StoreEvent>>,
    pub(crate) saves_to_refuse: Mutex<u32>,
    pub(crate) held_elsewhere: Mutex<bool>,
}

impl MemoryStore {
    pub(crate) fn with(tokens: TokenSet) -> Arc<Self> {
        Arc::new(Self { tokens: Mutex::new(Some(tokens)), ..Self::default() })
    }

    pub(crate) fn saves(&self) -> usize {
        self.events.lock().unwrap().iter().filter(|event| matches!(event, StoreEvent::Saved { .. })).count()
    }
}

impl TokenStore for MemoryStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<TokenSet>, StoreError>> {
        Box::pin(async { Ok(self.tokens.lock().unwrap().clone()) })
    }

    fn save<'a>(&'a self, tokens: &'a TokenSet) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let mut refused = self.saves_to_refuse.lock().unwrap();
            if *refused > 0 {
                *refused -= 1;
                return Err("the disk is full".into());
            }
            self.events.lock().unwrap().push(StoreEvent::Saved {
                refresh: tokens.refresh_token.expose_secret().to_owned(),
                previous: tokens
                    .previous_refresh_token
                    .as_ref()
                    .map(|token| token.expose_secret().to_owned()),
            });
            *self.tokens.lock().unwrap() = Some(tokens.clone());
            Ok(())
        })
    }

    fn lock_refresh(&self, now: Timestamp, until: Timestamp) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            assert!(until > now);
            if *self.held_elsewhere.lock().unwrap() {
                return Ok(false);
            }
            self.events.lock().unwrap().push(StoreEvent::Locked);
            Ok(true)
        })
    }

    fn unlock_refresh(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async {
            self.events.lock().unwrap().push(StoreEvent::Unlocked);
            Ok(())
        })
    }
}

/// A clock that tests move.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<Mutex<Timestamp>>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new("2026-11-24T08:00:00Z".parse().unwrap())))
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(by).unwrap();
    }

    pub(crate) fn as_clock(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

pub(crate) fn credentials() -> Credentials {
    Credentials { client_id: "client-1".to_owned(), client_secret: "canary-client-secret".to_owned().into() }
}

/// Tokens that are an hour good at `origin`.
pub(crate) fn tokens(origin: &Origin, now: Timestamp) -> TokenSet {
    TokenSet {
        access_token: "access-0".to_owned().into(),
        access_expires_at: now.checked_add(SignedDuration::from_hours(1)).unwrap(),
        refresh_token: "refresh-0".to_owned().into(),
        previous_refresh_token: None,
        refresh_issued_at: now,
        geolocation: origin.clone(),
        scopes: vec![],
    }
}

pub(crate) fn http() -> Http {
    Http::new(&HttpConfig::default(), HostPolicy::development()).unwrap()
}

pub(crate) fn config(clock: &TestClock) -> ClientConfig {
    let mut config = ClientConfig::new(HostPolicy::development(), credentials(), clock.as_clock());
    (config.max_concurrent, config.requests_per_second) = (64, 10_000);
    config
}

/// A client that is connected to the server.
pub(crate) fn connected(server: &Server) -> Client {
    let clock = TestClock::new();
    let store = MemoryStore::with(tokens(&server.origin(), clock.now()));
    Client::new(config(&clock), store).unwrap()
}

/// A token answer.
pub(crate) fn token_answer(access: &str, refresh: &str, origin: &str) -> Reply {
    let body = serde_json::json!({
        "access_token": access, "refresh_token": refresh, "expires_in": "3600",
        "token_type": "Bearer", "scope": "EXPRPT user.read", "geolocation": origin,
    });
    json(200, body)
}
