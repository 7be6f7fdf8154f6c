//! JSON Lines, as somebody writes them, into a Parquet file.

use std::io::{self, Write};

use serde_json::Value;

use super::Writer;

/// Takes lines in pieces of any length.
pub(in crate::commands) struct OfLines<W: Write + Send> {
    rows: Writer<W>,
    columns: Vec<String>,
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
}

impl<W: Write + Send> OfLines<W> {
    /// Begins a file with these members of the objects as its columns; what a row lacks is absent.
    ///
    /// # Errors
    /// The output refuses.
    pub(in crate::commands) fn new(output: W, columns: Vec<String>) -> anyhow::Result<Self> {
        let rows = Writer::new(output, &columns, |_| false)?;
        Ok(Self { rows, columns, begun: Vec::new() })
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The output refuses, or the last line is none.
    pub(in crate::commands) fn finish(mut self) -> anyhow::Result<()> {
        let last = std::mem::take(&mut self.begun);
        self.line(&last)?;
        self.rows.finish()
    }

    fn line(&mut self, line: &[u8]) -> anyhow::Result<()> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let row: Value = serde_json::from_slice(line)?;
        let cells: Vec<&Value> =
            self.columns.iter().map(|column| row.get(column).unwrap_or(&Value::Null)).collect();
        self.rows.row(&cells)
    }
}

impl<W: Write + Send> Write for OfLines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            let line = std::mem::take(&mut self.begun);
            self.line(&line).map_err(io::Error::other)?;
        }
        self.begun.extend_from_slice(rest);
        Ok(bytes.len())
    }

    /// A row group is written when it is full.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
