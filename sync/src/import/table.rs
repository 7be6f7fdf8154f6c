//! A file as a table: its headings and its records, one after the other, whatever it is written in.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::ImportError;
use super::field::Field;
use super::text::Writing;
use super::workbook;

/// Rows above the headings are titles; they are looked for this far down.
const HEADING_ROWS: usize = 20;
/// Beyond this many columns it is no list of expenses.
const COLUMNS_MAX: usize = 1_000;

/// A file that somebody hands in.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Where it lies; read twice, so it must stay while it is imported.
    pub path: PathBuf,
    /// How it is called in messages and in the history.
    pub name: String,
}

/// What the caller knows of how the file is written; what is absent is found out.
#[derive(Clone, Debug, Default)]
pub struct FileOptions {
    /// Label of the encoding (WHATWG), such as `utf-8`, `windows-1252`, `shift_jis`.
    pub encoding: Option<String>,
    /// Between two fields of a text file.
    pub delimiter: Option<char>,
    /// Name of the sheet of a workbook; else the first that has rows.
    pub sheet: Option<String>,
    /// The file has no headings; columns are then mapped by number, as `#1`.
    pub no_headings: bool,
}

/// How a file turned out to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Written {
    /// Text with delimiters.
    Text {
        /// Label of the encoding (WHATWG).
        encoding: String,
        /// Between two fields.
        delimiter: char,
    },
    /// An Excel workbook.
    Workbook {
        /// The sheet that is read.
        sheet: String,
    },
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The line of a text file on which it begins, or the row of a sheet; from 1.
    pub line: u64,
    /// Its cells; short rows have fewer.
    pub cells: Vec<String>,
}

impl Record {
    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

pub(super) type Records = Box<dyn Iterator<Item = Result<Record, ImportError>> + Send>;

/// Headings, and the records below them.
pub(super) struct Table {
    pub(super) written: Written,
    /// One per column; `#1`, `#2` … where the file has none.
    pub(super) headings: Vec<String>,
    /// Where they stand; 0 where the file has none.
    pub(super) heading_line: u64,
    pub(super) records: Records,
}

impl Table {
    /// Opens a file at its first record.
    pub(super) fn open(upload: &Upload, options: &FileOptions) -> Result<Self, ImportError> {
        let (written, mut records) = raw(upload, options)?;
        let mut above = Vec::new();
        for record in records.by_ref().take(HEADING_ROWS) {
            above.push(record?);
        }
        if above.iter().all(Record::is_blank) {
            return Err(not_a_table(upload, "it has no rows"));
        }
        let columns = above.iter().map(|record| record.cells.len()).max().unwrap_or_default();
        if columns > COLUMNS_MAX {
            return Err(not_a_table(
                upload,
                &format!("a row has {columns} columns, more than {COLUMNS_MAX}"),
            ));
        }
        let (headings, heading_line) = if options.no_headings {
            ((1..=columns).map(|number| format!("#{number}")).collect(), 0)
        } else {
            let place = heading_row(&above);
            let row = above.drain(..=place).next_back();
            row.map_or_else(Default::default, |row| {
                (row.cells.iter().map(|cell| cell.trim().to_owned()).collect(), row.line)
            })
        };
        let rest = above.into_iter().map(Ok).chain(records);
        let records = rest.filter(|record| !record.as_ref().is_ok_and(Record::is_blank));
        Ok(Self { written, headings, heading_line, records: Box::new(records) })
    }
}

/// The row with the most known headings, at least two; else the first that is not blank.
fn heading_row(rows: &[Record]) -> usize {
    let known = |record: &Record| {
        let is_known = |cell: &&String| Field::ALL.iter().any(|field| field.fits(cell).is_some());
        record.cells.iter().filter(is_known).count()
    };
    let mut best = (1, rows.iter().position(|record| !record.is_blank()).unwrap_or(0));
    for (place, record) in rows.iter().enumerate() {
        let known = known(record);
        if known > best.0 {
            best = (known, place);
        }
    }
    best.1
}

fn raw(upload: &Upload, options: &FileOptions) -> Result<(Written, Records), ImportError> {
    let read = |source| ImportError::Read { name: upload.name.clone(), source };
    if is_zip(&upload.path).map_err(read)? {
        let (sheet, records) = workbook::open(upload, options.sheet.as_deref())?;
        return Ok((Written::Workbook { sheet }, records));
    }
    let encoding = match &options.encoding {
        None => None,
        Some(label) => Some(encoding_rs::Encoding::for_label(label.trim().as_bytes()).ok_or_else(|| {
            let reason = "no encoding has this name; try utf-8, windows-1252, utf-16le, shift_jis".to_owned();
            ImportError::Mapping { wish: format!("encoding {label}"), reason }
        })?),
    };
    let delimiter = match options.delimiter {
        None => None,
        Some(sign) => Some(u8::try_from(sign).map_err(|_| ImportError::Mapping {
            wish: format!("delimiter {sign:?}"),
            reason: "a delimiter is one ASCII character, such as ; or |".to_owned(),
        })?),
    };
    let writing = Writing::detect(&upload.path, encoding, delimiter).map_err(read)?;
    let reader = writing.records(&upload.path).map_err(read)?;
    let name = upload.name.clone();
    let records = reader.into_records().map(move |record| match record {
        Ok(record) => Ok(Record {
            line: record.position().map_or(0, csv::Position::line),
            cells: record.iter().map(str::to_owned).collect(),
        }),
        Err(error) => Err(ImportError::NotATable { name: name.clone(), reason: error.to_string() }),
    });
    let written = Written::Text {
        encoding: writing.encoding.name().to_owned(),
        delimiter: char::from(writing.delimiter),
    };
    Ok((written, Box::new(records)))
}

/// Workbooks are zip archives.
fn is_zip(path: &Path) -> std::io::Result<bool> {
    let mut beginning = Vec::with_capacity(4);
    File::open(path)?.take(4).read_to_end(&mut beginning)?;
    Ok(beginning == b"PK\x03\x04")
}

pub(super) fn not_a_table(upload: &Upload, reason: &str) -> ImportError {
    ImportError::NotATable { name: upload.name.clone(), reason: reason.to_owned() }
}
