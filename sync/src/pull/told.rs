//! Reports that an event of Concur's has named, read again at once (`store::events`).
//!
//! What is stored and that it was read commit together, and a report that was named again meanwhile stays to be read. A report that
//! cannot be asked for by name, because nobody knows whose it is, is left to the next pass over the list.

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp, civil::Date};
use store::Conn;
use store::events::{self, Touched};
use store::ids::AccountId;

use super::history;
use super::named::{self, Found, Owner};
use super::pages::write_reports;
use crate::{Company, Error, Snapshot};

/// Reports of one transaction.
const BATCH: usize = 50;
/// When to try again what could not be settled.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// How often that is tried; then the passes over the list are left to find it.
const TRIES: u32 = 3;

/// What came of the reports that were named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Read again.
    pub read: usize,
    /// Gone, and removed here.
    pub removed: usize,
    /// Left to the next pass over the list.
    pub left: usize,
}

impl Told {
    /// Whether nothing was due.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Reads what is due; figures and gaps go into the snapshot.
///
/// # Errors
/// Concur cannot be read, or the store refuses. What was stored stays, the rest stays due.
pub async fn told(company: &Company, snapshot: &mut Snapshot) -> Result<Told, Error> {
    let mut told = Told::default();
    loop {
        let (account, now) = (company.account, company.now());
        let due = company.store.read(move |conn| due(conn, account, now)).await?;
        let Some((first_day, due)) = due else { return Ok(told) };
        let read: Vec<(Touched, Option<Found>)> = stream::iter(due)
            .map(async |(touched, owner)| {
                let found = match &owner {
                    Some(owner) => {
                        let asked =
                            named::read(company, &touched.report_id, owner, touched.deleted, first_day);
                        Some(asked.await?)
                    }
                    None => None,
                };
                Ok::<_, Error>((touched, found))
            })
            .buffered(company.parallel_reports.max(1))
            .try_collect()
            .await?;
        let written = company.store.write(move |conn| write(conn, account, read, now)).await?;
        told.read += written.read;
        told.removed += written.removed;
        told.left += written.left;
        snapshot.told += written.read;
        snapshot.removed += written.removed;
        snapshot.reports += written.reports;
        snapshot.lines += written.lines;
        snapshot.gaps.extend(written.gaps);
    }
}

type Due = Vec<(Touched, Option<Owner>)>;

/// What is to be read now, with its owners, and the first day of what is kept; `None`: nothing.
fn due(conn: &mut Conn, account: AccountId, now: Timestamp) -> Result<Option<(Date, Due)>, store::Error> {
    let touched = events::due(conn, account, now, BATCH)?;
    let first_day = history::first_day(conn, account)?;
    let (Some(first_day), false) = (first_day, touched.is_empty()) else { return Ok(None) };
    let mut due = Vec::new();
    for touched in touched {
        let owner = named::owner(conn, account, &touched.report_id, touched.owner_id.as_deref())?;
        due.push((touched, owner));
    }
    Ok(Some((first_day, due)))
}

#[derive(Default)]
struct Written {
    read: usize,
    removed: usize,
    left: usize,
    reports: usize,
    lines: usize,
    gaps: Vec<crate::progress::Gap>,
}

fn write(
    conn: &mut Conn,
    account: AccountId,
    read: Vec<(Touched, Option<Found>)>,
    now: Timestamp,
) -> Result<Written, store::Error> {
    let mut written = Written::default();
    for (touched, found) in read {
        let outcome = match found {
            Some(Found::There(report)) => {
                written.gaps.extend(report.gaps.iter().cloned());
                let (reports, lines) = write_reports(conn, account, &[*report], now)?;
                written.reports += reports;
                written.lines += lines;
                written.read += 1;
                "report_read"
            }
            Some(Found::Gone) => {
                written.removed += usize::from(named::remove(conn, account, &touched.report_id, now)?);
                "report_gone"
            }
            Some(Found::Unreadable(gap)) => {
                written.gaps.push(gap);
                "report_unreadable"
            }
            // A login that has changed is learned with the next reading of the users.
            Some(Found::Unsure) if touched.tries < TRIES => {
                events::put_off(conn, &touched, now.checked_add(AGAIN_AFTER).unwrap_or(now))?;
                continue;
            }
            Some(Found::Unsure) => "report_unsure",
            None => {
                written.left += 1;
                "report_left_to_pass"
            }
        };
        events::settled(conn, &touched)?;
        events::count(conn, account, outcome, now)?;
    }
    Ok(written)
}
