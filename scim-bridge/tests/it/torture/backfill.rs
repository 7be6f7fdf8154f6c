//! The first sync of a company and the reading of its longer history, killed again and again: nothing lost, nothing twice, no
//! hole that is told as complete.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fixtures::company::{Company, Report};
use fixtures::simulator::{Config, Fault, FaultKind, Simulator};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use scim_bridge::clock::Clock;
use store::accounts::Account;
use store::lines::{self, Filter};
use store::runs::{self, State};
use store::testing::TestStore;
use sync::pull::history;

use crate::harness;
use crate::process::bridge;
use crate::simulation::Random;

/// Lines and their posted sum, by report.
type Sums = BTreeMap<String, (usize, Decimal)>;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes minutes: cargo xtask torture --backfill"]
async fn a_first_sync_killed_again_and_again_on_sqlite() {
    backfill(store::testing::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes minutes: cargo xtask torture --backfill"]
async fn a_first_sync_killed_again_and_again_on_postgres() {
    if let Some(database) = store::testing::durable_postgres() {
        backfill(database).await;
    }
}

/// The company's last report is so many days old, so that most of its reports lie before the year.
const QUIET_DAYS: i32 = 290;

async fn backfill(database: TestStore) {
    concur::install_crypto();
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let wanted = number("TORTURE_KILLS").unwrap_or(100);
    let mut random = Random::new(number("TORTURE_SEED").unwrap_or(1), 11);
    let today = Clock::system().now().to_zoned_datetime(TimeZone::UTC).date();
    let last_report = today - QUIET_DAYS.days();
    let simulator = Simulator::start(Config { today: Some(last_report), ..Config::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = harness::config(&database, folder.path(), |_| {});
    let account = harness::connect_account(&database.store, &config, &simulator, "Acme").await;
    let company = Company::generate(Config::default().seed, last_report);
    let place = Place { database, folder, simulator, account };
    let year = sync::window::first_day(place.account.first_connected_at.unwrap());
    let sync = (["sync", "run", "Acme"].as_slice(), sync::run::KIND);
    torture(&place, sync, wanted / 2, &mut random, &expected(&company, year, today)).await;

    let from = year - 1.year();
    ask(&place, from).await;
    let longer = (["sync", "history", "Acme", "--now"].as_slice(), history::KIND);
    torture(&place, longer, wanted - wanted / 2, &mut random, &expected(&company, from, today)).await;
}

/// A database, a simulated company, and what connects the two.
struct Place {
    database: TestStore,
    folder: tempfile::TempDir,
    simulator: Simulator,
    account: Account,
}

/// Asks for a longer history.
async fn ask(place: &Place, from: Date) {
    let (id, now) = (place.account.id, Clock::system().now());
    let ask = move |conn: &mut store::Conn| history::ask(conn, id, from, now);
    place.database.store.write(ask).await.unwrap().unwrap();
}

/// Starts the command again and again and kills it, until it was killed often enough; then lets it come to its end.
async fn torture(
    place: &Place,
    (command, kind): (&[&str], &'static str),
    wanted: u64,
    random: &mut Random,
    expected: &Sums,
) {
    let Place { database, folder, simulator, account } = place;
    let year_before = sync::window::first_day(account.first_connected_at.unwrap()) - 1.year();
    let (began, mut kills, mut ends, mut lines_seen) = (Instant::now(), 0, 0_i32, Vec::new());
    while kills < wanted {
        simulator.inject(fault(random));
        let mut run = start(command, folder.path(), &database.database_url);
        tokio::time::sleep(Duration::from_millis(random.between(150, 2_000))).await;
        if run.try_wait().unwrap().is_none() {
            run.kill().unwrap();
            kills += 1;
        }
        run.wait().unwrap();
        // A killed run keeps the account for two minutes: they pass.
        database
            .store
            .write(|conn| store::testing::execute(conn, "DELETE FROM account_leases"))
            .await
            .unwrap();
        if is_complete(database, account, kind).await {
            ends += 1;
            assert_eq!(&stored(database, account).await, expected, "a run was told as complete and is not");
            if kind == history::KIND {
                // Nothing is older; all of it is read once more.
                ask(place, year_before - (30 * ends).days()).await;
            }
        } else {
            lines_seen.push(count(database, account).await);
        }
    }
    simulator.clear_faults();
    assert!(start(command, folder.path(), &database.database_url).wait().unwrap().success());
    assert!(is_complete(database, account, kind).await);
    let stored = stored(database, account).await;
    let lines: usize = stored.values().map(|(lines, _)| lines).sum();
    println!(
        "{}, {kind}: {lines} lines in {} reports after {kills} kills and {ends} runs that came to their end, {:.0} s",
        database.name,
        stored.len(),
        began.elapsed().as_secs_f64()
    );
    assert!(lines_seen.is_sorted(), "what a run has read stays: {lines_seen:?}");
    assert_eq!(&stored, expected);
}

/// A command, in a process of its own.
fn start(arguments: &[&str], folder: &Path, database_url: &str) -> Child {
    let mut command: Command = bridge(folder);
    command.env("SCIM_BRIDGE_DATABASE_URL", database_url).args(arguments);
    for setting in [
        format!("master_key_file={}", folder.join("master.key").display()),
        format!("data_dir={}", folder.join("data").display()),
        "concur.allow_loopback_http=true".to_owned(),
        "concur.requests_per_second=1000".to_owned(),
        "concur.max_concurrent=8".to_owned(),
        "concur.unavailable_pause=0s".to_owned(),
    ] {
        command.args(["--set", &setting]);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Something that goes wrong with one of the next reads.
fn fault(random: &mut Random) -> Fault {
    let status = |code| FaultKind::Status { code, retry_after: None, body: None };
    let kind = random
        .pick(&[
            (2, FaultKind::CloseBefore),
            (2, FaultKind::CloseAfter),
            (2, FaultKind::Truncate),
            (2, status(503)),
            (2, status(500)),
        ])
        .clone();
    Fault { skip: u32::try_from(random.between(0, 5)).unwrap(), ..Fault::once("/api/v3.0/expense/", kind) }
}

async fn is_complete(database: &TestStore, account: &Account, kind: &'static str) -> bool {
    let id = account.id;
    let last = database.store.read(move |conn| runs::latest(conn, id, kind)).await.unwrap();
    last.is_some_and(|run| run.state == State::Complete)
}

async fn count(database: &TestStore, account: &Account) -> usize {
    let id = account.id;
    database.store.read(move |conn| lines::count(conn, id, &Filter::default())).await.unwrap()
}

async fn stored(database: &TestStore, account: &Account) -> Sums {
    let id = account.id;
    let read = database.store.read(move |conn| {
        let (mut sums, mut after) = (Sums::new(), None);
        loop {
            let page = lines::page(conn, id, &Filter::default(), after.as_ref(), 1_000)?;
            for (line, _) in page.rows {
                let sum = sums.entry(line.report_id.unwrap_or_default()).or_default();
                sum.0 += 1;
                sum.1 += line.posted.amount;
            }
            after = page.next;
            if after.is_none() {
                return Ok(sums);
            }
        }
    });
    read.await.unwrap()
}

/// What the company knows itself.
fn expected(company: &Company, from: Date, to: Date) -> Sums {
    let day = |at: jiff::Timestamp| at.to_zoned_datetime(TimeZone::UTC).date();
    let listed = |report: &&Report| (from..=to).contains(&day(report.last_modified));
    let mut reports = Sums::new();
    for report in company.reports.iter().filter(listed) {
        for entry in &report.entries {
            let parts = entry.itemizations.iter().map(|part| (part.transaction_date, part.posted_amount));
            let whole = [(entry.transaction_date, entry.posted_amount)];
            let rows: Vec<_> = if entry.itemizations.is_empty() { whole.to_vec() } else { parts.collect() };
            for (_, amount) in rows.iter().filter(|(date, _)| *date >= from) {
                let sum = reports.entry(report.id.clone()).or_default();
                sum.0 += 1;
                sum.1 += amount;
            }
        }
    }
    reports
}
