//! PostgreSQL behind diesel's blocking interface.
//!
//! A connection brings an event loop of its own, which turns on the thread of whoever waits for an answer. With a thread
//! for all sockets, each query would wake that one, and it the caller again, which costs more than most of our queries.
//! Between two queries nobody looks at the socket: that the server has hung up is noticed by the next one, and the pool
//! asks before it lends what has lain idle.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use diesel::connection::SimpleConnection as _;
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
use diesel_async::{AnsiTransactionManager, AsyncPgConnection};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Error;

/// What diesel's queries run on.
pub(crate) type Blocking = AsyncConnectionWrapper<AsyncPgConnection, EventLoop>;

/// A connection to PostgreSQL.
pub(crate) struct PgConnection {
    blocking: Blocking,
    /// The one that `blocking` waits in as well.
    event_loop: EventLoop,
}

impl PgConnection {
    /// Connects.
    pub(crate) fn establish(
        config: &tokio_postgres::Config,
        tls: Option<MakeRustlsConnect>,
    ) -> Result<Self, Error> {
        let event_loop = EventLoop::new().map_err(unavailable)?;
        let conn = event_loop.wait_for(connect(config, tls))?;
        WRAPPED.set(Some(event_loop.clone()));
        Ok(Self { blocking: Blocking::from(conn), event_loop })
    }

    /// Begins a transaction with more than `BEGIN`, in one round trip.
    pub(crate) fn begin_with(&mut self, sql: &str) -> diesel::QueryResult<()> {
        let begun = AnsiTransactionManager::begin_transaction_sql(&mut *self.blocking, sql);
        self.event_loop.wait_for(begun)
    }

    /// For queries that do not need each other's answers: sent in one go on this connection and waited for in this event
    /// loop, they share a round trip.
    pub(crate) fn shared(&self) -> (&AsyncPgConnection, &EventLoop) {
        (&self.blocking, &self.event_loop)
    }

    /// Asks whether it is still there.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        Ok(self.blocking.batch_execute("SELECT 1")?)
    }
}

impl Deref for PgConnection {
    type Target = Blocking;

    fn deref(&self) -> &Blocking {
        &self.blocking
    }
}

impl DerefMut for PgConnection {
    fn deref_mut(&mut self) -> &mut Blocking {
        &mut self.blocking
    }
}

async fn connect(
    config: &tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
) -> Result<AsyncPgConnection, Error> {
    let refused = |e: tokio_postgres::Error| refused(&e);
    let established = if let Some(tls) = tls {
        let (client, connection) = config.connect(tls).await.map_err(refused)?;
        AsyncPgConnection::try_from_client_and_connection(client, connection).await
    } else {
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.map_err(refused)?;
        AsyncPgConnection::try_from_client_and_connection(client, connection).await
    };
    established.map_err(unavailable)
}

/// tokio-postgres keeps the server's words in the source of its error.
fn refused(error: &tokio_postgres::Error) -> Error {
    let detail = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    Error::Unavailable { reason: format!("{error}{detail}") }
}

fn unavailable(error: impl std::error::Error) -> Error {
    Error::Unavailable { reason: error.to_string() }
}

/// The event loop of one connection.
#[derive(Clone)]
pub(crate) struct EventLoop(Arc<Owned>);

struct Owned(Option<Runtime>);

thread_local! {
    /// The event loop of the connection that is being wrapped: diesel-async asks for one and does not say for which.
    static WRAPPED: Cell<Option<EventLoop>> = const { Cell::new(None) };
}

impl EventLoop {
    fn new() -> std::io::Result<Self> {
        Ok(Self(Arc::new(Owned(Some(Builder::new_current_thread().enable_all().build()?)))))
    }

    /// Turns until the future is ready.
    #[expect(clippy::expect_used, reason = "it is there until the last clone is dropped")]
    pub(crate) fn wait_for<F: Future>(&self, future: F) -> F::Output {
        self.0.0.as_ref().expect("an event loop").block_on(future)
    }
}

impl BlockOn for EventLoop {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.wait_for(future)
    }

    #[expect(clippy::expect_used, reason = "only what `establish` has set is asked for")]
    fn get_runtime() -> Self {
        WRAPPED.take().expect("the event loop of the connection")
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // A store may be dropped inside of async code, where waiting for an event loop to end would panic.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
