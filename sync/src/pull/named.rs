//! One report by its id, for whoever has heard or suspects something about it.
//!
//! Concur wants the owner's login beside the id (`ALL` is not allowed), and answers 404 both for a report that is gone and for
//! one that is not this owner's. So a 404 is believed where the owner's login of now is known; else a person who was given another
//! login, which somebody else may have by now, would lose their reports here.
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
    /// The logins to ask under, the likeliest first.
    pub(super) logins: Vec<String>,
    /// Whether the owner's login of now is among them, as far as is known.
    pub(super) standing: Standing,
}

/// Whether a login of now is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The owner, or at least a user of Concur, has it.
    Current,
    /// It is not, or it is somebody else's by now.
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

/// Who owns a report: by the owner's id if that was told or is known, else as the report said when it was last read. `None` for a
/// report that was never read, of somebody who is not known yet.
pub(super) fn owner(
    conn: &mut Conn,
    account: AccountId,
    report_id: &str,
    owner_id: Option<&str>,
) -> Result<Option<Owner>, store::Error> {
    let known = reports::get(conn, account, v3::SOURCE, report_id)?;
    let id = owner_id.or(known.as_ref().and_then(|known| known.owner_id.as_deref()));
    let user = id.map(|id| users::get(conn, account, id)).transpose()?.flatten();
    let user = user.filter(|user| user.removed_at.is_none());
    let standing = match (&user, &known) {
        (Some(_), _) => Standing::Current,
        (None, None) => return Ok(None),
        // A login that its owner has lost may be somebody else's.
        (None, Some(known)) if known.owner_id.is_some() => Standing::Outdated,
        (None, Some(known)) if users::has_login(conn, account, &known.owner_login)? => Standing::Current,
        (None, Some(_)) if users::count(conn, account)? == 0 => Standing::Unknown,
        (None, Some(_)) => Standing::Outdated,
    };
    let mut logins: Vec<String> = user.into_iter().map(|user| user.user_name).collect();
    // Asked under the login of then too: the users may have been read just before somebody's login changed.
    let then = known.map(|known| known.owner_login);
    logins.extend(
        then.filter(|then| !logins.iter().any(|login| login.eq_ignore_ascii_case(then)))
            .into_iter()
            .collect::<Vec<_>>(),
    );
    Ok(Some(Owner { logins, standing }))
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
    let mut is_unsure = owner.logins.is_empty();
    for login in &owner.logins {
        match retry::read(|| expenses.report(&id, Some(login))).await {
            Ok(Some(header)) => {
                return Ok(Found::There(Box::new(report::read(company, header, first_day).await?)));
            }
            Ok(None) => {}
            Err(error) if retry::is_unreadable(&error) => {
                return Ok(Found::Unreadable(gap(format!("report {report_id}"), &error)));
            }
            // A login that nobody has is answered 400: one of then proves nothing, one of now should be there.
            Err(concur::Error::Rejected(_)) => is_unsure |= owner.logins.first() == Some(login),
            Err(source) => return Err(Error::Concur { what: "a report", source }),
        }
    }
    Ok(match owner.standing {
        _ if is_unsure => Found::Unsure,
        Standing::Current => Found::Gone,
        Standing::Unknown if told_gone => Found::Gone,
        Standing::Unknown | Standing::Outdated => Found::Unsure,
    })
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
