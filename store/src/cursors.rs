//! Where a pull stopped. A cursor is put in the same transaction as the rows it covers (reliability I25), so that a
//! crash repeats a page and never skips one.

use diesel::prelude::*;
use jiff::Timestamp;
use serde_json::Value;

use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::cursors;
use crate::value::{self, micros};
use crate::{Conn, Error};

/// The cursor, if one was put.
pub fn get(conn: &mut Conn, account: AccountId, data_type: &str, name: &str) -> Result<Option<Value>, Error> {
    let account = account.to_string();
    let text: Option<String> = on!(conn, c => {
        cursors::table.find((&account, data_type, name)).select(cursors::value).first(c).optional()
    })?;
    text.map(|text| value::json(&text, "cursors.value")).transpose()
}

/// Puts it; replaces the one before.
pub fn put(
    conn: &mut Conn,
    account: AccountId,
    data_type: &str,
    name: &str,
    value: &Value,
    now: Timestamp,
) -> Result<(), Error> {
    let change = (cursors::value.eq(value.to_string()), cursors::updated_at.eq(micros(now)));
    let row = (
        cursors::account_id.eq(account.to_string()),
        cursors::data_type.eq(data_type),
        cursors::name.eq(name),
        change.clone(),
    );
    on!(conn, c => {
        diesel::insert_into(cursors::table)
            .values(row)
            .on_conflict((cursors::account_id, cursors::data_type, cursors::name))
            .do_update()
            .set(change)
            .execute(c)
    })?;
    Ok(())
}

/// Forgets it; whether there was one.
pub fn delete(conn: &mut Conn, account: AccountId, data_type: &str, name: &str) -> Result<bool, Error> {
    let account = account.to_string();
    Ok(on!(conn, c => diesel::delete(cursors::table.find((&account, data_type, name))).execute(c))? > 0)
}
