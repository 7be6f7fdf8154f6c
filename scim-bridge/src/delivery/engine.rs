//! What every step of delivery shares: the store, the clock, the clients, and whom to tell.

use std::future::Future;
use std::sync::Arc;

use concur::Client;
use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;
use store::Store;
use store::ids::AccountId;
use tokio_util::sync::CancellationToken;

use super::Settings;
use super::verdict::Waiters;
use crate::accounts::Clients;
use crate::clock::Clock;
use crate::metrics::Metrics;

/// Shared by all tasks of a worker.
#[derive(Clone)]
pub(super) struct Engine {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) metrics: Metrics,
    pub(super) clients: Clients,
    pub(super) settings: Arc<Settings>,
    pub(super) waiters: Waiters,
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
}

/// Uniform over 0 to 1; the one place of delivery that is random.
pub(super) fn jitter() -> f64 {
    rand::random::<f64>()
}

/// Runs all futures, at most `limit` of them at a time.
pub(super) async fn side_by_side<F: Future<Output = ()>>(limit: usize, futures: Vec<F>) {
    stream::iter(futures).for_each_concurrent(limit, |future| future).await;
}
