//! `scim-bridge demo`: everything at once, on one machine, without a Concur. A simulated Concur with a company of 300
//! people, the bridge on an embedded database, the day of a joiner, a mover and a leaver as Okta and Entra ID
//! send it, a year of expense reports synced and matched, and then it keeps serving.
//!
//! A demo that was killed goes on where it stopped: the simulator has a journal, the bridge its database, and the
//! story a memory. This is the one part of the bridge that knows `fixtures` beyond the shipped dictionary.

mod memory;
pub mod player;
mod stage;
mod story;
pub mod tenant;
mod voice;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use fixtures::simulator::{self, Simulator};
use jiff::tz::TimeZone;

use crate::clock::Clock;
use crate::config::Config;
use crate::serve::{self, Running};
use memory::Memory;
use stage::Stage;
use voice::{Audience, Voice};

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
    // Whoever tries a webhook has a receiver on this machine.
    config.webhooks.private_addresses = true;
    // The simulator has no rate limit, and nobody else waits for it.
    config.concur.requests_per_second = 5_000;
    config.concur.total_requests_per_second = 5_000;
    config.concur.max_concurrent = 16;
    config.delivery.poll_first = Duration::from_millis(100);
    config.delivery.settle_first = Duration::from_millis(500);
    config.delivery.probe_first = Duration::from_secs(1);
    // Whoever tries a checker on it shall hear what the checker thinks, and not that it is too fast.
    config.limits.token_rate = 0;
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

/// The same company, on the same port if it is free, with everything that was written to it.
async fn start_simulator(data_dir: &Path, memory: &mut Memory) -> anyhow::Result<Simulator> {
    let config = simulator::Config {
        port: memory.simulator_port,
        seed: memory.seed,
        today: Some(memory.today),
        provisioning_delay: Duration::from_millis(50),
        journal: Some(data_dir.join("simulator.journal")),
        ..simulator::Config::default()
    };
    let simulator = match Simulator::start(config.clone()).await {
        // Another process has taken the port meanwhile: any other one will do.
        Err(simulator::Error::Listen { .. }) if memory.simulator_port != 0 => {
            Simulator::start(simulator::Config { port: 0, ..config }).await
        }
        started => started,
    };
    let simulator = simulator.context("the simulated Concur could not be started")?;
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
