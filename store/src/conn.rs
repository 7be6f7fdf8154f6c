//! One connection type over both databases, and the one transaction helper.
//!
//! `Conn` is an enum, and `on!` runs the same diesel query text against the concrete connection of either arm, so that
//! the compiler checks it for both backends. diesel's `MultiConnection` derive was weighed and left out: its combined
//! backend knows neither `ON CONFLICT` nor `RETURNING` nor batch inserts, which the outbox and the sync live on.

use diesel::connection::{AnsiTransactionManager, Connection, TransactionManager};
use diesel::sqlite::SqliteConnection;

use crate::pool::{Lent, Manager};
use crate::postgres::{self, PgConnection};
use crate::{Error, MasterKey};

/// A connection of the pool.
pub(crate) enum Raw {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

/// A connection to either database, inside `Store::read` or `Store::write`.
pub struct Conn {
    pub(crate) pooled: Lent,
    pub(crate) master_key: MasterKey,
}

impl std::fmt::Debug for Conn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match *self.pooled {
            Raw::Sqlite(_) => "Conn(sqlite)",
            Raw::Postgres(_) => "Conn(postgres)",
        })
    }
}

/// Runs one diesel query on whichever database it is: `on!(conn, c => query.load(c))`.
macro_rules! on {
    ($conn:expr, $c:ident => $body:expr) => {
        match &mut *$conn.pooled {
            $crate::conn::Raw::Sqlite($c) => {
                let $c = &mut **$c;
                $body
            }
            $crate::conn::Raw::Postgres($c) => {
                let $c = &mut ***$c;
                $body
            }
        }
        .map_err($crate::Error::from)
    };
}
pub(crate) use on;

/// A block for `?`.
pub(crate) fn one_by_one<T>(queries: impl FnOnce() -> diesel::QueryResult<T>) -> diesel::QueryResult<T> {
    queries()
}

/// Loads the answers to several queries that do not need each other, in one round trip where there is one:
/// `together!(conn, names => String, counts => i64)` gives a `Vec` for each.
macro_rules! together {
    ($conn:expr, $($query:expr => $row:ty),+ $(,)?) => {
        match &mut *$conn.pooled {
            $crate::conn::Raw::Sqlite(c) => {
                $crate::conn::one_by_one(|| Ok(($(diesel::RunQueryDsl::load::<$row>($query, &mut **c)?,)+)))
            }
            $crate::conn::Raw::Postgres(c) => {
                let (c, event_loop) = c.shared();
                event_loop.wait_for(async {
                    // Of several errors the first query's counts: those behind it fail because it did.
                    tokio::try_join!(biased; $(async {
                        let mut c = c;
                        diesel_async::RunQueryDsl::load::<$row>($query, &mut c).await
                    }),+)
                })
            }
        }
        .map_err(|error: diesel::result::Error| $crate::Error::from(error))
    };
}
pub(crate) use together;

/// Executes statements in their order, in one round trip where there is one.
macro_rules! execute_together {
    ($conn:expr, $($statement:expr),+ $(,)?) => {
        match &mut *$conn.pooled {
            $crate::conn::Raw::Sqlite(c) => {
                $crate::conn::one_by_one(|| {
                    $(diesel::RunQueryDsl::execute($statement, &mut **c)?;)+
                    Ok(())
                })
            }
            $crate::conn::Raw::Postgres(c) => {
                let (c, event_loop) = c.shared();
                event_loop.wait_for(async {
                    tokio::try_join!(biased; $(async {
                        let mut c = c;
                        diesel_async::RunQueryDsl::execute($statement, &mut c).await
                    }),+)
                    .map(drop)
                })
            }
        }
        .map_err(|error: diesel::result::Error| $crate::Error::from(error))
    };
}
pub(crate) use execute_together;

type PgManager = <postgres::Blocking as Connection>::TransactionManager;

impl Conn {
    pub(crate) fn from_pool(pool: &r2d2::Pool<Manager>, master_key: &MasterKey) -> Result<Self, Error> {
        Ok(Self { pooled: Lent::from_pool(pool)?, master_key: master_key.clone() })
    }

