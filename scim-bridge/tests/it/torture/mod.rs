//! The executable, killed without a warning again and again, while an identity provider changes people and Concur fails in
//! every way; in the end a ledger of what was acknowledged is compared with what Concur holds (reliability T5).
//!
//! Not part of the ordinary tests: `cargo xtask torture --minutes N` runs it, on SQLite with one process and on PostgreSQL
//! with two that share one queue. Times are real here; what needs two hours, a request that takes effect late, is the
//! simulation's (`simulation/`).
#![expect(clippy::print_stdout, reason = "the figures are the result")]

mod accepting;
mod backfill;
mod load;
mod mistake;
mod processes;
mod scene;
mod takeover;
mod waiting;

use std::time::{Duration, Instant};

use concur::api::LookupAttribute;
use fixtures::simulator::{Config, Fault, FaultKind, Simulator, Size};
use scim_bridge::accounts::Clients;
use scim_bridge::clock::Clock;
use store::ids::AccountId;
use store::operations::{self, State};
use store::testing::{TestStore, lines};

use self::load::{Ledger, Target};
use self::processes::{QUICK, Replicas};
use crate::harness;
use crate::simulation::Random;

/// How long everything may take to come to rest after the last fault.
const REST_WITHIN: Duration = Duration::from_mins(10);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes minutes: cargo xtask torture --minutes 10"]
async fn killed_again_and_again_on_sqlite() {
    let mut total = Total::default();
    for seed in seeds() {
        torture(store::testing::sqlite(), 1, seed, &mut total).await;
    }
    println!("{total}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes minutes: cargo xtask torture --minutes 10"]
async fn killed_again_and_again_on_postgres_with_two_replicas() {
    let mut total = Total::default();
    for seed in seeds() {
        if let Some(database) = store::testing::durable_postgres() {
            torture(database, 2, seed, &mut total).await;
        }
    }
    println!("{total}");
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Each decides anew what is done to whom, and when.
fn seeds() -> std::ops::Range<u64> {
    let first = number("TORTURE_SEED").unwrap_or(1);
    first..first + number("TORTURE_SEEDS").unwrap_or(1)
}

/// What all seeds were given together.
#[derive(Default)]
struct Total {
    seeds: usize,
    acknowledged: u64,
    kills: u64,
    terms: u64,
    faults: u64,
    restarts: Vec<Duration>,
    exits: Vec<Duration>,
    deactivations: Vec<Duration>,
}

impl std::fmt::Display for Total {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seeds, acknowledged, kills, terms, faults, .. } = self;
        writeln!(
            f,
            "{seeds} seed(s) together: {acknowledged} acknowledged changes, {kills} kills, {terms} TERMs, {faults} faults"
        )?;
        writeln!(f, "  restart to ready after kill -9: {}", figures(&self.restarts))?;
        writeln!(f, "  TERM to exit: {}", figures(&self.exits))?;
        write!(f, "  deactivation, accepted to read back: {}", figures(&self.deactivations))
    }
}

