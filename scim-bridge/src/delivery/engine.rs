//! What every step of delivery shares: the store, the clock, the clients, and whom to tell.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use concur::error::Held;
use concur::{Advice, Client, Error};
use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;
use store::Store;
use store::ids::AccountId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::Settings;
use super::breaker::{Breakers, Gate};
use super::budget::Budget;
use super::lateness::Lateness;
use super::policy::later;
use super::presence::Presence;
use super::verdict::Waiters;
use crate::accounts::Clients;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::metrics::Metrics;

/// Shared by all tasks of a worker.
#[derive(Clone)]
pub(super) struct Engine {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) chance: Chance,
    pub(super) metrics: Metrics,
    pub(super) clients: Clients,
    pub(super) settings: Arc<Settings>,
    pub(super) waiters: Waiters,
    pub(super) breakers: Breakers,
    pub(super) budget: Arc<Mutex<Budget>>,
    /// The slots of each company that are not kept free for deactivations.
    pub(super) usual_slots: Arc<Mutex<HashMap<AccountId, Arc<Semaphore>>>>,
    pub(super) lateness: Lateness,
    pub(super) presence: Presence,
    /// Cancelled when the worker is to stop: nothing is sent any more.
    pub(super) stop: CancellationToken,
    /// Names this process in leases.
    pub(super) owner: Arc<str>,
}

impl Engine {
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The account's client, or nothing where there is none: then everything of the account is tried again later.
    pub(super) async fn client(&self, account: AccountId) -> Option<Client> {
        match self.clients.get(account).await {
            Ok(client) => Some(client),
            Err(error) => {
                tracing::error!(%account, %error, "no Concur client for the account; its operations wait");
                None
            }
        }
    }

    /// A slot for what is not urgent. `None` for what is: a quarter of all slots is nobody else's.
    pub(super) async fn slot(&self, account: AccountId, is_urgent: bool) -> Option<OwnedSemaphorePermit> {
        if is_urgent {
            return None;
        }
        let slots = {
            let mut all = self.usual_slots.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Semaphore::new(self.settings.usual_slots()));
            Arc::clone(all.entry(account).or_insert_with(new))
        };
        // It is never closed, so there is a permit in the end.
        slots.acquire_owned().await.ok()
    }

    /// What a request says about the company's health. `None`: an answer, whatever it said.
    pub(super) fn heard(&self, account: AccountId, error: Option<&Error>) {
        let failed = match error.map(Error::advice) {
            None | Some(Advice::Permanent | Advice::Conflict | Advice::NotFound | Advice::Split) => false,
            // A pause that the client keeps by itself. While it lasts, what is claimed would only be given back.
            Some(_) if let Some(Error::Paused { endpoint, retry_after, because }) = error => {
                if *because != Held::Unavailable || endpoint.starts_with("provisioning.") {
                    self.breakers.pause(account, later(self.now(), *retry_after));
                }
                return;
            }
            Some(_) if matches!(error, Some(Error::Throttled(_))) => return,
            Some(Advice::CertainlyNotApplied { .. } | Advice::Unknown { .. } | Advice::ReAuthenticate) => {
                true
            }
        };
        self.heard_failure(account, failed);
    }

    /// The same for a request that was given up.
    pub(super) fn heard_failure(&self, account: AccountId, failed: bool) {
        let gauge = self.metrics.ups_breaker_open.with_label_values(&[account.to_string()]);
        match self.breakers.heard(account, failed, self.now(), self.settings.probe_first) {
            Some(Gate::Open) => {
                gauge.set(0);
                tracing::info!(%account, "Concur answers again; delivery goes on");
            }
            Some(_) => {
                gauge.set(1);
                tracing::error!(%account, "Concur does not answer; one request in a while tries, everything else waits");
            }
            None => {}
        }
    }
}

/// Runs all futures, at most `limit` of them at a time.
pub(super) async fn side_by_side<F: Future<Output = ()>>(limit: usize, futures: Vec<F>) {
    stream::iter(futures).for_each_concurrent(limit, |future| future).await;
}
