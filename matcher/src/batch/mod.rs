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

use serde::Serialize;

use crate::{Band, Matcher, Scratch, Verdict};

pub use columns::{Columns, MissingColumns};
pub use cut::{Cut, rows_end};
pub use json_rows::Row;
pub use write::Format;

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
    Format::JsonLines.write(&row.id, &verdict, matcher.dictionary(), out);
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
        }
    }

    fn answer(&mut self, id: &str, texts: &crate::ExpenseTexts<'_>, counts: &mut Counts, out: &mut Vec<u8>) {
        let verdict: Verdict = self.matcher.judge(texts, &mut self.scratch);
        counts.count(verdict.band);
        self.format.write(id, &verdict, self.matcher.dictionary(), out);
    }
}

const NOT_UTF_8: &str = "not UTF-8; save the file as UTF-8";
