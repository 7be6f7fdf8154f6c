//! Concur users as last read from Concur: what is, beside `resources`, what should be. Upserts on Concur's id
//! (reliability I25); a row that says the same as before is left alone.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::upsert::excluded;
use jiff::Timestamp;
use serde_json::Value;

use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::users;
use crate::value::{self, hash_parts, micros};
use crate::{Conn, Error};

diesel::define_sql_function! {
    /// Of both databases.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// Rows per statement, well under SQLite's 32,766 bound values.
const CHUNK: usize = 500;

/// A Concur user as last read.
#[derive(Clone, Debug, PartialEq)]
pub struct ConcurUser {
    /// Whose.
    pub account: AccountId,
    /// Concur's id (UUID).
    pub concur_user_id: String,
    /// Login, unique over all of Concur.
    pub user_name: String,
    /// The identity provider's id, if Concur keeps one.
    pub external_id: Option<String>,
    /// Unique within the company.
    pub employee_number: Option<String>,
    /// Name to show.
    pub display_name: Option<String>,
    /// Whether the user may log in.
    pub active: bool,
    /// As read.
    pub raw: Value,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Since when it is gone from Concur.
    pub removed_at: Option<Timestamp>,
}

/// A user as just read.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Concur's id.
    pub concur_user_id: String,
    /// Login.
    pub user_name: String,
    /// The identity provider's id.
    pub external_id: Option<String>,
    /// Employee number.
    pub employee_number: Option<String>,
    /// Name to show.
    pub display_name: Option<String>,
    /// Whether the user may log in.
    pub active: bool,
    /// As read.
    pub raw: Value,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
struct Row {
    account_id: String,
    concur_user_id: String,
    user_name: String,
    external_id: Option<String>,
    employee_number: Option<String>,
    display_name: Option<String>,
    active: bool,
    raw: String,
    content_hash: String,
    updated_at: i64,
    removed_at: Option<i64>,
}

impl Row {
    fn new(account: AccountId, user: &NewUser, now: Timestamp) -> Self {
        let raw = user.raw.to_string();
        let optional =
            |text: &Option<String>| text.as_ref().map(|text| format!("={text}")).unwrap_or_default();
        let hash = hash_parts([
            user.user_name.as_bytes(),
            optional(&user.external_id).as_bytes(),
            optional(&user.employee_number).as_bytes(),
            optional(&user.display_name).as_bytes(),
            &[u8::from(user.active)],
            raw.as_bytes(),
        ]);
        Row {
            account_id: account.to_string(),
            concur_user_id: user.concur_user_id.clone(),
            user_name: user.user_name.clone(),
            external_id: user.external_id.clone(),
            employee_number: user.employee_number.clone(),
            display_name: user.display_name.clone(),
            active: user.active,
            raw,
            content_hash: hash.to_hex().to_string(),
            updated_at: micros(now),
            removed_at: None,
        }
    }
}

impl TryFrom<Row> for ConcurUser {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(ConcurUser {
            account: value::parse(&row.account_id, "users.account_id")?,
            concur_user_id: row.concur_user_id,
            user_name: row.user_name,
            external_id: row.external_id,
            employee_number: row.employee_number,
            display_name: row.display_name,
            active: row.active,
            raw: value::json(&row.raw, "users.raw")?,
            updated_at: value::time(row.updated_at, "users.updated_at")?,
            removed_at: value::time_opt(row.removed_at, "users.removed_at")?,
        })
    }
}

