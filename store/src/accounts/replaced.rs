//! Accounts whose name another company has taken over. Nothing of them is lost: they go on under another name, paused, and
//! get their name back when the replacement is undone (feature A05).

use diesel::prelude::*;
use jiff::Timestamp;

use super::{Account, by_name, get, pause, set_name};
use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::{accounts, replaced_accounts};
use crate::value::{self, micros};
use crate::{Conn, Error};

/// An account that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The account that gave its name away.
    pub account: AccountId,
    /// The name.
    pub name: String,
    /// The account that has it since.
    pub replaced_by: AccountId,
    /// Since when.
    pub replaced_at: Timestamp,
    /// Since when it had been paused before, if it was.
    pub paused_at: Option<Timestamp>,
    /// Why.
    pub paused_reason: Option<String>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = replaced_accounts)]
struct Row {
    account_id: String,
    name: String,
    replaced_by: String,
    replaced_at: i64,
    paused_at: Option<i64>,
    paused_reason: Option<String>,
}

impl TryFrom<Row> for Replaced {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            account: value::parse(&row.account_id, "replaced_accounts.account_id")?,
            name: row.name,
            replaced_by: value::parse(&row.replaced_by, "replaced_accounts.replaced_by")?,
            replaced_at: value::time(row.replaced_at, "replaced_accounts.replaced_at")?,
            paused_at: value::time_opt(row.paused_at, "replaced_accounts.paused_at")?,
            paused_reason: row.paused_reason,
        })
    }
}

/// Takes the name from `old`, which is paused and called `old_name` from now on. The account that gets the name is
/// recorded by [`record`].
pub fn take_name(conn: &mut Conn, old: &Account, old_name: &str, now: Timestamp) -> Result<(), Error> {
    set_name(conn, old.id, old_name, now)?;
    pause(conn, old.id, &format!("another company has the name {:?} now", old.name), now)
}

/// Records that `new` has the name of `old`, as `old` was before [`take_name`].
pub fn record(conn: &mut Conn, old: &Account, new: AccountId, now: Timestamp) -> Result<(), Error> {
    let row = Row {
        account_id: old.id.to_string(),
        name: old.name.clone(),
        replaced_by: new.to_string(),
        replaced_at: micros(now),
        paused_at: old.paused_at.map(micros),
        paused_reason: old.paused_reason.clone(),
    };
    on!(conn, c => {
        diesel::insert_into(replaced_accounts::table)
            .values(&row)
            .on_conflict(replaced_accounts::account_id)
            .do_update()
            .set((
                replaced_accounts::name.eq(&row.name),
                replaced_accounts::replaced_by.eq(&row.replaced_by),
                replaced_accounts::replaced_at.eq(row.replaced_at),
                replaced_accounts::paused_at.eq(row.paused_at),
                replaced_accounts::paused_reason.eq(&row.paused_reason),
            ))
            .execute(c)
    })?;
    Ok(())
}

/// The last account that was replaced under this name, if it is still there.
pub fn latest(conn: &mut Conn, name: &str) -> Result<Option<Replaced>, Error> {
    let row: Option<Row> = on!(conn, c => {
        replaced_accounts::table
            .filter(replaced_accounts::name.eq(name))
            .order((replaced_accounts::replaced_at.desc(), replaced_accounts::account_id.desc()))
            .select(Row::as_select())
            .first(c)
            .optional()
    })?;
    row.map(Replaced::try_from).transpose()
}

/// Gives the name back. Whoever has it now is paused and called `other_name` from now on.
pub fn give_back(
    conn: &mut Conn,
    replaced: &Replaced,
    other_name: &str,
    now: Timestamp,
) -> Result<Account, Error> {
    if let Some(other) = by_name(conn, &replaced.name)? {
        take_name(conn, &other, other_name, now)?;
        record(conn, &other, replaced.account, now)?;
    }
    let key = replaced.account.to_string();
    on!(conn, c => {
        diesel::update(accounts::table.find(&key))
            .set((
                accounts::name.eq(&replaced.name),
                accounts::paused_at.eq(replaced.paused_at.map(micros)),
                accounts::paused_reason.eq(&replaced.paused_reason),
                accounts::updated_at.eq(micros(now)),
            ))
            .execute(c)
    })?;
    on!(conn, c => diesel::delete(replaced_accounts::table.find(&key)).execute(c))?;
    get(conn, replaced.account)
}
