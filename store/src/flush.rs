//! Group commit on PostgreSQL: transactions commit without waiting for the disk, and then wait together for one flush.
//!
//! A transaction of ours ends by appending to the account's audit chain, and holds the chain's end until it has
//! committed. If each commit waited for the disk, an account could not write oftener than the disk syncs. So a commit
//! returns at once (`synchronous_commit = off` for that transaction), the chain is free for the next one, and the
//! caller waits here until a flush that began after its commit has ended. PostgreSQL writes its log in order: once a
//! commit is on disk, everything before it is, also what another replica has built upon it.
//!
//! What it keeps: nobody hears of success before the flush has returned. A server that crashes between a commit and its
//! flush forgets the commit; but it also cuts all connections, the one that flushes included. So a flush counts only
//! on the connection that was there before the transaction began, else the outcome is unknown, and is said to be.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use diesel::connection::SimpleConnection as _;

use crate::Error;
use crate::conn::Raw;
use crate::group::Commits;
use crate::pool::{Lent, Manager};

/// Begins a transaction whose commit does not wait for the disk.
pub(crate) const BEGIN: &str = "BEGIN; SET LOCAL synchronous_commit = off";
/// The smallest transaction that has something in the log, so that its commit is flushed, and all before it.
const FLUSH: &str = "SELECT pg_logical_emit_message(true, 'scim-bridge', '')";

/// The connection that flushes, and how far it has come.
#[derive(Default)]
pub(crate) struct Flusher {
    /// Flushes that have begun. One with a higher number than this was at a commit covers that commit.
    begun: AtomicU64,
    /// Number of the connection that flushes; 0: there is none.
    era: AtomicU64,
    /// Commits that were to be flushed.
    writes: AtomicU64,
    line: Mutex<Line>,
}

/// Those who wait stand in line for this.
#[derive(Default)]
struct Line {
    conn: Option<Lent>,
    /// How many connections there were.
    eras: u64,
    /// The last flush that ended well.
    done: u64,
}

/// Taken before a transaction begins: the connection that its flush must use.
#[derive(Clone, Copy)]
pub(crate) struct Era(u64);

impl Flusher {
    /// Makes sure of a connection.
    pub(crate) fn before(&self, pool: &r2d2::Pool<Manager>) -> Result<Era, Error> {
        let era = self.era.load(Ordering::SeqCst);
        if era != 0 {
            return Ok(Era(era)); // the line is long while someone flushes, and need not be stood in for this
        }
        let mut line = self.line();
        if line.conn.is_none() {
            // The pool may lend one that has died lately; better to know before anything is committed.
            let mut conn = Lent::from_pool(pool)?;
            flush_on(&mut conn)?;
            line.conn = Some(conn);
            line.eras += 1;
            self.era.store(line.eras, Ordering::SeqCst);
        }
        Ok(Era(line.eras))
    }

    /// To be called after the commit, without holding a connection: returns when the commit is on disk.
    pub(crate) fn flush(&self, era: Era) -> Result<(), Error> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        let committed_at = self.begun.load(Ordering::SeqCst);
        let mut line = self.line();
        let unknown = |reason: String| Error::OutcomeUnknown { reason };
        if self.era.load(Ordering::SeqCst) != era.0 {
            return Err(unknown("the connection to the database was lost before the flush".to_owned()));
        }
        if line.done > committed_at {
            return Ok(()); // someone who stood before us has flushed for us as well
        }
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let flushed = match line.conn.as_mut() {
            Some(conn) => flush_on(conn).map_err(|error| unknown(error.to_string())),
            None => Err(unknown("the connection that flushes is gone".to_owned())),
        };
        if flushed.is_ok() {
            line.done = number;
        } else {
            line.conn = None;
            self.era.store(0, Ordering::SeqCst);
        }
        flushed
    }

    pub(crate) fn commits(&self) -> Commits {
        Commits { writes: self.writes.load(Ordering::Relaxed), commits: self.begun.load(Ordering::Relaxed) }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn flush_on(conn: &mut Lent) -> Result<(), Error> {
    match &mut **conn {
        Raw::Postgres(conn) => Ok(conn.batch_execute(FLUSH)?),
        Raw::Sqlite(_) => Ok(()), // a commit of SQLite is on disk
    }
}
