//! The running process: built in order, stopped in order.
//!
//! Start: data folder, master key, database, dictionary, port, delivery, sync, requests. Whatever is missing is said
//! with the setting that names it. Stop (I27): not ready at once, the listener closes after `shutdown_delay`,
//! requests finish, no send starts, all of it within 30 s. What is unfinished is stored and goes on at next start.

use std::fs::{File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ::matcher::{Dictionary, DictionaryError, Matcher};
use concur::signature::SigningKey;
use concur::{Budget, HostPolicy, HttpConfig};
use store::{MasterKey, Store};

use crate::accounts::{ClientSettings, Clients};
use crate::brake::watch::Watch;
use crate::bridge::{Bridge, Parts};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::{Config, DeliveryMode};
use crate::delivery;
use crate::events;
use crate::http;
use crate::installation::Witness;
use crate::journal::Keeper;
use crate::metrics::Metrics;
use crate::schedule::SyncLoop;
use crate::upkeep::Upkeep;
use crate::webhooks;

/// Everything that is told to stop has this long.
const STOP_WITHIN: Duration = Duration::from_secs(27);

/// Why the process cannot start. Each message names what to change.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made or used.
    #[error("cannot use the folder {} (setting data_dir): make it writable for this user", path.display())]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// There is a database whose secrets were sealed with a key that is not there.
    #[error(
        "there is a database {} but no master key {}: restore the key from its backup (setting master_key_file)",
        database.display(), key.display()
    )]
    MasterKeyMissing {
        /// The database file.
        database: PathBuf,
        /// Where the key should be.
        key: PathBuf,
    },
    /// The master key or the database cannot be used.
    #[error("cannot open the database (settings database_url, master_key_file)")]
    Store(#[source] store::Error),
    /// Another process serves from the same embedded database.
    #[error(
        "another scim-bridge serves from {} (setting data_dir): stop it first. Several replicas need PostgreSQL \
         (setting database_url)", path.display()
    )]
    NotAlone {
        /// The lock's file.
        path: PathBuf,
    },
    /// The dictionary cannot be read.
    #[error("cannot read the dictionary {} (setting or flag dictionary)", path.display())]
    DictionaryFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The dictionary is not one.
    #[error("cannot use the dictionary {path}")]
    Dictionary {
        /// The file, or "that is shipped".
        path: String,
        /// The line and what is wrong with it.
        #[source]
        source: DictionaryError,
    },
    /// The dictionary is empty: every line would lose its app.
    #[error("there is no app in the dictionary {}", path.display())]
    NoApps {
        /// The file.
        path: PathBuf,
    },
    /// The file of Concur's keys is not one.
    #[error("cannot use the file of public keys {} (setting events.keys_file): {reason}", path.display())]
    EventKeys {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The port is taken or not allowed.
    #[error("cannot listen on {address} (setting listen): is another process there?")]
    Listen {
        /// As configured.
        address: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Delivery refuses its settings.
    #[error("cannot start delivery")]
    Delivery(#[from] delivery::SettingsError),
    /// Webhooks cannot be told.
    #[error(transparent)]
    Webhooks(#[from] webhooks::NoClient),
    /// Two metrics of one name: a bug.
    #[error("cannot register the metrics")]
    Metrics(#[from] prometheus::Error),
}

/// Makes sure of the data folder and the master key, and opens the database. Blocking.
///
/// # Errors
/// What of the three cannot be used, with the setting that names it.
pub fn open_store(config: &Config) -> Result<Store, StartError> {
    let in_data_dir = |source| StartError::DataDir { path: config.data_dir.clone(), source };
    let (url, key_file) = (config.database_url(), config.master_key_file());
    let sqlite = url.strip_prefix("sqlite:").map(PathBuf::from);
    if sqlite.is_some() || !key_file.exists() {
        std::fs::create_dir_all(&config.data_dir).map_err(in_data_dir)?;
    }
    let key = if key_file.exists() {
        MasterKey::from_file(&key_file).map_err(StartError::Store)?
    } else {
        if let Some(database) = sqlite.filter(|database| database.exists()) {
            return Err(StartError::MasterKeyMissing { database, key: key_file });
        }
        tracing::info!("a master key was made at the first start: keep a copy apart from the backups");
        MasterKey::generate_file(&key_file).map_err(StartError::Store)?
    };
    let options = store::Options { wait: config.limits.pool_wait, query_time: config.limits.query_time };
    Store::open_with(&url, key, options).map_err(StartError::Store)
}

/// The lock of the one process that serves from an embedded database. The system releases it when the process ends,
/// however it ends.
struct Alone {
    _locked: File,
}

impl Alone {
    /// Takes the lock; `None` with PostgreSQL, where replicas share the work under leases.
    fn claim(config: &Config) -> Result<Option<Self>, StartError> {
        let Some(database) = config.database_url().strip_prefix("sqlite:").map(PathBuf::from) else {
            return Ok(None);
        };
        let path = database.with_extension("lock");
        let in_data_dir = |source| StartError::DataDir { path: config.data_dir.clone(), source };
        std::fs::create_dir_all(&config.data_dir).map_err(in_data_dir)?;
        let file = File::options().create(true).append(true).open(&path).map_err(in_data_dir)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _locked: file })),
            Err(TryLockError::WouldBlock) => Err(StartError::NotAlone { path }),
            Err(TryLockError::Error(source)) => Err(in_data_dir(source)),
        }
    }
}

