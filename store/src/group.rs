//! Group commit: writes that wait at the same time share one transaction, and so one sync to disk (reliability I1).
//!
//! A sync takes milliseconds, everything else of a write a fraction of one. So a thread of its own takes what waits,
//! runs each closure in a savepoint within one transaction, commits, and only then tells each caller how its write
//! ended. While it commits the next ones gather, so a group is as large as the load makes it and nobody waits for
//! company. Only SQLite is written to in this way: it has one writer at a time anyway (`docs/decisions/0030-writes-share-commits.md`).
//!
//! What it keeps:
//! - Nobody hears of success before the commit has returned.
//! - An error or a panic of one closure undoes the changes of that closure and of no other one.
//! - When the commit fails, or the database gives up the whole transaction (a full disk does that), every write of the
//!   group has failed, nothing of it is there, and everyone hears so.
//! - Writes run in the order in which they came. One that has waited too long is refused without having begun, and so
//!   is one that finds too many before it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use tokio::sync::oneshot;

use crate::conn::on;
use crate::pool::Manager;
use crate::{Conn, Error, MasterKey};

/// A group takes in no more after this time: the first of it waits so much longer at most.
const GROUP_TIME: Duration = Duration::from_millis(5);
/// A group takes in no more than this: what one commit may have to undo.
const GROUP_MAX: usize = 256;
/// Writes that may wait. Whoever comes after them is better off coming back.
const QUEUE_MAX: usize = 1_024;

/// How often writes were done, and how often it took a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Commits {
    /// Writes that ended, well or not.
    pub writes: u64,
    /// Transactions that they shared.
    pub commits: u64,
}

/// A write that waits for its turn. Given a connection it runs, given an error it is refused; what it answers is to be
/// told the end of the transaction.
struct Job {
    since: Instant,
    run: Box<Run>,
}

type Run = dyn FnOnce(Result<&mut Conn, Error>) -> Ran + Send;
type Release = dyn FnOnce(Result<(), String>) + Send;

/// A write that has run.
struct Ran {
    /// Whether the transaction is still there for others.
    intact: bool,
    /// Tells the caller; takes the reason if the transaction did not come to its end.
    release: Box<Release>,
}

/// How a closure ended: with a result, or in a panic that goes on in its caller.
type Outcome<T, E> = Result<Result<T, E>, Box<dyn Any + Send>>;

/// What a queue works with.
pub(crate) struct Parts {
    pub(crate) pool: r2d2::Pool<Manager>,
    pub(crate) master_key: MasterKey,
    /// Held during a group: those who write from their own thread queue up here as well.
    pub(crate) turn: Arc<Mutex<()>>,
    /// Longest time in the queue.
    pub(crate) wait: Duration,
}

/// The way in. The thread ends when the last one is dropped and the queue is empty.
pub(crate) struct Queue {
    jobs: SyncSender<Job>,
    counted: Arc<Counted>,
}

#[derive(Default)]
struct Counted {
    writes: AtomicU64,
    commits: AtomicU64,
}

impl Queue {
    /// Starts the thread.
    pub(crate) fn start(parts: Parts) -> Result<Self, Error> {
        let (jobs, waiting) = sync_channel(QUEUE_MAX);
        let counted = Arc::<Counted>::default();
        let thread = Thread { parts, counted: Arc::clone(&counted), conn: None };
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || thread.serve(&waiting))
            .map_err(|e| Error::Unavailable { reason: format!("no thread for writes: {e}") })?;
        Ok(Self { jobs, counted })
    }

    /// Waits for the closure's turn and for the commit behind it. Dropping the future does not stop it.
    pub(crate) async fn write<T: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let (job, outcome) = job(f);
        self.jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => unavailable("too many writes wait"),
            TrySendError::Disconnected(_) => unavailable("the thread of the writes has ended"),
        })?;
        match outcome.await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => Err(unavailable("the thread of the writes has ended").into()),
        }
    }

    pub(crate) fn commits(&self) -> Commits {
        Commits {
            writes: self.counted.writes.load(Ordering::Relaxed),
            commits: self.counted.commits.load(Ordering::Relaxed),
        }
    }
}

fn unavailable(reason: &str) -> Error {
    Error::Unavailable { reason: reason.to_owned() }
}