    /// Ends what is open inside of the outermost transaction: a panic leaves that behind.
    pub(crate) fn leave_nested(&mut self) -> Result<(), Error> {
        while self.pooled.depth()? > 1 {
            self.pooled.rollback()?;
        }
        Ok(())
    }

    /// Runs `f` in a savepoint: when it returns an error its changes are undone, and those before it stay.
    pub fn savepoint<T, E: From<Error>>(
        &mut self,
        f: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        self.pooled.begin_nested()?;
        self.finish(f)
    }

    /// Runs `f` in a transaction: `BEGIN IMMEDIATE` on SQLite, so that two writers queue instead of failing halfway.
    pub(crate) fn transaction<T, E: From<Error>>(
        &mut self,
        f: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        self.pooled.begin_immediate()?;
        self.finish(f)
    }

    /// [`Conn::transaction`] that PostgreSQL begins with this text.
    pub(crate) fn transaction_begun_by<T, E: From<Error>>(
        &mut self,
        begin: &str,
        f: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        match &mut *self.pooled {
            Raw::Sqlite(_) => self.pooled.begin_immediate()?,
            Raw::Postgres(c) => c.begin_with(begin).map_err(Error::from)?,
        }
        self.finish(f)
    }

    fn finish<T, E: From<Error>>(&mut self, f: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        match f(self) {
            Ok(value) => {
                self.pooled.commit().map_err(in_doubt)?;
                Ok(value)
            }
            Err(error) => {
                if let Err(rollback) = self.pooled.rollback() {
                    // The connection is left with an open transaction; the pool drops it (`is_idle`).
                    tracing::warn!(error = %rollback, "a transaction could not be rolled back; connection dropped");
                }
                Err(error)
            }
        }
    }
}

/// A database that is lost at a commit may have done it.
fn in_doubt(error: Error) -> Error {
    match error {
        Error::Unavailable { reason } if reason.contains("connection") => Error::OutcomeUnknown { reason },
        other => other,
    }
}

impl Raw {
    pub(crate) fn begin_immediate(&mut self) -> Result<(), Error> {
        match self {
            Raw::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(&mut **c, "BEGIN IMMEDIATE"),
            Raw::Postgres(c) => PgManager::begin_transaction(&mut ***c),
        }
        .map_err(Error::from)
    }

    fn begin_nested(&mut self) -> Result<(), Error> {
        match self {
            Raw::Sqlite(c) => AnsiTransactionManager::begin_transaction(&mut **c),
            Raw::Postgres(c) => PgManager::begin_transaction(&mut ***c),
        }
        .map_err(Error::from)
    }

    pub(crate) fn commit(&mut self) -> Result<(), Error> {
        match self {
            Raw::Sqlite(c) => AnsiTransactionManager::commit_transaction(&mut **c),
            Raw::Postgres(c) => PgManager::commit_transaction(&mut ***c),
        }
        .map_err(Error::from)
    }

    pub(crate) fn rollback(&mut self) -> Result<(), Error> {
        match self {
            Raw::Sqlite(c) => AnsiTransactionManager::rollback_transaction(&mut **c),
            Raw::Postgres(c) => PgManager::rollback_transaction(&mut ***c),
        }
        .map_err(Error::from)
    }

    /// How many transactions and savepoints are open, as diesel counts them.
    pub(crate) fn depth(&mut self) -> Result<u32, Error> {
        let status = match self {
            Raw::Sqlite(c) => AnsiTransactionManager::transaction_manager_status_mut(&mut **c),
            Raw::Postgres(c) => PgManager::transaction_manager_status_mut(&mut ***c),
        };
        Ok(status.transaction_depth()?.map_or(0, std::num::NonZeroU32::get))
    }

    /// Healthy and outside of any transaction. A panic inside `write` leaves one open; such a connection is dropped,
    /// which rolls back.
    pub(crate) fn is_idle(&mut self) -> bool {
        matches!(self.depth(), Ok(0))
    }
}
