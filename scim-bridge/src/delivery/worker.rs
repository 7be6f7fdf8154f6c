//! The loop: claim, hand out, wait for a bell, a finished wave, the next due time or the tick.
//!
//! A commit rings the bell; the tick finds whatever a bell missed; a restart needs no code of its own. Waves of
//! different accounts run side by side, so a slow company holds nobody else up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use store::Store;
use store::ids::AccountId;
use store::operations::{self, State};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::claim::{Lane, Lanes, Wave};
use super::engine::Engine;
use super::policy::elapsed;
use super::verdict::{Handle, Waiters};
use super::{Settings, SettingsError};
use crate::accounts::Clients;
use crate::clock::Clock;
use crate::metrics::Metrics;

/// How long a stopping worker lets finish what is under way.
const STOP_WITHIN: Duration = Duration::from_secs(30);
/// How often the outbox is measured, and those are looked at who wait for a manager.
const LOOK_AROUND_EVERY: Duration = Duration::from_secs(15);

/// What delivery needs.
#[derive(Clone)]
pub struct Parts {
    /// The outbox.
    pub store: Store,
    /// The clock of due times and leases.
    pub clock: Clock,
    /// The metrics.
    pub metrics: Metrics,
    /// One Concur client per account.
    pub clients: Clients,
    /// How delivery behaves.
    pub settings: Settings,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The running worker. Dropping it stops nothing in an orderly way; call [`Worker::stop`].
#[derive(Debug)]
pub struct Worker {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Worker {
    /// Starts no new send, lets what is under way finish, and returns within 30 s. What is unfinished is stored.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the delivery worker ended badly");
        }
    }
}

/// Starts the worker on the current runtime, with a handle for everyone who enqueues.
///
/// # Errors
/// Settings that contradict each other, such as a lease that a request could outlive.
pub fn start(parts: Parts) -> Result<(Handle, Worker), SettingsError> {
    let Parts { store, clock, metrics, clients, settings } = parts;
    settings.check()?;
    let deliver = settings.deliver;
    let (bell, waiters, stop) = (Arc::new(Notify::new()), Waiters::default(), CancellationToken::new());
    let owner = format!("{}-{:08x}", std::process::id(), rand::random::<u32>());
    let engine = Engine {
        store: store.clone(),
        clock,
        metrics,
        clients,
        settings: Arc::new(settings),
        waiters: waiters.clone(),
        stop: stop.clone(),
        owner: owner.into(),
    };
    let task = if deliver {
        tokio::spawn(run(engine, Arc::clone(&bell)))
    } else {
        tracing::warn!(
            "changes are only accepted: this process sends nothing to Concur (setting delivery.mode)"
        );
        tokio::spawn(only_measure(engine))
    };
    Ok((Handle { store, waiters, bell, deliver }, Worker { stop, task }))
}

/// What is left of the loop when nothing is to be sent.
async fn only_measure(engine: Engine) {
    loop {
        engine.measure().await;
        tokio::select! {
            () = engine.stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_AROUND_EVERY) => {}
        }
    }
}

async fn run(engine: Engine, bell: Arc<Notify>) {
    let mut lanes = Lanes::default();
    let mut waves: JoinSet<(Lane, AccountId)> = JoinSet::new();
    let mut measured: Option<Instant> = None;
    loop {
        if measured.is_none_or(|at| at.elapsed() >= LOOK_AROUND_EVERY) {
            engine.measure().await;
            engine.catch_up_with_managers().await;
            measured = Some(Instant::now());
        }
        let wait = turn(&engine, &mut lanes, &mut waves).await;
        tokio::select! {
            () = engine.stop.cancelled() => break,
            () = bell.notified() => {}
            () = tokio::time::sleep(wait) => {}
            Some(ended) = waves.join_next(), if !waves.is_empty() => freed(&mut lanes, ended),
        }
    }
    let finish = async { while waves.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_WITHIN, finish).await.is_err() {
        tracing::warn!("stopping with requests under way; their outcome will be looked up");
        waves.abort_all();
    }
}

/// Claims once and hands the waves out. Answers how long nothing will be due.
async fn turn(engine: &Engine, lanes: &mut Lanes, waves: &mut JoinSet<(Lane, AccountId)>) -> Duration {
    let tick = engine.settings.tick;
    let next_due = match engine.store.read(operations::next_due).await {
        Ok(due) => due,
        Err(error) => {
            tracing::error!(%error, "the outbox cannot be read");
            return tick;
        }
    };
    let wait = match next_due {
        None => return tick,
        Some(due) => elapsed(engine.now(), due),
    };
    if !wait.is_zero() {
        return wait.min(tick);
    }
    match engine.claim(lanes).await {
        Ok(claimed) => {
            for wave in claimed {
                hand_out(engine, wave, lanes, waves);
            }
        }
        Err(error) => tracing::error!(%error, "nothing could be claimed"),
    }
    // What was not claimed although due waits for its lane, and a wave that ends frees it at once.
    tick
}

fn hand_out(engine: &Engine, wave: Wave, lanes: &mut Lanes, waves: &mut JoinSet<(Lane, AccountId)>) {
    let (lane, account, jobs) = wave;
    lanes.take(lane, account);
    let engine = engine.clone();
    waves.spawn(async move {
        match lane {
            Lane::Urgent | Lane::Normal => engine.send_wave(jobs).await,
            Lane::FollowUp => engine.follow_up(jobs).await,
        }
        (lane, account)
    });
}

fn freed(lanes: &mut Lanes, ended: Result<(Lane, AccountId), tokio::task::JoinError>) {
    match ended {
        Ok((lane, account)) => lanes.free(lane, account),
        Err(error) => {
            // Which lane it was is not known any more; leases protect what it held, so all lanes may go on.
            tracing::error!(%error, "a wave of deliveries ended badly; its outcomes will be looked up");
            *lanes = Lanes::default();
        }
    }
}

impl Engine {
    /// Sets the gauges that describe the outbox.
    async fn measure(&self) {
        let now = self.now();
        let counted = self.store.read(move |conn| {
            let mut all = Vec::new();
            for account in store::accounts::list(conn)? {
                let counts = operations::counts_by_state(conn, Some(account.id))?;
                let oldest = operations::oldest_open(conn, Some(account.id))?;
                all.push((account.id.to_string(), counts, oldest));
            }
            Ok(all)
        });
        let Ok(all) = counted.await else { return };
        for (account, counts, oldest) in all {
            for state in State::ALL.iter().filter(|state| !state.is_end()) {
                let count =
                    counts.iter().find(|(counted, _)| counted == state).map_or(0, |(_, count)| *count);
                let gauge =
                    self.metrics.ups_operations.with_label_values(&[account.as_str(), state.as_str()]);
                gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
            }
            let age = oldest.map_or(0.0, |oldest| elapsed(oldest, now).as_secs_f64());
            self.metrics.ups_oldest_seconds.with_label_values(&[account.as_str()]).set(age);
        }
    }
}
