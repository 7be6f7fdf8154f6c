//! `scim-bridge demo`: everything at once, on one machine, without a Concur. A simulated Concur with a company of 300
//! people, the bridge on an embedded database, the day of a joiner, a mover and a leaver as Okta and Entra ID
//! send it, a year of expense reports synced and matched, and then it keeps serving.
//!
//! A demo that was killed goes on where it stopped: the simulator has a journal, the bridge its database, and the
//! story a memory. This is the one part of the bridge that knows `fixtures` beyond the shipped dictionary.

mod memory;
pub mod player;
mod story;
mod voice;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use concur::auth::Grant;
use fixtures::simulator::{self, Simulator};
use jiff::{ToSpan, tz::TimeZone};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use store::ids::AccountId;
use store::tokens::{self, NewToken};
use sync::query::{AppTotals, Filter, PageRequest};

use crate::accounts::{self, AccountSettings, NewConnection};
use crate::bridge::Bridge;
use crate::clock::Clock;
use crate::config::Config;
use crate::serve::{self, Running};
use memory::Memory;
use player::Player;
use voice::{Audience, Bar, Voice};

/// What to play.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of everything the demo keeps.
    pub data_dir: PathBuf,
    /// Port of the bridge; 0 asks the system for a free one.
    pub port: u16,
    /// Seed of the simulated company.
    pub seed: u64,
    /// End after the story.
    pub once: bool,
    /// Tell it as one JSON document.
    pub json: bool,
}

/// How the story ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every expected outcome held.
    AsExpected,
    /// At least one did not; it was named.
    NotAsExpected,
}

/// Plays the demo; returns after the story with `once`, else when the process is told to stop.
///
/// # Errors
/// A port is taken, the folder cannot be written or holds another demo, or a part of the story cannot be played at all.
pub async fn run(options: Options) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let audience = if options.json { Audience::Machine } else { Audience::Person };
    let voice = Voice::new(audience);
    let clock = Clock::system();
    let data_dir = options.data_dir.as_path();
    std::fs::create_dir_all(data_dir)
        .with_context(|| format!("cannot create {}; choose another --data-dir", data_dir.display()))?;
    remove_stale_addresses(data_dir)?;
    let today = clock.now().to_zoned_datetime(TimeZone::UTC).date();
    let mut memory = Memory::load(data_dir, options.seed, today)?;

    let config = configuration(&options);
    crate::logging::init(&config.log, &clock);
    concur::install_crypto();
    let simulator = start_simulator(data_dir, &mut memory).await?;
    let running = serve::start(config, clock).await?;
    let stage = Stage { bridge: running.bridge().clone(), simulator: &simulator, data_dir, voice: &voice };
    stage.open(&mut memory).await?;
    let scenes = async {
        stage.story(&mut memory).await?;
        stage.year(&memory, audience).await
    };
    let apps = tokio::select! {
        apps = scenes => apps?,
        () = told_to_stop() => {
            stop(running, simulator).await;
            bail!("stopped before the end; start it again and it goes on from here");
        }
    };
    let outcome = stage.close(&memory, &apps, began.elapsed())?;
    if !options.once {
        voice.line("\nServing until you press Ctrl-C.");
        told_to_stop().await;
    }
    stop(running, simulator).await;
    Ok(outcome)
}

/// The bridge's configuration: the defaults, but for what a simulator on the same machine makes possible.
fn configuration(options: &Options) -> Config {
    let mut config = Config {
        listen: format!("127.0.0.1:{}", options.port),
        data_dir: options.data_dir.clone(),
        metrics_open: true,
        shutdown_delay: Duration::ZERO,
        ..Config::default()
    };
    config.log.level = crate::config::LogLevel::Warn;
    config.concur.allow_loopback_http = true;
    // The simulator has no rate limit, and nobody else waits for it.
    config.concur.requests_per_second = 5_000;
    config.concur.max_concurrent = 16;
    config.delivery.poll_first = Duration::from_millis(100);
    config.delivery.settle_first = Duration::from_millis(500);
    // A killed demo's lease has to end before another process may look what became of its request.
    config.concur.request_timeout = Duration::from_secs(5);
    config.delivery.lease = Duration::from_secs(16);
    // The demo syncs by itself, with a progress bar.
    config.sync.enabled = false;
    config
}

