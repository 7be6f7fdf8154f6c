//! The store itself: a pool, the master key, and the two ways in, `read` and `write`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use r2d2::ManageConnection as _;

use crate::pool::{Manager, off_runtime};
use crate::{Conn, Error, MasterKey, migrate};

/// Connections kept per process: enough for the server's blocking threads, few enough for a small PostgreSQL.
const POOL_SIZE: u32 = 8;
/// Beyond it the caller gets `Unavailable` (reliability §7, "pool wait").
const POOL_WAIT: Duration = Duration::from_secs(2);

/// Everything the bridge remembers. Cheap to clone; all clones share one pool.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    pool: r2d2::Pool<Manager>,
    master_key: MasterKey,
    /// SQLite has one writer at a time: threads of this process queue here, in turn, instead of polling its lock.
    writer: Option<Mutex<()>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.shared.writer.is_some() { "Store(sqlite)" } else { "Store(postgres)" })
    }
}

impl Store {
    /// Opens `sqlite:<path>` or `postgres://…`, and applies pending migrations under a lock. Blocks until that is
    /// done; meant for the start of the process. [`Error::NewerSchema`] when the database is ahead of us.
    pub fn open(database_url: &str, master_key: MasterKey) -> Result<Store, Error> {
        off_runtime(|| Self::open_here(database_url, master_key))
    }

    fn open_here(database_url: &str, master_key: MasterKey) -> Result<Store, Error> {
        let manager = Manager::parse(database_url)?;
        // Outside of the pool, so that a wrong address is told at once and in the database's own words.
        let mut first = manager.connect()?;
        migrate::run(&mut first)?;
        drop(first);
        let writer = manager.is_sqlite().then(|| Mutex::new(()));
        let pool = r2d2::Pool::builder()
            .max_size(POOL_SIZE)
            .min_idle(Some(1))
            .connection_timeout(POOL_WAIT)
            .error_handler(Box::new(LogError))
            .build(manager)
            .map_err(|e| Error::Unavailable { reason: e.to_string() })?;
        Ok(Store { shared: Arc::new(Shared { pool, master_key, writer }) })
    }

    /// Runs queries on a blocking thread, each on its own (no transaction).
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.try_read(f).await
    }

    /// [`Store::read`] for closures with an error type of their own.
    pub async fn try_read<T: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let store = self.clone();
        blocking(move || f(&mut store.conn()?)).await
    }

    /// Runs `f` in one transaction on a blocking thread. `Ok` is returned after the commit is durable; an error
    /// undoes everything. Dropping the future does not stop the transaction.
    pub async fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.try_write(f).await
    }

    /// [`Store::write`] for closures with an error type of their own.
    pub async fn try_write<T: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let store = self.clone();
        blocking(move || store.write_blocking(f)).await
    }

    /// [`Store::read`] for callers that may block; panics inside async code.
    pub fn read_blocking<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
        f(&mut self.conn()?)
    }

    /// [`Store::try_write`] for callers that may block; panics inside async code.
    pub fn write_blocking<T, E: From<Error>>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let writer = self.shared.writer.as_ref();
        let _turn = writer.map(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner));
        self.conn()?.transaction(f)
    }

    /// A key for another purpose, the same for every process that has this master key; the master key cannot be computed
    /// of it.
    pub fn derive_key(&self, purpose: &str) -> [u8; 32] {
        *self.shared.master_key.derive(purpose)
    }

    /// Whether the database takes writes right now (readiness; reliability I28).
    pub async fn check_writable(&self) -> Result<(), Error> {
        self.write(migrate::check_writable).await
    }

    fn conn(&self) -> Result<Conn, Error> {
        let pooled = self.shared.pool.get().map_err(|e| Error::Unavailable { reason: e.to_string() })?;
        Ok(Conn { pooled, master_key: self.shared.master_key.clone() })
    }
}

/// A panic inside `f` goes on in the caller, who has the place that catches panics.
async fn blocking<T: Send + 'static, E: From<Error> + Send + 'static>(
    f: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    match tokio::task::spawn_blocking(f).await {
        Ok(result) => result,
        Err(join) => match join.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(E::from(Error::Unavailable { reason: "the runtime is shutting down".to_owned() })),
        },
    }
}

#[derive(Debug)]
struct LogError;

impl r2d2::HandleError<Error> for LogError {
    fn handle_error(&self, error: Error) {
        tracing::warn!(%error, "a database connection could not be made");
    }
}
