//! A year of expense reports, newest first, and afterwards what has changed.
//!
//! The first sync covers one year before the *first* connection, window by window, newest window first; a reconnect
//! does not move it. Each page of reports is read with its entries and itemizations, and stored together with the
//! position that points behind it. Later syncs read what was modified since the last complete one, with a look-back,
//! because Concur's zones and boundaries are not stated (Reports v3).
//!
//! What cannot be read is kept aside as a gap, and the run then ends "complete with gaps", never "complete". Its window is
//! read again by the next pass; or by the run that takes this pass up, for a run that was killed has told nobody.

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use store::{Conn, accounts, cursors, events, ids::AccountId, lines, reports};

use super::{
    gap,
    position::Position,
    report::{self, ReadReport},
    retry, row_gap,
};
use crate::{Company, Error, Progress, Snapshot, ingest::v3, window};

pub(super) const DATA_TYPE: &str = "reports";
const CURSOR: &str = "position";

/// Events are remembered for so long.
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// An event may take so long without being missed.
const UNDER_WAY: SignedDuration = SignedDuration::from_mins(10);

/// Reads whatever is due: the rest of the first year, or what has changed since.
///
/// # Errors
/// Concur cannot be read, or the store refuses. What was stored stays, and the next call goes on after it.
pub async fn expenses(
    company: &Company,
    progress: &dyn Progress,
    snapshot: &mut Snapshot,
) -> Result<(), Error> {
    let mut pass = Pass::begin(company).await?;
    while pass.next_page(company, progress, snapshot).await? != Read::Everything {}
    Ok(())
}

/// How far a page has brought a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// There is more of the window at hand.
    Page,
    /// A window is complete, or was given up with a gap.
    Window,
    /// Nothing was left, and the pass is closed.
    Everything,
}

/// One reading of whatever is due, page by page, so that others can work between two pages.
#[derive(Debug)]
pub struct Pass {
    first_day: Date,
    position: Position,
    is_resumed: bool,
}

impl Pass {
    /// Goes on where the last pass stopped, or begins with what is due now.
    ///
    /// # Errors
    /// The account was never connected, or the store refuses.
    pub async fn begin(company: &Company) -> Result<Self, Error> {
        let account = company.account;
        let (connected, stored) = company
            .store
            .read(move |conn| {
                let connected = accounts::get(conn, account)?.first_connected_at;
                Ok((connected, cursors::get(conn, account, DATA_TYPE, CURSOR)?))
            })
            .await?;
        let first_day = window::first_day(connected.ok_or(Error::NeverConnected)?);
        let stored: Option<Position> = stored
            .map(serde_json::from_value)
            .transpose()
            .map_err(|error| Error::Cursor { name: CURSOR, reason: error.to_string() })?;
        let is_resumed = stored.as_ref().is_some_and(|position| !position.windows.is_empty());
        let position = Position::next_pass(stored, first_day, today(company));
        Ok(Pass { first_day, position, is_resumed })
    }

    /// Whether it goes on with a pass that began in an earlier run.
    pub fn is_resumed(&self) -> bool {
        self.is_resumed
    }

    /// Reads and stores one page, or closes the pass when there is none left.
    ///
    /// # Errors
    /// As [`expenses`].
    pub async fn next_page(
        &mut self,
        company: &Company,
        progress: &dyn Progress,
        snapshot: &mut Snapshot,
    ) -> Result<Read, Error> {
        let Self { first_day, position, .. } = self;
        snapshot.windows_done = position.windows_done;
        let left = position.windows.len();
        if left == 0 {
            progress.update(snapshot);
            position.finish(today(company));
            store_page(company, Vec::new(), position, snapshot).await?;
            return Ok(Read::Everything);
        }
        snapshot.windows_total = position.windows_done + left;
        progress.update(snapshot);
        read_page(company, *first_day, position, snapshot).await?;
        Ok(if position.windows.len() < left { Read::Window } else { Read::Page })
    }
}

