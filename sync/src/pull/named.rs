//! One report by its id, for whoever has heard or suspects something about it.
//!
//! Concur wants the owner's login beside the id (`ALL` is not allowed), and answers 404 both for a report that is gone and for
//! one that is not this owner's. So a 404 is believed where the login is known to be one that Concur has now; else a person who was
//! given another login would lose their reports here.
//! Source: Concur page *Reports v3*, "Get a single report".

use jiff::{Timestamp, civil::Date};
use store::{Conn, ids::AccountId, reports, users};

use super::{
    gap,
    report::{self, ReadReport},
    retry,
};
use crate::{Company, Error, ingest::v3, progress::Gap};

/// What is known of a report's owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    /// The login.
    pub(super) login: String,
    /// Whether it is one that Concur has now, as far as is known.
    pub(super) standing: Standing,
}

/// Whether a login is one of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A user of Concur has it.
    Current,
    /// Nobody has it any more.
    Outdated,
    /// No users are known, as with a connection at user level.
    Unknown,
}

/// What came of asking for a report.
pub(super) enum Found {
    /// It is there.
    There(Box<ReadReport>),
    /// Concur does not have it.
    Gone,
    /// Concur does not have it under this login, which proves nothing.
    Unsure,
    /// It is there and cannot be read.
    Unreadable(Gap),
}

/// Who owns a report: by the owner's id if that was told, else as the report said when it was last read. `None` for a
/// report that was never read, of somebody who is not known yet.
pub(super) fn owner(
    conn: &mut Conn,
    account: AccountId,
    report_id: &str,
    owner_id: Option<&str>,
) -> Result<Option<Owner>, store::Error> {
    let told = owner_id.map(|id| users::get(conn, account, id)).transpose()?.flatten();
    if let Some(user) = told.filter(|user| user.removed_at.is_none()) {
        return Ok(Some(Owner { login: user.user_name, standing: Standing::Current }));
    }
    let Some(known) = reports::get(conn, account, v3::SOURCE, report_id)? else { return Ok(None) };
    let standing = if users::has_login(conn, account, &known.owner_login)? {
        Standing::Current
    } else if users::count(conn, account)? == 0 {
        Standing::Unknown
    } else {
        Standing::Outdated
    };
    Ok(Some(Owner { login: known.owner_login, standing }))
}

/// Asks for the report. `told_gone`: somebody says that it is gone, which is enough where no users are known.
///
/// # Errors
/// Concur cannot be read at all.
pub(super) async fn read(
    company: &Company,
    report_id: &str,
    owner: &Owner,
    told_gone: bool,
    first_day: Date,
) -> Result<Found, Error> {
    let (expenses, id) = (company.client.expenses(), concur::ReportId::from(report_id));
    let header = match retry::read(|| expenses.report(&id, Some(&owner.login))).await {
        Ok(header) => header,
        Err(error) if retry::is_unreadable(&error) => {
            return Ok(Found::Unreadable(gap(format!("report {report_id}"), &error)));
        }
        // A login that nobody has is answered 400.
        Err(concur::Error::Rejected(_)) => return Ok(Found::Unsure),
        Err(source) => return Err(Error::Concur { what: "a report", source }),
    };
    match header {
        Some(header) => Ok(Found::There(Box::new(report::read(company, header, first_day).await?))),
        None => Ok(match owner.standing {
            Standing::Current => Found::Gone,
            Standing::Unknown if told_gone => Found::Gone,
            Standing::Unknown | Standing::Outdated => Found::Unsure,
        }),
    }
}

/// Writes that a report is gone, with its lines; false if that was known.
pub(super) fn remove(
    conn: &mut Conn,
    account: AccountId,
    report_id: &str,
    now: Timestamp,
) -> Result<bool, store::Error> {
    reports::mark_removed(conn, account, v3::SOURCE, report_id, now)
}
