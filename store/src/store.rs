//! The store itself: a pool, the master key, and the two ways in, `read` and `write`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use r2d2::ManageConnection as _;

use crate::flush::{self, Flusher};
use crate::group::{self, Commits, Queue};
use crate::pool::{Manager, off_runtime};
use crate::{Conn, Error, MasterKey, migrate, rehearsal, statistics};

/// Connections kept per process: enough for the server's blocking threads, few enough for a small PostgreSQL.
const POOL_SIZE: u32 = 8;

/// Everything the bridge remembers. Cheap to clone; all clones share one pool.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    pool: r2d2::Pool<Manager>,
    master_key: MasterKey,
    writes: Writes,
}

/// On which threads queries run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Threads {
    /// On threads for blocking work; a caller waits without holding its own up.
    Own,
    /// On those that poll.
    Callers,
}

/// How writes share the time that a disk needs.
enum Writes {
    /// SQLite has one writer at a time. Most writes come through the queue; threads that write by themselves queue at
    /// the lock, in turn, instead of polling SQLite's.
    InTurn { turn: Arc<Mutex<()>>, queue: Queue },
    /// PostgreSQL has many.
    SideBySide { flusher: Flusher },
    /// Reads and writes run on the caller's own thread, so that nothing depends on other threads: for simulations, on
    /// SQLite alone.
    Here,
    /// Everything in one transaction that never commits.
    Rehearsed(Mutex<Conn>),
}

/// How long the store waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// For a connection of the pool, and for the turn of a write: beyond it the caller gets [`Error::Unavailable`].
    pub wait: Duration,
    /// For a statement on PostgreSQL, and for another process's lock on either database.
    pub query_time: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { wait: Duration::from_secs(2), query_time: Duration::from_secs(5) }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.shared.writes {
            Writes::InTurn { .. } => "Store(sqlite)",
            Writes::SideBySide { .. } => "Store(postgres)",
            Writes::Here => "Store(sqlite, on the caller's thread)",
            Writes::Rehearsed(_) => "Store(rehearsal)",
        })
    }
}

impl Store {
    /// Opens `sqlite:<path>` or `postgres://…`, and applies pending migrations under a lock. Blocks until that is
    /// done; meant for the start of the process. [`Error::NewerSchema`] when the database is ahead of us.
    pub fn open(database_url: &str, master_key: MasterKey) -> Result<Store, Error> {
        Self::open_with(database_url, master_key, Options::default())
    }

    /// [`Store::open`] with other waiting times.
    pub fn open_with(database_url: &str, master_key: MasterKey, options: Options) -> Result<Store, Error> {
        off_runtime(|| Self::open_here(database_url, master_key, options, Threads::Own))
    }

    /// A store whose reads and writes block the thread that polls them, in the order in which they are polled.
    pub(crate) fn open_inline(database_url: &str, master_key: MasterKey) -> Result<Store, Error> {
        off_runtime(|| Self::open_here(database_url, master_key, Options::default(), Threads::Callers))
    }

    fn open_here(
        database_url: &str,
        master_key: MasterKey,
        options: Options,
        threads: Threads,
    ) -> Result<Store, Error> {
        let Options { wait, query_time } = options;
        let manager = Manager::parse(database_url, query_time)?;
        // Outside of the pool, so that a wrong address is told at once and in the database's own words.
        let mut first = manager.connect()?;
        migrate::run(&mut first.raw)?;
        drop(first);
        let is_sqlite = manager.is_sqlite();
        let pool = r2d2::Pool::builder()
            .max_size(POOL_SIZE + 1) // one of them writes, or flushes
            .min_idle(Some(1))
            .connection_timeout(wait)
            .error_handler(Box::new(LogError))
            .build(manager)
            .map_err(|e| Error::Unavailable { reason: e.to_string() })?;
        let writes = if is_sqlite && threads == Threads::Callers {
            Writes::Here
        } else if is_sqlite {
            let (pool, master_key, turn) = (pool.clone(), master_key.clone(), Arc::<Mutex<()>>::default());
            let queue = Queue::start(group::Parts { pool, master_key, turn: Arc::clone(&turn), wait })?;
            Writes::InTurn { turn, queue }
        } else {
            Writes::SideBySide { flusher: Flusher::default() }
        };
        Ok(Store { shared: Arc::new(Shared { pool, master_key, writes }) })
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
        if let Writes::Here = self.shared.writes {
            return f(&mut self.conn()?);
        }
        let store = self.clone();
        blocking(move || store.reading(f)).await
    }

