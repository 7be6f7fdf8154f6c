//! Every row of a file judged: a line, or the reason why not.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;
use store::lines::NewLine;

use super::Options;
use super::convert::{self, Rejection};
use super::error::ImportError;
use super::key::Keys;
use super::remembered::Earlier;
use super::survey::Survey;
use super::table::{Record, Table, Upload};

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

/// Judges a file and stores nothing. `rejected` is told about each row that is no line; `earlier` tells what was said about files
/// with the same headings.
///
/// # Errors
/// [`ImportError`], for everything that has to be decided or mended first.
pub fn check(
    upload: &Upload,
    options: &Options,
    earlier: Option<Earlier<'_>>,
    rejected: &mut dyn FnMut(&Record, &Rejection) -> std::io::Result<()>,
) -> Result<Check, ImportError> {
    let survey = Survey::of(upload, options, earlier)?;
    judge(upload, options, survey, rejected, &mut |_| Ok(()))
}

/// The second reading: every row to a line or a rejection.
pub(super) fn judge(
    upload: &Upload,
    options: &Options,
    survey: Survey,
    rejected: &mut dyn FnMut(&Record, &Rejection) -> std::io::Result<()>,
    accepted: &mut dyn FnMut(NewLine) -> Result<(), ImportError>,
) -> Result<Check, ImportError> {
    let formats = survey.formats();
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
