//! The loop: claim, hand out, wait for a bell, a finished wave, the next due time or the tick.
//!
//! A commit rings the bell; the tick finds whatever a bell missed; a restart needs no code of its own. Waves of
//! different accounts run side by side, so a slow company holds nobody else up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use store::Store;
use store::ids::AccountId;
use store::operations;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::breaker::Breakers;
use super::claim::{Lane, Lanes, Task, Wave};
use super::engine::Engine;
use super::lateness::Lateness;
use super::policy::elapsed;
use super::presence::Presence;
use super::verdict::{Handle, Waiters};
use super::{Settings, SettingsError};
use crate::accounts::Clients;
use crate::chance::Chance;
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
    /// What spreads retries.
    pub chance: Chance,
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

    /// Ends at once, wherever it is, as a killed process does. For tests of crashes: an orderly end is [`Worker::stop`].
    pub fn kill(self) {
        self.task.abort();
    }
}

/// Starts the worker on the current runtime, with a handle for everyone who enqueues.
///
/// # Errors
/// Settings that contradict each other, such as a lease that a request could outlive.
pub fn start(parts: Parts) -> Result<(Handle, Worker), SettingsError> {
    let Parts { store, clock, chance, metrics, clients, settings } = parts;
    settings.check()?;
    let deliver = settings.deliver;
    let presence = Presence::new(settings.presence);
    let (bell, waiters, stop) = (Arc::new(Notify::new()), Waiters::default(), CancellationToken::new());
    let owner = format!("{}-{:08x}", std::process::id(), rand::random::<u32>());
    let engine = Engine {
        store: store.clone(),
        clock,
        chance,
        metrics,
        clients,
        settings: Arc::new(settings),
        waiters: waiters.clone(),
        breakers: Breakers::default(),
        budget: Arc::default(),
        usual_slots: Arc::default(),
        lateness: Lateness::default(),
        presence,
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
    tokio::select! {
        biased;
        () = work(&engine, &bell) => engine.presence.leave(&engine).await,
        () = engine.presence.keep(&engine, &bell) => {}
    }
}

async fn work(engine: &Engine, bell: &Notify) {
    let mut lanes = Lanes::default();
    let mut waves: JoinSet<(Lane, AccountId)> = JoinSet::new();
    let mut approvers: JoinSet<()> = JoinSet::new();
    let mut measured: Option<Instant> = None;
    loop {
        if measured.is_none_or(|at| at.elapsed() >= LOOK_AROUND_EVERY) {
            engine.measure().await;
            engine.catch_up_with_managers().await;
            engine.follow_up_approvers(&mut approvers).await;
            engine.let_deactivations_pass().await;
            measured = Some(Instant::now());
        }
        let wait = turn(engine, &mut lanes, &mut waves).await;
        // In this order and not by chance, so that a simulated run can be repeated.
        tokio::select! {
            biased;
            () = engine.stop.cancelled() => break,
            Some(ended) = waves.join_next(), if !waves.is_empty() => freed(&mut lanes, ended),
            () = bell.notified() => {}
            () = tokio::time::sleep(wait) => {}
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
    if !engine.presence.is_certain() {
        return tick; // the bell rings when it is
    }
    let next_due = |conn: &mut store::Conn| {
        let dues = [operations::next_due(conn)?, store::watches::next_due(conn)?];
        Ok(dues.into_iter().flatten().min())
    };
    let next_due = match engine.store.read(next_due).await {
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
    let (lane, account, tasks) = wave;
    lanes.take(lane, account, engine.now());
    let engine = engine.clone();
    waves.spawn(async move {
        let (mut jobs, mut looks) = (Vec::new(), Vec::new());
        for task in tasks {
            match task {
                Task::Deliver(job) => jobs.push(*job),
                Task::Look(watch, job) => looks.push((watch, *job)),
            }
        }
        match lane {
            Lane::Urgent | Lane::Normal => engine.send_wave(jobs).await,
            Lane::UrgentFollowUp | Lane::FollowUp => engine.follow_up(jobs).await,
            Lane::Drift => engine.look_at_all_again(account, looks).await,
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