fn job<T: Send + 'static, E: From<Error> + Send + 'static>(
    f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
) -> (Job, oneshot::Receiver<Outcome<T, E>>) {
    let (tell, told) = oneshot::channel();
    let run = move |conn: Result<&mut Conn, Error>| {
        let (outcome, intact) = match conn {
            Ok(conn) => in_savepoint(conn, f),
            Err(refused) => (Ok(Err(refused.into())), true),
        };
        let release = move |ended: Result<(), String>| {
            let outcome = match (outcome, ended) {
                (Ok(Ok(_)), Err(reason)) => Ok(Err(Error::Unavailable { reason }.into())),
                (outcome, _) => outcome,
            };
            // Whoever does not listen any more has given up waiting; the write stands all the same.
            drop(tell.send(outcome));
        };
        Ran { intact, release: Box::new(release) }
    };
    (Job { since: Instant::now(), run: Box::new(run) }, told)
}

/// Runs a closure, undoes what it did unless it ended well, and says whether the transaction around it is still there.
///
/// The savepoint is spelled out rather than diesel's own: diesel forgives a savepoint that cannot be rolled back when an
/// inner one could not either, and that is how it looks when SQLite has given up the transaction.
fn in_savepoint<T, E>(conn: &mut Conn, f: impl FnOnce(&mut Conn) -> Result<T, E>) -> (Outcome<T, E>, bool)
where
    E: From<Error>,
{
    if let Err(error) = execute(conn, "SAVEPOINT one_write") {
        return (Ok(Err(error.into())), false);
    }
    let outcome = catch_unwind(AssertUnwindSafe(|| f(conn)));
    let end = match &outcome {
        Ok(Ok(_)) => "RELEASE one_write",
        _ => "ROLLBACK TO one_write; RELEASE one_write",
    };
    match conn.leave_nested().and_then(|()| execute(conn, end)) {
        Ok(()) => (outcome, true),
        Err(error) => match outcome {
            Ok(Ok(_)) => (Ok(Err(error.into())), false),
            failed => (failed, false),
        },
    }
}

fn execute(conn: &mut Conn, sql: &str) -> Result<(), Error> {
    on!(conn, c => c.batch_execute(sql))
}

struct Thread {
    parts: Parts,
    counted: Arc<Counted>,
    /// Kept from group to group, with what it has in its cache.
    conn: Option<Conn>,
}

impl Thread {
    fn serve(mut self, waiting: &Receiver<Job>) {
        while let Ok(first) = waiting.recv() {
            let turn = Arc::clone(&self.parts.turn);
            let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            match self.begin() {
                Ok(conn) => self.conn = self.group(conn, first, waiting),
                Err(error) => {
                    self.counted.writes.fetch_add(1, Ordering::Relaxed);
                    ((first.run)(Err(error)).release)(Ok(()));
                }
            }
        }
    }

    /// A connection with an open transaction.
    fn begin(&mut self) -> Result<Conn, Error> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => Conn::from_pool(&self.parts.pool, &self.parts.master_key)?,
        };
        conn.pooled.begin_immediate()?;
        Ok(conn)
    }

    /// One transaction: runs what waits, commits, tells everyone. Gives the connection back if it is good for more.
    fn group(&self, mut conn: Conn, first: Job, waiting: &Receiver<Job>) -> Option<Conn> {
        let begun = Instant::now();
        let (mut ran, mut intact, mut next) = (Vec::new(), true, Some(first));
        while let Some(job) = next {
            let one = if job.since.elapsed() > self.parts.wait {
                (job.run)(Err(unavailable("it waited too long for its turn")))
            } else {
                (job.run)(Ok(&mut conn))
            };
            intact = one.intact;
            ran.push(one);
            let more = intact && ran.len() < GROUP_MAX && begun.elapsed() < GROUP_TIME;
            next = more.then(|| waiting.try_recv().ok()).flatten();
        }
        let ended = if intact {
            conn.pooled.commit().map_err(|error| error.to_string())
        } else {
            Err("the database gave up the transaction that this write shared with others".to_owned())
        };
        if let Err(reason) = &ended {
            tracing::warn!(error = reason, count = ran.len(), "a group of writes was undone");
        }
        self.counted.writes.fetch_add(u64::try_from(ran.len()).unwrap_or(0), Ordering::Relaxed);
        self.counted.commits.fetch_add(1, Ordering::Relaxed);
        for one in ran {
            (one.release)(ended.clone());
        }
        ended.is_ok().then_some(conn)
    }
}
