//! Chores of an account that one process does at a time, over all replicas and the command line: whoever holds the lease.
//! One that dies leaves it to end by itself.

use diesel::prelude::*;
use jiff::Timestamp;

use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::account_leases;
use crate::value::micros;
use crate::{Conn, Error};

/// Takes the lease on a chore, or renews one's own; false while another owner holds it beyond `now`.
pub fn take(
    conn: &mut Conn,
    account: AccountId,
    chore: &str,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let key = account.to_string();
    let row = (
        account_leases::account_id.eq(&key),
        account_leases::chore.eq(chore),
        account_leases::owner.eq(owner),
        account_leases::until.eq(micros(until)),
    );
    // The row is there after the first statement; the second one decides, in one step.
    let inserted = on!(conn, c => {
        diesel::insert_into(account_leases::table).values(row).on_conflict_do_nothing().execute(c)
    })?;
    if inserted == 1 {
        return Ok(true);
    }
    let free = account_leases::until.le(micros(now)).or(account_leases::owner.eq(owner));
    let taken = on!(conn, c => {
        diesel::update(account_leases::table.find((&key, chore)).filter(free))
            .set((account_leases::owner.eq(owner), account_leases::until.eq(micros(until))))
            .execute(c)
    })?;
    Ok(taken == 1)
}

/// Gives the lease back, if `owner` still holds it.
pub fn give_back(conn: &mut Conn, account: AccountId, chore: &str, owner: &str) -> Result<(), Error> {
    let key = account.to_string();
    let held = account_leases::owner.eq(owner);
    on!(conn, c => diesel::delete(account_leases::table.find((&key, chore)).filter(held)).execute(c))?;
    Ok(())
}
