//! One run: a simulated Concur, a store, one process or two that deliver and die and are started again, and people.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use concur::auth::Grant;
use concur::{Budget, HostPolicy, HttpConfig, Wire};
use fixtures::simulator::{ClockMode, Config as Upstream, Simulator, Size};
use jiff::{SignedDuration, Timestamp};
use matcher::{Dictionary, Matcher};
use scim_bridge::accounts::{AccountSettings, ClientSettings, Clients, NewConnection, connect};
use scim_bridge::bridge::{self, Bridge};
use scim_bridge::chance::Chance;
use scim_bridge::clock::Clock;
use scim_bridge::config::Config;
use scim_bridge::delivery::{self, Settings};
use scim_bridge::metrics::Metrics;
use scim_bridge::provision::OnBehalf;
use store::operations;
use store::testing::{TestStore, execute, inline_sqlite};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::network::{Line, Network, Weather};
use super::people::{self, Person};
use super::random::Random;
use super::referee;

/// When every run begins.
pub(super) const START: &str = "2026-03-02T08:00:00Z";
/// How long the house may take to come to rest after the last change; a late request may take two hours, and is looked
/// for up to 125 minutes after the last attempt.
const REST_WITHIN: Duration = Duration::from_hours(16);

/// Every change of state, kept by the database itself, so that nothing goes unseen.
const STATE_LOG: &str = "CREATE TABLE state_log (n INTEGER PRIMARY KEY AUTOINCREMENT, op_id, before, after);
    CREATE TRIGGER state_log AFTER UPDATE OF state ON operations WHEN old.state <> new.state BEGIN
        INSERT INTO state_log (op_id, before, after) VALUES (new.op_id, old.state, new.state);
    END;";

/// What came of a run.
pub(super) struct Report {
    pub(super) wrong: Vec<String>,
    pub(super) story: String,
}

impl Report {
    pub(super) fn panicked() -> Self {
        Self { wrong: vec!["it panicked; the message stands above".to_owned()], story: String::new() }
    }
}

/// A process, as its callers see it.
#[derive(Clone)]
pub(super) struct Process {
    pub(super) bridge: Bridge,
    pub(super) dead: CancellationToken,
}

/// The house of one run.
pub(super) struct World {
    pub(super) base: TestStore,
    pub(super) network: Arc<Network>,
    pub(super) clock: Clock,
    pub(super) on: OnBehalf,
    pub(super) story: Mutex<Vec<(u128, String)>>,
    pub(super) wrong: Mutex<Vec<String>>,
    processes: Mutex<Vec<Option<Process>>>,
    /// How far the clock of each process's machine is ahead of the time.
    ahead: Vec<Arc<Mutex<SignedDuration>>>,
    over: CancellationToken,
    seed: u64,
}

/// Runs a seed.
pub(super) fn run(seed: u64) -> Report {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(live(seed))
}

async fn live(seed: u64) -> Report {
    let mut random = Random::new(seed, 0);
    let (world, replicas) = build(seed, &mut random).await;
    let people: Vec<_> = (1..=random.between(1, 3))
        .map(|n| tokio::spawn(people::live(Arc::clone(&world), Person::new(n, Random::new(seed, 100 + n)))))
        .collect();
    let weather = tokio::spawn(weather(Arc::clone(&world.network), Random::new(seed, 2)));
    let clocks = tokio::spawn(clocks(Arc::clone(&world), Random::new(seed, 3)));
    let mut ended = Vec::new();
    for person in people {
        ended.push(person.await.unwrap());
    }
    weather.abort();
    clocks.abort();
    world.network.set_weather(Weather::FAIR);
    for n in 0..world.ahead.len() {
        world.set_clock(n, 0);
    }
    world.tell("fair weather from now on");
    come_to_rest(&world).await;
    world.over.cancel();
    for replica in replicas {
        replica.await.unwrap();
    }
    let mut wrong = world.wrong.lock().unwrap().clone();
    wrong.extend(referee::judge(&world, &ended).await);
    Report { wrong, story: referee::story(&world) }
}

