//! One page of a list of reports, with the entries and itemizations of each, read and stored together with the position
//! behind it.

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;
use store::{Conn, cursors, events, ids::AccountId, lines, reports, users};

use super::{
    gap,
    position::Position,
    report::{self, ReadReport},
    retry, row_gap,
};
use crate::{Company, Error, Snapshot, ingest::v3};

pub(super) const DATA_TYPE: &str = "reports";

/// Events are remembered for so long.
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// An event may take so long without being missed.
const UNDER_WAY: SignedDuration = SignedDuration::from_mins(10);

/// Reads the next page of the window at hand; the position points behind it then.
pub(super) async fn read(
    company: &Company,
    first_day: Date,
    position: &mut Position,
    snapshot: &mut Snapshot,
) -> Result<Vec<ReadReport>, Error> {
    let Some(window) = position.windows.first() else { return Ok(Vec::new()) };
    let subject = format!("reports modified {} to {}", window.from, window.to);
    let list = company.client.expenses().reports(&window.query());
    let cursor = position.page.as_deref().map(concur::Cursor::from_stored);
    let page = match retry::read(|| list.page(cursor.as_ref())).await {
        Ok(page) => page,
        Err(error) if retry::is_unreadable(&error) => {
            snapshot.gaps.push(gap(subject, &error));
            position.has_gap = true;
            position.leave_window();
            return Ok(Vec::new());
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
    Ok(read)
}

/// Rows and position, in one transaction. Rows that are as they were count for nothing: windows overlap by a day.
pub(super) async fn store<P: Serialize>(
    company: &Company,
    read: Vec<ReadReport>,
    (name, position): (String, &P),
    snapshot: &mut Snapshot,
) -> Result<(), Error> {
    let (account, now) = (company.account, company.now());
    let cursor = serde_json::to_value(position)
        .map_err(|error| Error::Cursor { name: name.clone(), reason: error.to_string() })?;
    snapshot.lines_outside += read.iter().map(|report| report.outside).sum::<usize>();
    snapshot.gaps.extend(read.iter().flat_map(|report| report.gaps.iter().cloned()));
    let (untold, (reports, lines)) = company
        .store
        .write(move |conn| {
            let untold = untold(conn, account, &read, now)?;
            let written = write_reports(conn, account, &read, now)?;
            cursors::put(conn, account, DATA_TYPE, &name, &cursor, now)?;
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
    let mut within: Vec<_> = within.cloned().collect();
    name_owners(conn, account, &mut within)?;
    let mut untold = 0;
    for id in reports::different(conn, account, &within)? {
        untold += usize::from(!events::was_told(conn, &id, since)?);
    }
    Ok(untold)
}

/// Says whose the reports are by Concur's id, as far as the users are known.
fn name_owners(
    conn: &mut Conn,
    account: AccountId,
    headers: &mut [reports::NewReport],
) -> Result<(), store::Error> {
    let mut logins: Vec<String> = headers.iter().map(|header| header.owner_login.clone()).collect();
    logins.sort_unstable();
    logins.dedup();
    let ids = users::ids_by_login(conn, account, &logins)?;
    for header in headers {
        header.owner_id = ids.get(&header.owner_login.to_lowercase()).cloned();
    }
    Ok(())
}

/// Headers, lines, and the end of lines that a complete reading of their report no longer shows. How many reports and
/// lines are new or changed.
pub(super) fn write_reports(
    conn: &mut Conn,
    account: AccountId,
    read: &[ReadReport],
    now: Timestamp,
) -> Result<(usize, usize), store::Error> {
    let mut headers: Vec<_> = read.iter().map(|report| report.header.clone()).collect();
    name_owners(conn, account, &mut headers)?;
    let reports = reports::upsert(conn, account, &headers, now)?;
    let all: Vec<_> = read.iter().flat_map(|report| report.lines.iter().cloned()).collect();
    let lines = lines::upsert(conn, account, &all, now)?;
    for report in read.iter().filter(|report| report.gaps.is_empty()) {
        let present: Vec<&str> = report.lines.iter().map(|line| line.source_key.as_str()).collect();
        lines::mark_missing(conn, account, v3::SOURCE, &report.header.report_id, &present, now)?;
    }
    Ok((reports, lines.inserted + lines.changed))
}
