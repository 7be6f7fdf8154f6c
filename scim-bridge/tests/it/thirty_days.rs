//! Thirty days without anybody looking, on a simulated clock: tokens that run out, an outage of two days, people with other
//! names, reports that move, change and go, another data centre, and a connection that is revoked. At the end the store is
//! what a first reading would bring, and whatever went wrong is visible where an operator looks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use concur::model::{Op, PatchOperation};
use fixtures::simulator::{Act, ClockMode, Config, DataCenter, Fault, FaultKind, Simulator};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use scim_bridge::accounts::{AccountSettings, Clients, NewConnection, connect};
use scim_bridge::clock::Clock;
use scim_bridge::schedule::run::Syncer;
use scim_bridge::serve::{self, Running};
use store::accounts::Account;
use store::lines::{self, Filter};
use store::runs::{self, Run, State};
use store::testing::TestStore;
use store::{Store, reports};
use sync::Silent;

use crate::delivery_harness::connection;
use crate::harness;

const SOURCE: &str = "concur_v3";
/// The company's generated reports end so many days before it is connected: the year then holds the last of them.
const QUIET_DAYS: i32 = 345;
const HALF_A_DAY: Duration = Duration::from_hours(12);

struct House {
    concur: Arc<Simulator>,
    clock: Clock,
    connected_at: Timestamp,
    account: Account,
    running: Running,
    config: scim_bridge::config::Config,
    database: TestStore,
    _folder: tempfile::TempDir,
}

fn acme(concur: &Simulator) -> NewConnection {
    connection(concur, "Acme", AccountSettings::default())
}

impl House {
    async fn build(database: TestStore) -> Self {
        concur::install_crypto();
        let connected_at = Clock::system().now();
        let today = connected_at.to_zoned_datetime(TimeZone::UTC).date() - QUIET_DAYS.days();
        let config = Config {
            today: Some(today),
            clock: ClockMode::Virtual { start: connected_at },
            provisioning_delay: Duration::ZERO,
            ..Config::default()
        };
        let concur = Arc::new(Simulator::start(config).await.unwrap());
        let shown = Arc::clone(&concur);
        let clock = Clock::from_fn(move || shown.now());
        let folder = tempfile::tempdir().unwrap();
        let config = harness::config(&database, folder.path(), |config| {
            config.sync.enabled = true;
            config.sync.interval = Duration::from_hours(6);
            config.concur.total_requests_per_second = 1_000;
        });
        let client_settings = serve::client_settings(&config);
        let account =
            connect(&database.store, &clock, &client_settings, acme(&concur)).await.unwrap().account;
        let running = serve::start(config.clone(), clock.clone()).await.unwrap();
        Self { concur, clock, connected_at, account, running, config, database, _folder: folder }
    }

    fn store(&self) -> &Store {
        &self.database.store
    }

    /// Lets time pass until the sync that is due then has ended; how it ended.
    async fn wait(&self, time: Duration) -> Run {
        self.concur.advance(time);
        let (account, from) = (self.account.id, self.clock.now());
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        for _ in 0..6_000 {
            looks.tick().await;
            self.running.bridge().look_for_syncs();
            let read = move |conn: &mut store::Conn| runs::latest(conn, account, sync::run::KIND);
            let last = self.store().read(read).await.unwrap();
            if let Some(run) = last.filter(|run| run.started_at >= from && run.state != State::Running) {
                return run;
            }
        }
        panic!("no sync ended at {from}");
    }

    /// The same, where it must be complete.
    async fn wait_well(&self, time: Duration) {
        let run = self.wait(time).await;
        assert_eq!(run.state, State::Complete, "{:?} {}", run.error, run.progress);
    }

    fn act(&self, act: &Act) {
        self.concur.act(act).unwrap();
    }

    /// Reports that may still change, in the order of their ids.
    async fn open(&self) -> Vec<String> {
        let account = self.account.id;
        let read = move |conn: &mut store::Conn| reports::open_after(conn, account, SOURCE, None, 1_000);
        self.store().read(read).await.unwrap()
    }

