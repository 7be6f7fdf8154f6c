//! Embedded migrations, run at open under a lock and in one transaction; a database that is ahead of us is refused
//! (reliability I29). One folder per backend: only a few column types and the audit trigger differ.

use std::collections::BTreeSet;
use std::time::Duration;

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

/// How long to wait, on SQLite, for a process that brings the schema up to date: with many lines it takes minutes.
const SQLITE_WAIT: Duration = Duration::from_mins(5);

/// Brings the schema up to date. On SQLite `BEGIN IMMEDIATE` is the lock. The connection is for this alone: its waiting
/// times are changed.
pub(crate) fn run(raw: &mut Raw) -> Result<(), Error> {
    if let Raw::Sqlite(conn) = raw {
        conn.batch_execute(&format!("PRAGMA busy_timeout = {}", SQLITE_WAIT.as_millis()))?;
    }
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

#[cfg(test)]
mod tests {
    use r2d2::ManageConnection as _;

    use super::*;
    use crate::ids::AccountId;
    use crate::pool::Manager;
    use crate::{Store, imports, lines, matches, testing};

    fn up_to<DB: Backend, C: MigrationHarness<DB>>(conn: &mut C, source: &EmbeddedMigrations, version: &str)
    where
        EmbeddedMigrations: MigrationSource<DB>,
    {
        conn.applied_migrations().unwrap();
        for migration in MigrationSource::<DB>::migrations(source).unwrap() {
            if migration.name().version().to_string().as_str() < version {
                conn.run_migration(&*migration).unwrap();
            }
        }
    }

    /// An empty database of the time before this migration, with these rows.
    fn old_database(test: &testing::TestStore, version: &str, rows: &str) -> String {
        let url = if test.name == "sqlite" {
            format!("{}-old", test.database_url)
        } else {
            let empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
            test.store.write_blocking(|conn| testing::execute(conn, empty)).unwrap();
            test.database_url.clone()
        };
        let mut old = Manager::parse(&url, Duration::from_secs(10)).unwrap().connect().unwrap();
        match &mut old.raw {
            Raw::Sqlite(conn) => {
                up_to(&mut **conn, &SQLITE, version);
                conn.batch_execute(rows).unwrap();
            }
            Raw::Postgres(conn) => {
                up_to(&mut ***conn, &POSTGRES, version);
                conn.batch_execute(rows).unwrap();
            }
        }
        url
    }

    #[test]
    fn lines_get_their_numbers_and_keep_what_belongs_to_them() {
        let account: AccountId = "0193a1b2-0000-7000-8000-000000000001".parse().unwrap();
        let id = |key| lines::line_id(account, "csv", key);
        let mut rows = format!(
            "INSERT INTO accounts (account_id, name, company_uuid, authentication_type, base_uri, settings, created_at, \
             updated_at) VALUES ('{account}', 'Acme', '', 'user_level', '', '{{}}', 0, 0); \
             INSERT INTO imports VALUES ('0193a1b2-0000-7000-8000-000000000002', '{account}', 'f.csv', '', 'complete', \
                3, 0, 0, 0, 0, 0); \
             INSERT INTO imports VALUES ('0193a1b2-0000-7000-8000-000000000003', '{account}', 'g.csv', '', 'complete', \
                0, 0, 2, 0, 1, 1); \
             INSERT INTO line_heads VALUES ('{account}', 9, 0); "
        );
        // Ids are hashes: their order is none of the lines.
        for (n, key) in ["a", "b", "c"].into_iter().enumerate() {
            let id = id(key);
            let of_line = format!(
                "INSERT INTO lines VALUES ('{id}', '{account}', 'csv', '{key}', 'R', 'E{n}', 'I{n}', 'ada@example.com', \
                    '2026-01-0{}', '{n}.5', 'EUR', '{n}.5', 'EUR', TRUE, 'h{n}', NULL); \
                 INSERT INTO line_texts (line_id, vendor_description, is_personal, has_itemizations, updated_at) \
                    VALUES ('{id}', 'vendor {key}', FALSE, FALSE, {n}); \
                 INSERT INTO line_raw VALUES ('{id}', '{{\"key\":\"{key}\"}}'); \
                 INSERT INTO line_changes VALUES ('{id}', '{account}', {n}, 0); \
                 INSERT INTO matches (line_id, account_id, line_hash, status, app_id, score, band, matched_by, explanation, \
                    dictionary_version, pinned, decided_at, since) VALUES ('{id}', '{account}', 'h{n}', 'matched', \
                    'app-{key}', 1, 'certain', 'dictionary', '{{}}', 'd', FALSE, 0, 0); \
                 INSERT INTO past_matches VALUES ('{id}', {n}, '{account}', 'unmatched', NULL, 0, 'none', 'none', NULL, \
                    'past-{key}', '{{}}', 'd', 0, FALSE, 0, 1); \
                 INSERT INTO import_lines VALUES ('0193a1b2-0000-7000-8000-000000000002', '{id}'); ",
                n + 1
            );
            rows.push_str(&of_line);
            if key != "b" {
                let other = format!(
                    "INSERT INTO import_lines VALUES ('0193a1b2-0000-7000-8000-000000000003', '{id}'); "
                );
                rows.push_str(&other);
            }
        }
        for test in testing::stores() {
            let url = old_database(&test, "00000000000107", &rows);
            let store = Store::open(&url, testing::master_key()).unwrap();
            let mut numbers = Vec::new();
            for (n, key) in ["a", "b", "c"].into_iter().enumerate() {
                let (line, decision) =
                    store.read_blocking(|conn| lines::get(conn, account, id(key))).unwrap().unwrap();
                let ids = (line.entry_id.as_deref(), line.itemization_id.as_deref());
                assert_eq!(ids, (Some(&*format!("E{n}")), Some(&*format!("I{n}"))), "{}", test.name);
                assert_eq!(line.texts.vendor_description, Some(format!("vendor {key}")));
                assert_eq!(decision.unwrap().outcome.app_id, Some(format!("app-{key}")));
                let past = store.read_blocking(|conn| matches::past(conn, account, id(key), 9)).unwrap();
                assert_eq!(past[0].outcome.candidate, Some(format!("past-{key}")));
                let raw = store.read_blocking(|conn| lines::raw(conn, account, id(key))).unwrap();
                assert_eq!(raw, Some(serde_json::json!({ "key": key })));
                numbers.push(line.no);
            }
            assert!(numbers.is_sorted(), "{}: {numbers:?}", test.name);
            let told =
                store.read_blocking(|conn| lines::changes(conn, account, lines::ChangeCursor::default(), 9));
            let told: Vec<_> = told.unwrap().into_iter().map(|it| it.line.source_key).collect();
            assert_eq!(told, ["a", "b", "c"], "{}", test.name);
            let now = jiff::Timestamp::UNIX_EPOCH;
            let undo = |import: &str| {
                let import = import.parse().unwrap();
                store.write_blocking(|conn| imports::undo_some(conn, account, import, now)).unwrap()
            };
            let (first, other) =
                ("0193a1b2-0000-7000-8000-000000000002", "0193a1b2-0000-7000-8000-000000000003");
            assert_eq!((undo(first), undo(first)), (Some(1), None), "{}: the other holds two", test.name);
            assert_eq!((undo(other), undo(other)), (Some(2), None), "{}", test.name);
        }
    }
}
