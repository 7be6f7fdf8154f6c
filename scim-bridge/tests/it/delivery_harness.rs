//! A small house for tests of delivery: a simulator, a store, a connected account and a worker, without HTTP in front.
//!
//! Everything is real: sockets, databases, the shipped worker. Waits of seconds are set to milliseconds; nothing
//! sleeps for a guessed time, it waits for the thing itself and gives up loudly.

use std::future::Future;
use std::time::Duration;

use concur::auth::Grant;
use concur::{Budget, HostPolicy, HttpConfig};
use fixtures::simulator::{Config, Simulator, Write};
use jiff::SignedDuration;
use scim::ResourceType;
use scim_bridge::accounts::{AccountSettings, ClientSettings, Clients, NewConnection, connect};
use scim_bridge::chance::Chance;
use scim_bridge::clock::Clock;
use scim_bridge::delivery::{self, Handle, Parts, Settings, Verdict, Worker};
use scim_bridge::metrics::Metrics;
use scim_bridge::translate::{self, ConcurUser, Given, Kind, Operation};
use serde_json::{Value, json};
use store::accounts::Account;
use store::ids::{OperationId, ResourceId};
use store::operations::{self, NewOperation, State};
use store::resources::{self, Content, NewResource};
use store::testing::TestStore;
use store::{Store, links};

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// A simulator, a store and an account.
pub(crate) struct House {
    pub(crate) concur: Simulator,
    pub(crate) base: TestStore,
    pub(crate) account: Account,
    pub(crate) settings: AccountSettings,
}

impl House {
    /// One house for each database.
    pub(crate) async fn each() -> Vec<House> {
        concur::install_crypto();
        let mut houses = Vec::new();
        for base in store::testing::stores() {
            houses.push(House::on(base, AccountSettings::default()).await);
        }
        houses
    }

    /// A house on SQLite, for what has nothing to do with the database.
    pub(crate) async fn new(settings: AccountSettings) -> House {
        concur::install_crypto();
        House::on(store::testing::sqlite(), settings).await
    }

    /// A house on this store.
    pub(crate) async fn with(base: TestStore, settings: AccountSettings) -> House {
        concur::install_crypto();
        House::on(base, settings).await
    }

    /// A house whose company's employee form requires these fields.
    pub(crate) async fn requiring(base: TestStore, required: &[&str]) -> House {
        concur::install_crypto();
        let mut config = Config::default();
        config.switches.required_custom_fields = required.iter().map(|&id| id.to_owned()).collect();
        House::at(base, AccountSettings::default(), config).await
    }

    async fn on(base: TestStore, settings: AccountSettings) -> House {
        House::at(base, settings, Config::default()).await
    }

    async fn at(base: TestStore, settings: AccountSettings, config: Config) -> House {
        let config = Config { provisioning_delay: Duration::ZERO, ..config };
        let concur = Simulator::start(config).await.unwrap();
        let new = connection(&concur, "acme", settings);
        let account = connect(&base.store, &Clock::system(), &client_settings(), new).await.unwrap().account;
        let settings = AccountSettings::from_stored(&account.settings).unwrap();
        House { concur, base, account, settings }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.base.store
    }

    pub(crate) fn clients(&self) -> Clients {
        Clients::new(self.store().clone(), Clock::system(), client_settings())
    }

    pub(crate) async fn client(&self) -> concur::Client {
        self.clients().get(self.account.id).await.unwrap()
    }

    /// A worker on this house's store.
    pub(crate) fn work(&self) -> (Handle, Worker) {
        work_on(self.store().clone(), quick())
    }

    /// A worker for whom so much more time has passed.
    pub(crate) fn work_later(&self, by: SignedDuration) -> (Handle, Worker) {
        let clock = Clock::from_fn(move || Clock::system().now().checked_add(by).unwrap());
        let (store, clients, settings) = (self.store().clone(), self.clients(), quick());
        let (chance, metrics) = (Chance::system(), Metrics::new().unwrap());
        delivery::start(Parts { store, clock, chance, metrics, clients, settings }).unwrap()
    }

    /// Stores a new resource with its operation, as the SCIM server does.
    pub(crate) async fn create(&self, body: Value) -> (ResourceId, OperationId) {
        let (account, settings) = (self.account.id, self.settings.clone());
        let write = move |conn: &mut store::Conn| {
            let now = Clock::system().now();
            let resource = scim::Resource::from_client(ResourceType::user(), &body).unwrap();
            let translated = translate::user(&resource, &settings, &Given::default()).unwrap();
            let new = NewResource {
                account,
                resource_type: resources::ResourceType::User,
                scim_id: uuid::Uuid::new_v4(),
                content: content(&resource),
                created_at: now,
            };
            let row = resources::insert(conn, &new)?;
            let operation = Operation::new(Kind::Create, translated, None);
            let op = enqueue(conn, account, row.id, &operation)?;
            Ok((row.id, op))
        };
        self.store().write(write).await.unwrap()
    }