/// `demo.json` says "ready": a new run has not got there yet.
fn remove_stale_addresses(data_dir: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(data_dir.join("demo.json")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot write in {}", data_dir.display()))
        }
        _ => Ok(()),
    }
}

/// The same company, on the same port, with everything that was written to it.
async fn start_simulator(data_dir: &Path, memory: &mut Memory) -> anyhow::Result<Simulator> {
    let config = simulator::Config {
        port: memory.simulator_port,
        seed: memory.seed,
        today: Some(memory.today),
        provisioning_delay: Duration::from_millis(50),
        journal: Some(data_dir.join("simulator.journal")),
        ..simulator::Config::default()
    };
    let simulator = Simulator::start(config).await.context("the simulated Concur could not be started")?;
    let us2 = &simulator.info().origins.us2;
    let port = us2.rsplit(':').next().and_then(|port| port.parse().ok());
    memory.simulator_port = port.context("the simulator's origin has no port")?;
    memory.save(data_dir)?;
    Ok(simulator)
}

async fn stop(running: Running, simulator: Simulator) {
    running.stop().await;
    simulator.stop().await;
}

/// Ctrl-C or SIGTERM.
async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = interrupt.await;
}

/// What every scene needs.
struct Stage<'a> {
    bridge: Bridge,
    simulator: &'a Simulator,
    data_dir: &'a Path,
    voice: &'a Voice,
}

