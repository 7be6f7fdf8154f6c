//! Errors.

/// The database constraints that callers treat differently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Constraint {
    /// Account names are unique.
    AccountName,
    /// Folded user names are unique per account and resource type among resources not deleted.
    UserName,
    /// Public SCIM ids are unique per account, tombstones included.
    ScimId,
    /// At most one operation of a resource is in flight.
    OneInFlight,
    /// Any other unique constraint, as the database names it.
    Other(String),
}

/// What can go wrong in the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A unique constraint would be violated.
    #[error("the database refused a duplicate ({constraint:?})")]
    Conflict { constraint: Constraint },
    /// The named row does not exist (or belongs to another account).
    #[error("{what} not found")]
    NotFound { what: &'static str },
    /// The row has changed since it was read (optimistic version).
    #[error("{what} was changed by someone else; read it again")]
    Stale { what: &'static str },
    /// The database is busy, full, gone, or no connection became free: try again later (503).
    #[error("the database is unavailable ({reason})")]
    Unavailable { reason: String },
    /// A sealed value does not open: wrong master key, or the row was moved or changed.
    #[error("sealed value {place} does not open")]
    Seal { place: String },
    /// The master key cannot be used.
    #[error("master key: {reason}")]
    MasterKey { reason: String },
    /// The database was migrated by a newer version of this program.
    #[error("the database has migration {found}, which this version does not know; use the newer version")]
    NewerSchema { found: String },
    /// The database URL cannot be used.
    #[error("database_url: {reason}")]
    DatabaseUrl { reason: String },
    /// Migrations could not be applied.
    #[error("applying migrations failed")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A bearer token is not one of ours by its form.
    #[error("malformed token")]
    MalformedToken,
    /// A stored value cannot be read back.
    #[error("stored value of {what} cannot be read: {reason}")]
    Corrupt { what: &'static str, reason: String },
    /// Anything else the database says.
    #[error("the database refused a statement")]
    Database(#[source] diesel::result::Error),
}
