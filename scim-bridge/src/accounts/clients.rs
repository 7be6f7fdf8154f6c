//! One Concur client per account, built when first asked for and again when the account was reconnected.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use concur::auth::{Credentials, TokenStore};
use concur::{Budget, Client, ClientConfig, CurrentPace, HostPolicy, HttpConfig, Observer};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use store::Store;
use store::accounts::Account;
use store::credentials::{self, Kind};
use store::ids::AccountId;

use super::calls::CallCounter;
use super::token_store::StoredTokens;
use crate::clock::Clock;
use crate::metrics::Metrics;

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
    /// What all companies may ask together.
    pub budget: Budget,
    /// How long an API that answered 503 or nothing is left alone.
    pub unavailable_pause: Duration,
    /// Told about every call, for metrics.
    pub observer: Option<Arc<dyn Observer>>,
}

impl ClientSettings {
    pub(super) fn client(
        &self,
        clock: &Clock,
        credentials: Credentials,
        tokens: Arc<dyn TokenStore>,
    ) -> Result<Client, concur::Error> {
        let config = ClientConfig {
            http: self.http.clone(),
            max_concurrent: self.max_concurrent,
            requests_per_second: self.requests_per_second,
            budget: Some(self.budget.clone()),
            unavailable_pause: self.unavailable_pause,
            observer: self.observer.clone(),
            ..ClientConfig::new(self.host_policy.clone(), credentials, clock.as_fn())
        };
        Client::new(config, tokens)
    }
}

impl fmt::Debug for ClientSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSettings")
            .field("http", &self.http)
            .field("host_policy", &self.host_policy)
            .finish_non_exhaustive()
    }
}

/// Why there is no client for an account.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The account is not there, or the store is away.
    #[error("the account cannot be read")]
    Store(#[from] store::Error),
    /// An account without credentials was never connected.
    #[error("the account has no stored client id and secret; connect it again")]
    NoCredentials,
    /// The client cannot be built.
    #[error("the Concur client cannot be set up")]
    Concur(#[from] concur::Error),
}

/// The clients of all accounts. Cheap to clone; all clones share the clients.
#[derive(Clone)]
pub struct Clients {
    store: Store,
    clock: Clock,
    settings: ClientSettings,
    metrics: Option<Metrics>,
    owner: Arc<str>,
    counters: Arc<Mutex<HashMap<AccountId, Arc<CallCounter>>>>,
    built: Arc<Mutex<HashMap<AccountId, Built>>>,
}

/// A client, and the state of the account it was built from.
#[derive(Clone)]
struct Built {
    client: Client,
    of: Timestamp,
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Clients {
    /// No client is built yet.
    pub fn new(store: Store, clock: Clock, settings: ClientSettings) -> Self {
        let owner = format!("{}-{:08x}", std::process::id(), rand::random::<u32>()).into();
        Self { store, clock, settings, metrics: None, owner, counters: Arc::default(), built: Arc::default() }
    }

    /// The same clients, telling these metrics about every call.
    #[must_use]
    pub fn observed_by(mut self, metrics: Metrics) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// The account's client. A change of the account, by this process or another, brings a new one.
    ///
    /// # Errors
    /// An account that is not connected, or a store that is away.
    pub async fn get(&self, account: AccountId) -> Result<Client, ClientError> {
        let row = self.store.read(move |conn| store::accounts::get(conn, account)).await?;
        if let Some(built) = self.built().get(&account).filter(|built| built.of == row.updated_at) {
            return Ok(built.client.clone());
        }
        let credentials = self.credentials(account).await?;
        let tokens = Arc::new(StoredTokens {
            store: self.store.clone(),
            clock: self.clock.clone(),
            account,
            host_policy: self.settings.host_policy.clone(),
            owner: Arc::clone(&self.owner),
        });
        let settings = ClientSettings { observer: Some(self.counter(account)), ..self.settings.clone() };
        let client = settings.client(&self.clock, credentials, tokens)?;
        // Two tasks may have built one at once. The first is kept, so that all share its token and its limits.
        let mut built = self.built();
        let kept =
            built.entry(account).or_insert_with(|| Built { client: client.clone(), of: row.updated_at });
        if kept.of != row.updated_at {
            *kept = Built { client, of: row.updated_at };
        }
        Ok(kept.client.clone())
    }

    /// Client id and secret of the account's application.
    async fn credentials(&self, account: AccountId) -> Result<Credentials, ClientError> {
        let read = move |conn: &mut store::Conn| {
            let client_id = credentials::get(conn, account, Kind::ClientId)?;
            Ok((client_id, credentials::get(conn, account, Kind::ClientSecret)?))
        };
        let (Some(client_id), Some(client_secret)) = self.store.read(read).await? else {
            return Err(ClientError::NoCredentials);
        };
        Ok(Credentials { client_id: client_id.expose_secret().to_owned(), client_secret })
    }

    /// What manages the event subscriptions of the account's application, in the account's data centre.
    ///
    /// # Errors
    /// As [`Clients::get`]; an address of the account that may not be called.
    pub async fn events(&self, account: &Account) -> Result<concur::api::Events, ClientError> {
        let credentials = self.credentials(account.id).await?;
        let (http, origin) = (self.http()?, self.origin(account)?);
        Ok(concur::api::Events::new(http, origin, credentials, self.clock.as_fn()))
    }

    /// What speaks to Concur for no account, with the same limits.
    pub(crate) fn http(&self) -> Result<concur::Http, concur::Error> {
        concur::Http::new(&self.settings.http, self.settings.host_policy.clone())
    }

    /// The data centre of an account: where its tokens say that it lives, else what it was connected with.
    pub(crate) fn origin(&self, account: &Account) -> Result<concur::Origin, concur::Error> {
        let address = account.geolocation.as_deref().unwrap_or(&account.base_uri);
        self.settings.host_policy.origin(address)
    }

    /// Adds the calls that were counted since the last time to those in the store.
    ///
    /// # Errors
    /// A store that is away; those calls are then missing from the count of used scopes, and nothing else.
    pub async fn keep_call_counts(&self) -> Result<(), store::Error> {
        let counters: Vec<_> =
            self.counters().iter().map(|(account, counter)| (*account, Arc::clone(counter))).collect();
        for (account, counter) in counters {
            let calls = counter.take();
            if !calls.is_empty() {
                let add = move |conn: &mut store::Conn| {
                    calls.iter().try_for_each(|calls| store::concur_calls::add(conn, account, calls))
                };
                self.store.write(add).await?;
            }
        }
        Ok(())
    }

    /// One for each account, over all clients it ever had.
    fn counter(&self, account: AccountId) -> Arc<CallCounter> {
        let new = || {
            let next = self.settings.observer.clone();
            Arc::new(CallCounter::new(account.to_string(), self.clock.clone(), self.metrics.clone(), next))
        };
        Arc::clone(self.counters().entry(account).or_insert_with(new))
    }

    fn counters(&self) -> std::sync::MutexGuard<'_, HashMap<AccountId, Arc<CallCounter>>> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How each company that was called is asked at this moment.
    pub fn paces(&self) -> Vec<(AccountId, CurrentPace)> {
        self.built().iter().map(|(account, built)| (*account, built.client.pace())).collect()
    }

    /// Forgets the account's client, so that the next one is built from what is stored now.
    pub fn invalidate(&self, account: AccountId) {
        self.built().remove(&account);
    }

    fn built(&self) -> std::sync::MutexGuard<'_, HashMap<AccountId, Built>> {
        self.built.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
