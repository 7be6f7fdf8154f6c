//! What can be configured, and the defaults.
//!
//! Every field is explained to operators in `config.default.toml`; a test proves that the two agree.
//! An empty string means "derive it", so that every key can stand in that file with its value.

mod concur;
mod delivery;
mod events;
mod limits;
mod log;
mod proxies;
mod secret_url;
mod webhooks;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::concur::{Concur, Sync};
pub use self::delivery::{Delivery, DeliveryMode};
pub use self::events::{EventTrust, Events};
pub use self::limits::Limits;
pub use self::log::{Log, LogFormat, LogLevel, RequestLog};
pub use self::proxies::Proxies;
pub use self::secret_url::SecretUrl;
pub use self::webhooks::Webhooks;

use super::duration;

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address and port to listen on. Port 0 asks the system for a free one.
    pub listen: String,
    /// The address under which callers reach the bridge; empty: `http://` and the listen address.
    pub public_url: String,
    /// Folder of everything the bridge keeps itself.
    pub data_dir: PathBuf,
    /// Database; empty: SQLite in `data_dir`. See [`Config::database_url`].
    #[serde(rename = "database_url")]
    pub database: SecretUrl,
    /// File of the key that seals secrets; empty: `master.key` in `data_dir`.
    #[serde(rename = "master_key_file")]
    pub master_key: PathBuf,
    /// Dictionary of apps, JSON Lines; empty: the one that is shipped.
    pub dictionary: PathBuf,
    /// How long a SCIM write waits for Concur's word on the identity part (design D4). Zero: not at all.
    #[serde(with = "duration")]
    pub confirm_within: Duration,
    /// How long a create that comes again, word for word and with its `externalId`, gets the answer of the first.
    #[serde(with = "duration")]
    pub repeat_within: Duration,
    /// How long an access token lives that a client gets for its credentials; never longer than the client's token.
    #[serde(with = "duration")]
    pub access_token_life: Duration,
    /// How long it is remembered who a token is: so long a revocation and a change of settings may take.
    #[serde(with = "duration")]
    pub token_known_for: Duration,
    /// Serve `/metrics` without a token.
    pub metrics_open: bool,
    /// Between "not ready" and closing the listener, when told to stop.
    #[serde(with = "duration")]
    pub shutdown_delay: Duration,
    /// What is logged, and how.
    pub log: Log,
    /// Limits on what callers may send and ask for.
    pub limits: Limits,
    /// What is remembered of SCIM requests.
    pub request_log: RequestLog,
    /// The road to Concur for changes of users.
    pub delivery: Delivery,
    /// The pull of expense reports and users.
    pub sync: Sync,
    /// Events that SAP Concur sends of its own accord.
    pub events: Events,
    /// Messages to the operator's own systems.
    pub webhooks: Webhooks,
    /// The client of SAP Concur.
    pub concur: Concur,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8085".to_owned(),
            public_url: String::new(),
            data_dir: PathBuf::from("scim-bridge-data"),
            database: SecretUrl::default(),
            master_key: PathBuf::new(),
            dictionary: PathBuf::new(),
            confirm_within: Duration::from_secs(8),
            repeat_within: Duration::from_mins(10),
            access_token_life: Duration::from_hours(1),
            token_known_for: Duration::from_secs(2),
            metrics_open: false,
            shutdown_delay: Duration::from_secs(2),
            log: Log::default(),
            limits: Limits::default(),
            request_log: RequestLog::default(),
            delivery: Delivery::default(),
            sync: Sync::default(),
            events: Events::default(),
            webhooks: Webhooks::default(),
            concur: Concur::default(),
        }
    }
}

impl Config {
    /// The database to open: as configured, else `sqlite:<data_dir>/scim-bridge.sqlite`.
    pub fn database_url(&self) -> String {
        if self.database.expose().is_empty() {
            format!("sqlite:{}", self.data_dir.join("scim-bridge.sqlite").display())
        } else {
            self.database.expose().to_owned()
        }
    }

    /// The file of the master key: as configured, else `<data_dir>/master.key`.
    pub fn master_key_file(&self) -> PathBuf {
        if self.master_key.as_os_str().is_empty() {
            self.data_dir.join("master.key")
        } else {
            self.master_key.clone()
        }
    }

    /// The file of the dictionary, unless it is the shipped one.
    pub fn dictionary_file(&self) -> Option<&Path> {
        (!self.dictionary.as_os_str().is_empty()).then_some(self.dictionary.as_path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_password_is_never_printed() {
        let url = SecretUrl::new("postgres://bridge:s3cr@t@db.example.com/scim?password=again");
        assert_eq!(format!("{url:?}"), "\"postgres://***@db.example.com/scim\"");
        let config = Config { database: url, ..Config::default() };
        assert!(!format!("{config:?}").contains("s3cr"), "{config:?}");
        assert!(!toml::to_string(&config).unwrap().contains("again"));
        assert!(config.database_url().contains("s3cr@t"));
    }

    #[test]
    fn empty_settings_are_derived_from_the_data_dir() {
        let config = Config { data_dir: "/var/lib/scim-bridge".into(), ..Config::default() };
        assert_eq!(config.database_url(), "sqlite:/var/lib/scim-bridge/scim-bridge.sqlite");
        assert_eq!(config.master_key_file(), Path::new("/var/lib/scim-bridge/master.key"));
        assert_eq!(config.dictionary_file(), None);
    }
}
