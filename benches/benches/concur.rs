//! How many pages of Concur's lists the client reads per second, and how many requests the simulator answers.
//!
//! Both run in one process and share its cores, so the numbers are what a test or a demo can expect and a floor for each
//! of the two. The peer asks for the same pages with the bare HTTP library and reads them as plain JSON: what the
//! client adds (pace, tokens, typed rows with exact amounts, the row kept as written) is the difference.
//!
//! `cargo bench -p benches --bench concur`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench reports, and stops at what must not happen"
)]

use std::{
    hint::black_box,
    sync::{Arc, Mutex},
    time::Instant,
};

use concur::{
    Client, ClientConfig, HostPolicy, Http, HttpConfig,
    api::ReportQuery,
    auth::{Credentials, Grant, StoreError, TokenSet, TokenStore, exchange},
    install_crypto,
    model::Report,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fixtures::simulator::{Config, Simulator};
use futures::{StreamExt, TryStreamExt, future::BoxFuture, stream};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::runtime::Runtime;

/// The generated company has at least so many reports in its year.
const REPORTS_MIN: usize = 4000;
/// Rows per page of reports.
const PAGE_ROWS: usize = 100;
/// Requests of one run of the simulator's claim, and how many of them are out at once.
const REQUESTS: usize = 2000;
const AT_ONCE: usize = 32;

/// Keeps tokens for one process.
#[derive(Default)]
struct Memory(Mutex<Option<TokenSet>>);

impl TokenStore for Memory {
    fn load(&self) -> BoxFuture<'_, Result<Option<TokenSet>, StoreError>> {
        Box::pin(async { Ok(self.0.lock().unwrap().clone()) })
    }

    fn save<'a>(&'a self, tokens: &'a TokenSet) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async {
            *self.0.lock().unwrap() = Some(tokens.clone());
            Ok(())
        })
    }
}

/// The simulator with a client that nothing holds back, and the peer.
struct Stage {
    simulator: Arc<Simulator>,
    client: Client,
    bare: reqwest::Client,
    tokens: TokenSet,
}

impl Stage {
    async fn new() -> Self {
        install_crypto();
        let simulator = Arc::new(Simulator::start(Config::default()).await.unwrap());
        let info = simulator.info();
        let credentials = Credentials {
            client_id: info.client_id.clone(),
            client_secret: info.client_secret.clone().into(),
        };
        let grant = Grant::Company {
            company_uuid: info.company_uuid.clone(),
            company_request_token: info.company_request_token.clone().into(),
        };
        let policy = HostPolicy::development();
        let http = Http::new(&HttpConfig::default(), policy.clone()).unwrap();
        let origin = policy.origin(&info.origins.us2).unwrap();
        let tokens = exchange(&http, &origin, &credentials, &grant, simulator.now()).await.unwrap();
        let store = Arc::new(Memory::default());
        store.save(&tokens).await.unwrap();
        let time = Arc::clone(&simulator);
        let mut config = ClientConfig::new(policy, credentials, Arc::new(move || time.now()));
        (config.max_concurrent, config.requests_per_second) = (AT_ONCE, 1_000_000);
        let client = Client::new(config, store).unwrap();
        Self { simulator, client, bare: reqwest::Client::new(), tokens }
    }

    /// All reports of the year, page after page.
    async fn reports(&self) -> usize {
        let reports = self.client.expenses().reports(&ReportQuery::default()).stream();
        let reports: Vec<Report> = reports.try_collect().await.unwrap();
        assert!(reports.iter().all(|report| report.total.is_some()));
        reports.len()
    }

    /// The same pages as plain JSON.
    async fn bare_reports(&self) -> usize {
        let origin = self.tokens.geolocation.as_str();
        let mut next = Some(format!("{origin}/api/v3.0/expense/reports?limit={PAGE_ROWS}&user=ALL"));
        let mut rows = 0;
        while let Some(url) = next {
            let page = self.bare_page(&url).await;
            rows += page["Items"].as_array().unwrap().len();
            next = page["NextPage"].as_str().map(str::to_owned);
        }
        rows
    }

    /// Many small requests at once; every one must find one user.
    async fn small_requests(&self) {
        let url = format!("{}/profile/identity/v4.1/Users?count=1", self.tokens.geolocation);
        let pages = stream::iter(0..REQUESTS).map(|_| self.bare_page(&url)).buffer_unordered(AT_ONCE);
        let found: Vec<usize> = pages.map(|page| page["Resources"].as_array().unwrap().len()).collect().await;
        assert_eq!((found.len(), found.iter().sum()), (REQUESTS, REQUESTS));
    }

    async fn bare_page(&self, url: &str) -> Value {
        let token = self.tokens.access_token.expose_secret();
        let request = self.bare.get(url).bearer_auth(token).header("accept", "application/json");
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }
}

fn concur(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let stage = runtime.block_on(Stage::new());

    let started = Instant::now();
    let rows = runtime.block_on(stage.reports());
    let client = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let bare_rows = runtime.block_on(stage.bare_reports());
    let bare = started.elapsed().as_secs_f64();
    assert_eq!(rows, bare_rows, "the client must not lose or invent a row");
    assert!(rows >= REPORTS_MIN, "{rows}");
    let pages = rows.div_ceil(PAGE_ROWS);
    let served = stage.simulator.requests().len();
    assert!(served > 2 * pages, "{served} requests for {pages} pages read twice");

    let started = Instant::now();
    runtime.block_on(stage.small_requests());
    let small = started.elapsed().as_secs_f64();
    let rate = |count: usize, seconds: f64| f64::from(u32::try_from(count).unwrap()) / seconds;
    println!("{rows} reports on {pages} pages of up to {PAGE_ROWS}");
    println!("  concur client     {:8.0} pages/s {:9.0} rows/s", rate(pages, client), rate(rows, client));
    println!("  plain JSON        {:8.0} pages/s {:9.0} rows/s", rate(pages, bare), rate(rows, bare));
    println!("  simulator         {:8.0} requests/s, {AT_ONCE} at once", rate(REQUESTS, small));

    let mut group = criterion.benchmark_group("concur");
    group.sample_size(10);
    group.throughput(Throughput::Elements(u64::try_from(pages).unwrap()));
    group.bench_function("client_pages", |bench| {
        bench.iter(|| assert_eq!(black_box(runtime.block_on(stage.reports())), rows));
    });
    group.bench_function("plain_json_pages", |bench| {
        bench.iter(|| assert_eq!(black_box(runtime.block_on(stage.bare_reports())), rows));
    });
    group.throughput(Throughput::Elements(u64::try_from(REQUESTS).unwrap()));
    group.bench_function("simulator_requests", |bench| {
        bench.iter(|| runtime.block_on(stage.small_requests()));
    });
    group.finish();
}

criterion_group!(claims, concur);
criterion_main!(claims);
