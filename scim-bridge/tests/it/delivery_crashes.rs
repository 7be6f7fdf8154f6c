//! The crash points of delivery, one by one, on both databases: the process stops exactly there, another is started, and
//! everything is as if nothing had happened but the time that it took (reliability §2, C2 to C9).
//!
//! The stop is at the network: everything between two requests is one transaction, so a process that dies before a
//! request leaves, or when its answer has come, has died at every place there is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use concur::{HttpConfig, Transport, Wire, WireAnswer, WireError, WireRequest};
use fixtures::simulator::{Config, Incoming, Outgoing, Simulator};
use futures::future::BoxFuture;
use scim_bridge::accounts::{AccountSettings, ClientSettings, Clients, connect};
use scim_bridge::chance::Chance;
use scim_bridge::clock::Clock;
use scim_bridge::delivery::{self, Handle, Parts, Worker};
use scim_bridge::metrics::Metrics;
use scim_bridge::translate::{self, Given, Kind, Operation};
use store::ids::OperationId;
use store::operations::{self, NewOperation, State};
use store::resources::{self, Content, NewResource};
use store::testing::TestStore;
use tokio::sync::Notify;

use crate::delivery_harness::{client_settings, connection, person, quick, until};

/// Where a process stops.
#[derive(Debug, Clone, Copy)]
struct Stop {
    point: &'static str,
    method: &'static str,
    /// A part of the path.
    path: &'static str,
    when: When,
    /// The state that the operation is left in.
    leaves: State,
    /// How many requests that write Concur gets in all.
    writes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    BeforeItLeaves,
    WhenTheAnswerIsThere,
}

use When::{BeforeItLeaves, WhenTheAnswerIsThere};

#[rustfmt::skip]
const STOPS: &[Stop] = &[
    Stop { point: "C3, stored as sending, not sent", method: "POST", path: "/profile/v4/Users", when: BeforeItLeaves, leaves: State::Sending, writes: 1 },
    Stop { point: "C4 and C5, sent, the answer not stored", method: "POST", path: "/profile/v4/Users", when: WhenTheAnswerIsThere, leaves: State::Sending, writes: 1 },
    Stop { point: "C6, id stored, status not asked", method: "GET", path: "/status", when: BeforeItLeaves, leaves: State::Submitted, writes: 1 },
    Stop { point: "C7, status seen, not stored", method: "GET", path: "/status", when: WhenTheAnswerIsThere, leaves: State::Submitted, writes: 1 },
    Stop { point: "C7, status stored, not verified", method: "GET", path: "/profile/identity/v4.1/Users/", when: BeforeItLeaves, leaves: State::Verifying, writes: 1 },
    Stop { point: "C8, verified, done not stored", method: "GET", path: "/profile/spend/v4.1/Users/", when: WhenTheAnswerIsThere, leaves: State::Verifying, writes: 1 },
    Stop { point: "C9, tokens answered, not stored", method: "POST", path: "/oauth2/v0/token", when: WhenTheAnswerIsThere, leaves: State::Sending, writes: 1 },
];

/// The way of one process to Concur, which ends where the process stops.
struct Line {
    concur: Arc<Simulator>,
    stop: Option<Stop>,
    alive: AtomicBool,
    died: Notify,
}

impl Line {
    fn new(concur: &Arc<Simulator>, stop: Option<Stop>) -> Arc<Self> {
        Arc::new(Self { concur: Arc::clone(concur), stop, alive: AtomicBool::new(true), died: Notify::new() })
    }

    async fn carry_on(&self, request: WireRequest) -> Result<WireAnswer, WireError> {
        let here = |when| {
            self.stop.is_some_and(|stop| {
                let path = request.url.path();
                stop.when == when && request.method == stop.method && path.contains(stop.path)
            })
        };
        if here(BeforeItLeaves) {
            self.die();
        }
        self.while_alive().await;
        let headers: Vec<(String, String)> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let body = String::from_utf8_lossy(&request.body);
        let incoming = Incoming {
            port: request.url.port().unwrap_or(1),
            method: request.method.as_str(),
            path: request.url.path(),
            query: request.url.query().unwrap_or_default(),
            headers: &headers,
            body: &body,
        };
        let Outgoing::Answer { status, headers, body } = self.concur.exchange(&incoming, None) else {
            return Err(WireError::Broken);
        };
        if here(WhenTheAnswerIsThere) {
            self.die();
        }
        self.while_alive().await;
        let mut answer = WireAnswer { status, body, ..WireAnswer::default() };
        for (name, value) in headers {
            let name = reqwest::header::HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes()).unwrap();
            answer.headers.insert(name, value.parse().unwrap());
        }
        Ok(answer)
    }

    fn die(&self) {
        self.alive.store(false, Ordering::Relaxed);
        self.died.notify_one();
    }

    async fn while_alive(&self) {
        if !self.alive.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }
}

