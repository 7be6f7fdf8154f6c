//! Reports that may still change, read again one by one: the list of what was modified tells neither of changed entries nor
//! of reports that are gone. Once a day, and at once where events were lost.
//!
//! Rows and position commit together; an interrupted reading goes on where it stopped.
//! Source: Concur page *Reports v3* (`modifiedDateAfter` looks at the header; deleted reports are no longer listed).

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::ids::AccountId;
use store::{Conn, cursors, events, reports};

use super::history;
use super::named::{self, Found, Owner};
use super::pages::{self, write_reports};
use crate::{Company, Error, Progress, Snapshot, ingest::v3};

const CURSOR: &str = "open_reports";
/// Reports of one transaction.
const BATCH: usize = 50;
/// From the end of one reading to the next.
const EVERY: SignedDuration = SignedDuration::from_hours(24);

/// How far a reading is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    /// When the reading at hand began; `None` between two of them.
    began: Option<Timestamp>,
    /// The last report of it that is stored.
    after: Option<String>,
    /// When the last one came to its end.
    finished: Option<Timestamp>,
}

/// Reads the open reports again, if that is due. `passed_from`: when the pass over the list began that was completed just before,
/// if it began with this run; a gap in the events that was over by then is closed.
///
/// # Errors
/// Concur cannot be read, or the store refuses. What was stored stays.
pub async fn open_reports(
    company: &Company,
    passed_from: Option<Timestamp>,
    progress: &dyn Progress,
    snapshot: &mut Snapshot,
) -> Result<(), Error> {
    let account = company.account;
    let read = move |conn: &mut Conn| {
        let gap = events::listener(conn, account)?.and_then(|listener| listener.gap);
        Ok((
            cursors::get(conn, account, pages::DATA_TYPE, CURSOR)?,
            gap.is_some_and(|gap| gap.closed_at.is_none()),
            history::first_day(conn, account)?,
        ))
    };
    let (stored, has_gap, first_day) = company.store.read(read).await?;
    let first_day = first_day.ok_or(Error::NeverConnected)?;
    let stored: Option<Position> = stored
        .map(serde_json::from_value)
        .transpose()
        .map_err(|error| Error::Cursor { name: CURSOR.to_owned(), reason: error.to_string() })?;
    let now = company.now();
    let Some(mut position) = stored else {
        // All of them were read a moment ago, with the first pass.
        let position = Position { finished: Some(now), ..Position::default() };
        return store_batch(company, Vec::new(), &position, snapshot).await;
    };
    let waited = |at: Timestamp| now.duration_since(at) >= EVERY;
    if position.began.is_none() && !has_gap && !position.finished.is_none_or(waited) {
        return Ok(());
    }
    let began = *position.began.get_or_insert(now);
    loop {
        let after = position.after.clone();
        let batch = company.store.read(move |conn| batch(conn, account, after.as_deref())).await?;
        let Some((last, _)) = batch.last() else { break };
        let last = last.clone();
        let read: Vec<(String, Found)> = stream::iter(batch)
            .map(async |(id, owner)| {
                let found = named::read(company, &id, &owner, false, first_day).await?;
                Ok::<_, Error>((id, found))
            })
            .buffered(company.parallel_reports.max(1))
            .try_collect()
            .await?;
        position.after = Some(last);
        store_batch(company, read, &position, snapshot).await?;
        progress.update(snapshot);
    }
    let position = Position { finished: Some(company.now()), ..Position::default() };
    store_batch(company, Vec::new(), &position, snapshot).await?;
    if let Some(from) = passed_from {
        let (from, now) = (from.min(began), company.now());
        company.store.write(move |conn| events::close_gap(conn, account, from, now)).await?;
    }
    Ok(())
}

/// The next open reports, with their owners.
fn batch(
    conn: &mut Conn,
    account: AccountId,
    after: Option<&str>,
) -> Result<Vec<(String, Owner)>, store::Error> {
    let ids = reports::open_after(conn, account, v3::SOURCE, after, BATCH)?;
    let mut batch = Vec::new();
    for id in ids {
        if let Some(owner) = named::owner(conn, account, &id, None)? {
            batch.push((id, owner));
        }
    }
    Ok(batch)
}

/// Rows and position, in one transaction.
async fn store_batch(
    company: &Company,
    read: Vec<(String, Found)>,
    position: &Position,
    snapshot: &mut Snapshot,
) -> Result<(), Error> {
    let (account, now) = (company.account, company.now());
    let cursor = serde_json::to_value(position)
        .map_err(|error| Error::Cursor { name: CURSOR.to_owned(), reason: error.to_string() })?;
    let (mut there, mut gone) = (Vec::new(), Vec::new());
    snapshot.open_reports += read.len();
    for (id, found) in read {
        match found {
            Found::There(report) => {
                snapshot.gaps.extend(report.gaps.iter().cloned());
                there.push(*report);
            }
            Found::Gone => gone.push(id),
            Found::Unreadable(gap) => snapshot.gaps.push(gap),
            // It is read again with the next pass, by its owner's new login.
            Found::Unsure => {}
        }
    }
    let write = move |conn: &mut Conn| {
        let (reports, lines) = write_reports(conn, account, &there, now)?;
        let mut removed = 0;
        for id in gone {
            removed += usize::from(named::remove(conn, account, &id, now)?);
        }
        cursors::put(conn, account, pages::DATA_TYPE, CURSOR, &cursor, now)?;
        Ok((reports, lines, removed))
    };
    let (reports, lines, removed) = company.store.write(write).await?;
    snapshot.reports += reports;
    snapshot.lines += lines;
    snapshot.removed += removed;
    Ok(())
}
