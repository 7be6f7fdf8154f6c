//! A company whose people are all an identity provider's, one process of the bridge as it is shipped, and what is asked of both.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fixtures::simulator::{Config, Simulator, Size};
use reqwest::Method;
use scim_bridge::accounts::Clients;
use scim_bridge::clock::Clock;
use scim_bridge::provision::OnBehalf;
use scim_bridge::reconcile::{self, Options, Parts};
use serde_json::{Value, json};
use store::accounts::Account;
use store::ids::AccountId;
use store::operations::{self, State};
use store::testing::{TestStore, lines};

use super::processes::Replicas;
use crate::harness;

/// Requests of the provider under way at once.
const AT_ONCE: usize = 16;
/// Longest that it may take to catch up before the test gives up: more than the goal, so that a miss is a figure.
const PATIENCE: Duration = Duration::from_hours(2);
/// The provider does not wait for Concur's word.
pub(super) const SHIPPED: &[&str] = &["confirm_within=0s"];
/// The same where Concur may be asked as often as it answers.
pub(super) const QUICK: &[&str] =
    &["confirm_within=0s", "concur.requests_per_second=1000", "concur.total_requests_per_second=1000"];
/// How many leave.
const LEAVERS: usize = 30;

/// A company whose people are all the provider's, and one process.
pub(super) struct Scene {
    pub(super) database: TestStore,
    pub(super) simulator: Simulator,
    pub(super) replicas: Replicas,
    pub(super) provider: Provider,
    account: AccountId,
    _folder: tempfile::TempDir,
}

