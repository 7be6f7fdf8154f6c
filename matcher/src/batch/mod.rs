//! Rows of a file in, predictions out: the shapes that the command line and other programs exchange.
//!
//! Pure conversion of blocks of bytes: a block holds whole rows, and the same rows give the same bytes however a file
//! is cut into blocks. Reading, writing and threads belong to the caller.

mod columns;
mod csv_rows;
mod cut;
mod json_rows;
mod split;
mod write;

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::Serialize;

use crate::rules::{Facts, Rules};
use crate::{Band, Matcher, Scratch, Verdict};

pub use columns::{Columns, MissingColumns};
pub use cut::{Cut, rows_end};
pub use json_rows::Row;
pub use write::Format;
use write::Told;

/// What the matcher says about one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// The row's id.
    pub id: String,
    /// The app, or `null` for an abstention.
    pub app_id: Option<Arc<str>>,
    /// Score of the candidate, 0 to 1; 0 without one.
    pub score: f64,
    /// The score's band.
    pub band: Band,
    /// The best app seen, also below the threshold.
    pub candidate: Option<Arc<str>>,
}

/// Decides one row.
pub fn predict(matcher: &Matcher, row: &Row<'_>, scratch: &mut Scratch) -> Prediction {
    let decision = matcher.decide(&row.texts(), scratch);
    Prediction {
        id: row.id.clone().into_owned(),
        app_id: decision.app_id,
        score: decision.score,
        band: decision.band,
        candidate: decision.candidate,
    }
}

/// Decides one row given as JSON and appends the prediction to `out`, as JSON and a line feed: what one line of a
/// JSON Lines file becomes.
///
/// # Errors
/// The line is not a [`Row`]; `out` is as it was.
pub fn predict_json(
    matcher: &Matcher,
    line: &str,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> serde_json::Result<()> {
    let row: Row<'_> = serde_json::from_str(line)?;
    let verdict = matcher.judge(&row.texts(), scratch);
    Format::JsonLines.write(&row.id, &verdict, Told::Nothing, matcher.dictionary(), out);
    Ok(())
}

/// How many rows were decided, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows.
    pub rows: u64,
    bands: [u64; 4],
}

impl Counts {
    /// Rows of a band.
    pub fn of(&self, band: Band) -> u64 {
        self.bands[band as usize]
    }

    /// Adds what another block counted.
    pub fn add(&mut self, other: &Counts) {
        self.rows += other.rows;
        for (sum, more) in self.bands.iter_mut().zip(other.bands) {
            *sum += more;
        }
    }

    fn count(&mut self, band: Band) {
        self.rows += 1;
        self.bands[band as usize] += 1;
    }
}

/// A row that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadRow {
    /// Line of the file, counted from 1.
    pub line: u64,
    /// What is wrong and what to do.
    pub reason: String,
}

/// Turns blocks of rows into blocks of predictions. One per thread.
#[derive(Debug)]
pub struct Predictor<'m> {
    matcher: &'m Matcher,
    scratch: Scratch,
    record: csv::ByteRecord,
    fields: split::Fields,
    format: Format,
    rules: Option<&'m Rules>,
}

impl<'m> Predictor<'m> {
    /// A predictor that writes its predictions in a format.
    pub fn new(matcher: &'m Matcher, format: Format) -> Predictor<'m> {
        Predictor {
            matcher,
            scratch: matcher.scratch(),
            record: csv::ByteRecord::new(),
            fields: split::Fields::default(),
            format,
            rules: None,
        }
    }

    /// The same with rules before the dictionary; each prediction tells the rule that decided.
    pub fn with_rules(matcher: &'m Matcher, format: Format, rules: &'m Rules) -> Predictor<'m> {
        Predictor { rules: Some(rules), ..Predictor::new(matcher, format) }
    }

    /// What stands before the first prediction.
    pub fn header(&self) -> &'static [u8] {
        self.format.header(self.rules.is_some())
    }

    fn answer_by_rules(&mut self, id: &str, facts: &Facts<'_>, counts: &mut Counts, out: &mut Vec<u8>) {
        let Some(rules) = self.rules else { return self.answer(id, &facts.texts, counts, out) };
        let (verdict, ruling) = self.matcher.judge_with(facts, rules, &mut self.scratch);
        counts.count(verdict.band);
        self.format.write(id, &verdict, Told::Rule(ruling.as_ref()), self.matcher.dictionary(), out);
    }

    fn answer(&mut self, id: &str, texts: &crate::ExpenseTexts<'_>, counts: &mut Counts, out: &mut Vec<u8>) {
        let verdict: Verdict = self.matcher.judge(texts, &mut self.scratch);
        counts.count(verdict.band);
        self.format.write(id, &verdict, Told::Nothing, self.matcher.dictionary(), out);
    }
}

/// An amount as files write it; none where nothing stands.
fn amount(text: &str) -> Result<Option<Decimal>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let amount = Decimal::from_str_exact(text.trim());
    amount.map(Some).map_err(|_| format!("the amount {text:?} is no decimal number; write it like 12.50"))
}

const NOT_UTF_8: &str = "not UTF-8; save the file as UTF-8";
