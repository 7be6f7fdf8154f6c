//! The parts of the running process, handed to everyone who needs them.
//!
//! It only holds them. Building them in the right order is `serve`, what they do is their own business.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::matcher::Matcher;
use concur::signature::SigningKey;
use store::Store;
use tokio::sync::Notify;

use crate::accounts::Clients;
use crate::clock::Clock;
use crate::config::Config;
use crate::delivery;
use crate::events::Keys;
use crate::http::{Admission, Issuers, Known};
use crate::imports::Imports;
use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::provision::Backlog;

/// The parts of the process. Cloning is cheap and shares everything.
#[derive(Clone)]
pub struct Bridge {
    /// The configuration, as it was at start.
    pub config: Arc<Config>,
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// The numbers.
    pub metrics: Metrics,
    /// Concur clients, one per account.
    pub accounts: Clients,
    /// The way into delivery.
    pub delivery: delivery::Handle,
    /// Expense texts to apps, over the configured dictionary.
    pub matcher: Arc<Matcher>,
    /// Address that callers use, without a slash at the end.
    pub public_url: Arc<str>,
    /// Who gets in, and how often.
    pub(crate) admission: Arc<Admission>,
    /// How many operations of each account wait.
    pub(crate) backlog: Arc<Backlog>,
    /// Who was authenticated a moment ago.
    pub(crate) known: Arc<Known>,
    /// The keys of issuers whose JWTs are believed.
    pub(crate) issuers: Arc<Issuers>,
    /// What is remembered of SCIM requests.
    pub(crate) journal: Arc<Journal>,
    /// Files that came over HTTP.
    pub(crate) imports: Arc<Imports>,
    /// The rules of accounts, at hand.
    pub(crate) rules: Arc<sync::rules::Keeper>,
    /// Concur's public keys, which its events are signed with.
    pub(crate) event_keys: Keys,
    /// Rung when an event named a report.
    pub(crate) sync_bell: Arc<Notify>,
    draining: Arc<AtomicBool>,
}

impl std::fmt::Debug for Bridge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bridge").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

/// What a bridge is made of.
#[derive(Clone)]
pub struct Parts {
    /// The configuration.
    pub config: Arc<Config>,
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// The numbers.
    pub metrics: Metrics,
    /// Concur clients, one per account.
    pub accounts: Clients,
    /// The way into delivery.
    pub delivery: delivery::Handle,
    /// Expense texts to apps.
    pub matcher: Arc<Matcher>,
    /// Address that callers use.
    pub public_url: String,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

impl Bridge {
    /// Has this process look at once whether a sync is due; otherwise it does so every few seconds.
    pub fn look_for_syncs(&self) {
        self.sync_bell.notify_one();
    }

    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let Parts { config, store, clock, metrics, accounts, delivery, matcher, public_url } = parts;
        let public_url = public_url.into();
        let admission = Arc::new(Admission::new(&config.limits));
        let known = Arc::new(Known::new(config.token_known_for));
        let issuers = Arc::new(Issuers::new(config.concur.proxy.expose()));
        Self {
            config,
            store,
            clock,
            metrics,
            accounts,
            delivery,
            matcher,
            public_url,
            admission,
            backlog: Arc::default(),
            known,
            issuers,
            journal: Arc::default(),
            imports: Arc::default(),
            rules: Arc::default(),
            event_keys: Keys::default(),
            sync_bell: Arc::default(),
            draining: Arc::default(),
        }
    }

    /// The same bridge, taking events that are signed with one of these keys as well.
    #[must_use]
    pub(crate) fn with_event_keys(mut self, keys: Vec<SigningKey>) -> Self {
        self.event_keys = Keys::new(keys);
        self
    }

    /// A bridge on which everything can be tried: it forgets what it is told when its last clone is dropped, waits for
    /// no verdict of Concur's, and delivers nothing.
    ///
    /// # Errors
    /// A database that is away or busy.
    pub(crate) async fn rehearsal(&self) -> Result<Self, store::Error> {
        let store = self.store.rehearsal().await?;
        let delivery = delivery::Handle::silent(store.clone());
        Ok(Self { store, delivery, backlog: Arc::default(), journal: Arc::default(), ..self.clone() })
    }

    /// The SCIM base address. Locations are built from it, never from a caller's headers (Z7).
    pub fn scim_base(&self) -> String {
        format!("{}/scim/v2", self.public_url)
    }

    /// Whether the process has been told to stop. It is not ready any more then.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// From now on the process is not ready.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}
