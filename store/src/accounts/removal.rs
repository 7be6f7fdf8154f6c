//! Deleting an account with everything that belongs to it, a batch at a time, so that a history of years does not hold the
//! database for minutes. Not here: whether it should be (a person says so), and the audit chain, which stays.

use diesel::prelude::*;

use crate::conn::on;
use crate::credentials::Kind;
use crate::ids::AccountId;
use crate::schema::{
    accounts, approvers, attempts, bent_habits, brake_counts, brake_holds, brakes, catalogue_groups, chains,
    credentials, cursors, dismissed_proposals, drift, drift_watches, employee_forms, event_counts,
    event_listeners, event_subscriptions, events, granted_roles, group_members, import_options, imports,
    kept_months, kept_sums, line_heads, lines, link_extensions, links, oauth_tokens, operation_details,
    operation_extensions, operations, reconcile_seen, recorders, recordings, reports, request_log, resources,
    rule_revisions, runs, tokens, touched_reports, users, webhook_messages, webhooks,
};
use crate::{Conn, Error};

/// Rows of one kind in one transaction.
const BATCH: i64 = 500;

/// Forgets what the account's company is spoken to with, and every bearer token that opens the account: nothing comes in or
/// goes out for it any more.
pub fn disarm(conn: &mut Conn, account: AccountId) -> Result<(), Error> {
    forget_credentials(conn, account)?;
    let key = account.to_string();
    on!(conn, c => diesel::delete(tokens::table.filter(tokens::account_id.eq(&key))).execute(c))?;
    Ok(())
}

/// Forgets client id, secret and tokens of Concur; whether there were any. The login of a user-level connection stays: it
/// says for whom the account speaks, and only that user may connect it again.
pub fn forget_credentials(conn: &mut Conn, account: AccountId) -> Result<bool, Error> {
    let key = account.to_string();
    let tokens = on!(conn, c => diesel::delete(oauth_tokens::table.find(&key)).execute(c))?;
    let credentials = on!(conn, c => {
        let secret = credentials::account_id.eq(&key).and(credentials::kind.ne(Kind::Username.as_str()));
        diesel::delete(credentials::table.filter(secret)).execute(c)
    })?;
    Ok(tokens + credentials > 0)
}

/// Deletes up to a batch of what belongs to the account; `true` once the account itself is gone. Call it, each time in a
/// transaction of its own, until then. It can be stopped anywhere and begun again.
pub fn delete_batch(conn: &mut Conn, account: AccountId) -> Result<bool, Error> {
    let key = account.to_string();
    let key = key.as_str();
    if lines_gone(conn, key)? && operations_gone(conn, key)? && resources_gone(conn, key)? {
        rest(conn, key)?;
        return Ok(true);
    }
    Ok(false)
}

/// Texts, sources and matches of a line go with it.
fn lines_gone(conn: &mut Conn, account: &str) -> Result<bool, Error> {
    let ids: Vec<i64> = on!(conn, c => {
        lines::table.filter(lines::account_id.eq(account)).select(lines::line_no).limit(BATCH).load(c)
    })?;
    on!(conn, c => diesel::delete(lines::table.filter(lines::line_no.eq_any(&ids))).execute(c))?;
    Ok(ids.is_empty())
}

fn operations_gone(conn: &mut Conn, account: &str) -> Result<bool, Error> {
    let ids: Vec<i64> = on!(conn, c => {
        operations::table.filter(operations::account_id.eq(account)).select(operations::op_id).limit(BATCH).load(c)
    })?;
    on!(conn, c => {
        diesel::delete(operation_extensions::table.filter(operation_extensions::op_id.eq_any(&ids))).execute(c)
    })?;
    on!(conn, c => diesel::delete(brake_holds::table.filter(brake_holds::op_id.eq_any(&ids))).execute(c))?;
    on!(conn, c => diesel::delete(attempts::table.filter(attempts::op_id.eq_any(&ids))).execute(c))?;
    on!(conn, c => {
        diesel::delete(operation_details::table.filter(operation_details::op_id.eq_any(&ids))).execute(c)
    })?;
    on!(conn, c => diesel::delete(operations::table.filter(operations::op_id.eq_any(&ids))).execute(c))?;
    Ok(ids.is_empty())
}

fn resources_gone(conn: &mut Conn, account: &str) -> Result<bool, Error> {
    let ids: Vec<String> = on!(conn, c => {
        resources::table
            .filter(resources::account_id.eq(account))
            .select(resources::resource_id)
            .limit(BATCH)
            .load(c)
    })?;
    macro_rules! delete {
        ($table:ident, $column:ident) => {
            on!(conn, c => diesel::delete($table::table.filter($table::$column.eq_any(&ids))).execute(c))?
        };
    }
    delete!(brake_counts, resource_id);
    on!(conn, c => diesel::delete(drift::table.filter(drift::account_id.eq(account))).execute(c))?;
    delete!(chains, resource_id);
    delete!(chains, chain_id);
    delete!(drift_watches, chain_id);
    delete!(granted_roles, resource_id);
    delete!(group_members, group_id);
    delete!(group_members, member_id);
    delete!(catalogue_groups, resource_id);
    delete!(link_extensions, resource_id);
    delete!(links, resource_id);
    delete!(resources, resource_id);
    Ok(ids.is_empty())
}

/// What is small, and the account.
fn rest(conn: &mut Conn, account: &str) -> Result<(), Error> {
    macro_rules! delete {
        ($($table:ident),+) => {
            $(on!(conn, c => diesel::delete($table::table.filter($table::account_id.eq(account))).execute(c))?;)+
        };
    }
    delete!(request_log, bent_habits, recorders, recordings);
    delete!(rule_revisions, dismissed_proposals, line_heads, kept_sums, kept_months);
    delete!(event_listeners, event_subscriptions, events, event_counts, touched_reports);
    delete!(webhook_messages, webhooks);
    delete!(
        approvers,
        brakes,
        employee_forms,
        reconcile_seen,
        import_options,
        imports,
        reports,
        users,
        runs,
        cursors,
        accounts
    );
    Ok(())
}