async fn torture(database: TestStore, replicas: usize, seed: u64, total: &mut Total) {
    let minutes = number("TORTURE_MINUTES").unwrap_or(1);
    let people = number("TORTURE_PEOPLE").unwrap_or(12);
    let Stage { simulator, folder, config, account, token } = Stage::set(&database).await;
    let mut replicas = Replicas::start(folder.path(), &database.database_url, replicas, QUICK).await;
    let until = Instant::now() + Duration::from_mins(minutes);
    let target = Target { addresses: replicas.addresses(), token, people, until, first: 0 };
    let load = tokio::spawn(load::run(target, seed));
    let (mut random, mut faults) = (Random::new(seed, 7), 0_u64);
    let mut next_kill = Instant::now() + Duration::from_secs(3);
    while Instant::now() < until {
        // As many for each request, however many there are.
        for _ in 0..people.div_ceil(12) {
            simulator.inject(fault(&mut random));
            faults += 1;
        }
        tokio::time::sleep(Duration::from_millis(random.between(20, 400))).await;
        if Instant::now() >= next_kill {
            replicas.strike(&mut random).await;
            next_kill = Instant::now() + Duration::from_millis(random.between(200, 4_000));
        }
    }
    simulator.clear_faults();
    let ledger = load.await.unwrap();
    let rested_in = rest(&database, account.id).await;

    let mut wrong = ledger.wrong.clone();
    wrong.extend(judge(&database, &simulator, &account, &config, &ledger).await);
    let latencies = deactivations(&database).await;
    println!(
        "{} with {} process(es), {minutes} min, seed {seed}: {} acknowledged changes of {} people, {} requests without an answer, \
         {} kills, {} TERMs, {faults} faults injected, {} requests to Concur",
        database.name,
        replicas.len(),
        ledger.acknowledged,
        ledger.people.len(),
        ledger.unanswered,
        replicas.kills,
        replicas.terms,
        simulator.counters().values().sum::<u64>(),
    );
    println!("  restart to ready after kill -9: {}", figures(&replicas.restarts));
    println!("  TERM to exit: {}", figures(&replicas.exits));
    println!("  deactivation, accepted to read back: {}", figures(&latencies));
    println!("  at rest {} ms after the last fault", rested_in.as_millis());
    println!("  lost, doubled, reordered, refused or illegal: {}", wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    total.seeds += 1;
    total.acknowledged += ledger.acknowledged;
    total.kills += replicas.kills;
    total.terms += replicas.terms;
    total.faults += faults;
    total.restarts.append(&mut replicas.restarts);
    total.exits.append(&mut replicas.exits);
    total.deactivations.extend(latencies);
    replicas.stop();
    assert!(ledger.acknowledged > 20, "too little happened to mean anything");
}

/// A small company that takes a second for each request, and its account.
struct Stage {
    simulator: Simulator,
    folder: tempfile::TempDir,
    config: scim_bridge::config::Config,
    account: store::accounts::Account,
    token: String,
}

impl Stage {
    async fn set(database: &TestStore) -> Self {
        concur::install_crypto();
        let upstream = Config {
            provisioning_delay: Duration::from_secs(1),
            size: Size { users: 50, lines: Some(0) },
            ..Config::default()
        };
        let simulator = Simulator::start(upstream).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = harness::config(database, folder.path(), |_| {});
        let account = harness::connect_account(&database.store, &config, &simulator, "Acme").await;
        unbraked(database, account.id).await;
        let token = harness::token(&database.store, Some(&account), harness::ALL_SCOPES).await;
        Self { simulator, folder, config, account, token }
    }
}

/// People come and go by the hundred here, which the brake would stop: it has tests of its own.
async fn unbraked(database: &TestStore, account: AccountId) {
    let clock = Clock::system();
    let until = clock.now() + jiff::SignedDuration::from_hours(24);
    let (reason, actor) = ("torture".to_owned(), "test".to_owned());
    scim_bridge::brake::off(&database.store, &clock, account, until, reason, actor).await.unwrap();
}

/// Median, 99th percentile and maximum in milliseconds.
fn figures(times: &[Duration]) -> String {
    let mut sorted: Vec<u128> = times.iter().map(Duration::as_millis).collect();
    sorted.sort_unstable();
    let at = |percent: usize| sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1)));
    match (at(50), at(99), sorted.last()) {
        (Some(p50), Some(p99), Some(max)) => {
            format!("p50 {p50} ms, p99 {p99} ms, max {max} ms, of {}", sorted.len())
        }
        _ => "none".to_owned(),
    }
}