    /// Replaces a resource, plans and enqueues; the operation and its kind.
    pub(crate) async fn change(&self, resource: ResourceId, body: Value) -> (OperationId, Kind) {
        let (account, settings) = (self.account.id, self.settings.clone());
        let write = move |conn: &mut store::Conn| {
            let row = resources::get(conn, resource)?;
            let before = scim::Resource::from_stored(ResourceType::user(), row.body.clone());
            let after = scim::Resource::from_client(ResourceType::user(), &body).unwrap();
            let before = translate::user(&before, &settings, &Given::default()).unwrap();
            let after_translated = translate::user(&after, &settings, &Given::default()).unwrap();
            let kind = translate::plan(Some(&before), &after_translated).expect("a change");
            resources::update(conn, resource, row.version, &content(&after), Clock::system().now())?;
            let operation = Operation::new(kind, after_translated, Some(row.body));
            Ok((enqueue(conn, account, resource, &operation)?, kind))
        };
        self.store().write(write).await.unwrap()
    }

    /// Deletes a resource.
    pub(crate) async fn delete(&self, resource: ResourceId) -> OperationId {
        let (account, settings) = (self.account.id, self.settings.clone());
        let write = move |conn: &mut store::Conn| {
            let row = resources::soft_delete(conn, resource, None, Clock::system().now())?;
            let before = scim::Resource::from_stored(ResourceType::user(), row.body.clone());
            let translated = translate::user(&before, &settings, &Given::default()).unwrap();
            let operation = Operation::new(Kind::Delete, translated, Some(row.body));
            enqueue(conn, account, resource, &operation)
        };
        self.store().write(write).await.unwrap()
    }

    /// An operation that wants exactly this, past the translation.
    pub(crate) async fn enqueue_raw(&self, resource: ResourceId, kind: Kind, desired: Value) -> OperationId {
        let account = self.account.id;
        let operation = Operation {
            kind,
            desired: ConcurUser::from_value(desired),
            manager: None,
            before: None,
            warnings: Vec::new(),
            revoked: Vec::new(),
            approves: Vec::new(),
        };
        self.store().write(move |conn| enqueue(conn, account, resource, &operation)).await.unwrap()
    }

    /// Waits until the operation is in this state.
    pub(crate) async fn reaches(&self, operation: OperationId, state: State) -> operations::Operation {
        let what = format!("operation {operation} on {} to be {state}", self.base.name);
        until(&what, || async move {
            let row = self.operation(operation).await;
            let failed = row.state == State::Failed && state != State::Failed;
            assert!(!failed, "failed on {}: {:?}", self.base.name, (row.error_code, row.error_message));
            if row.state == state { Ok(row) } else { Err(format!("{row:?}")) }
        })
        .await
    }

    pub(crate) async fn operation(&self, operation: OperationId) -> operations::Operation {
        self.store().read(move |conn| operations::get(conn, operation)).await.unwrap()
    }

    pub(crate) async fn link(&self, resource: ResourceId) -> links::Link {
        self.store().read(move |conn| links::get(conn, resource)).await.unwrap().expect("a link")
    }

    /// What Concur holds of the user that a resource is linked to.
    pub(crate) async fn in_concur(&self, resource: ResourceId) -> Value {
        let id = self.link(resource).await.concur_user_id.expect("a Concur user").parse().unwrap();
        self.client().await.identity().get(&id).await.unwrap().into_raw()
    }

    /// What Concur was asked to write, as (method, path, body), those with effect and those without.
    pub(crate) fn writes(&self) -> Vec<Write> {
        self.concur.writes().into_iter().filter(|write| write.path.starts_with("/profile/")).collect()
    }

    /// The PATCH operations of the last write, as (op, path).
    pub(crate) fn last_patch(&self) -> Vec<(String, String)> {
        let write = self.writes().pop().expect("a write");
        assert_eq!(write.method, "PATCH", "{write:?}");
        patch_paths(&write.body)
    }

    /// How many users of that name there are in Concur.
    pub(crate) async fn count(&self, user_name: &str) -> usize {
        let by = concur::api::LookupAttribute::UserName;
        self.client().await.identity().find_by(by, user_name).await.unwrap().len()
    }
}

/// A worker on any store: on that of another process it is another replica's.
pub(crate) fn work_on(store: Store, settings: Settings) -> (Handle, Worker) {
    let clients = Clients::new(store.clone(), Clock::system(), client_settings());
    work_with(store, clients, settings)
}

