//! What somebody said about a file, kept by its headings for the next file that has the same ones.

use diesel::prelude::*;
use diesel::upsert::excluded;
use jiff::Timestamp;
use serde_json::Value;

use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::import_options;
use crate::value::{self, hash_parts, micros};
use crate::{Conn, Error};

/// What was said about the last file with some headings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// In the words of `sync`.
    pub options: Value,
    /// The file's name.
    pub file: String,
    /// When it was imported.
    pub at: Timestamp,
}

/// What was said about a file with these headings, if anything was.
pub fn remembered(
    conn: &mut Conn,
    account: AccountId,
    headings: &[String],
) -> Result<Option<Remembered>, Error> {
    let (account, headings) = (account.to_string(), key(headings));
    let row: Option<(String, String, i64)> = on!(conn, c => {
        import_options::table
            .find((&account, &headings))
            .select((import_options::options, import_options::file, import_options::said_at))
            .first(c)
            .optional()
    })?;
    row.map(|(options, file, said_at)| {
        Ok(Remembered {
            options: value::json(&options, "import_options.options")?,
            file,
            at: value::time(said_at, "import_options.said_at")?,
        })
    })
    .transpose()
}

/// Keeps it in place of what was said before.
pub fn remember(
    conn: &mut Conn,
    account: AccountId,
    headings: &[String],
    said: &Remembered,
) -> Result<(), Error> {
    let row = (
        import_options::account_id.eq(account.to_string()),
        import_options::headings.eq(key(headings)),
        import_options::options.eq(said.options.to_string()),
        import_options::file.eq(&said.file),
        import_options::said_at.eq(micros(said.at)),
    );
    on!(conn, c => {
        diesel::insert_into(import_options::table)
            .values(row)
            .on_conflict((import_options::account_id, import_options::headings))
            .do_update()
            .set((
                import_options::options.eq(excluded(import_options::options)),
                import_options::file.eq(excluded(import_options::file)),
                import_options::said_at.eq(excluded(import_options::said_at)),
            ))
            .execute(c)
    })?;
    Ok(())
}

/// Forgets it.
pub fn forget(conn: &mut Conn, account: AccountId, headings: &[String]) -> Result<(), Error> {
    let (account, headings) = (account.to_string(), key(headings));
    on!(conn, c => diesel::delete(import_options::table.find((&account, &headings))).execute(c))?;
    Ok(())
}

/// There may be hundreds: a hash of all.
fn key(headings: &[String]) -> String {
    hash_parts(headings.iter().map(String::as_bytes)).to_hex().to_string()
}