async fn build(seed: u64, random: &mut Random) -> (Arc<World>, Vec<tokio::task::JoinHandle<()>>) {
    let start: Timestamp = START.parse().unwrap();
    let upstream = Upstream {
        seed,
        size: Size { users: 50, lines: Some(0) },
        clock: ClockMode::Virtual { start },
        provisioning_delay: Duration::from_secs(*random.pick(&[(1, 0), (2, 2), (2, 15), (1, 90)])),
        ..Upstream::default()
    };
    let network = Network::new(Simulator::offline(&upstream).unwrap(), seed);
    let began = Instant::now();
    let clock = Clock::from_fn(move || {
        start + SignedDuration::from_micros(i64::try_from(began.elapsed().as_micros()).unwrap())
    });
    let base = inline_sqlite();
    base.store.write(|conn| execute(conn, STATE_LOG)).await.unwrap();
    let info = network.concur.info().clone();
    let new = NewConnection {
        account_name: "Acme".to_owned(),
        base_uri: info.origins.us2.clone(),
        client_id: info.client_id.clone().into(),
        client_secret: info.client_secret.clone().into(),
        grant: Grant::Company {
            company_uuid: info.company_uuid.clone(),
            company_request_token: info.company_request_token.clone().into(),
        },
        settings: AccountSettings::default(),
        replace: false,
    };
    let connected = connect(&base.store, &clock, &client_settings(network.line()), new).await.unwrap();
    let on = OnBehalf::new(connected.account, "the provider".to_owned()).unwrap();
    let replicas = if random.percent(30) { 2 } else { 1 };
    let world = Arc::new(World {
        base,
        network,
        clock,
        on,
        story: Mutex::default(),
        wrong: Mutex::default(),
        processes: Mutex::new(vec![None; replicas]),
        ahead: (0..replicas).map(|_| Arc::default()).collect(),
        over: CancellationToken::new(),
        seed,
    });
    let running = (0..replicas).map(|n| tokio::spawn(replica(Arc::clone(&world), n, replicas))).collect();
    (world, running)
}

/// Requests on this line, as a process makes them.
pub(super) fn client_settings(line: Arc<Line>) -> ClientSettings {
    ClientSettings {
        http: HttpConfig { wire: Some(Wire(line)), ..HttpConfig::default() },
        host_policy: HostPolicy::development(),
        max_concurrent: 4,
        requests_per_second: 10,
        budget: Budget::new(64, 1_000),
        // What is left alone for minutes after a 503 would hide what happens in them.
        unavailable_pause: Duration::from_secs(5),
        observer: None,
    }
}

/// A process that is started again whenever it has died.
async fn replica(world: Arc<World>, n: usize, replicas: usize) {
    let mut random = Random::new(world.seed, 10 + u64::try_from(n).unwrap());
    let clock = world.clock_of(n);
    loop {
        let line = world.network.line();
        if replicas == 1 {
            // As the executable does when it knows that it is alone.
            let now = clock.now();
            world.base.store.write(move |conn| operations::end_leases(conn, now)).await.unwrap();
        }
        let metrics = Metrics::new().unwrap();
        let clients =
            Clients::new(world.base.store.clone(), clock.clone(), client_settings(Arc::clone(&line)));
        let chance = Mutex::new(Random::new(world.seed, random.next()));
        let (handle, worker) = delivery::start(delivery::Parts {
            store: world.base.store.clone(),
            clock: clock.clone(),
            chance: Chance::from_fn(move || chance.lock().unwrap().uniform()),
            metrics: metrics.clone(),
            clients: clients.clone(),
            settings: Settings {
                tick: Duration::from_secs(20),
                presence: (replicas > 1).then_some(Duration::from_secs(10)),
                ..Settings::default()
            },
        })
        .unwrap();
        let served = Bridge::new(bridge::Parts {
            config: Arc::new(Config { confirm_within: Duration::from_secs(3), ..Config::default() }),
            store: world.base.store.clone(),
            clock: clock.clone(),
            metrics,
            accounts: clients,
            delivery: handle,
            matcher: no_matcher(),
            public_url: "https://bridge.example.com".to_owned(),
        });
        let process = Process { bridge: served, dead: CancellationToken::new() };
        world.processes.lock().unwrap()[n] = Some(process.clone());
        let lifetime = if random.percent(25) { random.between(5, 900) } else { 1_000_000 };
        tokio::select! {
            biased;
            () = world.over.cancelled() => return worker.stop().await,
            () = line.died.notified() => {}
            () = sleep(Duration::from_secs(lifetime)) => {}
        }
        line.cut();
        worker.kill();
        world.processes.lock().unwrap()[n] = None;
        process.dead.cancel();
        world.tell(&format!("process {n} dies"));
        sleep(Duration::from_secs(random.between(1, 150))).await;
        world.tell(&format!("process {n} is started again"));
    }
}