/// The same with clients of its own.
pub(crate) fn work_with(store: Store, clients: Clients, settings: Settings) -> (Handle, Worker) {
    work_seen(store, clients, settings, Metrics::new().unwrap())
}

/// The same where somebody watches the metrics.
pub(crate) fn work_seen(
    store: Store,
    clients: Clients,
    settings: Settings,
    metrics: Metrics,
) -> (Handle, Worker) {
    let (clock, chance) = (Clock::system(), Chance::system());
    delivery::start(Parts { store, clock, chance, metrics, clients, settings }).unwrap()
}

/// (op, path) of a PATCH body.
pub(crate) fn patch_paths(body: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let operations = body["Operations"].as_array().cloned().unwrap_or_default();
    operations.iter().map(|operation| (text(&operation["op"]), text(&operation["path"]))).collect()
}

/// What an operator would type to connect the simulated company at company level.
pub(crate) fn connection(concur: &Simulator, name: &str, settings: AccountSettings) -> NewConnection {
    let info = concur.info();
    NewConnection {
        account_name: name.to_owned(),
        base_uri: info.origins.us2.clone(),
        client_id: info.client_id.clone().into(),
        client_secret: info.client_secret.clone().into(),
        grant: Grant::Company {
            company_uuid: info.company_uuid.clone(),
            company_request_token: info.company_request_token.clone().into(),
        },
        settings,
        replace: false,
    }
}

pub(crate) fn client_settings() -> ClientSettings {
    ClientSettings {
        http: HttpConfig { total_timeout: Duration::from_secs(5), ..HttpConfig::default() },
        host_policy: HostPolicy::development(),
        max_concurrent: 8,
        requests_per_second: 10_000,
        budget: Budget::new(64, 100_000),
        // Tests of what follows a 503 do not wait five minutes for it.
        unavailable_pause: Duration::ZERO,
        observer: None,
    }
}

/// The shipped behaviour with milliseconds for seconds.
pub(crate) fn quick() -> Settings {
    Settings {
        lease: Duration::from_secs(15),
        request_timeout: Duration::from_secs(5),
        tick: Duration::from_millis(20),
        poll_first: Duration::from_millis(5),
        poll_max: Duration::from_millis(50),
        retry_first: Duration::from_millis(10),
        retry_max: Duration::from_millis(200),
        settle_first: Duration::from_millis(10),
        probe_first: Duration::from_millis(50),
        ..Settings::default()
    }
}

/// A person as a provider sends them.
pub(crate) fn person(login: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": format!("{login}@example.com"),
        "externalId": format!("idp-{login}"),
        "active": true,
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "title": "Engineer",
        "emails": [{"value": format!("{login}@example.com"), "type": "work", "primary": true}],
        (scim::urn::ENTERPRISE_USER): {"department": "Research", "employeeNumber": format!("E-{login}")},
    })
}

/// The verdict, which must come in time.
pub(crate) async fn accepted(handle: &Handle, operation: OperationId) -> String {
    match handle.verdict(operation, PATIENCE).await {
        Verdict::Accepted { concur_user_id } => concur_user_id,
        other => panic!("operation {operation}: {other:?}"),
    }
}

/// Asks again and again until there is an answer.
pub(crate) async fn until<T, F: Future<Output = Result<T, String>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    let mut last = String::new();
    let asking = async {
        let mut pause = tokio::time::interval(Duration::from_millis(10));
        loop {
            pause.tick().await;
            match ask().await {
                Ok(answer) => return answer,
                Err(not_yet) => last = not_yet,
            }
        }
    };
    let answer = tokio::time::timeout(PATIENCE, asking).await.ok();
    answer.unwrap_or_else(|| panic!("waited in vain for {what}; last seen: {last}"))
}

fn enqueue(
    conn: &mut store::Conn,
    account: store::ids::AccountId,
    resource_id: ResourceId,
    operation: &Operation,
) -> Result<OperationId, store::Error> {
    let new = NewOperation {
        account,
        resource_id,
        kind: operation.kind.as_str().to_owned(),
        payload: operation.to_payload(),
        held: None,
        now: Clock::system().now(),
    };
    Ok(operations::enqueue(conn, &new)?.id)
}

fn content(resource: &scim::Resource) -> Content {
    let user_name = resource.user_name().map(str::to_owned);
    Content {
        user_name_folded: user_name.as_deref().map(scim::fold_user_name),
        user_name,
        external_id: resource.external_id().map(str::to_owned),
        employee_number: None,
        active: resource.is_active(),
        body: resource.to_stored(),
        emails_folded: Vec::new(),
    }
}
