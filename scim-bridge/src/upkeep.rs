//! What every connection needs whether anybody uses it or not: a refresh at least daily, since one that idles for six
//! months is dead; now and then the count of calls, from which the used scopes follow; and the form
//! that says what a spend profile needs. And what the database needs:
//! statistics of tables that have grown, soon enough that nobody waits for them.
//!
//! Not here: the refresh itself, which `concur` does once for all replicas.
//! Source: Concur page *Authentication* (refresh tokens live six months from their last use).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::Store;
use store::ids::AccountId;
use store::imports;
use store::webhooks::{self, Topic};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::accounts::Clients;
use crate::accounts::forms::Forms;
use crate::bridge::Bridge;
use crate::installation::Witness;
use crate::logging;

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How often to look whether tables have grown: a large import is over within a minute.
const STATISTICS_EVERY: Duration = Duration::from_secs(5);
/// A connection that was not refreshed for this long is refreshed.
const IDLE: SignedDuration = SignedDuration::from_hours(24);
/// After a failed refresh.
const TRY_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// From here on a failing refresh is an error and not a warning.
const URGENT_DAYS: i64 = 7;

/// The running loop.
#[derive(Debug)]
pub(crate) struct Upkeep {
    cancel: CancellationToken,
    task: JoinHandle<()>,
    clients: Clients,
}

impl Upkeep {
    pub(crate) fn start(bridge: &Bridge) -> Self {
        let cancel = CancellationToken::new();
        let (bridge, stopped) = (bridge.clone(), cancel.clone());
        let clients = bridge.accounts.clone();
        let task = tokio::spawn(async move {
            // A refresh that is under way goes on by itself and is saved.
            let both = async { tokio::join!(run(&bridge), keep_statistics(&bridge.store)) };
            let _ = stopped.run_until_cancelled(both).await;
        });
        Self { cancel, task, clients }
    }

    /// Ends the loop and saves what was counted.
    pub(crate) async fn stop(self) {
        self.cancel.cancel();
        drop(self.task.await);
        keep_call_counts(&self.clients).await;
    }
}

/// Has the database look at tables that have grown, so that it knows how to read them.
async fn keep_statistics(store: &Store) {
    loop {
        match store.refresh_statistics().await {
            Ok(tables) if tables.is_empty() => {}
            Ok(tables) => {
                tracing::info!(count = tables.len(), "statistics were made of tables that have grown");
            }
            // A plan that is not the best one is no reason to worry anybody.
            Err(error) => tracing::debug!(error = %logging::chain(&error), "tables were not looked at"),
        }
        tokio::time::sleep(STATISTICS_EVERY).await;
    }
}

