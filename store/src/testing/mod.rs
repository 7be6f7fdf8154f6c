//! Real databases for tests, of this crate and of those above it: each [`TestStore`] is migrated, empty, its own, and
//! gone afterwards. Not for production: its master key is known to everyone.
//!
//! PostgreSQL is taken from `TEST_POSTGRES_URL` (any database of a server where we may create databases), else a
//! cluster of our own is started (`cluster.rs`), else there is none: then `skipped: no PostgreSQL` is printed, and
//! under `REQUIRE_ALL=1` it is a failure.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "it serves tests: what cannot be set up fails the test"
)]

mod cluster;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use r2d2::ManageConnection as _;
use uuid::Uuid;

use crate::conn::Raw;
use crate::ids::AccountId;
use crate::pool::{Manager, off_runtime};
use crate::{Conn, Error, MasterKey, Options, Store};

/// A migrated, empty store of its own, removed on drop.
#[derive(Debug)]
pub struct TestStore {
    /// The store.
    pub store: Store,
    /// `sqlite` or `postgres`: name it in assertions.
    pub name: &'static str,
    /// As given to [`Store::open`]; a second store on it is another replica.
    pub database_url: String,
    rest: Rest,
}

/// What is to be removed.
#[derive(Debug)]
enum Rest {
    Directory(PathBuf),
    Database { admin_url: String, name: String },
}

impl TestStore {
    /// Another store on the same database: a second process, as far as the database can tell.
    ///
    /// # Panics
    /// When it does not open.
    pub fn another(&self) -> Store {
        Store::open(&self.database_url, master_key()).expect("the database that was just opened")
    }
}

impl Drop for TestStore {
    fn drop(&mut self) {
        match &self.rest {
            Rest::Directory(path) => drop(std::fs::remove_dir_all(path)),
            // Stores that are still open lose their connections; that is what `FORCE` is for.
            Rest::Database { admin_url, name } => {
                drop(off_runtime(|| administer(admin_url, &format!("DROP DATABASE {name} WITH (FORCE)"))));
            }
        }
    }
}

/// The key all test stores are opened with.
pub fn master_key() -> MasterKey {
    MasterKey::from_bytes(*b"a master key for tests, 32 bytes")
}

/// One store for each database that can be had: run every test on each.
pub fn stores() -> Vec<TestStore> {
    std::iter::once(sqlite()).chain(postgres()).collect()
}

/// SQLite only: quick, for tests that are not about the database.
///
/// # Panics
/// When it cannot be made.
pub fn sqlite() -> TestStore {
    let dir = std::env::temp_dir().join(format!("scim-bridge-test-{}", Uuid::new_v4().simple()));
    std::fs::create_dir(&dir).expect("a directory for the test's database");
    let database_url = format!("sqlite:{}", dir.join("store.db").display());
    let store = Store::open(&database_url, master_key()).expect("a new SQLite database");
    TestStore { store, name: "sqlite", database_url, rest: Rest::Directory(dir) }
}

/// SQLite in memory where the system has a file system for that, with every query on the caller's own thread: for
/// simulations, in which nothing may depend on other threads or on a disk.
///
/// # Panics
/// When it cannot be made.
pub fn inline_sqlite() -> TestStore {
    let memory = std::path::Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let dir = parent.join(format!("scim-bridge-test-{}", Uuid::new_v4().simple()));
    std::fs::create_dir(&dir).expect("a directory for the test's database");
    let database_url = format!("sqlite:{}", dir.join("store.db").display());
    let store = Store::open_inline(&database_url, master_key()).expect("a new SQLite database");
    TestStore { store, name: "sqlite", database_url, rest: Rest::Directory(dir) }
}

/// PostgreSQL, if it can be had.
///
/// # Panics
/// When it is there and does not work, or is not there under `REQUIRE_ALL=1`.
pub fn postgres() -> Option<TestStore> {
    new_database(postgres_url())
}

/// PostgreSQL, if it can be had, that syncs its commits to disk: for benches, whose figures would be worth nothing
/// without.
///
/// # Panics
/// Like [`postgres`].
pub fn durable_postgres() -> Option<TestStore> {
    static URL: OnceLock<Option<String>> = OnceLock::new();
    let url =
        || std::env::var("TEST_POSTGRES_URL").ok().or_else(|| cluster::start(cluster::Durability::Synced));
    new_database(URL.get_or_init(url).clone())
}