/// Good and bad times, until nobody asks any more.
async fn weather(network: Arc<Network>, mut random: Random) {
    let deaths_per_mille = *random.pick(&[(2, 0), (2, 5), (1, 25)]);
    loop {
        let of = |trouble_percent, outage| Weather { trouble_percent, deaths_per_mille, outage };
        let next = *random.pick(&[
            (2, Weather::FAIR),
            (3, of(8, false)),
            (3, of(30, false)),
            (1, of(60, false)),
            (1, of(0, true)),
        ]);
        network.set_weather(next);
        sleep(Duration::from_secs(random.between(20, 400))).await;
    }
}

/// In some runs the clocks of the machines jump, two hours either way (reliability I31).
async fn clocks(world: Arc<World>, mut random: Random) {
    if !random.percent(35) {
        return;
    }
    loop {
        sleep(Duration::from_secs(random.between(10, 600))).await;
        let process = usize::try_from(random.between(0, world.ahead.len() as u64 - 1)).unwrap();
        world.set_clock(process, *random.pick(&[(1, -2), (1, 0), (1, 2)]));
    }
}

/// Waits until nothing is under way and nobody is watched.
async fn come_to_rest(world: &World) {
    let until = Instant::now() + REST_WITHIN;
    let account = world.on.account.id;
    while Instant::now() < until {
        sleep(Duration::from_mins(2)).await;
        // Late requests take effect whether or not anybody asks.
        world.network.keep_time();
        let busy = world.base.store.read(move |conn| {
            let watched = store::watches::count(conn, account)?;
            let open = operations::counts_by_state(conn, Some(account))?;
            let open = open.iter().any(|(state, _)| !state.is_end() && *state != operations::State::Failed);
            Ok(open || watched > 0)
        });
        if !busy.await.unwrap() {
            return;
        }
    }
    world.wrong("it does not come to rest");
}

fn no_matcher() -> Arc<Matcher> {
    static MATCHER: OnceLock<Arc<Matcher>> = OnceLock::new();
    let empty = || Arc::new(Matcher::new(Arc::new(Dictionary::from_jsonl("").unwrap())));
    Arc::clone(MATCHER.get_or_init(empty))
}

impl World {
    /// A process that lives.
    pub(super) async fn process(&self) -> Process {
        loop {
            let living = self.processes.lock().unwrap().iter().flatten().next().cloned();
            match living {
                Some(process) => return process,
                None => sleep(Duration::from_millis(700)).await,
            }
        }
    }

    /// The time, as the machine of a process has it.
    fn clock_of(&self, process: usize) -> Clock {
        let (time, ahead) = (self.clock.clone(), Arc::clone(&self.ahead[process]));
        Clock::from_fn(move || time.now() + *ahead.lock().unwrap())
    }

    fn set_clock(&self, process: usize, hours_ahead: i64) {
        let ahead = SignedDuration::from_hours(hours_ahead);
        let before = std::mem::replace(&mut *self.ahead[process].lock().unwrap(), ahead);
        if before != ahead {
            self.tell(&format!("the clock of process {process} is {hours_ahead} h ahead of the time"));
        }
    }

    pub(super) fn tell(&self, what: &str) {
        self.story.lock().unwrap().push((self.network.elapsed_ms(), what.to_owned()));
    }

    pub(super) fn wrong(&self, what: &str) {
        self.wrong.lock().unwrap().push(what.to_owned());
    }
}
