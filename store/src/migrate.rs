//! Embedded migrations, run at open under a lock and in one transaction; a database that is ahead of us is refused
//! (reliability I29). One folder per backend: only a few column types and the audit trigger differ.

use std::collections::BTreeSet;

use diesel::backend::Backend;
use diesel::connection::SimpleConnection as _;
use diesel::migration::{Migration as _, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::conn::{Raw, on};
use crate::{Conn, Error};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number that no other program of the database uses: the first letters of "scim-bri".
const POSTGRES_LOCK: i64 = 0x7363_696d_2d62_7269;

/// Brings the schema up to date. On SQLite `BEGIN IMMEDIATE` is the lock.
pub(crate) fn run(raw: &mut Raw) -> Result<(), Error> {
    raw.begin_immediate()?;
    let applied = match raw {
        Raw::Sqlite(conn) => apply(&mut **conn, SQLITE),
        Raw::Postgres(conn) => {
            let lock = format!(
                "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
                 SELECT pg_advisory_xact_lock({POSTGRES_LOCK})"
            );
            conn.batch_execute(&lock)?;
            apply(&mut ***conn, POSTGRES)
        }
    };
    match applied {
        Ok(()) => raw.commit(),
        Err(error) => {
            raw.rollback()?;
            Err(error)
        }
    }
}

fn apply<DB: Backend, C: MigrationHarness<DB>>(conn: &mut C, source: EmbeddedMigrations) -> Result<(), Error>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let known = MigrationSource::<DB>::migrations(&source).map_err(Error::Migration)?;
    let known: BTreeSet<String> = known.iter().map(|m| m.name().version().to_string()).collect();
    let applied = conn.applied_migrations().map_err(Error::Migration)?;
    if let Some(found) = applied.iter().map(ToString::to_string).filter(|v| !known.contains(v)).max() {
        return Err(Error::NewerSchema { found });
    }
    for migration in conn.run_pending_migrations(source).map_err(Error::Migration)? {
        tracing::info!(%migration, "migration applied");
    }
    Ok(())
}

/// Writes a row and takes it back.
pub(crate) fn check_writable(conn: &mut Conn) -> Result<(), Error> {
    on!(conn, c => c.batch_execute(
        "INSERT INTO audit_heads (chain, seq, hash) VALUES ('write check', 0, ''); \
         DELETE FROM audit_heads WHERE chain = 'write check'"
    ))
}