impl Stage<'_> {
    /// The company is connected and tokens are made, unless an earlier process has done so.
    async fn open(&self, memory: &mut Memory) -> anyhow::Result<()> {
        let info = self.simulator.info();
        self.voice
            .line("scim-bridge demo: SCIM in front of a simulated SAP Concur, and who expenses which app\n");
        self.voice.line(&format!("  bridge     {}", self.bridge.public_url));
        self.voice.line(&format!("  simulator  {}", info.origins.us2));
        self.voice.line(&format!("  data       {}", self.data_dir.display()));
        if memory.account.is_none() {
            memory.account = Some(self.connect().await?);
            memory.save(self.data_dir)?;
        }
        for (name, scopes, bound) in TOKENS {
            if !memory.tokens.contains_key(name) {
                let account = memory.account.filter(|_| bound);
                let plaintext = self.token(name, scopes, account).await?;
                memory.tokens.insert(name.to_owned(), plaintext);
                memory.save(self.data_dir)?;
            }
        }
        Ok(())
    }

    /// Connects the company as an operator would: at company level, tested before it is saved.
    async fn connect(&self) -> anyhow::Result<AccountId> {
        let name = "Aldermoor Instruments (simulated)";
        // A process that was killed between connecting and remembering has left the account.
        let wanted = name.to_owned();
        let found = self.bridge.store.read(move |conn| store::accounts::by_name(conn, &wanted)).await?;
        if let Some(account) = found {
            return Ok(account.id);
        }
        let info = self.simulator.info();
        let new = NewConnection {
            account_name: name.to_owned(),
            base_uri: info.origins.us2.clone(),
            client_id: SecretString::from(info.client_id.clone()),
            client_secret: SecretString::from(info.client_secret.clone()),
            grant: Grant::Company {
                company_uuid: info.company_uuid.clone(),
                company_request_token: SecretString::from(info.company_request_token.clone()),
            },
            settings: AccountSettings::default(),
        };
        let Bridge { store, clock, config, .. } = &self.bridge;
        let account = accounts::connect(store, clock, &serve::client_settings(config), new)
            .await
            .context("the simulated company could not be connected")?;
        Ok(account.id)
    }

    async fn token(&self, name: &str, scopes: &[&str], account: Option<AccountId>) -> anyhow::Result<String> {
        let now = self.bridge.clock.now();
        let new = NewToken {
            account,
            name: format!("demo {name}"),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            expires_at: now.checked_add((24 * 90).hours())?,
            now,
        };
        let (_, plaintext) =
            self.bridge.store.write(move |conn| tokens::create(conn, &new, &mut rand::rng())).await?;
        Ok(plaintext.expose_secret().to_owned())
    }

    /// What the IdPs send, and what Concur gets.
    async fn story(&self, memory: &mut Memory) -> anyhow::Result<()> {
        let player = Player {
            http: reqwest::Client::builder().no_proxy().build()?,
            scim: self.bridge.scim_base(),
            token: memory.tokens.get("scim").cloned().unwrap_or_default(),
            store: self.bridge.store.clone(),
            account: memory.account.context("no account")?,
            simulator: self.simulator,
        };
        let company = self.simulator.info().company_uuid.clone();
        story::tell(&player, memory, self.data_dir, &company, self.voice).await
    }

    /// A year of expenses, and which apps they pay for.
    async fn year(&self, memory: &Memory, audience: Audience) -> anyhow::Result<AppTotals> {
        self.voice.line("\nA year of expense reports");
        let account = memory.account.context("no account")?;
        let company = sync::Company {
            store: self.bridge.store.clone(),
            account,
            client: self.bridge.accounts.get(account).await?,
            clock: self.bridge.clock.as_fn(),
            parallel_reports: 16,
        };
        let bar = Bar::new(audience);
        let began = Instant::now();
        let summary = sync::run::sync(&company, &self.bridge.matcher, &bar).await;
        bar.finish();
        let done = summary.context("the year of expenses could not be synced")?.snapshot;
        self.voice.line(&format!(
            "  {} reports and {} users read, {} lines stored and {} decided in {:.1} s",
            done.reports,
            done.users,
            done.lines,
            done.decided,
            began.elapsed().as_secs_f64()
        ));
        let page = PageRequest { cursor: None, limit: Some(8) };
        let dictionary = self.bridge.matcher.dictionary();
        let apps = sync::query::apps(&company.store, account, dictionary, Filter::default(), &page).await?;
        self.voice.line(&format!(
            "  {} lines matched to {} apps, {} not software; most lines:",
            apps.matched_lines, apps.total_apps, apps.unmatched_lines
        ));
        self.voice.apps(&apps);
        Ok(apps)
    }

    /// Where to look, and whether everything was as expected.
    fn close(&self, memory: &Memory, apps: &AppTotals, took: Duration) -> anyhow::Result<Outcome> {
        let addresses = self.addresses(memory);
        memory::write_whole(&self.data_dir.join("demo.json"), format!("{addresses:#}\n").as_bytes())?;
        let wrong: Vec<&memory::Told> =
            memory.told.iter().filter(|told| !told.differences.is_empty()).collect();
        let held = wrong.is_empty() && apps.matched_lines > 0;
        let outcome = if held { Outcome::AsExpected } else { Outcome::NotAsExpected };
        let token = memory.tokens.get("match:read").map(String::as_str).unwrap_or_default();
        self.voice.line("\nWhere to look");
        self.voice.line(&format!("  addresses and tokens  {}", self.data_dir.join("demo.json").display()));
        self.voice.line(&format!("  what runs here        {}/", self.bridge.public_url));
        self.voice.line(&format!("  what Concur received  {}/writes", self.simulator.info().admin));
        self.voice.line(&format!(
            "  who pays for what     curl -H 'Authorization: Bearer {token}' '{}/api/v1/apps?limit=5'",
            self.bridge.public_url
        ));
        self.voice.line(&match outcome {
            Outcome::AsExpected => format!(
                "\nAll {} steps went as recorded. The demo took {:.1} s.",
                memory.told.len(),
                took.as_secs_f64()
            ),
            Outcome::NotAsExpected => format!(
                "\n{} of {} steps did not go as recorded; they are marked with ✗ above.",
                wrong.len(),
                memory.told.len()
            ),
        });
        self.voice.document(&json!({
            "as_expected": held,
            "seconds": took.as_secs_f64(),
            "story": memory.told,
            "apps": apps,
            "where": addresses,
        }));
        Ok(outcome)
    }

    fn addresses(&self, memory: &Memory) -> Value {
        let url = &self.bridge.public_url;
        json!({
            "scim": self.bridge.scim_base(),
            "api": format!("{url}/api/v1"),
            "console": format!("{url}/"),
            "metrics": format!("{url}/metrics"),
            "simulator": self.simulator.info().origins.us2,
            "simulator_admin": self.simulator.info().admin,
            "tokens": memory.tokens,
        })
    }
}

/// Name, scopes, and whether the token is bound to the account.
const TOKENS: [(&str, &[&str], bool); 5] = [
    ("scim", &["scim:read", "scim:write"], true),
    ("match:read", &["match:read"], true),
    ("ops:read", &["ops:read"], true),
    ("metrics:read", &["metrics:read"], false),
    ("admin", &["admin"], false),
];
