//! What was bent for which identity provider: how many requests needed it, since when, and when last.

use diesel::prelude::*;
use jiff::Timestamp;

use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::bent_habits;
use crate::value::{self, micros};
use crate::{Conn, Error};

/// One habit of one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bent {
    /// The provider, as it was recognised.
    pub provider: String,
    /// The habit's name.
    pub habit: String,
    /// Requests that needed it.
    pub requests: u64,
    /// The first of them.
    pub first_at: Timestamp,
    /// The last of them.
    pub last_at: Timestamp,
}

/// Adds requests to those counted before.
pub fn add(conn: &mut Conn, account: AccountId, bent: &Bent) -> Result<(), Error> {
    let requests = i64::try_from(bent.requests).unwrap_or(i64::MAX);
    let row = (
        bent_habits::account_id.eq(account.to_string()),
        bent_habits::provider.eq(&bent.provider),
        bent_habits::habit.eq(&bent.habit),
        bent_habits::requests.eq(requests),
        bent_habits::first_at.eq(micros(bent.first_at)),
        bent_habits::last_at.eq(micros(bent.last_at)),
    );
    let change = (
        bent_habits::requests.eq(bent_habits::requests + requests),
        bent_habits::last_at.eq(micros(bent.last_at)),
    );
    on!(conn, c => {
        diesel::insert_into(bent_habits::table)
            .values(row)
            .on_conflict((bent_habits::account_id, bent_habits::provider, bent_habits::habit))
            .do_update()
            .set(change)
            .execute(c)
    })?;
    Ok(())
}

/// What was counted for an account, by provider and habit.
pub fn list(conn: &mut Conn, account: AccountId) -> Result<Vec<Bent>, Error> {
    let key = account.to_string();
    let rows: Vec<(String, String, i64, i64, i64)> = on!(conn, c => {
        bent_habits::table
            .filter(bent_habits::account_id.eq(&key))
            .order((bent_habits::provider, bent_habits::habit))
            .select((
                bent_habits::provider,
                bent_habits::habit,
                bent_habits::requests,
                bent_habits::first_at,
                bent_habits::last_at,
            ))
            .load(c)
    })?;
    let bent = rows.into_iter().map(|(provider, habit, requests, first_at, last_at)| {
        Ok(Bent {
            provider,
            habit,
            requests: value::count(requests),
            first_at: value::time(first_at, "bent_habits.first_at")?,
            last_at: value::time(last_at, "bent_habits.last_at")?,
        })
    });
    bent.collect()
}
