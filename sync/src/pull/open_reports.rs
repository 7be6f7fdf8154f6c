//! Reports that may still change, read again one by one: the list of what was modified tells neither of changed entries nor
//! of reports that are gone. Once a day, and at once where events were lost.
//!
//! Rows and position commit together; an interrupted reading goes on where it stopped.
//! Source: Concur page *Reports v3* (`modifiedDateAfter` looks at the header; deleted reports are no longer listed).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Conn, cursors, events, reports};

use super::{history, one_by_one, pages};
use crate::{Company, Error, Progress, Snapshot, ingest::v3};

const CURSOR: &str = "open_reports";
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
        return one_by_one::store(company, Vec::new(), (CURSOR, &position), snapshot).await;
    };
    let waited = |at: Timestamp| now.duration_since(at) >= EVERY;
    if position.began.is_none() && !has_gap && !position.finished.is_none_or(waited) {
        return Ok(());
    }
    let began = *position.began.get_or_insert(now);
    loop {
        let after = position.after.clone();
        let next = company.store.read(move |conn| {
            reports::open_after(conn, account, v3::SOURCE, after.as_deref(), one_by_one::BATCH)
        });
        let ids = next.await?;
        let Some(last) = ids.last().cloned() else { break };
        let read = one_by_one::read(company, ids, first_day).await?;
        snapshot.open_reports += read.len();
        position.after = Some(last);
        one_by_one::store(company, read, (CURSOR, &position), snapshot).await?;
        progress.update(snapshot);
    }
    let position = Position { finished: Some(company.now()), ..Position::default() };
    one_by_one::store(company, Vec::new(), (CURSOR, &position), snapshot).await?;
    if let Some(from) = passed_from {
        let (from, now) = (from.min(began), company.now());
        company.store.write(move |conn| events::close_gap(conn, account, from, now)).await?;
    }
    Ok(())
}