/// Something that goes wrong with one of the next requests.
fn fault(random: &mut Random) -> Fault {
    let status = |code, retry_after: Option<&str>| FaultKind::Status {
        code,
        retry_after: retry_after.map(str::to_owned),
        body: None,
    };
    let (path, kind) = random
        .pick(&[
            (3, ("/profile/v4/", FaultKind::CloseBefore)),
            (6, ("/profile/v4/", FaultKind::CloseAfter)),
            (2, ("/profile/v4/", FaultKind::Break)),
            (2, ("/profile/v4/", FaultKind::Truncate)),
            (2, ("/profile/v4/", FaultKind::Html)),
            (2, ("/profile/v4/", status(503, None))),
            (2, ("/profile/v4/", status(500, None))),
            (1, ("/profile/v4/", status(429, Some("1")))),
            (2, ("/profile/v4/provisions/", FaultKind::StaleStatus)),
            (2, ("/profile/v4/provisions/", FaultKind::DoubledStatus)),
            (2, ("/profile/identity/", FaultKind::CloseAfter)),
            (2, ("/profile/identity/", status(503, None))),
            (1, ("/profile/spend/", FaultKind::CloseAfter)),
            (1, ("/", FaultKind::RevokeTokens)),
            (2, ("/", FaultKind::Delay { ms: 700 })),
        ])
        .clone();
    Fault { skip: u32::try_from(random.between(0, 3)).unwrap(), ..Fault::once(path, kind) }
}

/// Waits until nothing is under way.
async fn rest(database: &TestStore, account: AccountId) -> Duration {
    let began = Instant::now();
    loop {
        let counts =
            database.store.read(move |conn| operations::counts_by_state(conn, Some(account))).await.unwrap();
        if counts.iter().all(|(state, _)| state.is_end() || *state == State::Failed) {
            return began.elapsed();
        }
        assert!(began.elapsed() < REST_WITHIN, "it does not come to rest: {counts:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Everyone is in Concur as acknowledged, once; nothing older went out after something newer; nothing has failed.
async fn judge(
    database: &TestStore,
    simulator: &Simulator,
    account: &store::accounts::Account,
    config: &scim_bridge::config::Config,
    ledger: &Ledger,
) -> Vec<String> {
    let mut wrong = simulator.violations();
    wrong.extend(crate::simulation::order(&database.store).await);
    wrong.extend(crate::simulation::unfinished(&database.store).await);
    let bodies = simulator.writes().into_iter().map(|write| (write.n.to_string(), write.body.to_string()));
    wrong.extend(crate::simulation::values_go_back(bodies));
    let clients =
        Clients::new(database.store.clone(), Clock::system(), scim_bridge::serve::client_settings(config));
    let client = clients.get(account.id).await.unwrap();
    for person in &ledger.people {
        let found =
            client.identity().find_by(LookupAttribute::ExternalId, &person.external_id).await.unwrap();
        let who = &person.external_id;
        if found.len() > 1 {
            wrong.push(format!("{who} is in Concur {} times", found.len()));
        }
        let there = found.first();
        match (&person.acknowledged, there) {
            (None, there) if there.is_some_and(|there| there.active() != Some(false)) => {
                wrong.push(format!("{who} is deleted and still active"));
            }
            (Some(wanted), None) if wanted["active"] == true => wrong.push(format!("{who} is lost")),
            (Some(wanted), Some(there)) => {
                for path in ["userName", "title", "active"] {
                    if wanted[path] != there.raw()[path] {
                        wrong.push(format!(
                            "{who}: {path} is {}, wanted {}",
                            there.raw()[path],
                            wanted[path]
                        ));
                    }
                }
            }
            _ => {}
        }
    }
    wrong
}

/// How long deactivations took from their acceptance to `done`.
async fn deactivations(database: &TestStore) -> Vec<Duration> {
    let sql = "SELECT CAST(updated_at - created_at AS TEXT) AS line FROM operations \
               WHERE priority = 0 AND state = 'done'";
    let micros = database.store.read(move |conn| lines(conn, sql)).await.unwrap();
    micros.into_iter().map(|text| Duration::from_micros(text.parse().unwrap())).collect()
}
