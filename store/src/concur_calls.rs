//! How often each endpoint of Concur answered an account with success, over all processes: what scopes are really used
//! is counted from it. Endpoints are names that `concur` gives; nothing of an address or a person is kept.

use diesel::prelude::*;
use jiff::Timestamp;

use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::concur_calls;
use crate::value::{self, micros};
use crate::{Conn, Error};

/// The calls of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    /// Stable name of the endpoint, such as `identity.get`.
    pub endpoint: String,
    /// Answers with success.
    pub succeeded: u64,
    /// The last of them.
    pub last_at: Timestamp,
}

/// Adds calls to those counted before.
pub fn add(conn: &mut Conn, account: AccountId, calls: &Calls) -> Result<(), Error> {
    let succeeded = i64::try_from(calls.succeeded).unwrap_or(i64::MAX);
    let row = (
        concur_calls::account_id.eq(account.to_string()),
        concur_calls::endpoint.eq(&calls.endpoint),
        concur_calls::succeeded.eq(succeeded),
        concur_calls::last_at.eq(micros(calls.last_at)),
    );
    let change = (
        concur_calls::succeeded.eq(concur_calls::succeeded + succeeded),
        concur_calls::last_at.eq(micros(calls.last_at)),
    );
    on!(conn, c => {
        diesel::insert_into(concur_calls::table)
            .values(row)
            .on_conflict((concur_calls::account_id, concur_calls::endpoint))
            .do_update()
            .set(change)
            .execute(c)
    })?;
    Ok(())
}

/// What was counted for an account, by endpoint.
pub fn list(conn: &mut Conn, account: AccountId) -> Result<Vec<Calls>, Error> {
    let key = account.to_string();
    let rows: Vec<(String, i64, i64)> = on!(conn, c => {
        concur_calls::table
            .filter(concur_calls::account_id.eq(&key))
            .order(concur_calls::endpoint)
            .select((concur_calls::endpoint, concur_calls::succeeded, concur_calls::last_at))
            .load(c)
    })?;
    let calls = rows.into_iter().map(|(endpoint, succeeded, last_at)| {
        let last_at = value::time(last_at, "concur_calls.last_at")?;
        Ok(Calls { endpoint, succeeded: u64::try_from(succeeded).unwrap_or_default(), last_at })
    });
    calls.collect()
}
