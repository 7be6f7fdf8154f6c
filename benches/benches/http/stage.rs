//! A running bridge with many users in it, and the requests that are made of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use scim::{Resource, ResourceType};
use scim_bridge::clock::Clock;
use scim_bridge::config::{Config, DeliveryMode, LogLevel, SecretUrl};
use scim_bridge::serve::{self, Running};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use store::accounts::{AuthenticationType, NewAccount};
use store::resources::{NewResource, ResourceType as Kind};
use store::testing::TestStore;
use store::tokens::NewToken;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::load::Request;

/// The key behind every test database, as a master key file holds it.
const MASTER_KEY: &str = "YSBtYXN0ZXIga2V5IGZvciB0ZXN0cywgMzIgYnl0ZXM=";
/// Users in one transaction while the database is filled.
const CHUNK: usize = 1_000;

pub(crate) struct Stage {
    pub(crate) address: SocketAddr,
    pub(crate) built_in: Duration,
    runtime: Runtime,
    running: Running,
    token: String,
    ids: Vec<Uuid>,
    // Dropped last: the bridge uses both.
    _database: TestStore,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// Fills a database and starts the bridge on it; nothing if there is no such database here.
    pub(crate) fn build(database: &str, users: usize) -> Option<Self> {
        let begun = Instant::now();
        let database = match database {
            "sqlite" => store::testing::sqlite(),
            "postgres" => store::testing::durable_postgres()?,
            other => {
                eprintln!("--database sqlite or postgres, not {other:?}");
                return None;
            }
        };
        let now = Clock::system().now();
        let (token, ids) = fill(&database, users, now);
        if database.name == "postgres" {
            // A server that has had its users for more than a minute has done this by itself (autovacuum).
            database.store.write_blocking(|conn| store::testing::execute(conn, "ANALYZE")).unwrap();
        }
        let built_in = begun.elapsed();
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let running =
            runtime.block_on(serve::start(config(&database, folder.path()), Clock::system())).unwrap();
        let address = running.addr();
        Some(Self { address, built_in, runtime, running, token, ids, _database: database, _folder: folder })
    }

    /// A user by id.
    pub(crate) fn get(&self, n: usize) -> Request {
        let (id, name) = self.any(n);
        Request {
            bytes: self.request("GET", &format!("/scim/v2/Users/{id}"), ""),
            status: 200,
            contains: format!("\"userName\":\"{name}\""),
        }
    }

    /// A user by name, as Entra and Okta look before they create.
    pub(crate) fn filter(&self, n: usize) -> Request {
        let (_, name) = self.any(n);
        Request {
            bytes: self.request("GET", &format!("/scim/v2/Users?filter=userName%20eq%20%22{name}%22"), ""),
            status: 200,
            contains: "\"totalResults\":1".to_owned(),
        }
    }

    /// A user who is not there yet.
    pub(crate) fn create(&self, n: usize) -> Request {
        let name = format!("new{n}@example.com");
        Request {
            bytes: self.request("POST", "/scim/v2/Users", &user(&name, n).to_string()),
            status: 201,
            contains: format!("\"userName\":\"{name}\""),
        }
    }

    /// Another title.
    pub(crate) fn patch(&self, n: usize) -> Request {
        let (id, _) = self.any(n);
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "title", "value": format!("Title {n}")}],
        });
        Request {
            bytes: self.request("PATCH", &format!("/scim/v2/Users/{id}"), &body.to_string()),
            status: 200,
            contains: format!("\"title\":\"Title {n}\""),
        }
    }

    /// An expense line to be decided: of five three pay for an app, one of them a misspelt one, and no vendor comes twice.
    pub(crate) fn match_line(&self, n: usize) -> Request {
        let (vendor, app) = match n % 5 {
            0 => (format!("FIGMA MONTHLY RENEWAL {n}"), Some("figma")),
            1 => (format!("PAYPAL *ATLASSIAN {n}"), Some("atlassian")),
            2 => (format!("Mailchmip* {n}"), Some("mailchimp")),
            3 => (format!("Corner Bakery {n} Gmunden"), None),
            _ => (format!("Gasthof Hubertus {n}"), None),
        };
        let line = json!({
            "vendor_description": vendor,
            "business_purpose": "monthly plan for the whole team",
            "expense_type_name": "Software",
            "spend_category": "Other",
        });
        Request {
            bytes: self.request("POST", "/api/v1/match", &line.to_string()),
            status: 200,
            contains: app.map_or("\"app_id\":null".to_owned(), |app| format!("\"app_id\":\"{app}\"")),
        }
    }

    /// How many writes shared how many commits.
    pub(crate) fn commits(&self) -> String {
        let commits = self.running.bridge().store.commits();
        format!("{} writes in {} commits", commits.writes, commits.commits)
    }

    pub(crate) fn end(self) {
        self.runtime.block_on(self.running.stop());
    }

    /// All users in an order that has nothing to do with how they are stored.
    fn any(&self, n: usize) -> (Uuid, String) {
        let n = n.wrapping_mul(7_919) % self.ids.len();
        (self.ids[n], user_name(n))
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Accept: application/scim+json\r\nContent-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            self.token,
            body.len()
        )
        .into_bytes()
    }
}

