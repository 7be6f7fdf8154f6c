//! Whether the Concur simulator can hold a large company and never be what another measurement measures: 100,000
//! users, 2,000,000 expense lines, ready within 5 seconds, under 1 GB, 2,000 small requests a second on two cores.
//!
//! Simulator and client share the process and its cores, so memory is that of both, and the rate is a floor. The
//! limit is on processor time: requests for each second of it, times two cores.
//!
//! `cargo bench -p benches --bench simulator`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench reports, and stops at what must not happen"
)]

use std::{
    fs,
    time::{Duration, Instant},
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fixtures::simulator::{ClockMode, Config, Simulator, Size};
use futures::{StreamExt, stream};
use serde_json::Value;
use tokio::runtime::Runtime;

const USERS: usize = 100_000;
const LINES: usize = 2_000_000;
/// The share by which the number of lines may differ from what was asked for, in percent.
const LINES_TOLERANCE: usize = 2;
const READY_WITHIN: Duration = Duration::from_secs(5);
const MEGABYTES_MAX: u64 = 1000;
const REQUESTS_A_SECOND_MIN: f64 = 2000.0;
/// Requests of one run, and how many of them are out at once.
const REQUESTS: usize = 4000;
const AT_ONCE: usize = 32;
/// Every so manieth report is looked into.
const SAMPLE: usize = 500;

struct Stage {
    simulator: Simulator,
    http: reqwest::Client,
    token: String,
}

impl Stage {
    async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let start = "2026-06-01T09:00:00Z".parse().unwrap();
        let size = Size { users: USERS, lines: Some(LINES) };
        let clock = ClockMode::Virtual { start };
        let simulator = Simulator::start(Config { size, clock, ..Config::default() }).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut stage = Self { simulator, http, token: String::new() };
        stage.connect().await;
        stage
    }

    async fn connect(&mut self) {
        let info = self.simulator.info();
        let form = [
            ("client_id", info.client_id.as_str()),
            ("client_secret", &info.client_secret),
            ("grant_type", "password"),
            ("credtype", "authtoken"),
            ("username", &info.company_uuid),
            ("password", &info.company_request_token),
        ];
        let request = self.http.post(format!("{}/oauth2/v0/token", info.origins.glz)).form(&form);
        let granted: Value = request.send().await.unwrap().json().await.unwrap();
        granted["access_token"].as_str().unwrap().clone_into(&mut self.token);
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.simulator.info().origins.us2));
        let request = request.bearer_auth(&self.token).header("accept", "application/json");
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    /// Everyone, page after page; gives the ids.
    async fn users(&self) -> Vec<String> {
        let mut ids = Vec::with_capacity(USERS);
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("/profile/identity/v4.1/Users?count=1000{cursor}")).await;
            let users = page["Resources"].as_array().unwrap();
            ids.extend(users.iter().map(|user| user["id"].as_str().unwrap().to_owned()));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return ids,
            }
        }
    }

    /// The ids of all reports, page after page.
    async fn reports(&self) -> Vec<String> {
        let mut ids = Vec::new();
        let mut next = Some("/api/v3.0/expense/reports?limit=100&user=ALL".to_owned());
        while let Some(path) = next {
            let page = self.get(&path).await;
            let reports = page["Items"].as_array().unwrap();
            ids.extend(reports.iter().map(|report| report["ID"].as_str().unwrap().to_owned()));
            let origin = &self.simulator.info().origins.us2;
            next = page["NextPage"].as_str().map(|url| url.trim_start_matches(origin).to_owned());
        }
        ids
    }

    /// Lines of a report: entries, or their parts where they have any.
    async fn lines_of(&self, report: &str) -> usize {
        let of = format!("limit=100&user=ALL&reportID={report}");
        let entries = self.get(&format!("/api/v3.0/expense/entries?{of}")).await;
        let parts = self.get(&format!("/api/v3.0/expense/itemizations?{of}")).await;
        let entries = entries["Items"].as_array().unwrap();
        assert!(entries.iter().all(|entry| entry["ReportID"] == report), "{report}");
        let plain = entries.iter().filter(|entry| entry["HasItemizations"] == false).count();
        plain + parts["Items"].as_array().unwrap().len()
    }

    /// Many small requests at once: a user by the id, every answer checked.
    async fn small_requests(&self, ids: &[String]) {
        let some = ids.iter().cycle().step_by(7).take(REQUESTS);
        let read = |id: String| async move {
            let user = self.get(&format!("/profile/identity/v4.1/Users/{id}")).await;
            assert_eq!(user["id"], id.as_str());
        };
        stream::iter(some.cloned()).map(read).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    }
}

/// The most memory this process ever had resident, in megabytes.
fn peak_megabytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
}

/// Processor time of this process.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let ticks = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
    ticks.map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}

fn simulator(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let started = Instant::now();
    let stage = runtime.block_on(Stage::new());
    let ready = started.elapsed();
    let at_start = peak_megabytes();
    assert!(ready <= READY_WITHIN, "ready after {ready:?}");

    let ids = runtime.block_on(stage.users());
    assert_eq!(ids.len(), USERS);
    let reports = runtime.block_on(stage.reports());
    let sample: Vec<&String> = reports.iter().step_by(SAMPLE).collect();
    let lines: usize = runtime.block_on(async {
        stream::iter(&sample).then(|id| stage.lines_of(id)).collect::<Vec<_>>().await.iter().sum()
    });
    let estimated = lines * reports.len() / sample.len();
    let tolerance = LINES * LINES_TOLERANCE / 100;
    assert!(estimated.abs_diff(LINES) <= tolerance, "about {estimated} lines");

    let (started, used) = (Instant::now(), processor_seconds());
    runtime.block_on(stage.small_requests(&ids));
    let (wall, used) = (started.elapsed().as_secs_f64(), processor_seconds() - used);
    let requests = f64::from(u32::try_from(REQUESTS).unwrap());
    let on_two_cores = 2.0 * requests / used;
    assert!(on_two_cores >= REQUESTS_A_SECOND_MIN, "{on_two_cores:.0} requests/s");
    let peak = peak_megabytes();
    assert!(peak < MEGABYTES_MAX, "{peak} MB");
    println!(
        "{USERS} users, {} reports, about {estimated} lines (from every {SAMPLE}th report)",
        reports.len()
    );
    println!("  ready after       {:8.1} s", ready.as_secs_f64());
    println!(
        "  memory            {at_start:8} MB when ready, {peak} MB after everyone and every report was listed"
    );
    println!(
        "  small requests    {:8.0} requests/s as it ran, {on_two_cores:.0} for the time of two cores",
        requests / wall
    );

    let mut group = criterion.benchmark_group("simulator");
    group.sample_size(10);
    group.throughput(Throughput::Elements(u64::try_from(REQUESTS).unwrap()));
    group.bench_function("small_requests", |bench| {
        bench.iter(|| runtime.block_on(stage.small_requests(&ids)));
    });
    group.finish();
}

criterion_group!(claims, simulator);
criterion_main!(claims);
