//! When to sync: every connected account at start, and again one interval after its last round ended.
//!
//! How to sync is the `sync` crate's. A round that fails is logged and recorded there; the next one goes on where
//! it stopped. An account that is connected while the process runs is found within seconds.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use store::accounts::Account;
use store::ids::AccountId;
use sync::{Company, Silent};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::bridge::Bridge;
use crate::logging;

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
                // Pages commit with their cursor, so a round may be dropped anywhere.
                let _ = stopped.run_until_cancelled(run(&bridge)).await;
            }
        });
        Self { cancel, task }
    }

    /// Ends the loop, in the middle of a round if need be.
    pub(crate) async fn stop(self) {
        self.cancel.cancel();
        drop(self.task.await);
    }
}

async fn run(bridge: &Bridge) {
    let mut ended: BTreeMap<AccountId, Timestamp> = BTreeMap::new();
    loop {
        match bridge.store.read(store::accounts::list).await {
            Err(error) => tracing::warn!(error = %logging::chain(&error), "sync waits for the database"),
            Ok(accounts) => {
                for account in accounts {
                    if is_due(&account, ended.get(&account.id).copied(), bridge) {
                        one(bridge, &account).await;
                        ended.insert(account.id, bridge.clock.now());
                    }
                }
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn is_due(account: &Account, ended: Option<Timestamp>, bridge: &Bridge) -> bool {
    let connected = account.first_connected_at.is_some() && account.paused_at.is_none();
    let waited = |ended| {
        let waited = bridge.clock.now().duration_since(ended);
        waited.unsigned_abs() >= bridge.config.sync.interval
    };
    connected && ended.is_none_or(waited)
}

/// One round of one account.
async fn one(bridge: &Bridge, account: &Account) {
    let id = account.id.to_string();
    let client = match bridge.accounts.get(account.id).await {
        Ok(client) => client,
        Err(error) => {
            tracing::warn!(account = %id, error = %logging::chain(&error), "sync has no Concur client");
            return;
        }
    };
    let company = Company {
        store: bridge.store.clone(),
        account: account.id,
        client,
        clock: bridge.clock.as_fn(),
        parallel_reports: bridge.config.concur.max_concurrent,
    };
    let metrics = &bridge.metrics;
    let outcome = match sync::run::sync(&company, &bridge.matcher, &Silent).await {
        Ok(summary) => {
            let done = &summary.snapshot;
            metrics.sync_lines_read.with_label_values(&[&id]).inc_by(done.lines as u64);
            metrics.match_lines_decided.with_label_values(&[&id]).inc_by(done.decided as u64);
            tracing::info!(account = %id, lines = done.lines, users = done.users, outcome = summary.state.as_str(), "synced");
            summary.state.as_str()
        }
        Err(error) => {
            tracing::warn!(account = %id, error = %logging::chain(&error), "sync ended early");
            "failed"
        }
    };
    metrics.sync_runs.with_label_values(&[&id, sync::run::KIND, outcome]).inc();
}
