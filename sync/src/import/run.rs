//! Judging a file, storing it, and taking it back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;
use store::ids::{AccountId, ImportId};
use store::imports::{self, Counts};
use store::lines::{self, NewLine};
use store::{Store, audit};

use super::Options;
use super::convert::{self, Rejection};
use super::error::ImportError;
use super::key::Keys;
use super::survey::Survey;
use super::table::{Record, Table, Upload};

/// Lines stored in one transaction.
const PAGE: usize = 2_000;
/// Rejections that are kept to be shown; all of them are counted.
const SHOWN: usize = 100;

/// What a file holds, row by row judged, and nothing of it stored.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// How it is written and mapped.
    #[serde(flatten)]
    pub survey: Survey,
    /// Rows that become lines.
    pub accepted: u64,
    /// Rows that do not.
    pub rejected: u64,
    /// The first of them.
    pub rejections: Vec<Rejection>,
    /// Rows that say what an earlier one says; each is a line of its own.
    pub repeats: u64,
    /// The earliest and the latest day.
    pub dates: Option<(Date, Date)>,
    /// Posted amounts by currency.
    pub sums: Vec<CurrencySum>,
}

/// What a file adds up to in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CurrencySum {
    /// ISO 4217 code.
    pub currency: String,
    /// Exact sum of the posted amounts.
    pub posted: Decimal,
    /// Lines in this currency.
    pub lines: u64,
}

/// What an import did.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Its id, for undoing it.
    pub id: ImportId,
    /// How the file was judged.
    pub check: Check,
    /// What became of the accepted rows.
    pub counts: Counts,
}

/// Judges a file and stores nothing. `rejected` is told about each row that is no line.
///
/// # Errors
/// [`ImportError`], for everything that has to be decided or mended first.
pub fn check(
    upload: &Upload,
    options: &Options,
    rejected: &mut dyn FnMut(&Record, &Rejection) -> std::io::Result<()>,
) -> Result<Check, ImportError> {
    let survey = Survey::of(upload, options)?;
    read(upload, options, survey, rejected, &mut |_| Ok(()))
}

/// Stores the lines of a file under one import, a page in a transaction. A run that is cut off leaves its pages; importing
/// the file again goes on from there, and [`undo`] takes them back. Blocks.
///
/// # Errors
/// [`ImportError`]; before the first page nothing is stored.
pub fn run(
    store: &Store,
    account: AccountId,
    upload: &Upload,
    options: &Options,
    now: Timestamp,
    rejected: &mut dyn FnMut(&Record, &Rejection) -> std::io::Result<()>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Imported, ImportError> {
    let survey = Survey::of(upload, options)?;
    let (rows, layout) = (survey.rows, survey.layout.description());
    let import: imports::Import =
        store.write_blocking(|conn| imports::start(conn, account, &upload.name, layout, now))?;
    let mut counts = Counts::default();
    let mut page: Vec<NewLine> = Vec::with_capacity(PAGE);
    let mut flush = |page: &mut Vec<NewLine>| -> Result<(), ImportError> {
        if page.is_empty() {
            return Ok(());
        }
        counts = store.write_blocking(|conn| -> Result<Counts, store::Error> {
            let (done, numbers) = lines::upsert_numbered(conn, account, page, now)?;
            let total = counts.and(done);
            imports::add_lines(conn, import.id, &numbers, &total)?;
            Ok(total)
        })?;
        progress(counts.lines(), rows);
        page.clear();
        Ok(())
    };
    let judged = read(upload, options, survey, rejected, &mut |line| {
        page.push(line);
        if page.len() == PAGE { flush(&mut page) } else { Ok(()) }
    });
    let judged = judged.and_then(|check| flush(&mut page).map(|()| check));
    match judged {
        Ok(check) => {
            let done = (check.rejected, counts);
            store.write_blocking(|conn| -> Result<(), store::Error> {
                imports::finish(conn, import.id, imports::State::Complete, done.0, now)?;
                audit_row(conn, account, "import.complete", import.id, &upload.name, now)
            })?;
            Ok(Imported { id: import.id, check, counts })
        }
        Err(error) => {
            store.write_blocking(|conn| imports::finish(conn, import.id, imports::State::Failed, 0, now))?;
            Err(error)
        }
    }
}

/// Takes an import back: lines that no other import holds are removed from every answer; the others stay in their newest
/// form. How many were removed.
///
/// # Errors
/// [`store::Error::NotFound`] where the account has no such import, or it was undone before.
pub fn undo(store: &Store, account: AccountId, id: ImportId, now: Timestamp) -> Result<u64, store::Error> {
    store.write_blocking(|conn| {
        let name = imports::get(conn, account, id)?.name;
        let removed = imports::undo(conn, account, id, now)?;
        audit_row(conn, account, "import.undo", id, &name, now)?;
        Ok(removed)
    })
}

fn audit_row(
    conn: &mut store::Conn,
    account: AccountId,
    action: &str,
    id: ImportId,
    name: &str,
    now: Timestamp,
) -> Result<(), store::Error> {
    audit::append(
        conn,
        &audit::NewEvent {
            account: Some(account),
            at: now,
            actor: "operator".to_owned(),
            action: action.to_owned(),
            subject: id.to_string(),
            details: serde_json::json!({ "file": name }),
        },
    )?;
    Ok(())
}

/// The second reading: every row to a line or a rejection.
fn read(
    upload: &Upload,
    options: &Options,
    survey: Survey,
    rejected: &mut dyn FnMut(&Record, &Rejection) -> std::io::Result<()>,
    accepted: &mut dyn FnMut(NewLine) -> Result<(), ImportError>,
) -> Result<Check, ImportError> {
    let formats = survey.formats(options);
    let table = Table::open(upload, &options.file)?;
    let mut keys = Keys::default();
    let mut sums: BTreeMap<String, (Decimal, u64)> = BTreeMap::new();
    let mut check = Check {
        accepted: 0,
        rejected: 0,
        rejections: Vec::new(),
        repeats: 0,
        dates: None,
        sums: Vec::new(),
        survey,
    };
    for record in table.records {
        let record = record?;
        match convert::line(&record, &check.survey.mapping, &formats) {
            Ok(mut line) => {
                keys.assign(&mut line);
                check.accepted += 1;
                let day = line.transaction_date;
                check.dates = Some(check.dates.map_or((day, day), |(from, to)| (from.min(day), to.max(day))));
                let sum = sums.entry(line.posted.currency.clone()).or_default();
                *sum = (sum.0.saturating_add(line.posted.amount), sum.1 + 1);
                accepted(line)?;
            }
            Err(rejection) => {
                check.rejected += 1;
                rejected(&record, &rejection).map_err(|source| ImportError::Read {
                    name: "the file of rejected rows".to_owned(),
                    source,
                })?;
                if check.rejections.len() < SHOWN {
                    check.rejections.push(rejection);
                }
            }
        }
    }
    if check.accepted + check.rejected != check.survey.rows {
        return Err(ImportError::Changed { name: upload.name.clone() });
    }
    check.repeats = keys.repeats();
    check.sums =
        sums.into_iter().map(|(currency, (posted, lines))| CurrencySum { currency, posted, lines }).collect();
    Ok(check)
}
