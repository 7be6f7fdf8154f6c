//! When to sync: every connected account, each on a task of its own, one interval after its last run began, whichever
//! process made it. Accounts do not wait for each other, and replicas do not repeat each other (`sync_run`).
//!
//! A run that fails is logged and recorded; the next one goes on where it stopped. An account that is connected while the
//! process runs is found within seconds.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use store::accounts::Account;
use store::ids::AccountId;
use store::runs::{self, State};
use sync::Silent;
use tokio::task::{self, JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::bridge::Bridge;
use crate::logging;
use crate::sync_run::{SyncError, Syncer};

/// How often to look whether an account is due.
const LOOK_EVERY: Duration = Duration::from_secs(5);

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

async fn run(bridge: &Bridge) {
    let mut under_way = JoinSet::new();
    let mut busy: HashMap<task::Id, AccountId> = HashMap::new();
    let mut tried: HashMap<AccountId, Timestamp> = HashMap::new();
    loop {
        while let Some(ended) = under_way.try_join_next_with_id() {
            let id = match ended {
                Ok((id, ())) => id,
                Err(error) => {
                    tracing::error!(error = %logging::chain(&error), "a sync panicked");
                    error.id()
                }
            };
            busy.remove(&id);
        }
        match bridge.store.read(last_runs).await {
            Err(error) => tracing::warn!(error = %logging::chain(&error), "sync waits for the database"),
            Ok(accounts) => {
                for (account, last) in accounts {
                    let last = last.max(tried.get(&account.id).copied());
                    let at_work = busy.values().any(|id| *id == account.id);
                    if !at_work && is_due(&account, last, bridge) {
                        let (id, bridge) = (account.id, bridge.clone());
                        tried.insert(id, bridge.clock.now());
                        let task = under_way.spawn(async move { one(&bridge, &account).await });
                        busy.insert(task.id(), id);
                    }
                }
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Every account, and when its last run began, by whichever process. One that was interrupted, or is under way elsewhere,
/// does not count: the lease tells the two apart.
fn last_runs(conn: &mut store::Conn) -> Result<Vec<(Account, Option<Timestamp>)>, store::Error> {
    let accounts = store::accounts::list(conn)?.into_iter();
    accounts
        .map(|account| {
            let last = runs::latest(conn, account.id, sync::run::KIND)?;
            let last = last.filter(|run| run.state != State::Running).map(|run| run.started_at);
            Ok((account, last))
        })
        .collect()
}

fn is_due(account: &Account, last: Option<Timestamp>, bridge: &Bridge) -> bool {
    let connected = account.is_connected() && account.paused_at.is_none();
    let waited =
        |began| bridge.clock.now().duration_since(began).unsigned_abs() >= bridge.config.sync.interval;
    connected && last.is_none_or(waited)
}

/// One run of one account.
async fn one(bridge: &Bridge, account: &Account) {
    let id = account.id.to_string();
    let syncer = Syncer {
        store: bridge.store.clone(),
        clients: bridge.accounts.clone(),
        clock: bridge.clock.clone(),
        matcher: bridge.matcher.clone(),
        parallel_reports: bridge.config.concur.max_concurrent,
    };
    let metrics = &bridge.metrics;
    let outcome = match syncer.run(account, &Silent).await {
        Ok(summary) => {
            let done = &summary.snapshot;
            metrics.sync_lines_read.with_label_values(&[&id]).inc_by(done.lines as u64);
            metrics.match_lines_decided.with_label_values(&[&id]).inc_by(done.decided as u64);
            tracing::info!(account = %id, lines = done.lines, users = done.users, outcome = summary.state.as_str(), "synced");
            summary.state.as_str()
        }
        Err(SyncError::UnderWay) => {
            tracing::debug!(account = %id, "another process syncs this account");
            return;
        }
        Err(error) => {
            tracing::warn!(account = %id, error = %logging::chain(&error), "sync ended early");
            "failed"
        }
    };
    metrics.sync_runs.with_label_values(&[&id, sync::run::KIND, outcome]).inc();
}
