//! A whole house for one test: simulator, database, connected account, running bridge, tokens.
//!
//! Every story runs on each database that can be had. Nothing is mocked and nothing sleeps; what is awaited is asked
//! for until it is there.

use std::time::Duration;

use concur::auth::Grant;
use fixtures::simulator::{self, Simulator};
use jiff::SignedDuration;
use reqwest::{Method, RequestBuilder, StatusCode};
use scim_bridge::accounts::{AccountSettings, NewConnection, connect};
use scim_bridge::clock::Clock;
use scim_bridge::config::{Config, SecretUrl};
use scim_bridge::serve::{self, Running};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use store::Store;
use store::accounts::Account;
use store::testing::TestStore;
use store::tokens::NewToken;

use crate::contract;

/// The key behind every test database, as a master key file holds it.
const MASTER_KEY: &str = "YSBtYXN0ZXIga2V5IGZvciB0ZXN0cywgMzIgYnl0ZXM=";

/// A running house.
pub(crate) struct House {
    pub(crate) running: Running,
    pub(crate) simulator: Simulator,
    pub(crate) account: Account,
    /// Bound to the account, with every scope but `admin`.
    pub(crate) token: String,
    pub(crate) http: reqwest::Client,
    // Dropped last: the bridge still uses both.
    database: TestStore,
    folder: tempfile::TempDir,
}

/// One answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {} {}", self.status, self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts the status and gives the body.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// Asserts a SCIM error: status in both places, scimType, media type, a detail.
    #[track_caller]
    pub(crate) fn expect_error(&self, status: u16, scim_type: Option<&str>) -> Value {
        let body = self.expect(status);
        assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{body}");
        assert_eq!(body["status"], status.to_string(), "{body}");
        assert_eq!(body["scimType"].as_str(), scim_type, "{body}");
        assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{body}");
        assert_eq!(self.header("content-type"), "application/scim+json");
        body
    }
}

/// Runs a story in a fresh house on each database.
pub(crate) async fn everywhere(story: impl AsyncFn(&House)) {
    with(|_| {}, story).await;
}

/// The same with another configuration.
pub(crate) async fn with(change: impl Fn(&mut Config), story: impl AsyncFn(&House)) {
    for database in store::testing::stores() {
        eprintln!("on {}", database.name);
        let house = House::build(database, &change).await;
        story(&house).await;
        house.stop().await;
    }
}

impl House {
    pub(crate) async fn build(database: TestStore, change: impl Fn(&mut Config)) -> Self {
        Self::prepared(database, change, |_, _| Ok(())).await
    }

    /// The same, with something done to the database between connecting the account and starting the bridge.
    pub(crate) async fn prepared(
        database: TestStore,
        change: impl Fn(&mut Config),
        prepare: impl FnOnce(&mut store::Conn, &Account) -> Result<(), store::Error> + Send + 'static,
    ) -> Self {
        concur::install_crypto();
        let simulator = Simulator::start(simulator::Config {
            provisioning_delay: Duration::ZERO,
            ..simulator::Config::default()
        })
        .await
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = config(&database, folder.path(), &change);
        let account = connect_account(&database.store, &config, &simulator, "Acme").await;
        let connected = account.clone();
        database.store.write(move |conn| prepare(conn, &connected)).await.unwrap();
        let token = token(&database.store, Some(&account), ALL_SCOPES).await;
        let running = serve::start(config, Clock::system()).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { running, simulator, account, token, http, database, folder }
    }

    /// Closes everything, the client's connections first: an orderly stop waits for them.
    pub(crate) async fn stop(self) {
        drop(self.http);
        self.running.stop().await;
        self.simulator.stop().await;
    }

    /// The bridge's own view of the database.
    pub(crate) fn store(&self) -> &Store {
        &self.running.bridge().store
    }