fn new_database(admin_url: Option<String>) -> Option<TestStore> {
    let Some(admin_url) = admin_url else {
        assert!(std::env::var_os("REQUIRE_ALL").is_none_or(|v| v != "1"), "REQUIRE_ALL=1, and no PostgreSQL");
        println_once("skipped: no PostgreSQL");
        return None;
    };
    let name = format!("test_{}", Uuid::new_v4().simple());
    let created = off_runtime(|| administer(&admin_url, &format!("CREATE DATABASE {name}")));
    created.unwrap_or_else(|e| panic!("creating a database for the test: {e:?}"));
    let mut url = url::Url::parse(&admin_url).expect("TEST_POSTGRES_URL is a URL");
    url.set_path(&name);
    let database_url = url.to_string();
    let store = Store::open(&database_url, master_key()).unwrap_or_else(|e| panic!("opening it: {e:?}"));
    Some(TestStore { store, name: "postgres", database_url, rest: Rest::Database { admin_url, name } })
}

/// Runs any statements on a connection, past the functions of this crate: to tamper with rows, to look at tables.
pub fn execute(conn: &mut Conn, sql: &str) -> Result<(), Error> {
    crate::conn::on!(conn, c => c.batch_execute(sql))
}

/// How many rows each table that names an account holds of this one.
pub fn rows_of(conn: &mut Conn, account: AccountId) -> Result<BTreeMap<String, i64>, Error> {
    #[derive(diesel::QueryableByName)]
    struct Table {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        rows: i64,
    }
    let tables: Vec<Table> = match &mut *conn.pooled {
        Raw::Sqlite(c) => diesel::sql_query(
            "SELECT m.name AS name FROM sqlite_master m JOIN pragma_table_info(m.name) p \
             WHERE m.type = 'table' AND p.name = 'account_id'",
        )
        .load(&mut **c)?,
        Raw::Postgres(c) => diesel::sql_query(
            "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.columns \
             WHERE column_name = 'account_id' AND table_schema = current_schema()",
        )
        .load(&mut ***c)?,
    };
    let mut found = BTreeMap::new();
    for Table { name } in tables {
        let count = format!("SELECT COUNT(*) AS rows FROM {name} WHERE account_id = '{account}'");
        let counted: Count = crate::conn::on!(conn, c => diesel::sql_query(&count).get_result(c))?;
        found.insert(name, counted.rows);
    }
    Ok(found)
}

/// The one text column, named `line`, of any query: to look at tables past the functions of this crate.
pub fn lines(conn: &mut Conn, sql: &str) -> Result<Vec<String>, Error> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        line: String,
    }
    let rows: Vec<Row> = crate::conn::on!(conn, c => diesel::sql_query(sql).load(c))?;
    Ok(rows.into_iter().map(|row| row.line).collect())
}

/// How SQLite would run a query, one step a line.
pub fn explain(conn: &mut Conn, sql: &str) -> Result<String, Error> {
    use diesel::RunQueryDsl as _;

    #[derive(diesel::QueryableByName)]
    struct Step {
        #[diesel(sql_type = diesel::sql_types::Text)]
        detail: String,
    }
    let explain = format!("EXPLAIN QUERY PLAN {sql}");
    let steps: Vec<Step> = crate::conn::on!(conn, c => diesel::sql_query(&explain).load(c))?;
    Ok(steps.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("\n"))
}

/// One server for all tests of the process.
fn postgres_url() -> Option<String> {
    static URL: OnceLock<Option<String>> = OnceLock::new();
    URL.get_or_init(|| {
        std::env::var("TEST_POSTGRES_URL").ok().or_else(|| cluster::start(cluster::Durability::None))
    })
    .clone()
}

fn administer(url: &str, sql: &str) -> Result<(), Error> {
    match Manager::parse(url, Options::default().query_time)?.connect()?.raw {
        Raw::Postgres(mut conn) => Ok(conn.batch_execute(sql)?),
        Raw::Sqlite(_) => {
            Err(Error::DatabaseUrl { reason: "TEST_POSTGRES_URL is not PostgreSQL".to_owned() })
        }
    }
}

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn println_once(text: &str) {
    static SAID: OnceLock<()> = OnceLock::new();
    SAID.get_or_init(|| println!("{text}"));
}
