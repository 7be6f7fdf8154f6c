//! A way to Concur without sockets, and a clock that is moved on: for tests of delivery in which a process dies at a certain
//! request, or hours pass.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use concur::{HttpConfig, Transport, Wire, WireAnswer, WireError, WireRequest};
use fixtures::simulator::{FaultKind, Incoming, Outgoing, Simulator};
use futures::future::BoxFuture;
use scim_bridge::accounts::{AccountSettings, ClientSettings, Clients};
use scim_bridge::chance::Chance;
use scim_bridge::clock::Clock;
use scim_bridge::delivery::{self, Handle, Parts, Worker};
use scim_bridge::metrics::Metrics;
use scim_bridge::translate::{self, Given, Kind, Operation};
use serde_json::Value;
use store::ids::{AccountId, OperationId, ResourceId};
use store::operations::{self, NewOperation, State};
use store::resources::{self, Content, NewResource};
use store::testing::TestStore;
use tokio::sync::Notify;

use crate::delivery_harness::{client_settings, person, quick};

/// Where a process stops.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    pub(crate) point: &'static str,
    pub(crate) method: &'static str,
    /// A part of the path.
    pub(crate) path: &'static str,
    pub(crate) when: When,
    /// The state that the operation is left in.
    pub(crate) leaves: State,
    /// How many requests that write Concur gets in all.
    pub(crate) writes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    BeforeItLeaves,
    WhenTheAnswerIsThere,
}

/// The way of one process to Concur, which ends where the process stops.
pub(crate) struct Line {
    concur: Arc<Simulator>,
    stop: Option<Stop>,
    /// What goes wrong with the next requests of a method, in order.
    strikes: Mutex<Vec<(&'static str, FaultKind)>>,
    alive: AtomicBool,
    pub(crate) died: Notify,
}

impl Line {
    pub(crate) fn new(concur: &Arc<Simulator>, stop: Option<Stop>) -> Arc<Self> {
        let (strikes, alive, died) = (Mutex::default(), AtomicBool::new(true), Notify::new());
        Arc::new(Self { concur: Arc::clone(concur), stop, strikes, alive, died })
    }

    /// The next request of this method meets this.
    pub(crate) fn strike(&self, method: &'static str, kind: FaultKind) {
        self.strikes.lock().unwrap().push((method, kind));
    }

    fn struck(&self, method: &str) -> Option<FaultKind> {
        let mut strikes = self.strikes.lock().unwrap();
        let at = strikes.iter().position(|(it, _)| *it == method)?;
        Some(strikes.remove(at).1)
    }

    async fn carry_on(&self, request: WireRequest) -> Result<WireAnswer, WireError> {
        let here = |when| {
            self.stop.is_some_and(|stop| {
                let path = request.url.path();
                stop.when == when && request.method == stop.method && path.contains(stop.path)
            })
        };
        if here(When::BeforeItLeaves) {
            self.die();
        }
        self.while_alive().await;
        let headers: Vec<(String, String)> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let body = String::from_utf8_lossy(&request.body);
        let strike = self.struck(request.method.as_str());
        let incoming = Incoming {
            port: request.url.port().unwrap_or(1),
            method: request.method.as_str(),
            path: request.url.path(),
            query: request.url.query().unwrap_or_default(),
            headers: &headers,
            body: &body,
        };
        let Outgoing::Answer { status, headers, body } = self.concur.exchange(&incoming, strike.as_ref())
        else {
            return Err(WireError::Broken);
        };
        if here(When::WhenTheAnswerIsThere) {
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

pub(crate) fn settings(line: &Arc<Line>) -> ClientSettings {
    let wire: Arc<dyn Transport> = Arc::clone(line) as _;
    ClientSettings {
        http: HttpConfig { wire: Some(Wire(wire)), ..HttpConfig::default() },
        ..client_settings()
    }
}

pub(crate) fn start(base: &TestStore, clock: &Clock, line: &Arc<Line>) -> (Handle, Worker, Metrics) {
    let store = base.another();
    let clients = Clients::new(store.clone(), clock.clone(), settings(line));
    let metrics = Metrics::new().unwrap();
    let (clock, chance, seen) = (clock.clone(), Chance::system(), metrics.clone());
    let parts = Parts { store, clock, chance, metrics, clients, settings: quick() };
    let (handle, worker) = delivery::start(parts).unwrap();
    (handle, worker, seen)
}

/// The machine's clock, and how far it was moved on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ahead(Arc<Mutex<jiff::SignedDuration>>);

impl Ahead {
    pub(crate) fn clock(&self) -> Clock {
        let ahead = Arc::clone(&self.0);
        Clock::from_fn(move || Clock::system().now() + *ahead.lock().unwrap())
    }

    /// Time passes, for us and for Concur.
    pub(crate) fn advance(&self, by: Duration, concur: &Simulator) {
        *self.0.lock().unwrap() += jiff::SignedDuration::try_from(by).unwrap();
        concur.advance(by);
    }
}

pub(crate) async fn read(base: &TestStore, operation: OperationId) -> operations::Operation {
    base.store.read(move |conn| operations::get(conn, operation)).await.unwrap()
}

/// Stores a user with the operation that creates them.
pub(crate) async fn accept(
    base: &TestStore,
    account: AccountId,
    clock: &Clock,
    login: &str,
) -> (ResourceId, OperationId) {
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
        Ok((resource_id, enqueue(conn, account, resource_id, &operation, now)?))
    };
    base.store.write(write).await.unwrap()
}

/// Changes a user's title.
pub(crate) async fn retitle(
    base: &TestStore,
    account: AccountId,
    clock: &Clock,
    resource: ResourceId,
    title: &str,
) -> OperationId {
    let (now, title) = (clock.now(), title.to_owned());
    let write = move |conn: &mut store::Conn| {
        let mut body = resources::get(conn, resource)?.body;
        body["title"] = Value::from(title);
        let user = scim::Resource::from_stored(scim::ResourceType::user(), body);
        let translated = translate::user(&user, &AccountSettings::default(), &Given::default()).unwrap();
        enqueue(conn, account, resource, &Operation::new(Kind::Update, translated, None), now)
    };
    base.store.write(write).await.unwrap()
}

fn enqueue(
    conn: &mut store::Conn,
    account: AccountId,
    resource_id: ResourceId,
    operation: &Operation,
    now: jiff::Timestamp,
) -> Result<OperationId, store::Error> {
    let new = NewOperation {
        account,
        resource_id,
        kind: operation.kind.as_str().to_owned(),
        payload: operation.to_payload(),
        held: None,
        now,
    };
    Ok(operations::enqueue(conn, &new)?.id)
}