    /// A request with the account's token, below the SCIM base address for a path that starts with neither
    /// `/scim` nor `/api`.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(&self.token)
    }

    /// A request without a token.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        let scim = ["/Users", "/Groups", "/.search"].iter().any(|start| path.starts_with(start));
        let prefix = if scim { "/scim/v2" } else { "" };
        self.http.request(method, format!("http://{}{prefix}{path}", self.running.addr()))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn write(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path).header("content-type", "application/scim+json");
        send(request.body(body.to_string())).await
    }

    pub(crate) async fn post(&self, body: &Value) -> Answer {
        self.write(Method::POST, "/Users", body).await
    }

    /// A patch of one operation.
    pub(crate) async fn patch(&self, id: &str, operation: Value) -> Answer {
        let body =
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]});
        self.write(Method::PATCH, &format!("/Users/{id}"), &body).await
    }

    /// A filtered list, the filter encoded.
    pub(crate) async fn filter(&self, filter: &str) -> Answer {
        send(self.request(Method::GET, "/Users").query(&[("filter", filter)])).await
    }

    /// Asks until the condition holds; delivery runs in the background.
    pub(crate) async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while !holds().await {
            assert!(std::time::Instant::now() < deadline, "in vain: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A command of the executable on the house's database: exit code, standard output, standard error.
    pub(crate) fn command(&self, arguments: &[&str]) -> (i32, String, String) {
        self.command_on(&self.database.database_url, arguments)
    }

    /// The same on another database.
    pub(crate) fn command_on(&self, database_url: &str, arguments: &[&str]) -> (i32, String, String) {
        let output = crate::process::bridge(self.folder.path())
            .env("SCIM_BRIDGE_DATABASE_URL", database_url)
            .env("SCIM_BRIDGE_MASTER_KEY_FILE", self.folder.path().join("master.key"))
            .env("SCIM_BRIDGE_CONCUR_ALLOW_LOOPBACK_HTTP", "true")
            .args(arguments)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// Another replica on the same database.
    pub(crate) async fn replica(&self) -> Running {
        serve::start(config(&self.database, self.folder.path(), |_| {}), Clock::system()).await.unwrap()
    }

    /// Replaces the account's settings.
    pub(crate) async fn settings(&self, settings: &Value) -> Account {
        let stored = AccountSettings::from_stored(settings).unwrap().to_stored();
        let (id, now) = (self.account.id, Clock::system().now());
        let change = move |conn: &mut store::Conn| {
            store::accounts::set_settings(conn, id, &stored, now)?;
            store::accounts::get(conn, id)
        };
        self.store().write(change).await.unwrap()
    }

    /// Whether a user has access in Concur.
    pub(crate) async fn has_access(&self, user_name: &str) -> bool {
        let client = self.running.bridge().accounts.get(self.account.id).await.unwrap();
        let by = concur::api::LookupAttribute::UserName;
        let found = client.identity().find_by(by, user_name).await.unwrap();
        found.first().and_then(concur::model::IdentityUser::active).unwrap_or_default()
    }

    /// Waits until nothing is on its way; what is held or failed is not.
    pub(crate) async fn quiet(&self) {
        let rest = ["done", "failed", "superseded", "cancelled", "held"];
        self.until("nothing is on its way", async || {
            self.operations().await.iter().all(|(_, state)| rest.contains(&state.as_str()))
        })
        .await;
    }

    /// The states of all operations, oldest first.
    pub(crate) async fn operations(&self) -> Vec<(String, String)> {
        let list = self.get("/api/v1/operations").await.expect(200);
        let mut operations: Vec<_> = list["operations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| (o["kind"].as_str().unwrap().to_owned(), o["state"].as_str().unwrap().to_owned()))
            .collect();
        operations.reverse();
        operations
    }
}

/// Every scope that an account's token may carry.
pub(crate) const ALL_SCOPES: &[&str] = &[
    "scim:read",
    "scim:write",
    "match:read",
    "match:write",
    "sync:read",
    "ops:read",
    "ops:write",
    "brake:release",
    "metrics:read",
];

/// A user as Okta would send it.
pub(crate) fn ada() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ada.lovelace@example.com",
        "externalId": "00u1",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": "ada.lovelace@example.com", "type": "work", "primary": true}],
        "active": true,
        "groups": [],
        "password": "placeholder",
    })
}

/// Another user of the same form.
pub(crate) fn user(user_name: &str) -> Value {
    let mut user = ada();
    user["userName"] = user_name.into();
    user["emails"][0]["value"] = user_name.into();
    user["externalId"] = format!("ext-{user_name}").into();
    user
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let (client, request) = request.build_split();
    let request = request.unwrap();
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let response = client.execute(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    contract::check(method.as_str(), &path, status.as_u16(), &text);
    Answer { status, headers, text }
}

/// A configuration for one database: any port, no waiting at the end, no sync in the background.
pub(crate) fn config(database: &TestStore, folder: &std::path::Path, change: impl Fn(&mut Config)) -> Config {
    let key = folder.join("master.key");
    std::fs::write(&key, MASTER_KEY).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut config = Config {
        listen: "127.0.0.1:0".to_owned(),
        data_dir: folder.to_owned(),
        database: SecretUrl::new(&database.database_url),
        shutdown_delay: Duration::ZERO,
        ..Config::default()
    };
    config.concur.allow_loopback_http = true;
    config.concur.requests_per_second = 1_000;
    config.concur.unavailable_pause = Duration::ZERO;
    config.delivery.tick = Duration::from_millis(50);
    config.delivery.poll_first = Duration::from_millis(20);
    config.delivery.poll_max = Duration::from_millis(50);
    config.delivery.retry_first = Duration::from_millis(20);
    config.delivery.retry_max = Duration::from_millis(50);
    config.delivery.settle_first = Duration::from_millis(20);
    config.delivery.probe_first = Duration::from_millis(50);
    config.sync.enabled = false;
    // Stories are many requests of few tokens, some of them without.
    // They change settings and revoke tokens, and look at once.
    config.token_known_for = Duration::ZERO;
    config.limits.token_rate = 0;
    config.limits.failed_authentications = 0;
    change(&mut config);
    config
}

pub(crate) async fn connect_account(
    store: &Store,
    config: &Config,
    simulator: &Simulator,
    name: &str,
) -> Account {
    let info = simulator.info();
    let new = NewConnection {
        account_name: name.to_owned(),
        base_uri: info.origins.us2.clone(),
        client_id: info.client_id.clone().into(),
        client_secret: info.client_secret.clone().into(),
        grant: Grant::Company {
            company_uuid: info.company_uuid.clone(),
            company_request_token: info.company_request_token.clone().into(),
        },
        settings: AccountSettings::default(),
        replace: false,
    };
    connect(store, &Clock::system(), &serve::client_settings(config), new).await.unwrap().account
}

pub(crate) async fn token(store: &Store, account: Option<&Account>, scopes: &[&str]) -> String {
    let now = Clock::system().now();
    let new = NewToken {
        account: account.map(|account| account.id),
        name: "test".to_owned(),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        expires_at: now + SignedDuration::from_hours(1),
        now,
    };
    let made = store.write(move |conn| store::tokens::create(conn, &new, &mut rand::rng())).await;
    made.unwrap().1.expose_secret().to_owned()
}
