//! What can be configured, and the defaults.
//!
//! Every field is explained to operators in `config.default.toml`; a test proves that the two agree.
//! An empty string means "derive it", so that every key can stand in that file with its value.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

use super::duration;
use crate::http::Proxies;

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
    /// The client of SAP Concur.
    pub concur: Concur,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Form of a line.
    pub format: LogFormat,
    /// Least important level that is written.
    pub level: LogLevel,
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Level of a log line, most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something is broken and needs a person.
    Error,
    /// Something went wrong and the bridge deals with it.
    Warn,
    /// What happens, one line per request and per operation.
    Info,
    /// What a developer wants to know.
    Debug,
    /// Everything.
    Trace,
}

/// Limits on what callers may send and ask for (reliability, section 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Body of one SCIM request, bytes.
    pub scim_body_bytes: usize,
    /// Body of a request that writes a group, which may have many members, bytes.
    pub group_body_bytes: usize,
    /// Request line and headers together, bytes.
    pub header_bytes: usize,
    /// Headers of one request; at most [`Limits::HEADERS_MAX`].
    pub headers: usize,
    /// Time for the headers of a request.
    #[serde(with = "duration")]
    pub header_time: Duration,
    /// Time for the body of a request.
    #[serde(with = "duration")]
    pub body_time: Duration,
    /// Pace of a body after its first 5 s, bytes a second.
    pub body_pace: usize,
    /// Time for an answer, from the headers on.
    #[serde(with = "duration")]
    pub answer_time: Duration,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once of one address.
    pub connections_per_address: usize,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Proxies,
    /// Requests a second of one token, in the long run; 0: no limit.
    pub token_rate: u32,
    /// Requests at once of one token.
    pub token_burst: u32,
    /// Failed authentications a minute of one address; 0: no limit.
    pub failed_authentications: u32,
    /// Operations of one account that have not ended, beyond which changes are refused.
    pub backlog: usize,
    /// The same for deactivations and deletions.
    pub backlog_leavers: usize,
    /// Body of one Bulk request, bytes.
    pub bulk_body_bytes: usize,
    /// Operations in one Bulk request.
    pub bulk_operations: usize,
    /// Operations in one PATCH.
    pub patch_operations: usize,
    /// Time that a request waits for the database.
    #[serde(with = "duration")]
    pub pool_wait: Duration,
    /// Time that a statement may take.
    #[serde(with = "duration")]
    pub query_time: Duration,
    /// Resources that one filter without an index may look at.
    pub filter_scan: usize,
    /// Lines, apps or operations in one page of `/api/v1`.
    pub api_page: usize,
}

impl Limits {
    /// More headers than this the HTTP library (actix-http 3) refuses by itself, with 431 and an empty body.
    pub const HEADERS_MAX: usize = 96;
}

/// What is remembered of SCIM requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestLog {
    /// Requests of one account that are kept; 0: none.
    pub keep: usize,
    /// How long they are kept.
    #[serde(with = "duration")]
    pub keep_for: Duration,
    /// Whether reads that were answered with success are kept too.
    pub reads: bool,
}

/// Whether changes travel to Concur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMode {
    /// They do.
    Deliver,
    /// They are accepted and wait: nothing is sent to Concur by this process.
    AcceptOnly,
}

/// The road to Concur for changes of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// Whether changes travel to Concur.
    pub mode: DeliveryMode,
    /// For how long a worker owns an operation that it has claimed.
    #[serde(with = "duration")]
    pub lease: Duration,
    /// How often the worker looks for due work that no wake-up announced.
    #[serde(with = "duration")]
    pub tick: Duration,
    /// From how many waiting operations on they travel as one `/Bulk`.
    pub bulk_from: usize,
    /// Operations sent to one company at a time.
    pub max_concurrent: usize,
    /// Wait before the first question about a provision request.
    #[serde(with = "duration")]
    pub poll_first: Duration,
    /// Longest wait between two questions about it.
    #[serde(with = "duration")]
    pub poll_max: Duration,
    /// First wait before a retry; doubled each time.
    #[serde(with = "duration")]
    pub retry_first: Duration,
    /// Longest wait between two attempts.
    #[serde(with = "duration")]
    pub retry_max: Duration,
    /// First wait before an unknown outcome is looked up in Concur.
    #[serde(with = "duration")]
    pub settle_first: Duration,
    /// How long a company that does not answer is left alone before one request tries; doubled up to ten times that.
    #[serde(with = "duration")]
    pub probe_first: Duration,
    /// Attempts after which an operation is given up and shown to a person.
    pub max_attempts: u32,
    /// Age at which an operation is given up and shown to a person.
    #[serde(with = "duration")]
    pub give_up_after: Duration,
}

