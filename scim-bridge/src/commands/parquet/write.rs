//! Rows into a Parquet file, a row group at a time.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;

use ::parquet::basic::Compression;
use ::parquet::column::writer::ColumnWriter;
use ::parquet::data_type::{ByteArray, FixedLenByteArray};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use anyhow::Context as _;
use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use serde_json::Value;

use super::{AMOUNT_SCALE, Kind, failed};

/// Rows of a row group: a reader can skip the others, and they are all that is held in memory.
const GROUP_ROWS: usize = 50_000;

/// Writes rows whose columns are known.
pub(in crate::commands) struct Writer<W: Write + Send> {
    file: SerializedFileWriter<W>,
    columns: Vec<Column>,
    rows: usize,
}

struct Column {
    name: String,
    values: Values,
    /// 1 for a value, 0 where a row has none.
    present: Vec<i16>,
}

/// The values of a column in the group under way, without those that are absent.
enum Values {
    Text(Vec<ByteArray>),
    Count(Vec<i64>),
    Number(Vec<f64>),
    Flag(Vec<bool>),
    Date(Vec<i32>),
    Amount(Vec<FixedLenByteArray>),
}

impl<W: Write + Send> Writer<W> {
    /// Begins a file with these columns, each typed by its name; `holds_lists` says of which values are lists.
    ///
    /// # Errors
    /// The output refuses.
    pub(in crate::commands) fn new(
        output: W,
        columns: &[String],
        holds_lists: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Self> {
        let columns: Vec<Column> = columns.iter().map(|name| Column::new(name, holds_lists(name))).collect();
        let mut schema = String::from("message rows {");
        for column in &columns {
            let _to_memory = write!(schema, " OPTIONAL {};", column.declared());
        }
        schema.push_str(" }");
        let schema = Arc::new(parse_message_type(&schema).map_err(failed)?);
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let file = SerializedFileWriter::new(output, schema, Arc::new(properties)).map_err(failed)?;
        Ok(Self { file, columns, rows: 0 })
    }

    /// Adds a row: a cell for each column, in their order.
    ///
    /// # Errors
    /// A value is none of its column's type, or the output refuses.
    pub(in crate::commands) fn row(&mut self, cells: &[&Value]) -> anyhow::Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell).with_context(|| format!("column {}: {cell}", column.name))?;
        }
        self.rows += 1;
        if self.rows == GROUP_ROWS { self.group() } else { Ok(()) }
    }

    /// Writes what is left, and the footer without which the file is none.
    ///
    /// # Errors
    /// The output refuses.
    pub(in crate::commands) fn finish(mut self) -> anyhow::Result<()> {
        if self.rows > 0 {
            self.group()?;
        }
        self.file.close().map(drop).map_err(failed)
    }

    fn group(&mut self) -> anyhow::Result<()> {
        let mut group = self.file.next_row_group().map_err(failed)?;
        for column in &mut self.columns {
            let mut writer = group.next_column().map_err(failed)?.context("a column without a place")?;
            column.write(writer.untyped()).map_err(failed)?;
            writer.close().map_err(failed)?;
        }
        group.close().map_err(failed)?;
        self.rows = 0;
        Ok(())
    }
}

impl Column {
    fn new(name: &str, holds_lists: bool) -> Self {
        let values = match Kind::of(name, holds_lists) {
            Kind::Text => Values::Text(Vec::new()),
            Kind::Count => Values::Count(Vec::new()),
            Kind::Number => Values::Number(Vec::new()),
            Kind::Flag => Values::Flag(Vec::new()),
            Kind::Date => Values::Date(Vec::new()),
            Kind::Amount => Values::Amount(Vec::new()),
        };
        Self { name: name.to_owned(), values, present: Vec::new() }
    }

    /// As a schema says it.
    fn declared(&self) -> String {
        let name = &self.name;
        match self.values {
            Values::Text(_) => format!("BYTE_ARRAY {name} (STRING)"),
            Values::Count(_) => format!("INT64 {name}"),
            Values::Number(_) => format!("DOUBLE {name}"),
            Values::Flag(_) => format!("BOOLEAN {name}"),
            Values::Date(_) => format!("INT32 {name} (DATE)"),
            Values::Amount(_) => format!("FIXED_LEN_BYTE_ARRAY (16) {name} (DECIMAL (38, {AMOUNT_SCALE}))"),
        }
    }

    fn push(&mut self, cell: &Value) -> anyhow::Result<()> {
        self.present.push(i16::from(!cell.is_null()));
        if cell.is_null() {
            return Ok(());
        }
        let text = || cell.as_str().context("not a text");
        match &mut self.values {
            Values::Text(values) => values.push(match cell {
                Value::String(text) => ByteArray::from(text.as_str()),
                other => ByteArray::from(other.to_string().into_bytes()),
            }),
            Values::Count(values) => values.push(cell.as_i64().context("not a whole number")?),
            Values::Number(values) => values.push(cell.as_f64().context("not a number")?),
            Values::Flag(values) => values.push(cell.as_bool().context("neither true nor false")?),
            Values::Date(values) => values.push(days_since_1970(text()?.parse()?)),
            Values::Amount(values) => values.push(amount(text()?.parse()?)?),
        }
        Ok(())
    }

    fn write(&mut self, writer: &mut ColumnWriter<'_>) -> Result<(), ::parquet::errors::ParquetError> {
        let present = std::mem::take(&mut self.present);
        let present = Some(present.as_slice());
        match (&mut self.values, writer) {
            (Values::Text(values), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                writer.write_batch(&std::mem::take(values), present, None)
            }
            (Values::Count(values), ColumnWriter::Int64ColumnWriter(writer)) => {
                writer.write_batch(&std::mem::take(values), present, None)
            }
            (Values::Number(values), ColumnWriter::DoubleColumnWriter(writer)) => {
                writer.write_batch(&std::mem::take(values), present, None)
            }
            (Values::Flag(values), ColumnWriter::BoolColumnWriter(writer)) => {
                writer.write_batch(&std::mem::take(values), present, None)
            }
            (Values::Date(values), ColumnWriter::Int32ColumnWriter(writer)) => {
                writer.write_batch(&std::mem::take(values), present, None)
            }
            (Values::Amount(values), ColumnWriter::FixedLenByteArrayColumnWriter(writer)) => {
                writer.write_batch(&std::mem::take(values), present, None)
            }
            _ => return Err(::parquet::errors::ParquetError::General("a column of another type".to_owned())),
        }
        .map(drop)
    }
}

fn days_since_1970(day: Date) -> i32 {
    day.duration_since(date(1970, 1, 1)).as_hours().div_euclid(24).try_into().unwrap_or_default()
}

/// The unscaled value, 16 bytes, the highest first.
fn amount(mut amount: Decimal) -> anyhow::Result<FixedLenByteArray> {
    amount = amount.normalize();
    anyhow::ensure!(amount.scale() <= AMOUNT_SCALE, "more than {AMOUNT_SCALE} digits behind the point");
    let more = 10_i128.checked_pow(AMOUNT_SCALE - amount.scale());
    let unscaled = more.and_then(|more| amount.mantissa().checked_mul(more)).context("too large")?;
    Ok(FixedLenByteArray::from(unscaled.to_be_bytes().to_vec()))
}
