//! Rows of a CSV file (RFC 4180): split by `split` where the block is UTF-8, else read by the crate `csv`.

use std::io::Read as _;

use super::{BadRow, Columns, Counts, NOT_UTF_8, Predictor, amount};
use crate::ExpenseTexts;
use crate::rules::Facts;

impl Predictor<'_> {
    /// Decides the rows of a block and appends a prediction for each. `first_line` is the line of the file, counted
    /// from 1, on which the block begins, `first_row` the number of its first row, counted from 1.
    ///
    /// # Errors
    /// The first row that cannot be read; the predictions before it were appended.
    pub fn csv(
        &mut self,
        columns: &Columns,
        block: &[u8],
        (first_line, first_row): (u64, u64),
        out: &mut Vec<u8>,
    ) -> Result<Counts, BadRow> {
        let Ok(text) = std::str::from_utf8(block) else {
            return self.csv_of_bytes(columns, block, (first_line, first_row), out);
        };
        let mut counts = Counts::default();
        let mut fields = std::mem::take(&mut self.fields);
        let mut at = 0;
        while let Some((start, end)) = fields.read(text, at) {
            at = end;
            let field = |column: Option<usize>| fields.get(text, column);
            let code = |column: Option<usize>| Some(field(column)).filter(|code| !code.is_empty());
            let texts = ExpenseTexts {
                vendor_description: field(columns.vendor_description),
                business_purpose: field(columns.business_purpose),
                expense_type_name: field(columns.expense_type_name),
                spend_category: field(columns.spend_category),
                expense_type_code: code(columns.expense_type_code),
                spend_category_code: code(columns.spend_category_code),
            };
            let number;
            let id = if columns.id.is_some() {
                field(columns.id)
            } else {
                number = (first_row + counts.rows).to_string();
                &number
            };
            if self.rules.is_none() {
                self.answer(id, &texts, &mut counts, out);
                continue;
            }
            let facts = Facts {
                texts,
                amount: amount(field(columns.amount))
                    .map_err(|reason| BadRow { line: first_line + newlines(&block[..start]), reason })?,
                currency: code(columns.currency),
                owner: code(columns.owner),
                department: code(columns.department),
                account: code(columns.account),
            };
            self.answer_by_rules(id, &facts, &mut counts, out);
        }
        self.fields = fields;
        Ok(counts)
    }

    /// The same for a block that is not all UTF-8: the columns that are read may be.
    fn csv_of_bytes(
        &mut self,
        columns: &Columns,
        block: &[u8],
        (first_line, first_row): (u64, u64),
        out: &mut Vec<u8>,
    ) -> Result<Counts, BadRow> {
        let mut counts = Counts::default();
        // The crate swallows a byte order mark where it begins to read. A block begins anywhere in a file, so an empty
        // line, which is no row, comes first.
        let bytes = b"\n".chain(block);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut record = std::mem::take(&mut self.record);
        loop {
            let line = first_line + reader.position().line().saturating_sub(2);
            let bad = |reason: String| BadRow { line, reason };
            if !reader.read_byte_record(&mut record).map_err(|error| bad(error.to_string()))? {
                break;
            }
            let text = |column: Option<usize>| -> Result<&str, BadRow> {
                let bytes = column.and_then(|at| record.get(at)).unwrap_or_default();
                std::str::from_utf8(bytes).map_err(|_| bad(NOT_UTF_8.to_owned()))
            };
            let code =
                |column: Option<usize>| text(column).map(|code| Some(code).filter(|code| !code.is_empty()));
            let texts = ExpenseTexts {
                vendor_description: text(columns.vendor_description)?,
                business_purpose: text(columns.business_purpose)?,
                expense_type_name: text(columns.expense_type_name)?,
                spend_category: text(columns.spend_category)?,
                expense_type_code: code(columns.expense_type_code)?,
                spend_category_code: code(columns.spend_category_code)?,
            };
            let number;
            let id = if columns.id.is_some() {
                text(columns.id)?
            } else {
                number = (first_row + counts.rows).to_string();
                &number
            };
            let facts = Facts {
                texts,
                amount: amount(text(columns.amount)?).map_err(bad)?,
                currency: code(columns.currency)?,
                owner: code(columns.owner)?,
                department: code(columns.department)?,
                account: code(columns.account)?,
            };
            self.answer_by_rules(id, &facts, &mut counts, out);
        }
        self.record = record;
        Ok(counts)
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.split(|byte| *byte == b'\n').count() as u64 - 1
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::batch::Format;
    use crate::{Dictionary, Matcher};

    #[test]
    fn a_row_that_is_not_utf_8_is_told_by_its_line() {
        let matcher = Matcher::new(Arc::new(Dictionary::from_jsonl("").unwrap()));
        let columns = Columns::of_header(b"id,VendorDescription,Comment").unwrap();
        let line = |rows: &[u8]| {
            let mut predictor = Predictor::new(&matcher, Format::Csv);
            predictor.csv(&columns, rows, (7, 6), &mut Vec::new()).unwrap_err().line
        };
        assert_eq!(line(b"1,\xff,\n"), 7);
        assert_eq!(line(b"1,a,\xff\n2,\xff,\n"), 8);
        assert_eq!(line(b"1,\"two\nlines\",\n2,a,\n3,\xff,\n"), 10);
    }
}
