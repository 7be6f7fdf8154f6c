//! A year of expense reports, newest first, and afterwards what has changed.
//!
//! The first sync covers one year before the *first* connection, window by window, newest window first; a reconnect
//! does not move it. Each page of reports is read with its entries and itemizations, and stored together with the
//! position that points behind it. Later syncs read what was modified since the last complete one, with a look-back,
//! because Concur's zones and boundaries are not stated (Reports v3).
//!
//! What cannot be read is kept aside as a gap, and the run then ends "complete with gaps", never "complete". Its window is
//! read again by the next pass; or by the run that takes this pass up, for a run that was killed has told nobody.

use jiff::{civil::Date, tz::TimeZone};
use store::{accounts, cursors};

use super::pages::{self, DATA_TYPE};
use super::{history, position::Position};
use crate::{Company, Error, Progress, Snapshot, window};

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
    /// Expenses before it are left out.
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
        let (connected, stored, first_day) = company
            .store
            .read(move |conn| {
                let connected = accounts::get(conn, account)?.first_connected_at;
                let stored = cursors::get(conn, account, DATA_TYPE, CURSOR)?;
                Ok((connected, stored, history::first_day(conn, account)?))
            })
            .await?;
        let year = window::first_day(connected.ok_or(Error::NeverConnected)?);
        let first_day = first_day.unwrap_or(year);
        let stored: Option<Position> = stored
            .map(serde_json::from_value)
            .transpose()
            .map_err(|error| Error::Cursor { name: CURSOR.to_owned(), reason: error.to_string() })?;
        let is_resumed = stored.as_ref().is_some_and(|position| !position.windows.is_empty());
        let position = Position::next_pass(stored, year, today(company));
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
            pages::store(company, Vec::new(), (CURSOR.to_owned(), &*position), snapshot).await?;
            return Ok(Read::Everything);
        }
        snapshot.windows_total = position.windows_done + left;
        progress.update(snapshot);
        let read = pages::read(company, *first_day, position, snapshot).await?;
        pages::store(company, read, (CURSOR.to_owned(), &*position), snapshot).await?;
        Ok(if position.windows.len() < left { Read::Window } else { Read::Page })
    }
}

fn today(company: &Company) -> Date {
    company.now().to_zoned_datetime(TimeZone::UTC).date()
}