/// Reads the next page of the window at hand and stores it with the position behind it.
async fn read_page(
    company: &Company,
    first_day: Date,
    position: &mut Position,
    snapshot: &mut Snapshot,
) -> Result<(), Error> {
    let Some(window) = position.windows.first() else { return Ok(()) };
    let subject = format!("reports modified {} to {}", window.from, window.to);
    let list = company.client.expenses().reports(&window.query());
    let cursor = position.page.as_deref().map(concur::Cursor::from_stored);
    let page = match retry::read(|| list.page(cursor.as_ref())).await {
        Ok(page) => page,
        Err(error) if retry::is_unreadable(&error) => {
            snapshot.gaps.push(gap(subject, &error));
            position.has_gap = true;
            position.leave_window();
            return store_page(company, Vec::new(), position, snapshot).await;
        }
        Err(source) => return Err(Error::Concur { what: "reports", source }),
    };
    snapshot.pages += 1;
    snapshot.gaps.extend(page.unreadable.iter().map(|row| row_gap(&subject, row, &page.correlation_id)));
    if position.began.is_none() {
        let server = page.server_time.unwrap_or_else(|| company.now());
        position.began = Some(server.to_zoned_datetime(TimeZone::UTC).date());
    }
    let read: Vec<ReadReport> = stream::iter(page.items)
        .map(|report| report::read(company, report, first_day))
        .buffered(company.parallel_reports.max(1))
        .try_collect()
        .await?;
    position.has_gap |= !page.unreadable.is_empty() || read.iter().any(|report| !report.gaps.is_empty());
    match page.next {
        Some(next) => position.page = Some(next.as_str().to_owned()),
        None => position.leave_window(),
    }
    store_page(company, read, position, snapshot).await
}

/// Rows and position, in one transaction. Rows that are as they were count for nothing: windows overlap by a day.
async fn store_page(
    company: &Company,
    read: Vec<ReadReport>,
    position: &Position,
    snapshot: &mut Snapshot,
) -> Result<(), Error> {
    let (account, now) = (company.account, company.now());
    let cursor = serde_json::to_value(position)
        .map_err(|error| Error::Cursor { name: CURSOR, reason: error.to_string() })?;
    snapshot.lines_outside += read.iter().map(|report| report.outside).sum::<usize>();
    snapshot.gaps.extend(read.iter().flat_map(|report| report.gaps.iter().cloned()));
    let (untold, (reports, lines)) = company
        .store
        .write(move |conn| {
            let untold = untold(conn, account, &read, now)?;
            let written = write_reports(conn, account, &read, now)?;
            cursors::put(conn, account, DATA_TYPE, CURSOR, &cursor, now)?;
            Ok((untold, written))
        })
        .await?;
    snapshot.untold += untold;
    snapshot.reports += reports;
    snapshot.lines += lines;
    Ok(())
}

/// How many of these reports have changed since the account listens to events, without any that named them: what asking
/// has made good. Zero for an account that does not listen.
fn untold(
    conn: &mut Conn,
    account: AccountId,
    read: &[ReadReport],
    now: Timestamp,
) -> Result<usize, store::Error> {
    let Some(listener) = events::listener(conn, account)? else { return Ok(0) };
    let since = now.checked_sub(TOLD_FOR).unwrap_or(now);
    // What happened before is not missed, and what happens now may be on its way.
    let span = listener.subscribed_at..now.checked_sub(UNDER_WAY).unwrap_or(now);
    let headers = read.iter().map(|report| &report.header);
    let within = headers.filter(|header| header.last_modified.is_some_and(|at| span.contains(&at)));
    let within: Vec<_> = within.cloned().collect();
    let mut untold = 0;
    for id in reports::different(conn, account, &within)? {
        untold += usize::from(!events::was_told(conn, &id, since)?);
    }
    Ok(untold)
}

/// Headers, lines, and the end of lines that a complete reading of their report no longer shows. How many reports and
/// lines are new or changed.
pub(super) fn write_reports(
    conn: &mut Conn,
    account: AccountId,
    read: &[ReadReport],
    now: Timestamp,
) -> Result<(usize, usize), store::Error> {
    let headers: Vec<_> = read.iter().map(|report| report.header.clone()).collect();
    let reports = reports::upsert(conn, account, &headers, now)?;
    let all: Vec<_> = read.iter().flat_map(|report| report.lines.iter().cloned()).collect();
    let lines = lines::upsert(conn, account, &all, now)?;
    for report in read.iter().filter(|report| report.gaps.is_empty()) {
        let present: Vec<&str> = report.lines.iter().map(|line| line.source_key.as_str()).collect();
        lines::mark_missing(conn, account, v3::SOURCE, &report.header.report_id, &present, now)?;
    }
    Ok((reports, lines.inserted + lines.changed))
}

fn today(company: &Company) -> Date {
    company.now().to_zoned_datetime(TimeZone::UTC).date()
}