    /// What a working day brings: somebody files a report, others change, one is paid, an entry moves, a report goes.
    async fn work(&self, day: usize) {
        let open = self.open().await;
        let pick = |nth: usize| open[(day * 7 + nth * 11) % open.len()].clone();
        let owners = self.owners().await;
        self.act(&Act::CreateReport { owner: owners[day % owners.len()].clone() });
        self.act(&Act::ChangeReport { report: pick(1) });
        let (from, to) = (pick(2), pick(3));
        if let Some(entry) = self.entry_of(&from).await
            && from != to
        {
            self.act(&Act::MoveEntry { entry, report: to });
        }
        if let Some(entry) = self.entry_of(&pick(4)).await {
            self.act(&Act::ChangeEntry { entry });
        }
        let status = |approval: Option<&str>, payment: Option<&str>| Act::ChangeStatus {
            report: pick(5),
            approval_status: approval.map(str::to_owned),
            payment_status: payment.map(str::to_owned),
        };
        self.act(&if day.is_multiple_of(2) {
            status(Some("A_PEND"), None)
        } else {
            status(None, Some("P_PAID"))
        });
        if day.is_multiple_of(3) {
            self.act(&Act::DeleteReport { report: pick(6) });
        }
    }

    /// Logins of people who file reports, as Concur has them today.
    async fn owners(&self) -> Vec<String> {
        let account = self.account.id;
        let read = move |conn: &mut store::Conn| {
            let page = lines::page(conn, account, &Filter::default(), None, 500)?;
            let mut owners: Vec<_> = page.rows.into_iter().map(|(line, _)| line.owner_login).collect();
            owners.sort();
            owners.dedup();
            owners.retain(|owner| store::users::has_login(conn, account, owner).unwrap_or(false));
            Ok(owners)
        };
        self.store().read(read).await.unwrap()
    }

    async fn entry_of(&self, report: &str) -> Option<String> {
        let (account, report) = (self.account.id, report.to_owned());
        let read = move |conn: &mut store::Conn| {
            let filter = Filter { report_id: Some(report), ..Filter::default() };
            let page = lines::page(conn, account, &filter, None, 10)?;
            Ok(page.rows.into_iter().find_map(|(line, _)| line.entry_id))
        };
        self.store().read(read).await.unwrap()
    }

    async fn rename(&self, login: &str, new_login: &str) {
        let client = self.running.bridge().accounts.get(self.account.id).await.unwrap();
        let by = concur::api::LookupAttribute::UserName;
        let user = client.identity().find_by(by, login).await.unwrap().pop().unwrap();
        let value = Some(new_login.into());
        let change = PatchOperation { op: Op::Replace, path: "userName".to_owned(), value };
        client.provisioning().patch_user(&user.id(), &[change]).await.unwrap();
    }

    /// A person connects the company again, with a new request token.
    async fn reconnect(&self) {
        self.concur.renew_request_token();
        let settings = serve::client_settings(&self.config);
        connect(self.store(), &self.clock, &settings, acme(&self.concur)).await.unwrap();
    }

    /// What a first reading of today would bring, for a year that begins on the same day.
    async fn read_afresh(&self) -> BTreeMap<String, Line> {
        let fresh = store::testing::sqlite();
        self.concur.renew_request_token();
        let settings = serve::client_settings(&self.config);
        let connecting = acme(&self.concur);
        let account = connect(&fresh.store, &Clock::fixed(self.connected_at), &settings, connecting).await;
        let account = account.unwrap().account;
        let syncer = Syncer {
            store: fresh.store.clone(),
            clients: Clients::new(fresh.store.clone(), self.clock.clone(), settings),
            clock: self.clock.clone(),
            matcher: self.running.bridge().matcher.clone(),
            parallel_reports: 8,
        };
        let summary = syncer.run(&account, &Silent).await.unwrap();
        assert_eq!(summary.state, State::Complete);
        stored(&fresh.store, &account).await
    }
}

/// What is compared of a line: report, owner, posted amount, purchase day, vendor.
type Line = (Option<String>, String, String, String, Option<String>);

