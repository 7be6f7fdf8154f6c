//! What can go wrong in the store, as variants that callers treat differently. No HTTP status here:
//! `scim-bridge/src/http/error.rs` has the one map. Messages carry no values of rows, only names.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind};

/// The unique constraints that callers treat differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// Account names are unique.
    AccountName,
    /// Folded user names are unique per account and resource type among resources that are not deleted.
    UserName,
    /// Public SCIM ids are unique per account, tombstones included.
    ScimId,
    /// At most one operation of a person is on its way (reliability I7).
    OneInFlight,
    /// Any other unique constraint, as the database names it.
    Other(String),
}

impl std::fmt::Display for Constraint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Constraint::AccountName => "account name",
            Constraint::UserName => "user name",
            Constraint::ScimId => "SCIM id",
            Constraint::OneInFlight => "one operation in flight per person",
            Constraint::Other(name) => name,
        })
    }
}

/// What can go wrong in the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A unique constraint would be violated; nothing was changed.
    #[error("already taken: {constraint}")]
    Conflict {
        /// Which one.
        constraint: Constraint,
    },
    /// The row does not exist, or belongs to another account.
    #[error("{what} not found")]
    NotFound {
        /// Kind of row.
        what: &'static str,
    },
    /// The row has changed since it was read.
    #[error("{what} was changed by someone else meanwhile; read it again")]
    Stale {
        /// Kind of row.
        what: &'static str,
    },
    /// An operation cannot go from its state to the one asked for (reliability §2).
    #[error("an operation cannot go from {from} to {to}")]
    IllegalTransition {
        /// The state it has.
        from: crate::operations::State,
        /// The state asked for.
        to: crate::operations::State,
    },
    /// The database is busy, full or gone, or no connection became free in time: try again later (503).
    #[error("the database is unavailable ({reason}); try again later")]
    Unavailable {
        /// What the database or the pool said.
        reason: String,
    },
    /// The database was lost at a commit: whether it was done nobody knows (reliability P2). Repeating is safe.
    #[error("the database was lost at a commit ({reason}); the outcome is unknown")]
    OutcomeUnknown {
        /// What the database said.
        reason: String,
    },
    /// A sealed value does not open: another master key, or the value was changed or moved to another row.
    #[error("sealed value {place} does not open; is this the master key it was sealed with?")]
    Seal {
        /// Table and column.
        place: String,
    },
    /// The master key cannot be used.
    #[error("master key: {reason}")]
    MasterKey {
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// The database was migrated by a newer version of this program.
    #[error("the database has migration {found}, which this version does not know; run the newer version")]
    NewerSchema {
        /// Version of the newest unknown migration.
        found: String,
    },
    /// `database_url` cannot be used.
    #[error("database_url: {reason}")]
    DatabaseUrl {
        /// What is wrong with it; never the URL itself, which may hold a password.
        reason: String,
    },
    /// Migrations could not be applied.
    #[error("applying migrations failed")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored value cannot be read back: a bug or a foreign hand.
    #[error("stored {what} cannot be read: {reason}")]
    Corrupt {
        /// Table and column.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// Anything else that the database refuses.
    #[error("the database refused a statement")]
    Database(#[source] diesel::result::Error),
}

/// SQLite reports a violated index by its columns, PostgreSQL by its name.
fn constraint(info: &dyn DatabaseErrorInformation) -> Constraint {
    let text = info.constraint_name().unwrap_or_else(|| info.message());
    match text.trim_start_matches("UNIQUE constraint failed: ") {
        "accounts_name" | "accounts.name" => Constraint::AccountName,
        "resources_user_name"
        | "resources.account_id, resources.resource_type, resources.user_name_folded" => Constraint::UserName,
        "resources_scim_id" | "resources.account_id, resources.scim_id" => Constraint::ScimId,
        "operations_one_in_flight" | "operations.chain_id, operations.lane" => Constraint::OneInFlight,
        other => Constraint::Other(other.to_owned()),
    }
}

/// Messages of SQLite and PostgreSQL that mean "not now": they have no kind of their own in diesel.
const NOT_NOW: [&str; 12] = [
    "database is locked",
    "database table is locked",
    "database or disk is full",
    "disk I/O error",
    "attempt to write a readonly database",
    "could not extend file",
    "No space left on device",
    "canceling statement due to",
    "the database system is",
    "terminating connection",
    "deadlock detected",
    "connection closed",
];

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::Error as Diesel;
        match error {
            Diesel::NotFound => Error::NotFound { what: "row" },
            Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
                Error::Conflict { constraint: constraint(info.as_ref()) }
            }
            Diesel::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
                Error::NotFound { what: "row that this one refers to" }
            }
            Diesel::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::SerializationFailure,
                info,
            ) => Error::Unavailable { reason: info.message().to_owned() },
            Diesel::DatabaseError(_, ref info)
                if NOT_NOW.iter().any(|text| info.message().contains(text)) =>
            {
                Error::Unavailable { reason: info.message().to_owned() }
            }
            Diesel::BrokenTransactionManager => {
                Error::Unavailable { reason: "the connection broke inside a transaction".to_owned() }
            }
            other => Error::Database(other),
        }
    }
}
