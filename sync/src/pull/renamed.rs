//! Reports of people who were given another login: paid ones are never read again otherwise, and would be somebody's whom
//! nobody knows any more, or, once another has the old login, that one's.
//!
//! A share of them with each run, so that a company whose domain is renamed does not hold everything else up for days. Concur is
//! asked, and not the new login written over the old one: whose a report is was concluded from a login, and Concur knows.
//! Source: Concur page *Reports v3* (`OwnerLoginID` is the login of now, also of old reports).

use serde::{Deserialize, Serialize};
use store::{cursors, reports};

use super::{history, one_by_one, pages};
use crate::{Company, Error, Progress, Snapshot, ingest::v3};

const CURSOR: &str = "renamed";
/// Reports of one run.
const AT_ONCE: usize = 500;

/// How far the reading is; it begins anew at its end.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Position {
    after: Option<String>,
}

/// Reads the next share of them.
///
/// # Errors
/// Concur cannot be read, or the store refuses. What was stored stays.
pub async fn renamed(
    company: &Company,
    progress: &dyn Progress,
    snapshot: &mut Snapshot,
) -> Result<(), Error> {
    let account = company.account;
    let stored = company.store.read(move |conn| {
        let position = cursors::get(conn, account, pages::DATA_TYPE, CURSOR)?;
        Ok((position, history::first_day(conn, account)?))
    });
    let (position, first_day) = stored.await?;
    let first_day = first_day.ok_or(Error::NeverConnected)?;
    let position = position.and_then(|stored| Position::deserialize(stored).ok()).unwrap_or_default();
    let mut after = position.after;
    for _ in 0..AT_ONCE / one_by_one::BATCH {
        let from = after.clone();
        let next = company.store.read(move |conn| {
            reports::of_renamed_owners(conn, account, v3::SOURCE, from.as_deref(), one_by_one::BATCH)
        });
        let ids = next.await?;
        let is_end = ids.len() < one_by_one::BATCH;
        if ids.is_empty() && after.is_none() {
            return Ok(());
        }
        after = if is_end { None } else { ids.last().cloned() };
        let read = one_by_one::read(company, ids, first_day).await?;
        snapshot.renamed += read.len();
        one_by_one::store(company, read, (CURSOR, &Position { after: after.clone() }), snapshot).await?;
        progress.update(snapshot);
        if is_end {
            return Ok(());
        }
    }
    Ok(())
}