impl Scene {
    pub(super) async fn set(settings: &'static [&'static str]) -> Self {
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
        let ids = Arc::new(take_over(&database, &account, &config).await);
        let token = harness::token(&database.store, Some(&account), harness::ALL_SCOPES).await;
        let replicas = Replicas::start(folder.path(), &database.database_url, 1, settings).await;
        let provider = Provider { address: replicas.addresses().remove(0), token, ids };
        Self { database, simulator, replicas, provider, account: account.id, _folder: folder }
    }

    /// People come and go by the hundred in most stories.
    pub(super) async fn unbraked(self) -> Self {
        super::unbraked(&self.database, self.account).await;
        self
    }

    /// So many changes are accepted; the process is killed then, and comes back.
    pub(super) async fn accept(&mut self, changes: usize) {
        let Self { database, replicas, provider, .. } = self;
        let began = Instant::now();
        provider.change_everyone(changes).await;
        let accepted_in = began.elapsed();
        let (resident, peak) = replicas.memory(0);
        replicas.kill(0);
        let ready = replicas.revive(0).await;
        let waiting = open(database).await;
        println!(
            "{changes} changes of {} people accepted in {:.0} s; {waiting} operations wait; resident {} MB, at most {} MB; \
             kill -9 to ready {} ms",
            provider.ids.len(),
            accepted_in.as_secs_f64(),
            resident / 1024,
            peak / 1024,
            ready.as_millis()
        );
    }

    /// People leave, one after the other, while everyone's change waits; how long until each was read back.
    pub(super) async fn leave(self) {
        let leave = json!({"op": "replace", "path": "active", "value": false});
        let every = (self.provider.ids.len() / LEAVERS).max(1);
        let mut pace = tokio::time::interval(Duration::from_secs(5));
        for id in self.provider.ids.iter().rev().step_by(every).take(LEAVERS) {
            pace.tick().await;
            self.provider.patch(&http(), id, &leave).await;
        }
        let began = Instant::now();
        let waited = loop {
            let waited = deactivations(&self.database).await;
            if waited.len() == LEAVERS {
                break waited;
            }
            assert!(began.elapsed() < PATIENCE, "{} of {LEAVERS} have left", waited.len());
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        let at = |percent: usize| waited[(waited.len() * percent / 100).min(waited.len() - 1)] / 1_000_000;
        println!(
            "{LEAVERS} people left while {} changes waited: accepted to read back p50 {} s, p99 {} s, max {} s",
            open(&self.database).await,
            at(50),
            at(99),
            at(100)
        );
        self.replicas.stop();
    }

    /// Everything comes to rest; then everybody is there once, as the provider said last.
    pub(super) async fn settle_all(self, joined: usize) {
        let began = Instant::now();
        self.rest_but_held().await;
        let said = "SELECT COALESCE(json_extract(body, '$.title'), '') AS line FROM resources WHERE active AND deleted_at IS NULL \
                    AND resource_type = 'User'";
        let mut said = self.database.store.read(move |conn| lines(conn, said)).await.unwrap();
        let touched = self.changed_in_concur().await;
        let title = |user: &Value| user["identity"]["title"].as_str().unwrap_or_default().to_owned();
        let mut there: Vec<String> = touched.iter().map(title).collect();
        there.sort();
        said.sort();
        let sent = self.simulator.writes().len();
        println!(
            "{joined} people joined and {joined} changed, at rest {:.0} s after the last; {sent} requests that write, {} operations failed",
            began.elapsed().as_secs_f64(),
            failed(&self.database).await
        );
        assert_eq!(failed(&self.database).await, 0);
        assert_eq!(there.len(), said.len(), "everybody is there once");
        assert_eq!(there, said, "as the provider said last");
        self.replicas.stop();
    }

    /// Everything is at its end but what the brake holds.
    pub(super) async fn rest_but_held(&self) {
        let began = Instant::now();
        loop {
            let open = open(&self.database).await;
            if open == 0 {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{open} operations still wait");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// How many have no access in Concur any more.
    pub(super) async fn without_access(&self) -> usize {
        let changed = self.changed_in_concur().await;
        changed.iter().filter(|user| user["identity"]["active"] == false).count()
    }

    /// Whoever was changed in Concur since it began.
    async fn changed_in_concur(&self) -> Vec<Value> {
        let address = format!("{}/admin/snapshot", self.simulator.info().origins.us2);
        let mut snapshot: Value = http().get(address).send().await.unwrap().json().await.unwrap();
        let Value::Array(changed) = snapshot["users_changed"].take() else { panic!("a list: {snapshot}") };
        changed
    }

    /// Concur is back.
    pub(super) async fn catch_up(self) {
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
pub(super) struct Provider {
    address: String,
    token: String,
    pub(super) ids: Arc<Vec<String>>,
}

impl Provider {
    /// Changes everyone, one after the other and again, until there are enough changes.
    pub(super) async fn change_everyone(&self, changes: usize) {
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

    /// So many new people, each sent once.
    pub(super) async fn join(&self, people: usize) {
        let next = AtomicUsize::new(0);
        let one = async || {
            let http = http();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= people {
                    return;
                }
                let name = format!("joiner-{n}@example.com");
                let body = json!({
                    "schemas": [scim::urn::USER],
                    "userName": name,
                    "externalId": format!("joiner-{n}"),
                    "name": {"givenName": "Ada", "familyName": format!("Joiner {n}")},
                    "title": format!("Joiner {n}"),
                    "emails": [{"value": name, "type": "work", "primary": true}],
                    "active": true,
                });
                self.send(&http, Method::POST, "/scim/v2/Users", &body).await;
            }
        };
        futures::future::join_all((0..AT_ONCE).map(|_| one())).await;
    }

    pub(super) async fn patch(&self, http: &reqwest::Client, id: &str, operation: &Value) {
        let body = json!({"schemas": [scim::urn::PATCH_OP], "Operations": [operation]});
        self.send(http, Method::PATCH, &format!("/scim/v2/Users/{id}"), &body).await;
    }

    pub(super) async fn send(&self, http: &reqwest::Client, method: Method, path: &str, body: &Value) {
        let request = http
            .request(method, format!("{}{path}", self.address))
            .bearer_auth(&self.token)
            .header("content-type", "application/json")
            .body(body.to_string());
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
}

pub(super) fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn open(database: &TestStore) -> u64 {
    let counts = database.store.read(|conn| operations::counts_by_state(conn, None)).await.unwrap();
    let open = |state: State| !state.is_end() && !matches!(state, State::Failed | State::Held);
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

/// Of everyone who has left: microseconds from the answer to the provider until it was read back, in order.
async fn deactivations(database: &TestStore) -> Vec<i64> {
    let sql = "SELECT CAST(updated_at - created_at AS TEXT) AS line FROM operations WHERE kind = 'deactivate' \
               AND state = 'done'";
    let waited = database.store.read(move |conn| lines(conn, sql)).await.unwrap();
    let mut waited: Vec<i64> = waited.iter().map(|text| text.parse().unwrap()).collect();
    waited.sort_unstable();
    waited
}

/// Attempts that were not the first ones, in the minute that has most of them beside its first ones.
async fn retries(database: &TestStore) -> String {
    let sql = "SELECT CAST(SUM(CASE WHEN attempt > 1 THEN 1 ELSE 0 END) AS TEXT) || ' repetitions beside ' || \
               CAST(SUM(CASE WHEN attempt = 1 THEN 1 ELSE 0 END) AS TEXT) || ' first attempts' AS line \
               FROM attempts GROUP BY started_at / 60000000 ORDER BY SUM(CASE WHEN attempt > 1 THEN 1 ELSE 0 END) DESC LIMIT 1";
    let lines = database.store.read(move |conn| lines(conn, sql)).await.unwrap();
    format!("in the minute with most repetitions: {}", lines.first().map_or("none", String::as_str))
}
