//! Which app every line pays for. Asks the account's rules and the matcher about the lines that have no decision by this
//! dictionary, or whose text has changed since; a decision stores the versions of what made it.

mod row;
pub(crate) mod sums;

use std::sync::Arc;

use matcher::Matcher;
use store::{
    Store,
    ids::AccountId,
    lines::{self, LineNo},
    matches::{self, Status},
};

pub(crate) use row::{Decided, Subject, band, decide, decide_new, status, texts};

use crate::rulebook::Rulebook;
use crate::{Company, Error, Progress, Snapshot};

/// Lines decided and stored in one transaction.
const CHUNK: usize = 2_000;

/// What one chunk came to.
struct Chunk {
    decided: usize,
    hits: usize,
    /// `None` when nothing is left.
    last: Option<LineNo>,
    /// The rules that decided, for the next chunk.
    book: Arc<Rulebook>,
}

/// Decides what is undecided.
///
/// # Errors
/// The store refuses, the account's rules do not go with the dictionary, or an explanation cannot be written as JSON. Stored
/// decisions stay.
pub async fn match_lines(
    company: &Company,
    matcher: &Arc<Matcher>,
    progress: &dyn Progress,
    snapshot: &mut Snapshot,
) -> Result<(), Error> {
    let (mut after, mut book): (Option<LineNo>, Option<Arc<Rulebook>>) = (None, None);
    loop {
        let (account, matcher, now) = (company.account, Arc::clone(matcher), company.now());
        let chunk = company
            .store
            .try_write(move |conn| decide_chunk(conn, account, &matcher, book, after, now))
            .await?;
        snapshot.decided += chunk.decided;
        snapshot.matched += chunk.hits;
        progress.update(snapshot);
        if chunk.last.is_none() {
            return sums::keep(&company.store, company.account).await;
        }
        (after, book) = (chunk.last, Some(chunk.book));
    }
}

/// [`match_lines`] for callers that may block and have no connection to Concur: how many were decided, and matched.
///
/// # Errors
/// As there.
pub fn match_stored(
    store: &Store,
    account: AccountId,
    matcher: &Matcher,
    now: jiff::Timestamp,
) -> Result<(usize, usize), Error> {
    let (mut decided, mut hits, mut after, mut book) = (0, 0, None, None);
    loop {
        let chunk = store.write_blocking(|conn| decide_chunk(conn, account, matcher, book, after, now))?;
        (decided, hits) = (decided + chunk.decided, hits + chunk.hits);
        if chunk.last.is_none() {
            break;
        }
        (after, book) = (chunk.last, Some(chunk.book));
    }
    sums::keep_blocking(store, account)?;
    Ok((decided, hits))
}

/// One chunk, by the rules that hold while it is stored.
fn decide_chunk(
    conn: &mut store::Conn,
    account: AccountId,
    matcher: &Matcher,
    book: Option<Arc<Rulebook>>,
    after: Option<LineNo>,
    now: jiff::Timestamp,
) -> Result<Chunk, Error> {
    let holds = lines::lock_head(conn, account)?.rules_revision;
    let book = match book.filter(|book| book.revision() == holds) {
        Some(book) => book,
        None => Arc::new(Rulebook::current(conn, account, matcher.dictionary())?),
    };
    let due = lines::needs_match(conn, account, matcher.dictionary().version(), after, CHUNK)?;
    let mut scratch = matcher.scratch();
    let mut rows = Vec::with_capacity(due.len());
    for line in &due {
        rows.push(decide(line, matcher, &book, &mut scratch, now)?);
    }
    let hits = rows.iter().filter(|row| row.outcome.status == Status::Matched).count();
    matches::upsert(conn, account, &rows)?;
    Ok(Chunk { decided: rows.len(), hits, last: due.last().map(|line| line.no), book })
}