/// The pull of expense reports and users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sync {
    /// Whether this process pulls at all.
    pub enabled: bool,
    /// Time from the start of one sync of an account to the next.
    #[serde(with = "duration")]
    pub interval: Duration,
}

/// The client of SAP Concur.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Concur {
    /// Let `http://127.0.0.1` stand for Concur: for the simulator, never in production.
    pub allow_loopback_http: bool,
    /// Time to establish a connection.
    #[serde(with = "duration")]
    pub connect_timeout: Duration,
    /// Time for a whole request.
    #[serde(with = "duration")]
    pub request_timeout: Duration,
    /// The proxy that calls go through; empty: none.
    pub proxy: SecretUrl,
    /// Requests a second to one company.
    pub requests_per_second: u32,
    /// Requests under way to one company.
    pub max_concurrent: usize,
    /// Requests a second to all companies together.
    pub total_requests_per_second: u32,
    /// Requests under way to all companies together.
    pub total_max_concurrent: usize,
    /// How long an API that answered 503 or nothing is left alone.
    #[serde(with = "duration")]
    pub unavailable_pause: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8085".to_owned(),
            public_url: String::new(),
            data_dir: PathBuf::from("scim-bridge-data"),
            database: SecretUrl(String::new()),
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
            concur: Concur::default(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: LogLevel::Info }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            scim_body_bytes: 256 * 1024,
            group_body_bytes: 2 * 1024 * 1024,
            header_bytes: 16 * 1024,
            headers: Limits::HEADERS_MAX,
            header_time: Duration::from_secs(5),
            body_time: Duration::from_secs(15),
            body_pace: 1_024,
            answer_time: Duration::from_secs(30),
            connections: 2_000,
            connections_per_address: 100,
            trusted_proxies: Proxies::default(),
            token_rate: 50,
            token_burst: 200,
            failed_authentications: 10,
            backlog: 100_000,
            backlog_leavers: 200_000,
            bulk_body_bytes: 1024 * 1024,
            bulk_operations: 100,
            patch_operations: 100,
            pool_wait: Duration::from_secs(2),
            query_time: Duration::from_secs(5),
            filter_scan: 10_000,
            api_page: 200,
        }
    }
}

impl Default for RequestLog {
    fn default() -> Self {
        Self { keep: 10_000, keep_for: Duration::from_hours(7 * 24), reads: false }
    }
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            mode: DeliveryMode::Deliver,
            lease: Duration::from_secs(90),
            tick: Duration::from_secs(1),
            bulk_from: 5,
            max_concurrent: 4,
            poll_first: Duration::from_secs(5),
            poll_max: Duration::from_mins(1),
            retry_first: Duration::from_secs(2),
            retry_max: Duration::from_mins(5),
            settle_first: Duration::from_secs(5),
            probe_first: Duration::from_secs(30),
            max_attempts: 20,
            give_up_after: Duration::from_hours(24),
        }
    }
}

impl Default for Sync {
    fn default() -> Self {
        Self { enabled: true, interval: Duration::from_mins(15) }
    }
}

impl Default for Concur {
    fn default() -> Self {
        Self {
            allow_loopback_http: false,
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(70),
            proxy: SecretUrl::default(),
            requests_per_second: 10,
            max_concurrent: 4,
            total_requests_per_second: 50,
            total_max_concurrent: 32,
            unavailable_pause: Duration::from_mins(5),
        }
    }
}

impl Concur {
    /// The proxy that calls go through.
    ///
    /// # Errors
    /// An address that is none; [`Config::validate`] says so first.
    pub fn proxy(&self) -> Result<Option<concur::Proxy>, concur::NotAProxy> {
        let text = self.proxy.expose();
        if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
    }
}

impl Config {
    /// The database to open: as configured, else `sqlite:<data_dir>/scim-bridge.sqlite`.
    pub fn database_url(&self) -> String {
        if self.database.0.is_empty() {
            format!("sqlite:{}", self.data_dir.join("scim-bridge.sqlite").display())
        } else {
            self.database.0.clone()
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

/// An address that may carry a password, of the database or a proxy; it prints without one.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// Wraps an address, such as `postgres://…`.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The address with its password.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The address with everything between the scheme and the host hidden.
    pub fn redacted(&self) -> String {
        let Some((scheme, rest)) = self.0.split_once("://") else { return self.0.clone() };
        let rest = rest.split_once('?').map_or(rest, |(address, _)| address);
        match rest.rsplit_once('@') {
            Some((_, host)) => format!("{scheme}://***@{host}"),
            None => format!("{scheme}://{rest}"),
        }
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.redacted(), f)
    }
}

impl Serialize for SecretUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.redacted())
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
