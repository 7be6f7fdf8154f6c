//! Who approves for whom in Concur, as it was last delivered. Concur does not say whose approver has left; this does.

use diesel::prelude::*;
use diesel::upsert::excluded;
use jiff::Timestamp;

use crate::conn::on;
use crate::ids::{AccountId, ResourceId};
use crate::schema::{approvers, resources};
use crate::value::micros;
use crate::{Conn, Error};

/// Notes whose expenses are approved by a Concur user now.
pub fn put(
    conn: &mut Conn,
    account: AccountId,
    user: ResourceId,
    approver: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let row = (
        approvers::resource_id.eq(user.to_string()),
        approvers::account_id.eq(account.to_string()),
        approvers::approver.eq(approver),
        approvers::updated_at.eq(micros(now)),
    );
    let change = (
        approvers::approver.eq(excluded(approvers::approver)),
        approvers::updated_at.eq(excluded(approvers::updated_at)),
    );
    on!(conn, c => {
        diesel::insert_into(approvers::table)
            .values(row)
            .on_conflict(approvers::resource_id)
            .do_update()
            .set(change)
            .execute(c)
    })?;
    Ok(())
}

/// The user names of the active users for whom a Concur user approves, in their order, at most `limit`, and how many there are.
pub fn approved_by(
    conn: &mut Conn,
    account: AccountId,
    approver: &str,
    limit: usize,
) -> Result<(Vec<String>, u64), Error> {
    let theirs = || {
        approvers::table.inner_join(resources::table).filter(
            approvers::account_id
                .eq(account.to_string())
                .and(approvers::approver.eq(approver.to_owned()))
                .and(resources::active.eq(true))
                .and(resources::deleted_at.is_null()),
        )
    };
    let names: Vec<Option<String>> = on!(conn, c => {
        theirs()
            .order(resources::user_name_folded)
            .limit(crate::value::limit(limit))
            .select(resources::user_name_folded)
            .load(c)
    })?;
    let count: i64 = on!(conn, c => theirs().count().get_result(c))?;
    Ok((names.into_iter().flatten().collect(), u64::try_from(count).unwrap_or_default()))
}