async fn run(bridge: &Bridge) {
    let witness = Witness::of(&bridge.config);
    let (mut keeper, mut forms) = (KeepAlive::default(), Forms::default());
    loop {
        match witness.look_again(&bridge.store, bridge.clock.now()).await {
            Ok(it) => bridge
                .metrics
                .installation_held
                .with_label_values(&[] as &[&str])
                .set(i64::from(it.held.is_some())),
            Err(error) => {
                tracing::warn!(error = %logging::chain(&error), "it is not noted how far the database has come");
            }
        }
        if let Err(error) = forms.round(&bridge.store, &bridge.accounts, bridge.clock.now()).await {
            tracing::warn!(error = %logging::chain(&error), "reading employee forms waits for the database");
        }
        if let Err(error) = keeper.round(&bridge.store, &bridge.accounts, bridge.clock.now()).await {
            tracing::warn!(error = %logging::chain(&error), "keeping connections alive waits for the database");
        }
        end_cut_off(&bridge.store, bridge.clock.now()).await;
        keep_call_counts(&bridge.accounts).await;
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Lists imports as failed that were cut off with the process that ran them.
async fn end_cut_off(store: &Store, now: Timestamp) {
    let ended = store.write(move |conn| imports::end_cut_off(conn, now - imports::SILENT_MAX, now)).await;
    match ended {
        Ok(0) => {}
        Ok(count) => tracing::warn!(count, "imports were cut off; send their files again to go on"),
        Err(error) => {
            tracing::warn!(error = %logging::chain(&error), "imports that were cut off are not listed as such");
        }
    }
}

async fn keep_call_counts(clients: &Clients) {
    if let Err(error) = clients.keep_call_counts().await {
        tracing::warn!(error = %logging::chain(&error), "calls to Concur were not counted");
    }
}

/// Keeps idle connections alive.
#[derive(Debug, Default)]
pub struct KeepAlive {
    failed_at: BTreeMap<AccountId, Timestamp>,
}

impl KeepAlive {
    /// Refreshes every connection that was not refreshed for a day; how many were. A paused account is one of them: its
    /// connection would die all the same. One that fails is tried again in an hour.
    ///
    /// # Errors
    /// A store that is away.
    pub async fn round(
        &mut self,
        store: &Store,
        clients: &Clients,
        now: Timestamp,
    ) -> Result<usize, store::Error> {
        let issued = |conn: &mut store::Conn| {
            let accounts = store::accounts::list(conn)?.into_iter();
            accounts.map(|account| Ok((account.id, store::oauth_tokens::load(conn, account.id)?))).collect()
        };
        let connections: Vec<(AccountId, _)> = store.read(issued).await?;
        let mut refreshed = 0;
        for (account, tokens) in connections {
            let Some(issued_at) = tokens.map(|tokens| tokens.refresh_issued_at) else { continue };
            if !is_due(issued_at, self.failed_at.get(&account).copied(), now) {
                continue;
            }
            match refresh(clients, account, now).await {
                Ok(()) => {
                    refreshed += 1;
                    self.failed_at.remove(&account);
                }
                Err(error) => {
                    let is_news = self.failed_at.insert(account, now).is_none();
                    warn(account, issued_at, now, &*error);
                    if is_news {
                        tell(store, account, days_left(issued_at, now), logging::chain(&*error), now).await?;
                    }
                }
            }
        }
        Ok(refreshed)
    }
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

async fn refresh(clients: &Clients, account: AccountId, now: Timestamp) -> Result<(), AnyError> {
    let client = clients.get(account).await?;
    client.keep_alive(now.saturating_sub(IDLE)?).await?;
    Ok(())
}

fn is_due(issued_at: Timestamp, failed_at: Option<Timestamp>, now: Timestamp) -> bool {
    let since = |at: Timestamp| now.duration_since(at);
    since(issued_at) >= IDLE && failed_at.is_none_or(|at| since(at) >= TRY_AGAIN_AFTER)
}

/// Tells whoever wants to know, once until a refresh works again.
async fn tell(
    store: &Store,
    account: AccountId,
    days_left: i64,
    error: String,
    now: Timestamp,
) -> Result<(), store::Error> {
    let data = json!({"days_left": days_left, "error": error});
    let publish = move |conn: &mut store::Conn| {
        webhooks::publish(conn, account, Topic::ConnectionFailing, now, |_| Ok(data))
    };
    store.write(publish).await
}

/// Days until the refresh token ends.
fn days_left(issued_at: Timestamp, now: Timestamp) -> i64 {
    concur::auth::refresh_token_expires_at(issued_at).duration_since(now).as_hours() / 24
}

fn warn(account: AccountId, issued_at: Timestamp, now: Timestamp, error: &(dyn std::error::Error + 'static)) {
    let days_left = days_left(issued_at, now);
    let error = logging::chain(error);
    if days_left <= URGENT_DAYS {
        tracing::error!(%account, days_left, %error, "the connection to Concur ends soon and cannot be refreshed; run `scim-bridge account check`");
    } else {
        tracing::warn!(%account, days_left, %error, "an idle connection to Concur cannot be refreshed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_due_after_a_day_and_after_a_failure_once_an_hour() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let hours = |hours| now - SignedDuration::from_hours(hours);
        assert!(!is_due(hours(23), None, now));
        assert!(is_due(hours(24), None, now));
        assert!(!is_due(hours(48), Some(now - SignedDuration::from_mins(59)), now));
        assert!(is_due(hours(48), Some(hours(1)), now));
    }
}
