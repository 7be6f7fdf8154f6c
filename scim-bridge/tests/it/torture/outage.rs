//! Concur is away for an hour of changes; then how soon all of them are there, with the settings that are shipped: what Concur
//! may be asked in a second is the limit. On the way: memory and restart with everything queued, and a deactivation that is
//! accepted behind all of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fixtures::simulator::{Config, Fault, Simulator, Size};
use reqwest::Method;
use scim_bridge::accounts::Clients;
use scim_bridge::clock::Clock;
use scim_bridge::provision::OnBehalf;
use scim_bridge::reconcile::{self, Options, Parts};
use serde_json::{Value, json};
use store::accounts::Account;
use store::operations::{self, State};
use store::testing::{TestStore, lines};

use super::processes::Replicas;
use super::unbraked;
use crate::harness;

/// An hour of ten changes a second.
const CHANGES: usize = 36_000;
/// Requests of the provider under way at once.
const AT_ONCE: usize = 16;
/// Longest that it may take to catch up before the test gives up: more than the goal, so that a miss is a figure.
const PATIENCE: Duration = Duration::from_hours(2);
/// The provider does not wait for Concur's word.
const SHIPPED: &[&str] = &["confirm_within=0s"];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes the better part of an hour: cargo xtask torture --outage"]
async fn an_hour_of_changes_is_caught_up_with_after_an_outage() {
    let scene = Scene::set(CHANGES).await;
    scene.catch_up().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes a quarter of an hour: cargo xtask torture --queue"]
async fn a_change_of_everyone_waits_in_little_memory() {
    let scene = Scene::set(0).await;
    scene.replicas.stop();
}

/// Everything accepted, and nothing delivered.
struct Scene {
    database: TestStore,
    simulator: Simulator,
    replicas: Replicas,
    provider: Provider,
    _folder: tempfile::TempDir,
}

impl Scene {
    /// So many changes, or one for each person, are accepted while Concur is away.
    async fn set(changes: usize) -> Self {
        concur::install_crypto();
        let people =
            std::env::var("TORTURE_PEOPLE").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
        let upstream = Config {
            provisioning_delay: Duration::from_secs(2),
            size: Size { users: people, lines: Some(0) },
            ..Config::default()
        };
        let database = store::testing::sqlite();
        let simulator = Simulator::start(upstream).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = harness::config(&database, folder.path(), |config| {
            config.concur.requests_per_second = 10_000;
            config.concur.total_requests_per_second = 10_000;
        });
        let account = harness::connect_account(&database.store, &config, &simulator, "Acme").await;
        unbraked(&database, account.id).await;
        let ids = Arc::new(take_over(&database, &account, &config).await);
        let token = harness::token(&database.store, Some(&account), harness::ALL_SCOPES).await;
        let mut replicas = Replicas::start(folder.path(), &database.database_url, 1, SHIPPED).await;

        simulator.inject(Fault::status("/profile/", 503, u32::MAX));
        let provider = Provider { address: replicas.addresses().remove(0), token, ids };
        let changes = if changes == 0 { provider.ids.len() } else { changes };
        let began = Instant::now();
        provider.change_everyone(changes).await;
        let accepted_in = began.elapsed();
        let (resident, peak) = replicas.memory(0);
        replicas.kill(0);
        let ready = replicas.revive(0).await;
        let waiting = open(&database).await;
        println!(
            "{changes} changes of {} people accepted in {:.0} s; {waiting} operations wait; resident {} MB, at most {} MB; \
             kill -9 to ready {} ms",
            provider.ids.len(),
            accepted_in.as_secs_f64(),
            resident / 1024,
            peak / 1024,
            ready.as_millis()
        );
        Self { database, simulator, replicas, provider, _folder: folder }
    }

    /// Concur is back.
    async fn catch_up(self) {
        self.simulator.clear_faults();
        let asked_before: u64 = self.simulator.counters().values().sum();
        let back = Instant::now();
        let leaver = &self.provider.ids[self.provider.ids.len() / 2];
        let leave = json!({"op": "replace", "path": "active", "value": false});
        self.provider.patch(&http(), leaver, &leave).await;
        let mut left_after = None;
        loop {
            let open = open(&self.database).await;
            if left_after.is_none() && is_out(&self.database).await {
                left_after = Some(back.elapsed());
                println!(
                    "the deactivation was read back {:.0} s after Concur was back",
                    back.elapsed().as_secs_f64()
                );
            }
            if open == 0 {
                break;
            }
            assert!(back.elapsed() < PATIENCE, "{open} operations still wait");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let asked = self.simulator.counters().values().sum::<u64>() - asked_before;
        let (_, peak) = self.replicas.memory(0);
        println!(
            "caught up {:.0} s after Concur was back, with {asked} requests; resident at most {} MB; {}",
            back.elapsed().as_secs_f64(),
            peak / 1024,
            retries(&self.database).await
        );
        assert_eq!(failed(&self.database).await, 0);
        self.replicas.stop();
    }
}

/// Everyone in the company becomes a user of the provider's.
async fn take_over(
    database: &TestStore,
    account: &Account,
    config: &scim_bridge::config::Config,
) -> Vec<String> {
    let clients =
        Clients::new(database.store.clone(), Clock::system(), scim_bridge::serve::client_settings(config));
    let parts = Parts {
        store: database.store.clone(),
        clock: Clock::system(),
        client: clients.get(account.id).await.unwrap(),
        on: OnBehalf::new(account.clone(), "torture".to_owned()).unwrap(),
    };
    reconcile::run(&parts, Options { import: true, ..Options::default() }).await.unwrap();
    let sql = "SELECT scim_id AS line FROM resources WHERE active AND deleted_at IS NULL ORDER BY scim_id";
    database.store.read(move |conn| lines(conn, sql)).await.unwrap()
}

/// Who changes people.
struct Provider {
    address: String,
    token: String,
    ids: Arc<Vec<String>>,
}

impl Provider {
    /// Changes everyone, one after the other and again, until there are enough changes.
    async fn change_everyone(&self, changes: usize) {
        let next = AtomicUsize::new(0);
        let one = async || {
            let http = http();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= changes {
                    return;
                }
                let title = json!({"op": "replace", "path": "title", "value": format!("Title {n}")});
                self.patch(&http, &self.ids[n % self.ids.len()], &title).await;
            }
        };
        futures::future::join_all((0..AT_ONCE).map(|_| one())).await;
    }

    async fn patch(&self, http: &reqwest::Client, id: &str, operation: &Value) {
        let body = json!({"schemas": [scim::urn::PATCH_OP], "Operations": [operation]});
        let request = http
            .request(Method::PATCH, format!("{}/scim/v2/Users/{id}", self.address))
            .bearer_auth(&self.token)
            .header("content-type", "application/scim+json")
            .body(body.to_string());
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn open(database: &TestStore) -> u64 {
    let counts = database.store.read(|conn| operations::counts_by_state(conn, None)).await.unwrap();
    let open = |state: State| !state.is_end() && state != State::Failed;
    counts.into_iter().filter(|(state, _)| open(*state)).map(|(_, count)| count).sum()
}

async fn failed(database: &TestStore) -> u64 {
    let counts = database.store.read(|conn| operations::counts_by_state(conn, None)).await.unwrap();
    counts.into_iter().filter(|(state, _)| *state == State::Failed).map(|(_, count)| count).sum()
}

async fn is_out(database: &TestStore) -> bool {
    let sql = "SELECT kind AS line FROM operations WHERE kind = 'deactivate' AND state = 'done'";
    !database.store.read(move |conn| lines(conn, sql)).await.unwrap().is_empty()
}

/// Attempts that were not the first ones, in the minute that has most of them beside its first ones.
async fn retries(database: &TestStore) -> String {
    let sql = "SELECT CAST(SUM(CASE WHEN attempt > 1 THEN 1 ELSE 0 END) AS TEXT) || ' repetitions beside ' || \
               CAST(SUM(CASE WHEN attempt = 1 THEN 1 ELSE 0 END) AS TEXT) || ' first attempts' AS line \
               FROM attempts GROUP BY started_at / 60000000 ORDER BY SUM(CASE WHEN attempt > 1 THEN 1 ELSE 0 END) DESC LIMIT 1";
    let lines = database.store.read(move |conn| lines(conn, sql)).await.unwrap();
    format!("in the minute with most repetitions: {}", lines.first().map_or("none", String::as_str))
}
