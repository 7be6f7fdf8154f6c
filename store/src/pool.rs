//! The pool's connection manager: how a connection of either kind is made, set up, and checked.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use diesel::connection::{Connection as _, SimpleConnection as _};
use diesel::sqlite::SqliteConnection;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Error;
use crate::conn::Raw;
use crate::postgres::PgConnection;

/// WAL and FULL make a commit durable (reliability I1); readers never wait for the writer.
const SQLITE_SETUP: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32000;";

/// Commits wait for the disk whatever the server's default; a stronger one stays (reliability I1).
const POSTGRES_SETUP: &str = "SET idle_in_transaction_session_timeout = '60s'; \
     SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
/// A connection that was looked at so lately is taken to be alive: asking it costs as much as a query.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// Where and how to connect.
pub(crate) struct Manager {
    address: Address,
    /// A query ends within it, and so does the wait for a lock (reliability §7).
    query_time: Duration,
}

enum Address {
    Sqlite { path: PathBuf },
    Postgres { config: Box<tokio_postgres::Config>, tls: Option<MakeRustlsConnect> },
}

/// A connection as the pool keeps it.
pub(crate) struct Kept {
    pub(crate) raw: Raw,
    alive_at: Instant,
}

/// A connection that the pool has lent.
pub(crate) struct Lent(r2d2::PooledConnection<Manager>);

impl Lent {
    pub(crate) fn from_pool(pool: &r2d2::Pool<Manager>) -> Result<Self, Error> {
        pool.get().map(Self).map_err(|e| Error::Unavailable { reason: e.to_string() })
    }
}

impl Deref for Lent {
    type Target = Raw;

    fn deref(&self) -> &Raw {
        &self.0.raw
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Raw {
        &mut self.0.raw
    }
}

impl Manager {
    /// Reads `sqlite:<path>` or `postgres://…` (libpq's parameters; `sslmode` defaults to `prefer`).
    pub(crate) fn parse(database_url: &str, query_time: Duration) -> Result<Self, Error> {
        if let Some(path) = database_url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(":memory:") {
                return Err(bad_url(
                    "sqlite: needs the path of a file; a database in memory would lose everything",
                ));
            }
            let address = Address::Sqlite { path: PathBuf::from(path) };
            return Ok(Manager { address, query_time });
        }
        if !database_url.starts_with("postgres://") && !database_url.starts_with("postgresql://") {
            return Err(bad_url("expected sqlite:<path> or postgres://<user>@<host>/<database>"));
        }
        // The parser's error may quote the URL, which may hold a password: say only where to look.
        let mut config: tokio_postgres::Config =
            database_url.parse().map_err(|_| bad_url("not a PostgreSQL URL; see libpq, Connection URIs"))?;
        config.application_name("scim-bridge");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        let tls = if config.get_ssl_mode() == SslMode::Disable { None } else { tls(config.get_ssl_mode())? };
        Ok(Manager { address: Address::Postgres { config: Box::new(config), tls }, query_time })
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self.address, Address::Sqlite { .. })
    }
}

/// The system's certificates. Without any, `prefer` goes without TLS and everything stricter is refused.
fn tls(mode: SslMode) -> Result<Option<MakeRustlsConnect>, Error> {
    // Whoever comes first installs the process-wide provider; they are all the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match MakeRustlsConnect::with_native_certs() {
        Ok((tls, _unreadable)) => Ok(Some(tls)),
        Err(_) if mode == SslMode::Prefer => Ok(None),
        Err(_) => Err(bad_url("sslmode asks for TLS, but this system has no trusted certificates")),
    }
}

fn bad_url(reason: &str) -> Error {
    Error::DatabaseUrl { reason: reason.to_owned() }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Kept;
    type Error = Error;

    fn connect(&self) -> Result<Kept, Error> {
        let limit_ms = self.query_time.as_millis();
        let raw = match &self.address {
            Address::Sqlite { path } => {
                keep_private(path)?;
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())
                    .map_err(|error| Error::Unavailable { reason: error.to_string() })?;
                conn.batch_execute(&format!("PRAGMA busy_timeout = {limit_ms}; {SQLITE_SETUP}"))?;
                Raw::Sqlite(Box::new(conn))
            }
            Address::Postgres { config, tls } => {
                let mut conn = PgConnection::establish(config, tls.clone())?;
                let limits = format!(
                    "SET statement_timeout = {limit_ms}; SET lock_timeout = {limit_ms}; {POSTGRES_SETUP}"
                );
                conn.batch_execute(&limits)?;
                Raw::Postgres(Box::new(conn))
            }
        };
        Ok(Kept { raw, alive_at: Instant::now() })
    }

    fn is_valid(&self, conn: &mut Kept) -> Result<(), Error> {
        match &mut conn.raw {
            Raw::Sqlite(_) => Ok(()), // a file does not hang up
            Raw::Postgres(_) if conn.alive_at.elapsed() < TRUSTED_FOR => Ok(()),
            Raw::Postgres(raw) => {
                raw.check()?;
                conn.alive_at = Instant::now();
                Ok(())
            }
        }
    }

    fn has_broken(&self, conn: &mut Kept) -> bool {
        !conn.raw.is_idle()
    }
}

/// SQLite gives its side files the mode of the database file, so a new one is made private beforehand.
fn keep_private(path: &std::path::Path) -> Result<(), Error> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened = options.open(path);
    opened.map(drop).map_err(|e| Error::Unavailable { reason: format!("opening {}: {e}", path.display()) })
}

/// Runs blocking work on a thread of its own: inside of async code tokio would refuse to wait.
pub(crate) fn off_runtime<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    match std::thread::scope(|scope| scope.spawn(f).join()) {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
