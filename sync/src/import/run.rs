//! Storing a file's lines with their decisions, and taking them back.

use std::ops::ControlFlow;

use jiff::Timestamp;
use matcher::Matcher;
use store::ids::{AccountId, ImportId};
use store::imports::{self, Counts, State};
use store::{Store, audit};

use super::Options;
use super::convert::Rejection;
use super::error::ImportError;
use super::judge::{Check, judge};
use super::pages::{self, Maker};
use super::remembered::Earlier;
use super::survey::Survey;
use super::table::{Record, Upload};
use crate::decide;
use crate::rulebook::Rulebook;

/// What an import did.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Its id, for undoing it.
    pub id: ImportId,
    /// How the file was judged.
    pub check: Check,
    /// What became of the accepted rows.
    pub counts: Counts,
    /// Lines of the account that were decided: these, and others that waited for it.
    pub decided: usize,
    /// Of them, those that pay for an app.
    pub matched: usize,
}

/// Where files go: whose lines they become, and what decides about them.
#[derive(Clone, Copy)]
pub struct Importer<'a> {
    /// Holds the lines.
    pub store: &'a Store,
    /// Whose they become.
    pub account: AccountId,
    /// Decides beside the account's rules.
    pub matcher: &'a Matcher,
    /// Who imports, as the audit trail names people.
    pub actor: &'a str,
    /// The time.
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
}

impl std::fmt::Debug for Importer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Importer").field("account", &self.account).finish_non_exhaustive()
    }
}

/// An import that is listed and has no line yet.
#[derive(Debug)]
pub struct Begun {
    /// Its id.
    pub id: ImportId,
    survey: Survey,
    /// The rules that hold as it begins.
    book: Rulebook,
}

impl Importer<'_> {
    /// Imports a file: [`begin`](Importer::begin) and [`carry_out`](Importer::carry_out). Blocks.
    ///
    /// # Errors
    /// [`ImportError`]; before the first page nothing is stored.
    pub fn run(
        &self,
        upload: &Upload,
        options: &Options,
        rejected: &mut dyn FnMut(&Record, &Rejection) -> std::io::Result<()>,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<Imported, ImportError> {
        let begun = self.begin(upload, Survey::of(upload, options, Some(self.earlier()))?)?;
        self.carry_out(begun, upload, options, rejected, progress)
    }

    /// The account's earlier files.
    pub fn earlier(&self) -> Earlier<'_> {
        Earlier { store: self.store, account: self.account }
    }

    /// Begins an import of a file that was surveyed, as a [`Check`] tells.
    ///
    /// # Errors
    /// The store refuses, or the account's rules do not go with the dictionary.
    pub fn begin(&self, upload: &Upload, survey: Survey) -> Result<Begun, ImportError> {
        let layout = survey.layout.description();
        let begun = self.store.write_blocking(|conn| -> Result<_, crate::Error> {
            let book = Rulebook::current(conn, self.account, self.matcher.dictionary())?;
            Ok((imports::start(conn, self.account, &upload.name, layout, (self.clock)())?.id, book))
        });
        let (id, book) = begun.map_err(|error| match error {
            crate::Error::Store(error) => ImportError::Store(error),
            other => ImportError::Rules(Box::new(other)),
        })?;
        Ok(Begun { id, survey, book })
    }

    /// Stores the lines of the file, a page with its decisions in a transaction. A run that is cut off leaves its pages;
    /// importing the file again goes on from there, and [`undo`] takes them back. Blocks.
    ///
    /// `rejected` is told about each row that is no line, `progress` how many rows of how many are stored, and may stop it.
    ///
    /// # Errors
    /// [`ImportError`]; the import is then listed as failed.
    pub fn carry_out(
        &self,
        begun: Begun,
        upload: &Upload,
        options: &Options,
        rejected: &mut dyn FnMut(&Record, &Rejection) -> std::io::Result<()>,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<Imported, ImportError> {
        let Begun { id, survey, book } = begun;
        let rows = survey.rows;
        let mut go_on = |done| match progress(done, rows) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ImportError::Stopped { name: upload.name.clone() }),
        };
        let stored = pages::stored(self, id, |send| {
            let mut maker = Maker::new(self, &book);
            let check = judge(upload, options, survey, rejected, &mut |line| match maker.add(&line)? {
                Some(page) => go_on(send(page)?),
                None => Ok(()),
            })?;
            send(maker.rest())?;
            Ok(check)
        });
        match stored {
            Ok((check, pages)) => {
                self.complete(id, &check, &upload.name)?;
                let (decided, matched) =
                    decide::match_stored(self.store, self.account, self.matcher, (self.clock)())
                        .map_err(matching)?;
                let (decided, matched) = (decided + pages.decided, matched + pages.matched);
                Ok(Imported { id, check, counts: pages.counts, decided, matched })
            }
            Err(error) => {
                let fail = |conn: &mut _| imports::finish(conn, id, State::Failed, 0, (self.clock)());
                match self.store.write_blocking(fail) {
                    // Somebody else has ended it: that is why it stopped.
                    Ok(()) | Err(store::Error::Stale { .. }) => Err(error),
                    Err(worse) => Err(worse.into()),
                }
            }
        }
    }

    /// Says that an import which has begun waits for its turn: one that is silent is taken for cut off.
    ///
    /// # Errors
    /// The store refuses, or somebody has ended it.
    pub fn keep_alive(&self, begun: &Begun) -> Result<(), ImportError> {
        let alive = |conn: &mut _| imports::keep_alive(conn, begun.id, (self.clock)());
        Ok(self.store.write_blocking(alive)?)
    }

    fn complete(&self, id: ImportId, check: &Check, name: &str) -> Result<(), store::Error> {
        self.store.write_blocking(|conn| {
            imports::finish(conn, id, State::Complete, check.rejected, (self.clock)())?;
            if check.accepted > 0 {
                check.survey.said.remember(conn, self.account, name, (self.clock)())?;
            }
            record(
                conn,
                self.account,
                &Deed { action: "import.complete", actor: self.actor, id, name, now: (self.clock)() },
            )
        })
    }
}

