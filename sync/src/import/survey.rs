//! The first of two readings: every row is looked at before the first is stored, so that formats are decided by whole
//! columns. Memory holds a few samples and counters, not rows.

use serde::Serialize;

use super::amount::{AmountSurvey, AmountVerdict, DecimalMark};
use super::date::{DateOrder, DateSurvey, DateVerdict};
use super::error::ImportError;
use super::field::Field;
use super::layout::Layout;
use super::mapping::Mapping;
use super::remembered::{Earlier, Remembered, Said};
use super::table::{Table, Upload, Written};
use super::{Options, convert::Formats};

/// Values shown for each column.
const SAMPLES: usize = 3;

/// What a file is, before any row of it is judged.
#[derive(Clone, Debug, Serialize)]
pub struct Survey {
    /// How it is written.
    pub written: Written,
    /// What it was recognised as.
    pub layout: Layout,
    /// The line of its headings; 0 for none.
    pub heading_line: u64,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Rows below the headings, blank ones left out.
    pub rows: u64,
    /// How dates are written.
    pub date_order: DateOrder,
    /// How amounts are written; absent where the file has no such column or it is empty.
    pub decimal_mark: DecimalMark,
    /// What of this was said about an earlier file of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remembered: Option<Remembered>,
    #[serde(skip)]
    pub(super) mapping: Mapping,
    #[serde(skip)]
    pub(super) said: Said,
}

/// A column as a person judges it.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    /// Its heading.
    pub heading: String,
    /// The field that it fills, if any.
    pub field: Option<&'static str>,
    /// The first different values.
    pub samples: Vec<String>,
}

impl Survey {
    /// Reads the whole file once.
    ///
    /// # Errors
    /// Everything that a person has to decide or mend before a row can be judged.
    pub(super) fn of(
        upload: &Upload,
        options: &Options,
        earlier: Option<Earlier<'_>>,
    ) -> Result<Self, ImportError> {
        let table = Table::open(upload, &options.file)?;
        let mut said = Said::of(options, &table.headings, earlier)?;
        let options = &said.options;
        let mapping = Mapping::find(&table.headings, &options.mapping)?;
        let mut columns: Vec<Column> = table
            .headings
            .iter()
            .enumerate()
            .map(|(column, heading)| Column {
                heading: heading.clone(),
                field: mapping.field(column).map(Field::name),
                samples: Vec::new(),
            })
            .collect();
        let mut dates = DateSurvey::default();
        let mut amounts = [
            (Field::PostedAmount, AmountSurvey::default()),
            (Field::TransactionAmount, AmountSurvey::default()),
        ];
        let mut rows = 0;
        for record in table.records {
            let record = record?;
            rows += 1;
            for (column, cell) in columns.iter_mut().zip(&record.cells) {
                let cell = cell.trim();
                if column.samples.len() < SAMPLES
                    && !cell.is_empty()
                    && !column.samples.iter().any(|known| known == cell)
                {
                    column.samples.push(cell.to_owned());
                }
            }
            dates.see(mapping.text(&record.cells, Field::TransactionDate));
            for (field, survey) in &mut amounts {
                survey.see(mapping.text(&record.cells, *field));
            }
        }
        let of_field = |field| mapping.column(field).and_then(|column| columns.get(column));
        let date_order = order(options.date_order, &dates, of_field(Field::TransactionDate))?;
        let mut decimal_mark = options.decimal_mark;
        for (field, survey) in &amounts {
            decimal_mark = mark(decimal_mark, survey, of_field(*field))?;
        }
        Ok(Self {
            layout: Layout::of(&table.headings),
            written: table.written,
            heading_line: table.heading_line,
            columns,
            rows,
            date_order,
            decimal_mark: decimal_mark.unwrap_or(DecimalMark::Point),
            mapping,
            remembered: said.before.take(),
            said,
        })
    }

    pub(super) fn formats(&self) -> Formats {
        Formats {
            date_order: self.date_order,
            decimal_mark: self.decimal_mark,
            currency: self.said.options.currency.clone(),
        }
    }
}

fn shown(column: Option<&Column>) -> (String, String) {
    column.map_or_else(Default::default, |column| {
        (column.heading.clone(), column.samples.first().cloned().unwrap_or_default())
    })
}

fn order(
    wish: Option<DateOrder>,
    survey: &DateSurvey,
    column: Option<&Column>,
) -> Result<DateOrder, ImportError> {
    let (heading, sample) = shown(column);
    match (wish, survey.verdict()) {
        (Some(order), _) | (None, DateVerdict::Order(order)) => Ok(order),
        (None, DateVerdict::Ambiguous(orders)) => {
            Err(ImportError::AmbiguousDates { heading, sample, orders })
        }
        (None, DateVerdict::None) => Err(ImportError::NoDates { heading, sample }),
        (None, DateVerdict::Empty) => Ok(DateOrder::YearMonthDay),
    }
}

/// The mark of one column; both amounts of a file are written alike, so the first that decides decides for both.
fn mark(
    known: Option<DecimalMark>,
    survey: &AmountSurvey,
    column: Option<&Column>,
) -> Result<Option<DecimalMark>, ImportError> {
    let (heading, sample) = shown(column);
    match (known, survey.verdict()) {
        (Some(mark), _) | (None, AmountVerdict::Mark(mark)) => Ok(Some(mark)),
        (None, AmountVerdict::Empty) => Ok(None),
        (None, AmountVerdict::Ambiguous) => Err(ImportError::AmbiguousAmounts { heading, sample }),
        (None, AmountVerdict::None) => Err(ImportError::NoAmounts { heading, sample }),
    }
}