async fn stored(store: &Store, account: &Account) -> BTreeMap<String, Line> {
    let account = account.id;
    let read = move |conn: &mut store::Conn| {
        let (mut found, mut after) = (BTreeMap::new(), None);
        loop {
            let page = lines::page(conn, account, &Filter::default(), after.as_ref(), 1_000)?;
            for (line, _) in page.rows {
                let posted = format!("{} {}", line.posted.amount, line.posted.currency);
                let day = line.transaction_date.to_string();
                let line_of = (line.report_id, line.owner_login, posted, day, line.texts.vendor_description);
                assert!(found.insert(line.source_key, line_of).is_none(), "a line is stored once");
            }
            after = page.next;
            if after.is_none() {
                return Ok(found);
            }
        }
    };
    store.read(read).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_days_without_anybody_looking() {
    let house = House::build(store::testing::sqlite()).await;
    house.wait_well(Duration::ZERO).await;
    for day in 0..30 {
        match day {
            5 => house.concur.revoke_access_tokens(),
            8 => house.concur.set_down(true),
            10 => house.concur.set_down(false),
            12 => {
                let owners = house.owners().await;
                house.rename(&owners[0], "new.name@example.com").await;
                house.rename(&owners[1], &owners[0]).await;
            }
            15 => house.act(&Act::MoveCompany { to: DataCenter::Eu2 }),
            18 => house.concur.revoke_company(),
            19 => house.reconnect().await,
            22 => {
                let garbage = FaultKind::Status { code: 200, retry_after: None, body: Some("{".to_owned()) };
                house.concur.inject(Fault::once("/api/v3.0/expense/reports", garbage));
            }
            _ => {}
        }
        match day {
            // Nobody works with a Concur that is away; a day at a time, since a sync does not give up at once.
            8 | 9 => {
                let run = house.wait(2 * HALF_A_DAY).await;
                assert_eq!(run.state, State::Failed);
                assert!(run.error.unwrap().contains("Concur could not be read"));
            }
            18 => {
                house.work(day).await;
                let run = house.wait(2 * HALF_A_DAY).await;
                assert_eq!(run.state, State::Failed);
                let reason = run.error.unwrap();
                assert!(reason.contains("connect") || reason.contains("108"), "{reason}");
            }
            22 => {
                house.work(day).await;
                let run = house.wait(HALF_A_DAY).await;
                assert_eq!(run.state, State::CompleteWithGaps, "{}", run.progress);
                house.wait_well(HALF_A_DAY).await;
            }
            _ => {
                house.work(day).await;
                house.wait_well(HALF_A_DAY).await;
                house.wait_well(HALF_A_DAY).await;
            }
        }
    }
    // What nobody told of is found by reading every open report once a day.
    house.wait_well(2 * HALF_A_DAY).await;
    house.wait_well(2 * HALF_A_DAY).await;

    let (ours, afresh) = (stored(house.store(), &house.account).await, house.read_afresh().await);
    let missing: Vec<_> = afresh.keys().filter(|key| !ours.contains_key(*key)).collect();
    let gone: Vec<_> = ours.keys().filter(|key| !afresh.contains_key(*key)).collect();
    assert!(missing.is_empty() && gone.is_empty(), "missing {missing:?}, gone from Concur {gone:?}");
    let different: Vec<_> = ours.iter().filter(|(key, line)| afresh[*key] != **line).collect();
    assert!(different.is_empty(), "{different:?}");
    assert!(afresh.len() > 400, "{} lines", afresh.len());

    let account = house.account.id;
    let read = move |conn: &mut store::Conn| {
        Ok((store::oauth_tokens::load(conn, account)?, runs::list(conn, account, 200)?))
    };
    let (tokens, runs) = house.store().read(read).await.unwrap();
    assert_eq!(tokens.unwrap().geolocation, house.concur.info().origins.eu2, "where the company lives now");
    let of = |state: State| runs.iter().filter(|run| run.state == state).count();
    assert_eq!((of(State::Failed), of(State::CompleteWithGaps)), (3, 1), "what went wrong stays visible");
    let oldest = runs.iter().map(|run| run.started_at).min().unwrap();
    assert!(house.clock.now().duration_since(oldest) > SignedDuration::from_hours(30 * 24));
    assert_eq!(house.concur.violations(), Vec::<String>::new());
}
