//! Pool and transactions.
use crate::{Error, MasterKey};

/// A connection to either database, inside `read` or `write`.
#[derive(Debug)]
pub struct Conn {}
impl Conn {
    /// Runs `f` in a savepoint: its changes are undone if it returns an error, those before it stay.
    pub fn savepoint<T, E: From<Error>>(
        &mut self,
        _f: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        unimplemented!()
    }
}

/// The store: a pool of connections and the keys. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {}
impl Store {
    /// Opens `sqlite:<path>` or `postgres://…`, applies pending migrations under a lock; blocking.
    pub fn open(_database_url: &str, _master_key: MasterKey) -> Result<Store, Error> {
        unimplemented!()
    }
    /// Runs queries on a blocking thread, without a transaction.
    pub async fn read<T: Send + 'static>(
        &self,
        _f: impl FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        unimplemented!()
    }
    /// Runs `f` in one transaction on a blocking thread; commits if it returns `Ok`. Durable when this returns.
    pub async fn write<T: Send + 'static>(
        &self,
        _f: impl FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        unimplemented!()
    }
    /// Like `write`, for closures with an error type of their own (an `Err` rolls back).
    pub async fn try_write<T: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        _f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        unimplemented!()
    }
    /// `read` for callers that are on a blocking thread already (not inside async code).
    pub fn read_blocking<T>(&self, _f: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
        unimplemented!()
    }
    /// `write` for callers that are on a blocking thread already (not inside async code).
    pub fn write_blocking<T, E: From<Error>>(
        &self,
        _f: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        unimplemented!()
    }
    /// Whether the database can be written to right now (readiness).
    pub async fn check_writable(&self) -> Result<(), Error> {
        unimplemented!()
    }
}
