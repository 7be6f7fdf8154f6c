//! A simulated Concur, a store of either kind, and a client between them. The bridge's clock is set by the test.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use concur::auth::{Credentials, Grant, StoreError, TokenSet, TokenStore, exchange};
use concur::{
    Client, ClientConfig, HostPolicy, Http, HttpConfig, Transport, Wire, WireAnswer, WireError, WireRequest,
};
use fixtures::company::{Company as Truth, Report};
use fixtures::simulator::{ClockMode, Config, Incoming, Outgoing, Simulator};
use futures::future::BoxFuture;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;
use secrecy::SecretString;
use store::accounts::{self, AuthenticationType, NewAccount};
use store::testing::TestStore;
use sync::Company;
use tokio::sync::Notify;

/// The last day of the simulated company's year.
pub(crate) const TODAY: Date = jiff::civil::date(2026, 11, 20);
pub(crate) const SEED: u64 = 5;

/// A connected company, and the hand that moves its clock.
pub(crate) struct Setting {
    pub(crate) simulator: Arc<Simulator>,
    pub(crate) company: Company,
    pub(crate) truth: Truth,
    now: Arc<Mutex<Timestamp>>,
    tokens: Arc<Memory>,
    _store: TestStore,
}

/// Tokens in memory: what is tested here is not their durability.
#[derive(Default)]
struct Memory(Mutex<Option<TokenSet>>);

impl TokenStore for Memory {
    fn load(&self) -> BoxFuture<'_, Result<Option<TokenSet>, StoreError>> {
        let tokens = self.0.lock().unwrap().clone();
        Box::pin(async move { Ok(tokens) })
    }
    fn save<'a>(&'a self, tokens: &'a TokenSet) -> BoxFuture<'a, Result<(), StoreError>> {
        *self.0.lock().unwrap() = Some(tokens.clone());
        Box::pin(async { Ok(()) })
    }
}

fn client(simulator: &Simulator, tokens: Arc<Memory>, http: HttpConfig) -> Client {
    let info = simulator.info();
    let credentials = Credentials {
        client_id: info.client_id.clone(),
        client_secret: SecretString::from(info.client_secret.clone()),
    };
    let config = ClientConfig::new(HostPolicy::development(), credentials, Arc::new(|| noon(TODAY)));
    let config = ClientConfig {
        http,
        max_concurrent: 8,
        requests_per_second: 100_000,
        // The clock stands still; a test does not wait five minutes on the machine's.
        unavailable_pause: std::time::Duration::ZERO,
        ..config
    };
    Client::new(config, tokens).unwrap()
}

/// The way to Concur of a process that dies with an answer in its hands: it has come, and nothing follows from it.
pub(crate) struct Mortal {
    concur: Arc<Simulator>,
    left: AtomicUsize,
    pub(crate) died: Notify,
}

impl Mortal {
    async fn carry_on(&self, request: WireRequest) -> Result<WireAnswer, WireError> {
        let headers: Vec<(String, String)> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let incoming = Incoming {
            port: request.url.port().unwrap_or(1),
            method: request.method.as_str(),
            path: request.url.path(),
            query: request.url.query().unwrap_or_default(),
            headers: &headers,
            body: &String::from_utf8_lossy(&request.body),
        };
        let Outgoing::Answer { status, headers, body } = self.concur.exchange(&incoming, None) else {
            return Err(WireError::Broken);
        };
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_err() {
            self.died.notify_one();
            std::future::pending::<()>().await;
        }
        let headers: HashMap<String, String> = headers.into_iter().collect();
        Ok(WireAnswer { status, body, headers: (&headers).try_into().unwrap() })
    }
}

