//! The client of one connected company.

use crate::{
    Error, HostPolicy, HttpConfig, Observer,
    api::{Expenses, Identity, Provisioning, Spend},
    auth::{Credentials, TokenStore},
};
use jiff::Timestamp;
use std::sync::Arc;

/// Tells the time; time is an argument here as everywhere.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How to build a [`Client`].
#[derive(Clone)]
pub struct ClientConfig {
    /// Limits of the HTTP client.
    pub http: HttpConfig,
    /// Hosts that may receive requests.
    pub host_policy: HostPolicy,
    /// The application's client id and secret.
    pub credentials: Credentials,
    /// Requests in flight at once.
    pub max_concurrent: usize,
    /// Requests begun per second.
    pub requests_per_second: u32,
    /// The clock.
    pub clock: Clock,
    /// Told about every call.
    pub observer: Option<Arc<dyn Observer>>,
}

impl ClientConfig {
    /// The documented defaults: 4 concurrent requests, 5 per second per company.
    pub fn new(host_policy: HostPolicy, credentials: Credentials, clock: Clock) -> Self {
        Self {
            http: HttpConfig::default(),
            host_policy,
            credentials,
            max_concurrent: 4,
            requests_per_second: 5,
            clock,
            observer: None,
        }
    }
}

impl std::fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientConfig").finish_non_exhaustive()
    }
}

/// Speaks to Concur for one company; cheap to clone, shared by all tasks.
#[derive(Clone)]
pub struct Client {
    _shared: Arc<()>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// Builds the client; opens no connection yet.
    pub fn new(_config: ClientConfig, _tokens: Arc<dyn TokenStore>) -> Result<Self, Error> {
        unimplemented!()
    }
    /// Identity v4.1 (and v4 look-ups): reading users.
    pub fn identity(&self) -> Identity {
        unimplemented!()
    }
    /// User Provisioning v4: writing users.
    pub fn provisioning(&self) -> Provisioning {
        unimplemented!()
    }
    /// Spend v4.1: reading spend users.
    pub fn spend(&self) -> Spend {
        unimplemented!()
    }
    /// Expense v3: reports, entries, itemizations.
    pub fn expenses(&self) -> Expenses {
        unimplemented!()
    }
    /// Refreshes the token now; for daily keep-alive and connection tests.
    #[expect(clippy::unused_async, reason = "signature first")]
    pub async fn refresh(&self) -> Result<crate::auth::TokenSet, Error> {
        unimplemented!()
    }
}
