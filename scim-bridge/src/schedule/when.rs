//! When to sync: every connected account, each on a task of its own, one interval after its last run began, whichever
//! process made it; at once what an event of Concur's has named; and in between what lies before the year, where somebody asked
//! for it. Accounts do not wait for each other, and replicas do not repeat each other (`run`).
//!
//! A run that fails is logged and recorded; the next one goes on where it stopped. An account that is connected while the
//! process runs is found within seconds.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use store::accounts::Account;
use store::ids::AccountId;
use store::runs::{self, State};
use sync::pull::history;
use sync::{Silent, Snapshot};
use tokio::task::{self, JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::run::{SyncError, Syncer};
use crate::bridge::Bridge;
use crate::logging;

/// How often to look whether an account is due.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// From one sync to the next where an event named a report that nobody can ask for by name.
const MORE_TO_FIND_AFTER: Duration = Duration::from_mins(5);
/// After a longer history could not be read.
const HISTORY_AGAIN_AFTER: Duration = Duration::from_mins(5);
/// After named reports could not be read.
const TOLD_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// The running loop.
#[derive(Debug)]
pub(crate) struct SyncLoop {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl SyncLoop {
    /// Starts the loop, unless the configuration says that this process does not sync.
    pub(crate) fn start(bridge: &Bridge) -> Self {
        let cancel = CancellationToken::new();
        let (bridge, stopped) = (bridge.clone(), cancel.clone());
        let task = tokio::spawn(async move {
            if bridge.config.sync.enabled {
                // Pages commit with their cursor, so a run may be dropped anywhere.
                let _ = stopped.run_until_cancelled(run(&bridge)).await;
            }
        });
        Self { cancel, task }
    }

    /// Ends the loop, in the middle of runs if need be.
    pub(crate) async fn stop(self) {
        self.cancel.cancel();
        drop(self.task.await);
    }
}

/// What is to be done for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// A whole sync.
    Sync,
    /// Only the reports that events have named.
    Told,
    /// What lies before the year, until the next sync is due.
    History {
        /// When that is.
        until: Timestamp,
    },
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Well,
    /// An event has named what only a whole sync can find.
    MoreToFind,
    Badly,
}

/// What is remembered of an account between two looks.
#[derive(Debug, Default)]
struct Memory {
    at_work: bool,
    /// When this process last began a whole sync.
    tried: Option<Timestamp>,
    /// Whether there is something to find that only a whole sync finds.
    more_to_find: bool,
    /// When named reports could last not be read.
    failed: Option<Timestamp>,
    /// When the longer history could last not be read.
    history_failed: Option<Timestamp>,
}

/// An account, and what the store says of its syncs.
struct Candidate {
    account: Account,
    /// When its last run began, by whichever process.
    last: Option<Timestamp>,
    /// Whether events have named reports of it.
    is_told: bool,
    /// Whether a longer history is to be read.
    has_history: bool,
}

async fn run(bridge: &Bridge) {
    let mut under_way: JoinSet<Ended> = JoinSet::new();
    let mut busy: HashMap<task::Id, (AccountId, Work)> = HashMap::new();
    let mut memories: HashMap<AccountId, Memory> = HashMap::new();
    loop {
        while let Some(ended) = under_way.try_join_next_with_id() {
            let (id, ended) = match ended {
                Ok(ended) => ended,
                Err(error) => {
                    tracing::error!(error = %logging::chain(&error), "a sync panicked");
                    (error.id(), Ended::Badly)
                }
            };
            if let Some((account, work)) = busy.remove(&id) {
                let memory = memories.entry(account).or_default();
                memory.at_work = false;
                memory.more_to_find |= ended == Ended::MoreToFind;
                let failed = (ended == Ended::Badly).then(|| bridge.clock.now());
                match work {
                    Work::Told => memory.failed = failed,
                    Work::History { .. } => memory.history_failed = failed,
                    Work::Sync => {}
                }
            }
        }
        let now = bridge.clock.now();
        match bridge.store.read(move |conn| accounts(conn, now)).await {
            Err(error) => tracing::warn!(error = %logging::chain(&error), "sync waits for the database"),
            Ok(candidates) => {
                for candidate in candidates {
                    let memory = memories.entry(candidate.account.id).or_default();
                    let Some(work) = due(&candidate, memory, bridge) else { continue };
                    let account = candidate.account;
                    memory.at_work = true;
                    if work == Work::Sync {
                        (memory.tried, memory.more_to_find) = (Some(now), false);
                    }
                    let (id, bridge) = (account.id, bridge.clone());
                    let task = under_way.spawn(async move {
                        match work {
                            Work::Sync => one(&bridge, &account).await,
                            Work::Told => told(&bridge, &account).await,
                            Work::History { until } => history(&bridge, &account, until).await,
                        }
                    });
                    busy.insert(task.id(), (id, work));
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = bridge.sync_bell.notified() => {}
        }
    }
}

/// Every account. A run that was interrupted, or is under way elsewhere, does not count: the lease tells the two apart.
fn accounts(conn: &mut store::Conn, now: Timestamp) -> Result<Vec<Candidate>, store::Error> {
    let accounts = store::accounts::list(conn)?.into_iter();
    accounts
        .map(|account| {
            let last = runs::latest(conn, account.id, sync::run::KIND)?;
            let last = last.filter(|run| run.state != State::Running).map(|run| run.started_at);
            let is_told = !store::events::due(conn, account.id, now, 1)?.is_empty();
            let has_history = history::is_active(conn, account.id)?;
            Ok(Candidate { account, last, is_told, has_history })
        })
        .collect()
}

/// What is to be done for an account now.
fn due(candidate: &Candidate, memory: &Memory, bridge: &Bridge) -> Option<Work> {
    let now = bridge.clock.now();
    let account = &candidate.account;
    if memory.at_work || !account.is_connected() || account.paused_at.is_some() {
        return None;
    }
    let last = candidate.last.max(memory.tried);
    let waited = |began, time: Duration| now.duration_since(began).unsigned_abs() >= time;
    let interval = bridge.config.sync.interval;
    let interval = if memory.more_to_find { interval.min(MORE_TO_FIND_AFTER) } else { interval };
    let Some(last) = last.filter(|began| !waited(*began, interval)) else { return Some(Work::Sync) };
    if candidate.is_told && memory.failed.is_none_or(|at| waited(at, TOLD_AGAIN_AFTER)) {
        return Some(Work::Told);
    }
    let may_ask = memory.history_failed.is_none_or(|at| waited(at, HISTORY_AGAIN_AFTER));
    (candidate.has_history && may_ask)
        .then(|| Work::History { until: last.saturating_add(interval).unwrap_or(now) })
}

/// One run of one account.
async fn one(bridge: &Bridge, account: &Account) -> Ended {
    let id = account.id.to_string();
    let metrics = &bridge.metrics;
    let outcome = match syncer(bridge).run(account, &Silent).await {
        Ok(summary) => {
            let done = &summary.snapshot;
            count(bridge, &id, &summary.before, done);
            tracing::info!(account = %id, lines = done.lines, users = done.users, outcome = summary.state.as_str(), "synced");
            summary.state.as_str()
        }
        Err(SyncError::UnderWay) => {
            tracing::debug!(account = %id, "another process syncs this account");
            return Ended::Well;
        }
        Err(error) => {
            tracing::warn!(account = %id, error = %logging::chain(&error), "sync ended early");
            "failed"
        }
    };
    metrics.sync_runs.with_label_values(&[&id, sync::run::KIND, outcome]).inc();
    if outcome == "failed" { Ended::Badly } else { Ended::Well }
}

/// A part of one account's longer history.
async fn history(bridge: &Bridge, account: &Account, until: Timestamp) -> Ended {
    let id = account.id.to_string();
    let outcome = match syncer(bridge).history(account, Some(until), &Silent).await {
        Ok(None) => return Ended::Well,
        Ok(Some(summary)) => {
            let done = &summary.snapshot;
            count(bridge, &id, &summary.before, done);
            let (windows, of) = (done.windows_done, done.windows_total);
            tracing::info!(account = %id, windows, of, lines = done.lines, outcome = summary.state.as_str(), "longer history read");
            summary.state.as_str()
        }
        Err(SyncError::UnderWay) => {
            tracing::debug!(account = %id, "another process syncs this account");
            return Ended::Badly;
        }
        Err(error) => {
            tracing::warn!(account = %id, error = %logging::chain(&error), "the longer history cannot be read");
            "failed"
        }
    };
    bridge.metrics.sync_runs.with_label_values(&[&id, history::KIND, outcome]).inc();
    if outcome == "failed" { Ended::Badly } else { Ended::Well }
}

/// The reports of one account that events have named.
async fn told(bridge: &Bridge, account: &Account) -> Ended {
    let id = account.id.to_string();
    match syncer(bridge).told(account).await {
        Ok((told, snapshot)) => {
            count(bridge, &id, &Snapshot::default(), &snapshot);
            if !told.is_nothing() {
                tracing::info!(account = %id, count = told.read, lines = snapshot.lines, "reports that events named were read");
            }
            if told.left > 0 { Ended::MoreToFind } else { Ended::Well }
        }
        Err(SyncError::UnderWay) => {
            tracing::debug!(account = %id, "another process syncs this account");
            Ended::Badly
        }
        Err(error) => {
            tracing::warn!(account = %id, error = %logging::chain(&error), "reports that events named cannot be read");
            Ended::Badly
        }
    }
}

fn syncer(bridge: &Bridge) -> Syncer {
    Syncer {
        store: bridge.store.clone(),
        clients: bridge.accounts.clone(),
        clock: bridge.clock.clone(),
        matcher: bridge.matcher.clone(),
        parallel_reports: bridge.config.concur.max_concurrent,
    }
}

/// Counts what was done, without what had been done before.
fn count(bridge: &Bridge, account: &str, before: &Snapshot, done: &Snapshot) {
    let metrics = &bridge.metrics;
    let counts = [
        (&metrics.sync_lines_read, before.lines, done.lines),
        (&metrics.match_lines_decided, before.decided, done.decided),
        (&metrics.sync_reports_removed, before.removed, done.removed),
        (&metrics.events_missed, before.untold, done.untold),
    ];
    for (metric, before, done) in counts {
        metric.with_label_values(&[account]).inc_by(done.saturating_sub(before) as u64);
    }
}
