//! One Concur client per account, built when first asked for.
use concur::{Client, HostPolicy, HttpConfig, Observer};
use std::sync::Arc;
use store::{Store, ids::AccountId};

use crate::clock::Clock;

/// How clients speak to Concur.
#[derive(Clone)]
pub struct ClientSettings {
    /// Time-outs and limits.
    pub http: HttpConfig,
    /// Hosts that may receive a request.
    pub host_policy: HostPolicy,
    /// Requests under way to one company at a time.
    pub max_concurrent: usize,
    /// Requests begun per second for one company.
    pub requests_per_second: u32,
    /// Told about every call, for metrics.
    pub observer: Option<Arc<dyn Observer>>,
}

/// The clients of all accounts. Cheap to clone; all clones share the clients.
#[derive(Clone)]
pub struct Clients {}

/// Why there is no client for an account.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// To be filled.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Clients {
    /// No client is built yet.
    pub fn new(_store: Store, _clock: Clock, _settings: ClientSettings) -> Self {
        unimplemented!()
    }
    /// The account's client.
    #[expect(clippy::unused_async, reason = "signature first")]
    pub async fn get(&self, _account: AccountId) -> Result<Client, ClientError> {
        unimplemented!()
    }
    /// Forgets the account's client, so that the next one is built from what is stored now.
    pub fn invalidate(&self, _account: AccountId) {}
}