    /// Runs `f` in a transaction, or in a savepoint of one that it shares with other writes. `Ok` is returned after the
    /// commit is durable; an error undoes everything that `f` did. Dropping the future does not stop the transaction.
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
        if let Writes::InTurn { queue, .. } = &self.shared.writes {
            return queue.write(f).await;
        }
        if let Writes::Here = self.shared.writes {
            return self.write_blocking(f);
        }
        let store = self.clone();
        blocking(move || store.write_blocking(f)).await
    }

    /// [`Store::try_write`] for a write of very many rows: in a transaction that it shares with nobody. In a savepoint SQLite
    /// would keep what every page was in memory, and go through all of that after each statement.
    pub async fn try_write_alone<T: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        if let Writes::Here = self.shared.writes {
            return self.write_blocking(f);
        }
        let store = self.clone();
        blocking(move || store.write_blocking(f)).await
    }

    /// [`Store::read`] for callers that may block; panics inside async code.
    pub fn read_blocking<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
        self.reading(f)
    }

    fn reading<T, E: From<Error>>(&self, f: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        match &self.shared.writes {
            Writes::Rehearsed(conn) => f(&mut conn.lock().unwrap_or_else(PoisonError::into_inner)),
            Writes::InTurn { .. } | Writes::SideBySide { .. } | Writes::Here => f(&mut self.conn()?),
        }
    }

    /// [`Store::try_write`] for callers that may block; panics inside async code.
    pub fn write_blocking<T, E: From<Error>>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        match &self.shared.writes {
            Writes::InTurn { turn, .. } => {
                let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                self.conn()?.transaction(f)
            }
            Writes::Here => self.conn()?.transaction(f),
            Writes::SideBySide { flusher } => {
                let era = flusher.before(&self.shared.pool)?;
                let written = self.conn()?.transaction_begun_by(flush::BEGIN, f)?;
                flusher.flush(era)?;
                Ok(written)
            }
            Writes::Rehearsed(conn) => conn.lock().unwrap_or_else(PoisonError::into_inner).savepoint(f),
        }
    }

    /// How many writes shared how many commits (on PostgreSQL: flushes) since the store was opened.
    pub fn commits(&self) -> Commits {
        match &self.shared.writes {
            Writes::InTurn { queue, .. } => queue.commits(),
            Writes::SideBySide { flusher } => flusher.commits(),
            Writes::Here | Writes::Rehearsed(_) => Commits::default(),
        }
    }

    /// A store on which everything can be tried and nothing stays: all that is read and written through it, and through
    /// its clones, happens in one transaction, which is undone when the last of them is dropped. While it is there,
    /// SQLite's other writers wait.
    ///
    /// # Errors
    /// A database that is away or busy.
    pub async fn rehearsal(&self) -> Result<Store, Error> {
        let store = self.clone();
        blocking(move || {
            let conn = rehearsal::begin(store.conn()?)?;
            let (pool, master_key) = (store.shared.pool.clone(), store.shared.master_key.clone());
            let writes = Writes::Rehearsed(Mutex::new(conn));
            Ok(Store { shared: Arc::new(Shared { pool, master_key, writes }) })
        })
        .await
    }

    /// Makes the database's statistics of tables that have more than doubled since it last did; their names. To be called
    /// every few seconds. Nothing to do on SQLite.
    pub async fn refresh_statistics(&self) -> Result<Vec<String>, Error> {
        match &self.shared.writes {
            Writes::SideBySide { .. } => self.write(statistics::refresh).await,
            Writes::InTurn { .. } | Writes::Here | Writes::Rehearsed(_) => Ok(Vec::new()),
        }
    }

    /// [`Store::refresh_statistics`] for callers that may block; panics inside async code.
    pub fn refresh_statistics_blocking(&self) -> Result<Vec<String>, Error> {
        match &self.shared.writes {
            Writes::SideBySide { .. } => self.write_blocking(statistics::refresh),
            Writes::InTurn { .. } | Writes::Here | Writes::Rehearsed(_) => Ok(Vec::new()),
        }
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
        Conn::from_pool(&self.shared.pool, &self.shared.master_key)
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

impl Drop for Shared {
    fn drop(&mut self) {
        if let Writes::Rehearsed(conn) = &mut self.writes {
            let conn = conn.get_mut().unwrap_or_else(PoisonError::into_inner);
            // It may be dropped inside of async code.
            off_runtime(|| rehearsal::end(conn));
        }
    }
}

#[derive(Debug)]
struct LogError;

impl r2d2::HandleError<Error> for LogError {
    fn handle_error(&self, error: Error) {
        tracing::warn!(%error, "a database connection could not be made");
    }
}