/// The configured dictionary.
///
/// # Errors
/// An unreadable file, or the line that is no entry.
pub fn load_dictionary(file: Option<&std::path::Path>) -> Result<Dictionary, StartError> {
    let Some(path) = file else {
        return Dictionary::from_jsonl(fixtures::dictionary::SHIPPED)
            .map_err(|source| StartError::Dictionary { path: "that is shipped".to_owned(), source });
    };
    let text = std::fs::read_to_string(path)
        .map_err(|source| StartError::DictionaryFile { path: path.to_owned(), source })?;
    let dictionary = Dictionary::from_jsonl(&text)
        .map_err(|source| StartError::Dictionary { path: path.display().to_string(), source })?;
    if dictionary.is_empty() { Err(StartError::NoApps { path: path.to_owned() }) } else { Ok(dictionary) }
}

/// The public keys of Concur that the configuration names.
fn event_keys(config: &Config) -> Result<Vec<SigningKey>, StartError> {
    let path = &config.events.keys_file;
    if path.as_os_str().is_empty() {
        return Ok(Vec::new());
    }
    let wrong = |reason: String| StartError::EventKeys { path: path.clone(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    SigningKey::from_pem(&text).map_err(|error| wrong(error.to_string()))
}

/// How Concur is spoken to, as configured.
pub fn client_settings(config: &Config) -> ClientSettings {
    let host_policy =
        if config.concur.allow_loopback_http { HostPolicy::development() } else { HostPolicy::production() };
    let http = HttpConfig {
        connect_timeout: config.concur.connect_timeout,
        total_timeout: config.concur.request_timeout,
        // A wrong one does not get past the check of the configuration.
        proxy: config.concur.proxy().unwrap_or_default(),
        ..HttpConfig::default()
    };
    ClientSettings {
        http,
        host_policy,
        max_concurrent: config.concur.max_concurrent,
        requests_per_second: config.concur.requests_per_second,
        budget: Budget::new(config.concur.total_max_concurrent, config.concur.total_requests_per_second),
        unavailable_pause: config.concur.unavailable_pause,
        observer: None,
    }
}

/// How often a process says that it lives where others may use the same queue. Six times that is what a killed one costs.
const PRESENCE_EVERY: Duration = Duration::from_secs(5);

fn delivery_settings(config: &Config, alone: bool) -> delivery::Settings {
    let from = &config.delivery;
    delivery::Settings {
        deliver: from.mode == DeliveryMode::Deliver,
        lease: from.lease,
        request_timeout: config.concur.request_timeout,
        tick: from.tick,
        bulk_from: from.bulk_from,
        max_concurrent: from.max_concurrent,
        poll_first: from.poll_first,
        poll_max: from.poll_max,
        retry_first: from.retry_first,
        retry_max: from.retry_max,
        max_attempts: from.max_attempts,
        give_up_after: from.give_up_after,
        settle_first: from.settle_first,
        presence: (!alone).then_some(PRESENCE_EVERY),
        probe_first: from.probe_first,
    }
}

/// A running bridge.
pub struct Running {
    bridge: Bridge,
    address: SocketAddr,
    server: http::Server,
    worker: delivery::Worker,
    sync: SyncLoop,
    upkeep: Upkeep,
    watch: Watch,
    keeper: Keeper,
    listening: events::Watch,
    telling: webhooks::Sender,
    _alone: Option<Alone>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Starts everything on the current tokio runtime and returns when requests are accepted.
///
/// # Errors
/// Whatever is missing, with the setting that names it.
pub async fn start(config: Config, clock: Clock) -> Result<Running, StartError> {
    concur::install_crypto();
    let config = Arc::new(config);
    let opening = Arc::clone(&config);
    let now = clock.now();
    let opened = tokio::task::spawn_blocking(move || {
        let alone = Alone::claim(&opening)?;
        let store = open_store(&opening)?;
        Witness::of(&opening).look_blocking(&store, now).map_err(StartError::Store)?;
        if alone.is_some() {
            // A killed process held leases and imported files; nobody else can, so the leases need not run out first.
            let ended = store.write_blocking(|conn| {
                store::imports::end_cut_off(conn, now, now)?;
                store::operations::end_leases(conn, now)
            });
            ended.map_err(StartError::Store)?;
        }
        let matcher = Matcher::new(Arc::new(load_dictionary(opening.dictionary_file())?));
        Ok::<_, StartError>((alone, store, Arc::new(matcher), event_keys(&opening)?))
    });
    let (alone, store, matcher, event_keys) =
        opened.await.unwrap_or_else(|died| std::panic::resume_unwind(died.into_panic()))?;
    let listen = |source| StartError::Listen { address: config.listen.clone(), source };
    let teller = webhooks::Client::new(config.webhooks.private_addresses)?;
    let (listener, address) = http::bind(&config.listen).map_err(listen)?;
    let metrics = Metrics::new()?;
    let accounts =
        Clients::new(store.clone(), clock.clone(), client_settings(&config)).observed_by(metrics.clone());
    let (handle, worker) = delivery::start(delivery::Parts {
        store: store.clone(),
        clock: clock.clone(),
        chance: Chance::system(),
        metrics: metrics.clone(),
        clients: accounts.clone(),
        settings: delivery_settings(&config, alone.is_some()),
    })?;
    let bridge = Bridge::new(Parts {
        public_url: config.public_url(address),
        config: Arc::clone(&config),
        store,
        clock,
        metrics,
        accounts,
        delivery: handle,
        matcher,
    })
    .with_event_keys(event_keys);
    let server = http::Server::start(&bridge, listener).map_err(listen)?;
    let sync = SyncLoop::start(&bridge);
    let upkeep = Upkeep::start(&bridge);
    let watch = Watch::start(&bridge);
    let keeper = Keeper::start(&bridge);
    let listening = events::Watch::start(&bridge);
    let telling = webhooks::Sender::start(&bridge, teller);
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "accepting requests");
    Ok(Running {
        bridge,
        address,
        server,
        worker,
        sync,
        upkeep,
        watch,
        keeper,
        listening,
        telling,
        _alone: alone,
    })
}

/// The parts of a bridge that serves nothing and delivers nothing, for commands that have a question.
///
/// # Errors
/// Whatever is missing, with the setting that names it.
pub async fn at_rest(config: Config, clock: Clock) -> Result<Bridge, StartError> {
    let config = Arc::new(config);
    let opening = Arc::clone(&config);
    let opened = tokio::task::spawn_blocking(move || {
        let matcher = Matcher::new(Arc::new(load_dictionary(opening.dictionary_file())?));
        Ok::<_, StartError>((open_store(&opening)?, Arc::new(matcher)))
    });
    let (store, matcher) =
        opened.await.unwrap_or_else(|died| std::panic::resume_unwind(died.into_panic()))?;
    let accounts = Clients::new(store.clone(), clock.clone(), client_settings(&config));
    let public_url = if config.public_url.is_empty() {
        format!("http://{}", config.listen)
    } else {
        config.public_url.trim_end_matches('/').to_owned()
    };
    Ok(Bridge::new(Parts {
        public_url,
        delivery: delivery::Handle::silent(store.clone()),
        metrics: Metrics::new()?,
        config,
        store,
        clock,
        accounts,
        matcher,
    }))
}

impl Running {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Its parts.
    pub fn bridge(&self) -> &Bridge {
        &self.bridge
    }

    /// Stops in order; see the module. Returns when everything has ended or its time is up.
    pub async fn stop(self) {
        self.bridge.drain();
        tracing::info!("told to stop: not ready any more");
        let sync = self.sync.stop();
        tokio::time::sleep(self.bridge.config.shutdown_delay).await;
        let stopping =
            async { tokio::join!(sync, self.server.stop(), self.worker.stop(), self.telling.stop()) };
        if tokio::time::timeout(STOP_WITHIN, stopping).await.is_err() {
            tracing::warn!("not everything ended in time; what is unfinished goes on at the next start");
        }
        self.watch.stop().await;
        self.keeper.stop().await;
        self.listening.stop().await;
        self.upkeep.stop().await;
        tracing::info!("stopped");
    }
}
