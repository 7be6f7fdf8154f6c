//! A year of expense reports, newest first, and afterwards what has changed.
//!
//! The first sync covers one year before the *first* connection, window by window, newest window first; a reconnect does not
//! move it. Each page of reports is read with its entries and itemizations, and stored together with the cursor that
//! points behind it. Later syncs read what was modified since the last complete one, with a look-back, because
//! Concur's zones and boundaries are not stated (Reports v3).
//!
//! What cannot be read is kept aside as a gap, and the run then ends "complete with gaps", never "complete".

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use store::{Conn, accounts, cursors, ids::AccountId, lines, reports};

use crate::{
    Company, Error, Progress, Snapshot, ingest::v3, progress::Gap, pull::retry, window, window::Window,
};

const DATA_TYPE: &str = "reports";
const CURSOR: &str = "position";
/// Days read again before the watermark: at least one whole day is needed, since zone and boundary are not stated.
const LOOK_BACK_DAYS: i32 = 2;

/// How far the reports of an account have been read. Stored with every page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    /// Windows still to be read, the one at hand first.
    windows: Vec<Window>,
    /// Where the page after the last stored one begins, in the first of `windows`.
    page: Option<String>,
    /// Windows of this pass that are completely stored.
    windows_done: usize,
    /// When this pass began, by Concur's clock where it tells: the next pass starts here.
    began: Option<Date>,
    /// Where the pass before this one began; `None` until the first year is complete.
    watermark: Option<Date>,
}

/// Reads whatever is due: the rest of the first year, or what has changed since.
///
/// # Errors
/// Concur cannot be read, or the store refuses. What was stored stays, and the next call goes on after it.
pub async fn expenses(
    company: &Company,
    progress: &dyn Progress,
    snapshot: &mut Snapshot,
) -> Result<(), Error> {
    let account = company.account;
    let (connected, stored) = company
        .store
        .read(move |conn| {
            let connected = accounts::get(conn, account)?.first_connected_at;
            Ok((connected, cursors::get(conn, account, DATA_TYPE, CURSOR)?))
        })
        .await?;
    let first_day = window::first_day(connected.ok_or(Error::NeverConnected)?);
    let today = company.now().to_zoned_datetime(TimeZone::UTC).date();
    let stored: Option<Position> = stored
        .map(serde_json::from_value)
        .transpose()
        .map_err(|error| Error::Cursor { name: CURSOR, reason: error.to_string() })?;
    let mut position = next_pass(stored, first_day, today);

    while let Some(window) = position.windows.first().copied() {
        snapshot.windows_done = position.windows_done;
        snapshot.windows_total = position.windows_done + position.windows.len();
        progress.update(snapshot);
        read_window(company, window, first_day, &mut position, progress, snapshot).await?;
    }
    snapshot.windows_done = position.windows_done;
    progress.update(snapshot);
    finish_pass(company, position).await
}

/// Goes on with an unfinished pass, or plans a new one. Pure.
fn next_pass(stored: Option<Position>, first_day: Date, today: Date) -> Position {
    match stored {
        Some(position) if !position.windows.is_empty() => position,
        Some(Position { watermark: Some(watermark), .. }) => {
            let from = watermark.checked_sub(LOOK_BACK_DAYS.days()).unwrap_or(Date::MIN).max(first_day);
            plan(from, today, Some(watermark))
        }
        _ => plan(first_day, today, None),
    }
}

fn plan(from: Date, to: Date, watermark: Option<Date>) -> Position {
    Position { windows: window::newest_first(from, to), page: None, windows_done: 0, began: None, watermark }
}