impl Transport for Mortal {
    fn carry(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, WireError>> {
        Box::pin(self.carry_on(request))
    }
}

/// Noon of a day.
pub(crate) fn noon(day: Date) -> Timestamp {
    day.at(12, 0, 0, 0).to_zoned_datetime(TimeZone::UTC).unwrap().timestamp()
}

impl Setting {
    /// A company that was connected `days_ago` days before [`TODAY`], which is also what its clock shows: the first
    /// year then ends there, so that a test reads only as much as it needs.
    pub(crate) async fn connected(store: TestStore, days_ago: i32) -> Setting {
        let connected = noon(TODAY.checked_sub(days_ago.days()).unwrap());
        let config = Config {
            seed: SEED,
            today: Some(TODAY),
            clock: ClockMode::Virtual { start: noon(TODAY) },
            ..Config::default()
        };
        let simulator = Arc::new(Simulator::start(config).await.unwrap());
        let info = simulator.info();
        let now = Arc::new(Mutex::new(connected));
        let shown = Arc::clone(&now);
        let clock: sync::Clock = Arc::new(move || *shown.lock().unwrap());

        let credentials = Credentials {
            client_id: info.client_id.clone(),
            client_secret: SecretString::from(info.client_secret.clone()),
        };
        let policy = HostPolicy::development();
        let http = Http::new(&HttpConfig::default(), policy.clone()).unwrap();
        let grant = Grant::Company {
            company_uuid: info.company_uuid.clone(),
            company_request_token: SecretString::from(info.company_request_token.clone()),
        };
        let origin = policy.origin(&info.origins.us2).unwrap();
        let tokens = exchange(&http, &origin, &credentials, &grant, noon(TODAY)).await.unwrap();
        let memory = Arc::new(Memory::default());
        memory.save(&tokens).await.unwrap();
        let client = client(&simulator, Arc::clone(&memory), HttpConfig::default());

        let new = NewAccount {
            name: "Aldermoor".to_owned(),
            company_uuid: info.company_uuid.clone(),
            authentication_type: AuthenticationType::CompanyLevel,
            base_uri: info.origins.us2.clone(),
            settings: serde_json::json!({}),
            now: connected,
        };
        let account = store
            .store
            .write(move |conn| {
                let account = accounts::insert(conn, &new)?;
                accounts::set_first_connected(conn, account.id, connected)?;
                Ok(account.id)
            })
            .await
            .unwrap();
        Setting {
            company: Company { store: store.store.clone(), account, client, clock, parallel_reports: 4 },
            truth: Truth::generate(SEED, TODAY),
            simulator,
            now,
            tokens: memory,
            _store: store,
        }
    }

    /// The company as another process speaks to it: one that stops for good once so many answers have come.
    pub(crate) fn mortal(&self, answers: usize) -> (Company, Arc<Mortal>) {
        let mortal = Arc::new(Mortal {
            concur: Arc::clone(&self.simulator),
            left: AtomicUsize::new(answers),
            died: Notify::new(),
        });
        let wire: Arc<dyn Transport> = Arc::clone(&mortal) as _;
        let http = HttpConfig { wire: Some(Wire(wire)), ..HttpConfig::default() };
        let client = client(&self.simulator, Arc::clone(&self.tokens), http);
        (Company { client, ..self.company.clone() }, mortal)
    }

    /// Sets the clock of the bridge.
    pub(crate) fn set_clock(&self, day: Date) {
        *self.now.lock().unwrap() = noon(day);
    }

    /// Requests that the simulator has answered under a path.
    pub(crate) fn requests_to(&self, path: &str) -> u64 {
        self.simulator.counters().iter().filter(|(endpoint, _)| endpoint.contains(path)).map(|(_, n)| n).sum()
    }
}

/// Lines and sums of posted amounts by report, as the company itself knows them.
pub(crate) fn expected(setting: &Setting, from: Date, to: Date) -> BTreeMap<String, (usize, Decimal)> {
    let day = |at: jiff::Timestamp| at.to_zoned_datetime(TimeZone::UTC).date();
    let listed = |report: &&Report| (from..=to).contains(&day(report.last_modified));
    let mut reports = BTreeMap::new();
    for report in setting.truth.reports.iter().filter(listed) {
        let mut sums = (0, Decimal::ZERO);
        for entry in &report.entries {
            let parts = entry.itemizations.iter().map(|part| (part.transaction_date, part.posted_amount));
            let whole = [(entry.transaction_date, entry.posted_amount)];
            let rows: Vec<_> = if entry.itemizations.is_empty() { whole.to_vec() } else { parts.collect() };
            for (_, amount) in rows.iter().filter(|(date, _)| *date >= from) {
                sums.0 += 1;
                sums.1 += amount;
            }
        }
        if sums.0 > 0 {
            reports.insert(report.id.clone(), sums);
        }
    }
    reports
}

pub(crate) async fn stored(setting: &Setting) -> BTreeMap<String, (usize, Decimal)> {
    let account = setting.company.account;
    setting
        .company
        .store
        .read(move |conn| {
            let mut reports: BTreeMap<String, (usize, Decimal)> = BTreeMap::new();
            let mut after = None;
            loop {
                let page =
                    store::lines::page(conn, account, &store::lines::Filter::default(), after.as_ref(), 500)?;
                for (line, _) in page.rows {
                    let sums = reports.entry(line.report_id.unwrap_or_default()).or_default();
                    sums.0 += 1;
                    sums.1 += line.posted.amount;
                }
                after = page.next;
                if after.is_none() {
                    return Ok(reports);
                }
            }
        })
        .await
        .unwrap()
}