impl Transport for Line {
    fn carry(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, WireError>> {
        Box::pin(self.carry_on(request))
    }
}

fn settings(line: &Arc<Line>) -> ClientSettings {
    let wire: Arc<dyn Transport> = Arc::clone(line) as _;
    ClientSettings {
        http: HttpConfig { wire: Some(Wire(wire)), ..HttpConfig::default() },
        ..client_settings()
    }
}

fn start(base: &TestStore, clock: &Clock, line: &Arc<Line>) -> (Handle, Worker) {
    let store = base.another();
    let clients = Clients::new(store.clone(), clock.clone(), settings(line));
    let metrics = Metrics::new().unwrap();
    let parts =
        Parts { store, clock: clock.clone(), chance: Chance::system(), metrics, clients, settings: quick() };
    delivery::start(parts).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stops_anywhere_in_a_delivery_leaves_nothing_that_the_next_one_does_not_finish() {
    concur::install_crypto();
    for base in store::testing::stores() {
        for stop in STOPS {
            stops_at(&base, *stop).await;
        }
    }
}

async fn stops_at(base: &TestStore, stop: Stop) {
    let what = format!("{} on {}", stop.point, base.name);
    let config = Config { provisioning_delay: Duration::ZERO, ..Config::default() };
    let concur = Arc::new(Simulator::offline(&config).unwrap());
    let calm = Line::new(&concur, None);
    // The clock can be moved on, so that a lease runs out and a token is to be refreshed without waiting for either.
    let ahead = Arc::new(Mutex::new(jiff::SignedDuration::ZERO));
    let clock = {
        let ahead = Arc::clone(&ahead);
        Clock::from_fn(move || Clock::system().now() + *ahead.lock().unwrap())
    };
    let login = stop.point.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let new = connection(&concur, &login, AccountSettings::default());
    let account = connect(&base.store, &clock, &settings(&calm), new).await.unwrap();
    if stop.path.starts_with("/oauth2") {
        *ahead.lock().unwrap() += jiff::SignedDuration::from_hours(2);
        concur.advance(Duration::from_hours(2));
    }
    let operation = accept(base, account.id, &clock, &login).await;

    let line = Line::new(&concur, Some(stop));
    let (_, worker) = start(base, &clock, &line);
    tokio::time::timeout(Duration::from_secs(30), line.died.notified()).await.expect(&what);
    worker.kill();
    let left = read(base, operation).await;
    assert_eq!(left.state, stop.leaves, "{what}");

    *ahead.lock().unwrap() += jiff::SignedDuration::from_mins(10);
    concur.advance(Duration::from_mins(10));
    let next = Line::new(&concur, None);
    let (_, worker) = start(base, &clock, &next);
    let done = until(&what, || async {
        let row = read(base, operation).await;
        if row.state == State::Done { Ok(row) } else { Err(format!("{row:?}")) }
    })
    .await;
    worker.stop().await;
    assert_eq!(done.ever_unknown, stop.leaves == State::Sending, "{what}: never sent again without a look");
    let written: Vec<_> =
        concur.writes().into_iter().filter(|it| it.path.starts_with("/profile/v4")).collect();
    assert_eq!(written.len(), stop.writes, "{what}: {written:?}");
    let clients = Clients::new(base.store.clone(), clock, settings(&calm));
    let client = clients.get(account.id).await.unwrap();
    let by = concur::api::LookupAttribute::ExternalId;
    let found = client.identity().find_by(by, &format!("idp-{login}")).await.unwrap();
    assert_eq!(found.len(), 1, "{what}");
    assert_eq!(found[0].active(), Some(true), "{what}");
}

async fn read(base: &TestStore, operation: OperationId) -> operations::Operation {
    base.store.read(move |conn| operations::get(conn, operation)).await.unwrap()
}

/// Stores a user with the operation that creates them.
async fn accept(base: &TestStore, account: store::ids::AccountId, clock: &Clock, login: &str) -> OperationId {
    let (body, now) = (person(login), clock.now());
    let write = move |conn: &mut store::Conn| {
        let resource = scim::Resource::from_client(scim::ResourceType::user(), &body).unwrap();
        let translated = translate::user(&resource, &AccountSettings::default(), &Given::default()).unwrap();
        let content = Content {
            user_name: resource.user_name().map(str::to_owned),
            user_name_folded: resource.user_name().map(scim::fold_user_name),
            external_id: resource.external_id().map(str::to_owned),
            employee_number: None,
            active: true,
            body: resource.to_stored(),
            emails_folded: Vec::new(),
        };
        let new = NewResource {
            account,
            resource_type: resources::ResourceType::User,
            scim_id: uuid::Uuid::new_v4(),
            content,
            created_at: now,
        };
        let resource_id = resources::insert(conn, &new)?.id;
        let operation = Operation::new(Kind::Create, translated, None);
        let new = NewOperation {
            account,
            resource_id,
            kind: operation.kind.as_str().to_owned(),
            payload: operation.to_payload(),
            held: None,
            now,
        };
        Ok(operations::enqueue(conn, &new)?.id)
    };
    base.store.write(write).await.unwrap()
}
