//! The two crash points of accepting (reliability §2, C1 and C2), with the executable: before the commit nothing is stored,
//! after it everything is delivered, and whoever repeats a request that was not answered does no harm.

use std::time::{Duration, Instant};

use concur::api::LookupAttribute;
use fixtures::simulator::{Config, Fault, FaultKind, Simulator, Size};
use reqwest::Method;
use scim_bridge::accounts::Clients;
use scim_bridge::clock::Clock;
use serde_json::{Value, json};
use store::testing::TestStore;

use super::processes::Replicas;
use super::rest;
use crate::harness::{self, Answer, ada};

/// Concur's word is waited for, which leaves time to die between the commit and the answer.
const PATIENT: &[&str] = &[
    "confirm_within=25s",
    "delivery.tick=200ms",
    "delivery.poll_first=500ms",
    "delivery.lease=30s",
    "delivery.settle_first=100ms",
    "concur.request_timeout=20s",
];
/// Longest wait for anything.
const WITHIN: Duration = Duration::from_mins(1);

struct Scene {
    database: TestStore,
    simulator: Simulator,
    account: store::accounts::Account,
    config: scim_bridge::config::Config,
    replicas: Replicas,
    token: String,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn set(database: TestStore) -> Self {
        concur::install_crypto();
        let upstream = Config {
            provisioning_delay: Duration::ZERO,
            size: Size { users: 20, lines: Some(0) },
            ..Config::default()
        };
        let simulator = Simulator::start(upstream).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = harness::config(&database, folder.path(), |_| {});
        let account = harness::connect_account(&database.store, &config, &simulator, "Acme").await;
        let token = harness::token(&database.store, Some(&account), harness::ALL_SCOPES).await;
        let replicas = Replicas::start(folder.path(), &database.database_url, 1, PATIENT).await;
        Self { database, simulator, account, config, replicas, token, _folder: folder }
    }

    /// A request, to be awaited or not; `None` where no answer came.
    fn send(&self, method: Method, path: &str, body: &Value) -> tokio::task::JoinHandle<Option<Answer>> {
        let address = self.replicas.addresses().remove(0);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = http
            .request(method, format!("{address}/scim/v2{path}"))
            .bearer_auth(&self.token)
            .header("content-type", "application/scim+json")
            .body(body.to_string());
        tokio::spawn(async move {
            let answer = request.send().await.ok()?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            Some(Answer { status, headers, text: answer.text().await.ok()? })
        })
    }

    async fn operations(&self) -> usize {
        let filter = store::operations::Filter::default();
        self.database.store.read(move |conn| store::operations::list(conn, &filter, 100)).await.unwrap().len()
    }

    async fn until_accepted(&self, operations: usize) {
        let began = Instant::now();
        while self.operations().await < operations {
            assert!(began.elapsed() < WITHIN, "it is not accepted");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The process dies and another one starts.
    async fn die_and_rise(&mut self) {
        self.replicas.kill(0);
        self.replicas.revive(0).await;
    }

    async fn in_concur(&self, user_name: &str) -> Vec<concur::model::IdentityUser> {
        let settings = scim_bridge::serve::client_settings(&self.config);
        let clients = Clients::new(self.database.store.clone(), Clock::system(), settings);
        let client = clients.get(self.account.id).await.unwrap();
        client.identity().find_by(LookupAttribute::UserName, user_name).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c1_what_was_not_committed_was_never_there() {
    for database in store::testing::stores() {
        let name = database.name;
        let mut scene = Scene::set(database).await;
        // Whoever wants to write waits for this transaction.
        let ours = if name == "sqlite" { "" } else { "LOCK TABLE resources IN EXCLUSIVE MODE" };
        let (locked, is_locked) = tokio::sync::oneshot::channel();
        let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
        let store = scene.database.another();
        let holding = tokio::task::spawn_blocking(move || {
            store.write_blocking(|conn| {
                if !ours.is_empty() {
                    store::testing::execute(conn, ours)?;
                }
                locked.send(()).unwrap();
                may_go_on.recv().unwrap();
                Ok::<_, store::Error>(())
            })
        });
        is_locked.await.unwrap();
        let asked = scene.send(Method::POST, "/Users", &ada());
        // It has come, and waits for the lock: on PostgreSQL one can see that.
        let waits = "SELECT 'waits' AS line FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        let began = Instant::now();
        while name == "postgres"
            && scene
                .database
                .store
                .read(move |conn| store::testing::lines(conn, waits))
                .await
                .unwrap()
                .is_empty()
        {
            assert!(began.elapsed() < WITHIN, "nobody waits for the lock");
        }
        assert!(!asked.is_finished(), "{name}: it cannot be answered before it is stored");
        scene.replicas.kill(0);
        go_on.send(()).unwrap();
        holding.await.unwrap().unwrap();
        assert!(asked.await.unwrap().is_none(), "{name}: nobody was told that it is done");
        scene.replicas.revive(0).await;
        let listed = scene.send(Method::GET, "/Users", &json!({})).await.unwrap().unwrap().expect(200);
        assert_eq!((&listed["totalResults"], scene.operations().await), (&json!(0), 0), "{name}: {listed}");
        // The repetition is the first one.
        scene.send(Method::POST, "/Users", &ada()).await.unwrap().unwrap().expect(201);
        assert_eq!(scene.in_concur(ada()["userName"].as_str().unwrap()).await.len(), 1, "{name}");
        scene.replicas.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c2_what_was_committed_and_not_answered_is_delivered_and_repeating_it_does_no_harm() {
    for database in store::testing::stores() {
        let name = database.name;
        let mut scene = Scene::set(database).await;
        let user_name = ada()["userName"].as_str().unwrap().to_owned();
        let slow = || Fault::once("/profile/v4/", FaultKind::Delay { ms: 3_000 });

        scene.simulator.inject(slow());
        let asked = scene.send(Method::POST, "/Users", &ada());
        scene.until_accepted(1).await;
        scene.die_and_rise().await;
        assert!(asked.await.unwrap().is_none(), "{name}: it died before it could answer");
        let again = scene.send(Method::POST, "/Users", &ada()).await.unwrap().unwrap().expect(201);
        rest(&scene.database, scene.account.id).await;
        assert_eq!(scene.in_concur(&user_name).await.len(), 1, "{name}");
        assert_eq!(scene.operations().await, 1, "{name}: the repetition is the same create");

        let path = format!("/Users/{}", again["id"].as_str().unwrap());
        let leave = json!({"schemas": [scim::urn::PATCH_OP],
            "Operations": [{"op": "replace", "path": "active", "value": false}]});
        scene.simulator.inject(slow());
        let asked = scene.send(Method::PATCH, &path, &leave);
        scene.until_accepted(2).await;
        scene.die_and_rise().await;
        assert!(asked.await.unwrap().is_none(), "{name}");
        let again = scene.send(Method::PATCH, &path, &leave).await.unwrap().unwrap();
        assert!(again.status.is_success(), "{name}: {}", again.text);
        rest(&scene.database, scene.account.id).await;
        assert_eq!(scene.in_concur(&user_name).await[0].active(), Some(false), "{name}");
        assert_eq!(scene.operations().await, 2, "{name}: what is wanted already is no operation");
        scene.replicas.stop();
    }
}
