//! The road of an import's lines into the database: the caller's thread reads, judges, prepares and decides them, another one
//! stores. What is prepared is bounded, so that memory holds a few pages however long the file.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

use jiff::Timestamp;
use matcher::Scratch;
use store::ids::ImportId;
use store::imports::{self, Counts};
use store::lines::{self, Became, NewLine, PreparedLine, Upserted};
use store::matches::{self, NewMatch, Status};

use super::error::ImportError;
use super::run::Importer;
use crate::decide::{Decided, decide_new};
use crate::rulebook::Rulebook;

/// Lines stored in one transaction.
const LINES: usize = 10_000;

/// Lines, each with its decision.
pub(super) struct Page {
    lines: Vec<PreparedLine>,
    decisions: Vec<Option<Decided>>,
    /// The revision of the rules that decided.
    rules_revision: i64,
    /// The time of all of it.
    now: Timestamp,
}

impl Page {
    fn begin(rules_revision: i64, now: Timestamp) -> Self {
        Self { lines: Vec::new(), decisions: Vec::new(), rules_revision, now }
    }
}

/// Makes pages of lines.
pub(super) struct Maker<'a> {
    importer: &'a Importer<'a>,
    book: &'a Rulebook,
    scratch: Scratch,
    page: Page,
}

impl<'a> Maker<'a> {
    pub(super) fn new(importer: &'a Importer<'a>, book: &'a Rulebook) -> Self {
        let page = Page::begin(book.revision(), (importer.clock)());
        Self { importer, book, scratch: importer.matcher.scratch(), page }
    }

    /// Prepares and decides a line. A page, when it is full.
    pub(super) fn add(&mut self, line: &NewLine) -> Result<Option<Page>, ImportError> {
        let Importer { account, matcher, .. } = *self.importer;
        let now = self.page.now;
        let prepared = PreparedLine::new(account, line, now);
        let decided =
            decide_new(line.into(), prepared.content_hash(), matcher, self.book, &mut self.scratch, now)
                .map_err(|error| ImportError::Match(Box::new(error)))?;
        self.page.lines.push(prepared);
        self.page.decisions.push(Some(decided));
        Ok((self.page.lines.len() == LINES).then(|| self.rest()))
    }

    /// What has come together so far.
    pub(super) fn rest(&mut self) -> Page {
        let next = Page::begin(self.book.revision(), (self.importer.clock)());
        std::mem::replace(&mut self.page, next)
    }
}

/// What has been stored.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stored {
    pub(super) counts: Counts,
    pub(super) decided: usize,
    pub(super) matched: usize,
}

/// Stores the pages that `produce` sends, while it makes the next ones; sending tells how many rows are stored so far.
pub(super) fn stored<T>(
    importer: &Importer<'_>,
    id: ImportId,
    produce: impl FnOnce(&mut dyn FnMut(Page) -> Result<u64, ImportError>) -> Result<T, ImportError>,
) -> Result<(T, Stored), ImportError> {
    // One page is made while another one is stored, and none waits: a page is some thirty megabytes.
    let (sender, pages) = sync_channel(0);
    let rows = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let storing = scope.spawn(|| store_all(importer, id, pages, &rows));
        let produced = produce(&mut |page| match sender.send(page) {
            Ok(()) => Ok(rows.load(Ordering::Relaxed)),
            // The other thread has ended with an error, which is the one that is told.
            Err(_) => {
                Err(ImportError::Store(store::Error::Unavailable { reason: "storing has ended".to_owned() }))
            }
        });
        drop(sender);
        let stored = storing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok((produced?, stored))
    })
}

fn store_all(
    importer: &Importer<'_>,
    id: ImportId,
    pages: Receiver<Page>,
    rows: &AtomicU64,
) -> Result<Stored, store::Error> {
    let mut stored = Stored::default();
    for page in pages {
        stored = importer.store.write_blocking(|conn| store_page(conn, importer, id, page, stored))?;
        rows.store(stored.counts.lines(), Ordering::Relaxed);
    }
    Ok(stored)
}

/// A page with the decisions about lines that are new. Lines that have changed, and all of them if the rules have changed
/// meanwhile, are decided afterwards with what else is undecided.
fn store_page(
    conn: &mut store::Conn,
    importer: &Importer<'_>,
    id: ImportId,
    page: Page,
    before: Stored,
) -> Result<Stored, store::Error> {
    let Page { lines, mut decisions, rules_revision, now } = page;
    let holds = lines::lock_head(conn, importer.account)?.rules_revision;
    let placed = lines::upsert_prepared(conn, importer.account, lines, now)?;
    let mut new: Vec<NewMatch> = Vec::new();
    if holds == rules_revision {
        let inserted = placed.iter().filter(|line| line.became == Became::Inserted);
        new.extend(inserted.filter_map(|line| Some(decisions.get_mut(line.given)?.take()?.about(line.no))));
    }
    let decided = new.len();
    let matched = new.iter().filter(|new| new.outcome.status == Status::Matched).count();
    matches::insert(conn, importer.account, new)?;
    let counts = before.counts.and(Upserted::of(&placed));
    let numbers: Vec<_> = placed.iter().map(|line| line.no).collect();
    imports::add_lines(conn, id, &numbers, &counts, now)?;
    Ok(Stored { counts, decided: before.decided + decided, matched: before.matched + matched })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use matcher::{Dictionary, Matcher};
    use store::lines::{Money, Texts};

    use super::*;

    #[test]
    fn rules_that_changed_meanwhile_leave_the_decision_to_those_that_hold() {
        let test = store::testing::sqlite();
        let now: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
        let write = test.store.write_blocking(|conn| {
            let account = store::accounts::insert_unconnected(conn, "Acme", now)?.id;
            Ok::<_, store::Error>((account, imports::start(conn, account, "a.csv", "", now)?.id))
        });
        let (account, id) = write.unwrap();
        let matcher = Matcher::new(Arc::new(Dictionary::from_jsonl("").unwrap()));
        let importer =
            Importer { store: &test.store, account, matcher: &matcher, actor: "ana", clock: &|| now };
        let book =
            test.store.write_blocking(|conn| Rulebook::current(conn, account, matcher.dictionary())).unwrap();
        let money = Money { amount: "3".parse().unwrap(), currency: "EUR".to_owned() };
        for (key, decided_by, stored) in [("1", 1, 0), ("2", 0, 1)] {
            let line = NewLine {
                source: super::super::SOURCE.to_owned(),
                source_key: key.to_owned(),
                report_id: None,
                entry_id: None,
                itemization_id: None,
                owner_login: "ana".to_owned(),
                transaction_date: jiff::civil::date(2026, 1, 31),
                transaction: money.clone(),
                posted: money.clone(),
                texts: Texts::default(),
                is_personal: false,
                has_itemizations: false,
                raw: serde_json::Value::Null,
            };
            let mut maker = Maker::new(&importer, &book);
            assert!(maker.add(&line).unwrap().is_none());
            let page = Page { rules_revision: decided_by, ..maker.rest() };
            let done =
                test.store.write_blocking(|conn| store_page(conn, &importer, id, page, Stored::default()));
            let done = done.unwrap();
            assert_eq!((done.counts.inserted, done.decided), (1, stored), "decided by revision {decided_by}");
        }
    }
}