fn config(database: &TestStore, folder: &std::path::Path) -> Config {
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
    config.delivery.mode = DeliveryMode::AcceptOnly;
    config.log.level = LogLevel::Warn;
    config.sync.enabled = false;
    config.limits.token_rate = 0;
    config.limits.backlog = 10_000_000;
    config.limits.backlog_leavers = 10_000_000;
    config
}

/// An account, a token and so many users, past HTTP.
fn fill(database: &TestStore, users: usize, now: Timestamp) -> (String, Vec<Uuid>) {
    let account = NewAccount {
        name: "Acme".to_owned(),
        company_uuid: "08bca1e4-0f0c-4a3b-9f3d-c9d2a3c7b001".to_owned(),
        authentication_type: AuthenticationType::CompanyLevel,
        base_uri: "https://us2.api.concursolutions.com".to_owned(),
        settings: json!({}),
        now,
    };
    let store = &database.store;
    let account = store.write_blocking(|conn| store::accounts::insert(conn, &account)).unwrap().id;
    let token = NewToken {
        account: Some(account),
        name: "bench".to_owned(),
        scopes: ["scim:read", "scim:write", "match:read"].map(str::to_owned).to_vec(),
        expires_at: now + jiff::SignedDuration::from_hours(1),
        now,
    };
    let token = store.write_blocking(|conn| store::tokens::create(conn, &token, &mut rand::rng())).unwrap().1;
    let ids: Vec<Uuid> = (0..users).map(|_| Uuid::new_v4()).collect();
    for (chunk, ids) in ids.chunks(CHUNK).enumerate() {
        let new: Vec<NewResource> = (chunk * CHUNK..)
            .zip(ids)
            .map(|(n, &scim_id)| {
                let resource = Resource::from_client(ResourceType::user(), &user(&user_name(n), n)).unwrap();
                let content = scim_bridge::provision::content(&resource);
                NewResource { account, resource_type: Kind::User, scim_id, content, created_at: now }
            })
            .collect();
        let insert = |conn: &mut store::Conn| {
            let rows: Result<Vec<_>, store::Error> =
                new.iter().map(|new| store::resources::insert(conn, new).map(|row| row.id)).collect();
            store::resources::mark_shown(conn, &rows?)
        };
        store.write_blocking(insert).unwrap();
    }
    (token.expose_secret().to_owned(), ids)
}

fn user_name(n: usize) -> String {
    format!("user{n}@example.com")
}

/// A user as an identity provider would send it.
fn user(name: &str, n: usize) -> Value {
    json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        ],
        "userName": name,
        "externalId": format!("ext-{name}"),
        "name": {"givenName": "Ada", "familyName": format!("Lovelace {n}")},
        "displayName": format!("Ada Lovelace {n}"),
        "title": "Engineer",
        "emails": [{"value": name, "type": "work", "primary": true}],
        "phoneNumbers": [{"value": "+44 20 7946 0000", "type": "work"}],
        "addresses": [{"type": "work", "country": "GB", "locality": "London"}],
        "active": true,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "employeeNumber": format!("{n}"),
            "costCenter": "4130",
            "department": "Analytical Engines",
        },
    })
}
