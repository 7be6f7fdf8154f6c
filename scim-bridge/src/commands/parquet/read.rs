//! The rows of a Parquet file, as CSV: whoever reads CSV reads Parquet.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
use ::parquet::record::Field;
use ::parquet::record::reader::RowIter;
use ::parquet::schema::types::Type;
use anyhow::Context as _;

use crate::commands::Usage;

/// The first bytes of a file.
pub(in crate::commands) const MAGIC: &[u8] = b"PAR1";
/// Rows that are turned into CSV at once.
const ROWS: usize = 1_000;

/// A header and rows; columns that hold lists or groups are left out.
pub(in crate::commands) struct AsCsv {
    rows: RowIter<'static>,
    csv: Vec<u8>,
    given: usize,
}

impl AsCsv {
    /// Opens a file.
    ///
    /// # Errors
    /// [`Usage`] when it is none, with what is wrong with it.
    pub(in crate::commands) fn open(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
        let refused = |error| Usage(format!("{name}: {error}"));
        let reader = SerializedFileReader::new(file).map_err(refused)?;
        let schema = reader.metadata().file_metadata().schema();
        let plain: Vec<Arc<Type>> =
            schema.get_fields().iter().filter(|field| field.is_primitive()).cloned().collect();
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(plain.iter().map(|column| column.name()))?;
        let projected =
            Type::group_type_builder(schema.name()).with_fields(plain).build().map_err(refused)?;
        let rows = reader.into_iter().project(Some(projected)).map_err(refused)?;
        Ok(Self { rows, csv: csv.into_inner()?, given: 0 })
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(std::mem::take(&mut self.csv));
        for row in self.rows.by_ref().take(ROWS) {
            let row = row.map_err(io::Error::other)?;
            csv.write_record(row.get_column_iter().map(|(_, field)| cell(field)))?;
        }
        self.csv = csv.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        self.given = 0;
        Ok(())
    }
}

fn cell(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        other => other.to_string(),
    }
}

impl Read for AsCsv {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.csv.len() {
            self.csv.clear();
            self.refill()?;
        }
        let read = (&self.csv[self.given..]).read(into)?;
        self.given += read;
        Ok(read)
    }
}
