//! A customer's rules by revision: their text as it was set, by whom and when. The last revision of an account holds; none is
//! ever changed or taken out, so that every decision can name the rules that made it. What rules mean is `matcher`'s
//! business. And which proposed ones a person does not want to be shown again.

use std::collections::HashSet;

use diesel::prelude::*;
use jiff::Timestamp;

use crate::conn::on;
use crate::ids::AccountId;
use crate::lines;
use crate::schema::{dismissed_proposals, rule_revisions};
use crate::value::{self, micros};
use crate::{Conn, Error};

/// A revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its number, from 1.
    pub revision: i64,
    /// The rules as text.
    pub rules: String,
    /// Who set them.
    pub actor: String,
    /// Why, in the words of whoever set them.
    pub note: String,
    /// When.
    pub set_at: Timestamp,
    /// Lines whose decision changed by it.
    pub lines_changed: u64,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = rule_revisions)]
struct Row {
    account_id: String,
    revision: i64,
    rules: String,
    actor: String,
    note: String,
    set_at: i64,
    lines_changed: i64,
}

impl TryFrom<Row> for Revision {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Revision {
            revision: row.revision,
            rules: row.rules,
            actor: row.actor,
            note: row.note,
            set_at: value::time(row.set_at, "rule_revisions.set_at")?,
            lines_changed: value::count(row.lines_changed),
        })
    }
}

/// Adds a revision, which holds from now on. The decisions about stored lines are changed by the caller, in the same
/// transaction.
pub fn add(conn: &mut Conn, account: AccountId, new: &Revision) -> Result<(), Error> {
    let row = Row {
        account_id: account.to_string(),
        revision: new.revision,
        rules: new.rules.clone(),
        actor: new.actor.clone(),
        note: new.note.clone(),
        set_at: micros(new.set_at),
        lines_changed: i64::try_from(new.lines_changed).unwrap_or(i64::MAX),
    };
    on!(conn, c => diesel::insert_into(rule_revisions::table).values(&row).execute(c))?;
    lines::set_rules_revision(conn, account, new.revision)
}

/// One revision; [`Error::NotFound`] if the account has none of this number.
pub fn get(conn: &mut Conn, account: AccountId, revision: i64) -> Result<Revision, Error> {
    let account = account.to_string();
    let row: Option<Row> = on!(conn, c => {
        rule_revisions::table.find((&account, revision)).select(Row::as_select()).first(c).optional()
    })?;
    row.ok_or(Error::NotFound { what: "revision of the rules" })?.try_into()
}

/// The revision that holds; `None` while the account has no rules.
pub fn current(conn: &mut Conn, account: AccountId) -> Result<Option<Revision>, Error> {
    match lines::head(conn, account)?.rules_revision {
        0 => Ok(None),
        revision => get(conn, account, revision).map(Some),
    }
}

/// The latest revisions, the last one first.
pub fn list(conn: &mut Conn, account: AccountId, limit: usize) -> Result<Vec<Revision>, Error> {
    let account = account.to_string();
    let rows: Vec<Row> = on!(conn, c => {
        rule_revisions::table
            .filter(rule_revisions::account_id.eq(&account))
            .order(rule_revisions::revision.desc())
            .limit(value::limit(limit))
            .select(Row::as_select())
            .load(c)
    })?;
    rows.into_iter().map(Revision::try_from).collect()
}

/// A rule that was proposed is not to be shown again; nothing happens when that was said before.
pub fn dismiss(
    conn: &mut Conn,
    account: AccountId,
    proposal: &str,
    actor: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let row = (
        dismissed_proposals::account_id.eq(account.to_string()),
        dismissed_proposals::proposal.eq(proposal),
        dismissed_proposals::actor.eq(actor),
        dismissed_proposals::dismissed_at.eq(micros(now)),
    );
    on!(conn, c => diesel::insert_into(dismissed_proposals::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// The proposed rules that are not to be shown again.
pub fn dismissed(conn: &mut Conn, account: AccountId) -> Result<HashSet<String>, Error> {
    let of_account = dismissed_proposals::account_id.eq(account.to_string());
    let found: Vec<String> = on!(conn, c => {
        dismissed_proposals::table.filter(of_account).select(dismissed_proposals::proposal).load(c)
    })?;
    Ok(found.into_iter().collect())
}
