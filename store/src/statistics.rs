//! Fresh statistics for PostgreSQL's planner.
//!
//! Without them it takes a table for as small as it was when it last looked, and reads it from end to end for one row: a
//! hundred times slower after a large import. Autovacuum sees to that within minutes, where it is switched on; a plan that
//! a connection has kept since the table was empty waits for it too. So tables that have more than doubled are looked
//! at by ourselves. Each doubling costs one look of some milliseconds; between them nothing is done.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use crate::conn::Raw;
use crate::{Conn, Error};

/// One replica looks at a time: the first letters of "scim-ana".
const LOCK: i64 = 0x7363_696d_2d61_6e61;
/// Rows from which on it matters how a table is read.
const ROWS_MIN: i64 = 500;

/// Tables whose rows have more than doubled since statistics were made; `reltuples` is -1 before the first time.
const GROWN: &str = "SELECT quote_ident(s.relname) AS name FROM pg_stat_user_tables s \
     JOIN pg_class c ON c.oid = s.relid \
     WHERE s.schemaname = current_schema() AND s.n_live_tup > $1 + 2 * GREATEST(c.reltuples, 0) ORDER BY s.relname";

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Makes statistics of the tables that have outgrown theirs, in a transaction; their names. On SQLite there is nothing to
/// do: its plans do not depend on how large a table is.
pub(crate) fn refresh(conn: &mut Conn) -> Result<Vec<String>, Error> {
    let Raw::Postgres(c) = &mut *conn.pooled else { return Ok(Vec::new()) };
    let locked: Locked = diesel::sql_query("SELECT pg_try_advisory_xact_lock($1) AS locked")
        .bind::<BigInt, _>(LOCK)
        .get_result(&mut ***c)?;
    if !locked.locked {
        return Ok(Vec::new());
    }
    let grown: Vec<Table> = diesel::sql_query(GROWN).bind::<BigInt, _>(ROWS_MIN).load(&mut ***c)?;
    let names: Vec<String> = grown.into_iter().map(|table| table.name).collect();
    if !names.is_empty() {
        // Names are quoted by the server; a look takes longer than a query may where disks are slow.
        c.batch_execute(&format!("SET LOCAL statement_timeout = '60s'; ANALYZE {}", names.join(", ")))?;
    }
    Ok(names)
}