fn matching(error: crate::Error) -> ImportError {
    match error {
        crate::Error::Store(error) => ImportError::Store(error),
        other => ImportError::Match(Box::new(other)),
    }
}

/// Takes an import back: lines that no other import holds are removed from every answer; the others stay in their newest
/// form. How many were removed. By thousands in a transaction, so that nobody waits for all of them; cut off, it goes on when it is
/// asked for again.
///
/// # Errors
/// [`store::Error::NotFound`] where the account has no such import, or it was undone before; [`ImportError::UnderWay`].
pub fn undo(
    store: &Store,
    account: AccountId,
    id: ImportId,
    actor: &str,
    now: Timestamp,
) -> Result<u64, ImportError> {
    let mut removed = 0;
    loop {
        let step = store.write_blocking(|conn| {
            let import = imports::get(conn, account, id)?;
            if import.is_under_way(now) {
                return Err(ImportError::UnderWay { id });
            }
            let name = import.name;
            let step = imports::undo_some(conn, account, id, now)?;
            if step.is_none() {
                record(conn, account, &Deed { action: "import.undo", actor, id, name: &name, now })?;
            }
            Ok(step)
        })?;
        match step {
            Some(gone) => removed += gone,
            None => return Ok(removed),
        }
    }
}

/// What somebody did to an import.
struct Deed<'a> {
    action: &'a str,
    actor: &'a str,
    id: ImportId,
    /// Of the file.
    name: &'a str,
    now: Timestamp,
}

fn record(conn: &mut store::Conn, account: AccountId, deed: &Deed<'_>) -> Result<(), store::Error> {
    audit::append(
        conn,
        &audit::NewEvent {
            account: Some(account),
            at: deed.now,
            actor: deed.actor.to_owned(),
            action: deed.action.to_owned(),
            subject: deed.id.to_string(),
            details: serde_json::json!({ "file": deed.name }),
        },
    )?;
    Ok(())
}
