//! Which installation a database belongs to, and how far it has come, so that a copy, or a backup that was put back, is seen
//! before anything is sent from it (reliability I30). While it is held, nothing is claimed for delivery.
//!
//! Not here: what is compared with it, and what a person confirms (`scim-bridge/src/installation.rs`).

use diesel::prelude::*;
use jiff::Timestamp;
use uuid::Uuid;

use crate::conn::{Raw, on};
use crate::schema::installation;
use crate::value::{self, micros};
use crate::{Conn, Error};

/// The installation of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// Made anew whenever a person confirms.
    pub id: Uuid,
    /// Rises every minute while a process serves.
    pub generation: i64,
    /// Where the database was, see [`place`].
    pub place: String,
    /// When the generation last rose. In a backup: no later than this it was taken, but for a minute.
    pub seen_at: Timestamp,
    /// Why nothing is delivered, until a person confirms.
    pub held: Option<Hold>,
}

/// Why nothing is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Since when.
    pub at: Timestamp,
    /// What was seen.
    pub reason: String,
}

type Row = (String, i64, String, i64, Option<i64>, Option<String>);

/// The installation, once a process has served from this database.
pub fn get(conn: &mut Conn) -> Result<Option<Installation>, Error> {
    let row: Option<Row> = on!(conn, c => {
        installation::table
            .select((
                installation::installation_id,
                installation::generation,
                installation::place,
                installation::seen_at,
                installation::held_at,
                installation::held_reason,
            ))
            .first(c)
            .optional()
    })?;
    let found = row.map(|(id, generation, place, seen_at, held_at, reason)| {
        let held_at = value::time_opt(held_at, "installation.held_at")?;
        Ok(Installation {
            id: value::parse(&id, "installation.installation_id")?,
            generation,
            place,
            seen_at: value::time(seen_at, "installation.seen_at")?,
            held: held_at.map(|at| Hold { at, reason: reason.unwrap_or_default() }),
        })
    });
    found.transpose()
}

/// Whether nothing is to be delivered from this database.
pub fn is_held(conn: &mut Conn) -> Result<bool, Error> {
    let held = installation::table.filter(installation::held_at.is_not_null());
    on!(conn, c => diesel::select(diesel::dsl::exists(held)).get_result(c))
}

/// The first process serves from this database.
pub fn begin(conn: &mut Conn, generation: i64, place: &str, now: Timestamp) -> Result<(), Error> {
    let row = (
        installation::one.eq(1),
        installation::installation_id.eq(Uuid::new_v4().to_string()),
        installation::generation.eq(generation),
        installation::place.eq(place),
        installation::seen_at.eq(micros(now)),
    );
    on!(conn, c => diesel::insert_into(installation::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// It goes on: the generation rises. Not while it is held: when it was last seen is then what a person needs to know.
pub fn advance(conn: &mut Conn, now: Timestamp) -> Result<(), Error> {
    let change =
        (installation::generation.eq(installation::generation + 1), installation::seen_at.eq(micros(now)));
    on!(conn, c => {
        diesel::update(installation::table.filter(installation::held_at.is_null())).set(change).execute(c)
    })?;
    Ok(())
}

/// Nothing is delivered any more until a person confirms. A hold that stands stays as it is.
pub fn hold(conn: &mut Conn, reason: &str, now: Timestamp) -> Result<(), Error> {
    let change = (installation::held_at.eq(micros(now)), installation::held_reason.eq(reason));
    on!(conn, c => {
        diesel::update(installation::table.filter(installation::held_at.is_null())).set(change).execute(c)
    })?;
    Ok(())
}

/// A person says that this database, where it is now, is the one to deliver from. Its generation goes past `seen`.
pub fn confirm(conn: &mut Conn, seen: i64, now: Timestamp) -> Result<(), Error> {
    let place = place(conn)?;
    let generation = get(conn)?.map_or(0, |it| it.generation).max(seen) + 1;
    let change = (
        installation::installation_id.eq(Uuid::new_v4().to_string()),
        installation::generation.eq(generation),
        installation::place.eq(place),
        installation::seen_at.eq(micros(now)),
        installation::held_at.eq(None::<i64>),
        installation::held_reason.eq(None::<String>),
    );
    on!(conn, c => diesel::update(installation::table).set(change).execute(c))?;
    Ok(())
}

/// Where the database is: a copy of it is elsewhere. The file's inode; on PostgreSQL the cluster and the database in it.
pub fn place(conn: &mut Conn) -> Result<String, Error> {
    #[derive(diesel::QueryableByName)]
    struct Place {
        #[diesel(sql_type = diesel::sql_types::Text)]
        place: String,
    }
    match &mut *conn.pooled {
        Raw::Sqlite(c) => {
            let file: Place =
                diesel::sql_query("SELECT file AS place FROM pragma_database_list WHERE name = 'main'")
                    .get_result(&mut **c)?;
            Ok(inode(&file.place))
        }
        Raw::Postgres(c) => {
            let database = "SELECT oid::text AS place FROM pg_database WHERE datname = current_database()";
            let database: Place = diesel::sql_query(database).get_result(&mut ***c)?;
            // Where a provider keeps the cluster's identity to itself, the database's number must do.
            let may_ask = "SELECT has_function_privilege('pg_control_system()', 'EXECUTE')::text AS place";
            let may_ask: Place = diesel::sql_query(may_ask).get_result(&mut ***c)?;
            if may_ask.place != "true" {
                return Ok(database.place);
            }
            let cluster = "SELECT system_identifier::text AS place FROM pg_control_system()";
            let cluster: Place = diesel::sql_query(cluster).get_result(&mut ***c)?;
            Ok(format!("{}/{}", cluster.place, database.place))
        }
    }
}

#[cfg(unix)]
fn inode(file: &str) -> String {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(file).map_or_else(|_| file.to_owned(), |file| format!("inode {}", file.ino()))
}

#[cfg(not(unix))]
fn inode(file: &str) -> String {
    file.to_owned()
}
