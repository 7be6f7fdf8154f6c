//! Many reports, each asked for by its id, and stored together with the position behind them.

use futures::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use serde::Serialize;
use store::{Conn, cursors};

use super::named::{self, Found, Owner};
use super::pages::{self, write_reports};
use crate::{Company, Error, Snapshot};

/// Reports of one transaction.
pub(super) const BATCH: usize = 50;

/// Asks for each of them; those of somebody who is not known are left out.
pub(super) async fn read(
    company: &Company,
    ids: Vec<String>,
    first_day: Date,
) -> Result<Vec<(String, Found)>, Error> {
    let account = company.account;
    let owners = move |conn: &mut Conn| {
        let mut owned: Vec<(String, Owner)> = Vec::new();
        for id in ids {
            if let Some(owner) = named::owner(conn, account, &id, None)? {
                owned.push((id, owner));
            }
        }
        Ok(owned)
    };
    stream::iter(company.store.read(owners).await?)
        .map(async |(id, owner)| {
            let found = named::read(company, &id, &owner, false, first_day).await?;
            Ok::<_, Error>((id, found))
        })
        .buffered(company.parallel_reports.max(1))
        .try_collect()
        .await
}

/// Rows and position, in one transaction.
pub(super) async fn store<P: Serialize>(
    company: &Company,
    read: Vec<(String, Found)>,
    (name, position): (&'static str, &P),
    snapshot: &mut Snapshot,
) -> Result<(), Error> {
    let (account, now) = (company.account, company.now());
    let cursor = serde_json::to_value(position)
        .map_err(|error| Error::Cursor { name: name.to_owned(), reason: error.to_string() })?;
    let (mut there, mut gone) = (Vec::new(), Vec::new());
    for (id, found) in read {
        match found {
            Found::There(report) => {
                snapshot.gaps.extend(report.gaps.iter().cloned());
                there.push(*report);
            }
            Found::Gone => gone.push(id),
            Found::Unreadable(gap) => snapshot.gaps.push(gap),
            // It is read again another time, by its owner's new login.
            Found::Unsure => {}
        }
    }
    let write = move |conn: &mut Conn| {
        let (reports, lines) = write_reports(conn, account, &there, now)?;
        let mut removed = 0;
        for id in gone {
            removed += usize::from(named::remove(conn, account, &id, now)?);
        }
        cursors::put(conn, account, pages::DATA_TYPE, name, &cursor, now)?;
        Ok((reports, lines, removed))
    };
    let (reports, lines, removed) = company.store.write(write).await?;
    snapshot.reports += reports;
    snapshot.lines += lines;
    snapshot.removed += removed;
    Ok(())
}