/// Puts users as read; returns how many were new or different. Of two with the same id the last one counts.
pub fn upsert(
    conn: &mut Conn,
    account: AccountId,
    users: &[NewUser],
    now: Timestamp,
) -> Result<usize, Error> {
    let mut changed = 0;
    for chunk in users.chunks(CHUNK) {
        let mut rows: HashMap<String, Row> =
            chunk.iter().map(|user| (user.concur_user_id.clone(), Row::new(account, user, now))).collect();
        let ids: Vec<String> = rows.keys().cloned().collect();
        let stored: Vec<(String, String)> = on!(conn, c => {
            users::table
                .filter(users::account_id.eq(account.to_string()).and(users::concur_user_id.eq_any(&ids)))
                .filter(users::removed_at.is_null())
                .select((users::concur_user_id, users::content_hash))
                .load(c)
        })?;
        for (id, hash) in stored {
            if rows.get(&id).is_some_and(|row| row.content_hash == hash) {
                rows.remove(&id);
            }
        }
        let rows: Vec<Row> = rows.into_values().collect();
        changed += rows.len();
        if rows.is_empty() {
            continue;
        }
        on!(conn, c => {
            diesel::insert_into(users::table)
                .values(&rows)
                .on_conflict((users::account_id, users::concur_user_id))
                .do_update()
                .set((
                    users::user_name.eq(excluded(users::user_name)),
                    users::external_id.eq(excluded(users::external_id)),
                    users::employee_number.eq(excluded(users::employee_number)),
                    users::display_name.eq(excluded(users::display_name)),
                    users::active.eq(excluded(users::active)),
                    users::raw.eq(excluded(users::raw)),
                    users::content_hash.eq(excluded(users::content_hash)),
                    users::updated_at.eq(excluded(users::updated_at)),
                    users::removed_at.eq(excluded(users::removed_at)),
                ))
                .execute(c)
        })?;
    }
    Ok(changed)
}

/// One user.
pub fn get(conn: &mut Conn, account: AccountId, concur_user_id: &str) -> Result<Option<ConcurUser>, Error> {
    let account = account.to_string();
    let row: Option<Row> = on!(conn, c => {
        users::table.find((&account, concur_user_id)).select(Row::as_select()).first(c).optional()
    })?;
    row.map(ConcurUser::try_from).transpose()
}

/// Who has each of these logins now, whatever the case of its letters: Concur's id by the login in small letters.
pub fn ids_by_login(
    conn: &mut Conn,
    account: AccountId,
    logins: &[String],
) -> Result<HashMap<String, String>, Error> {
    let account = account.to_string();
    let mut ids = HashMap::new();
    for chunk in logins.chunks(CHUNK) {
        let folded: Vec<String> = chunk.iter().map(|login| login.to_lowercase()).collect();
        let found: Vec<(String, String)> = on!(conn, c => {
            users::table
                .filter(users::account_id.eq(&account).and(lower(users::user_name).eq_any(&folded)))
                .filter(users::removed_at.is_null())
                .select((users::user_name, users::concur_user_id))
                .load(c)
        })?;
        ids.extend(found.into_iter().map(|(login, id)| (login.to_lowercase(), id)));
    }
    Ok(ids)
}

/// Whether somebody has this login now, whatever the case of its letters.
pub fn has_login(conn: &mut Conn, account: AccountId, login: &str) -> Result<bool, Error> {
    let account = account.to_string();
    let has_it = lower(users::user_name).eq(lower(login)).and(users::removed_at.is_null());
    let found: Option<String> = on!(conn, c => {
        users::table
            .filter(users::account_id.eq(&account).and(has_it))
            .select(users::concur_user_id)
            .first(c)
            .optional()
    })?;
    Ok(found.is_some())
}

/// The next users by id; pass the last id to go on.
pub fn page(
    conn: &mut Conn,
    account: AccountId,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<ConcurUser>, Error> {
    let account = account.to_string();
    let rows: Vec<Row> = on!(conn, c => {
        users::table
            .filter(users::account_id.eq(&account).and(users::concur_user_id.gt(after.unwrap_or(""))))
            .filter(users::removed_at.is_null())
            .order(users::concur_user_id)
            .limit(value::limit(limit))
            .select(Row::as_select())
            .load(c)
    })?;
    rows.into_iter().map(ConcurUser::try_from).collect()
}

/// How many there are, the removed ones left out.
pub fn count(conn: &mut Conn, account: AccountId) -> Result<usize, Error> {
    let account = account.to_string();
    let count: i64 = on!(conn, c => {
        users::table
            .filter(users::account_id.eq(&account).and(users::removed_at.is_null()))
            .count()
            .get_result(c)
    })?;
    Ok(usize::try_from(count).unwrap_or(0))
}