/// Reads the window at hand to its end and takes it off the position.
async fn read_window(
    company: &Company,
    window: Window,
    first_day: Date,
    position: &mut Position,
    progress: &dyn Progress,
    snapshot: &mut Snapshot,
) -> Result<(), Error> {
    let list = company.client.expenses().reports(&window.query());
    loop {
        let cursor = position.page.as_deref().map(concur::Cursor::from_stored);
        let page = match retry::read(|| list.page(cursor.as_ref())).await {
            Ok(page) => page,
            Err(error) if retry::is_unreadable(&error) => {
                let what = format!("reports modified {} to {}", window.from, window.to);
                snapshot.gaps.push(gap(what, &error));
                position.leave_window();
                return store_position(company, position).await;
            }
            Err(source) => return Err(Error::Concur { what: "reports", source }),
        };
        if position.began.is_none() {
            let server = page.server_time.unwrap_or_else(|| company.now());
            position.began = Some(server.to_zoned_datetime(TimeZone::UTC).date());
        }
        let read: Vec<ReadReport> = stream::iter(page.items)
            .map(|report| read_report(company, report, first_day))
            .buffered(company.parallel_reports.max(1))
            .try_collect()
            .await?;
        let last = page.next.is_none();
        match page.next {
            Some(next) => position.page = Some(next.as_str().to_owned()),
            None => position.leave_window(),
        }
        store_page(company, read, position, snapshot).await?;
        progress.update(snapshot);
        if last {
            return Ok(());
        }
    }
}

impl Position {
    fn leave_window(&mut self) {
        self.windows.remove(0);
        self.windows_done += 1;
        self.page = None;
    }
}

/// A report as it will be stored. `lines` is `None` when its entries could not be read.
struct ReadReport {
    report: reports::NewReport,
    lines: Option<Vec<lines::NewLine>>,
    outside: usize,
    gap: Option<Gap>,
}

/// One report's entries and itemizations. Expenses older than the year are left out here.
async fn read_report(
    company: &Company,
    report: concur::model::Report,
    first_day: Date,
) -> Result<ReadReport, Error> {
    let header = v3::report(&report);
    let (lines, gap) = match read_lines(company, &report).await {
        Ok(lines) => (Some(lines), None),
        Err(error) if retry::is_unreadable(&error) => {
            (None, Some(gap(format!("entries of report {}", report.id), &error)))
        }
        Err(source) => return Err(Error::Concur { what: "entries", source }),
    };
    let read = lines.as_ref().map_or(0, Vec::len);
    let lines: Option<Vec<_>> =
        lines.map(|lines| lines.into_iter().filter(|line| line.transaction_date >= first_day).collect());
    let outside = read - lines.as_ref().map_or(0, Vec::len);
    Ok(ReadReport { report: header, lines, outside, gap })
}

async fn read_lines(
    company: &Company,
    report: &concur::model::Report,
) -> Result<Vec<lines::NewLine>, concur::Error> {
    let expenses = company.client.expenses();
    let entries = all_pages(&expenses.entries(&report.id)).await?;
    let itemized = entries.iter().any(|entry| entry.has_itemizations == Some(true));
    let itemizations = if itemized {
        all_pages(&expenses.itemizations(&concur::api::ItemizationsOf::Report(report.id.clone()))).await?
    } else {
        Vec::new()
    };
    Ok(entries.iter().flat_map(|entry| v3::lines(report, entry, &itemizations)).collect())
}

async fn all_pages<T: Send + 'static>(list: &concur::Pages<T>) -> Result<Vec<T>, concur::Error> {
    let mut rows = Vec::new();
    let mut cursor = None;
    loop {
        let page = retry::read(|| list.page(cursor.as_ref())).await?;
        rows.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(rows);
        }
    }
}

/// Rows and position, in one transaction.
async fn store_page(
    company: &Company,
    read: Vec<ReadReport>,
    position: &Position,
    snapshot: &mut Snapshot,
) -> Result<(), Error> {
    let (account, now) = (company.account, company.now());
    let cursor = serde_json::to_value(position)
        .map_err(|error| Error::Cursor { name: CURSOR, reason: error.to_string() })?;
    let counts = read.iter().fold((0, 0), |(lines, outside), report| {
        (lines + report.lines.as_ref().map_or(0, Vec::len), outside + report.outside)
    });
    let gaps: Vec<Gap> = read.iter().filter_map(|report| report.gap.clone()).collect();
    let reports_read = read.len();
    company
        .store
        .write(move |conn| {
            write_reports(conn, account, &read, now)?;
            cursors::put(conn, account, DATA_TYPE, CURSOR, &cursor, now)
        })
        .await?;
    snapshot.pages += 1;
    snapshot.reports += reports_read;
    snapshot.lines += counts.0;
    snapshot.lines_outside += counts.1;
    snapshot.gaps.extend(gaps);
    Ok(())
}

