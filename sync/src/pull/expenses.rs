//! A year of expense reports, newest first, and afterwards what has changed.
//!
//! The first sync covers one year before the *first* connection, window by window, newest window first; a reconnect
//! does not move it. Each page of reports is read with its entries and itemizations, and stored together with the
//! position that points behind it. Later syncs read what was modified since the last complete one, with a look-back,
//! because Concur's zones and boundaries are not stated (Reports v3).
//!
//! What cannot be read is kept aside as a gap, and the run then ends "complete with gaps", never "complete".

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use store::{Conn, accounts, cursors, ids::AccountId, lines, reports};

use super::{
    gap,
    position::Position,
    report::{self, ReadReport},
    retry, row_gap,
};
use crate::{Company, Error, Progress, Snapshot, ingest::v3, window};

const DATA_TYPE: &str = "reports";
const CURSOR: &str = "position";

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
        let position = Position::next_pass(stored, first_day, today(company));
        Ok(Pass { first_day, position })
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
        let Self { first_day, position } = self;
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
    let (reports, lines) = company
        .store
        .write(move |conn| {
            let written = write_reports(conn, account, &read, now)?;
            cursors::put(conn, account, DATA_TYPE, CURSOR, &cursor, now)?;
            Ok(written)
        })
        .await?;
    snapshot.reports += reports;
    snapshot.lines += lines;
    Ok(())
}

/// Headers, lines, and the end of lines that a complete reading of their report no longer shows. How many reports and
/// lines are new or changed.
fn write_reports(
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