/// Headers, lines, and the end of lines that a complete reading of their report no longer shows.
fn write_reports(
    conn: &mut Conn,
    account: AccountId,
    read: &[ReadReport],
    now: jiff::Timestamp,
) -> Result<(), store::Error> {
    let headers: Vec<_> = read.iter().map(|read| read.report.clone()).collect();
    reports::upsert(conn, account, &headers, now)?;
    let all: Vec<_> = read.iter().flat_map(|read| read.lines.iter().flatten()).cloned().collect();
    lines::upsert(conn, account, &all, now)?;
    for read in read {
        if let Some(present) = &read.lines {
            let keys: Vec<&str> = present.iter().map(|line| line.source_key.as_str()).collect();
            lines::mark_missing(conn, account, v3::SOURCE, &read.report.report_id, &keys, now)?;
        }
    }
    Ok(())
}

async fn store_position(company: &Company, position: &Position) -> Result<(), Error> {
    let (account, now) = (company.account, company.now());
    let cursor = serde_json::to_value(position)
        .map_err(|error| Error::Cursor { name: CURSOR, reason: error.to_string() })?;
    company.store.write(move |conn| cursors::put(conn, account, DATA_TYPE, CURSOR, &cursor, now)).await?;
    Ok(())
}

/// The pass is complete: the next one begins where this one did.
async fn finish_pass(company: &Company, mut position: Position) -> Result<(), Error> {
    let today = company.now().to_zoned_datetime(TimeZone::UTC).date();
    position.watermark = Some(position.began.take().unwrap_or(today));
    position.windows_done = 0;
    store_position(company, &position).await
}

fn gap(what: String, error: &concur::Error) -> Gap {
    tracing::warn!(correlation_id = error.correlation_id(), "a part of Concur's answer cannot be read");
    Gap { what, reason: error.to_string(), correlation_id: error.correlation_id().map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const FIRST: Date = date(2025, 11, 23);
    const TODAY: Date = date(2026, 11, 23);

    #[test]
    fn the_first_pass_covers_the_year() {
        let position = next_pass(None, FIRST, TODAY);
        assert_eq!(position.windows.first().unwrap().to, TODAY);
        assert_eq!(position.windows.last().unwrap().from, FIRST);
        assert_eq!(position.watermark, None);
    }

    #[test]
    fn an_unfinished_pass_goes_on_where_it_stopped() {
        let mut position = next_pass(None, FIRST, TODAY);
        position.leave_window();
        position.page = Some("after page 3".to_owned());
        let resumed = next_pass(Some(position.clone()), FIRST, TODAY.tomorrow().unwrap());
        assert_eq!(resumed, position);
    }

    #[test]
    fn a_later_pass_reads_from_the_watermark_less_the_look_back() {
        let done =
            Position { windows: vec![], watermark: Some(date(2026, 11, 20)), ..plan(FIRST, FIRST, None) };
        let position = next_pass(Some(done), FIRST, TODAY);
        assert_eq!(position.windows, [Window { from: date(2026, 11, 18), to: TODAY }]);
        assert_eq!(position.watermark, Some(date(2026, 11, 20)));
    }

    #[test]
    fn a_later_pass_never_reaches_back_before_the_year() {
        let done = Position { windows: vec![], watermark: Some(FIRST), ..plan(FIRST, FIRST, None) };
        assert_eq!(next_pass(Some(done), FIRST, FIRST).windows, [Window { from: FIRST, to: FIRST }]);
    }
}
