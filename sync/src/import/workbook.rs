//! Excel workbooks, a row at a time: a thread of its own reads the sheet and hands rows over, a few hundred ahead, so that
//! memory does not grow with the sheet (its shared strings excepted).

use std::fs::File;
use std::io::BufReader;
use std::sync::mpsc::{self, SyncSender};

use calamine::{DataRef, Reader as _, Xlsx};

use super::error::ImportError;
use super::table::{Record, Records, Upload, not_a_table};

/// Rows read ahead.
const AHEAD: usize = 256;

/// The named sheet, or the first; and its rows.
pub(super) fn open(upload: &Upload, wanted: Option<&str>) -> Result<(String, Records), ImportError> {
    let file =
        File::open(&upload.path).map_err(|source| ImportError::Read { name: upload.name.clone(), source })?;
    let workbook: Xlsx<_> =
        Xlsx::new(BufReader::new(file)).map_err(|error| not_a_table(upload, &error.to_string()))?;
    let known = workbook.sheet_names();
    let sheet = match wanted {
        Some(wanted) => known.iter().find(|name| name.trim().eq_ignore_ascii_case(wanted.trim())).cloned(),
        None => known.first().cloned(),
    };
    let Some(sheet) = sheet else {
        return Err(ImportError::NoSheet { wanted: wanted.unwrap_or_default().to_owned(), known });
    };
    let (sender, receiver) = mpsc::sync_channel(AHEAD);
    let (thread_upload, thread_sheet) = (upload.clone(), sheet.clone());
    std::thread::spawn(move || read(workbook, &thread_sheet, &thread_upload, &sender));
    Ok((sheet, Box::new(receiver.into_iter())))
}

/// Ends early when nobody listens any more.
fn read(
    mut workbook: Xlsx<BufReader<File>>,
    sheet: &str,
    upload: &Upload,
    sender: &SyncSender<Result<Record, ImportError>>,
) {
    let failed = |error: calamine::XlsxError| Err(not_a_table(upload, &error.to_string()));
    let mut cells = match workbook.worksheet_cells_reader(sheet) {
        Ok(cells) => cells,
        Err(error) => return drop(sender.send(failed(error))),
    };
    let mut record: Option<Record> = None;
    loop {
        let cell = match cells.next_cell() {
            Ok(Some(cell)) => cell,
            Ok(None) => break,
            Err(error) => return drop(sender.send(failed(error))),
        };
        let (row, column) = cell.get_position();
        let line = u64::from(row) + 1;
        if record.as_ref().is_none_or(|record| record.line != line)
            && let Some(whole) = record.replace(Record { line, cells: Vec::new() })
            && sender.send(Ok(whole)).is_err()
        {
            return;
        }
        if let Some(record) = &mut record {
            let column = column as usize;
            if record.cells.len() <= column {
                record.cells.resize(column + 1, String::new());
            }
            record.cells[column] = text(cell.get_value());
        }
    }
    if let Some(last) = record {
        drop(sender.send(Ok(last)));
    }
}

/// A cell as the text of a CSV file that leaves no doubt: dates in ISO form, numbers with a decimal point.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty | DataRef::Error(_) => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number),
        DataRef::DateTime(time) if time.is_datetime() => {
            let (year, month, day, ..) = time.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::DateTime(duration) => number_text(duration.as_f64()),
    }
}

/// The shortest text of a number. Three decimals get a fourth: `1.234` could be a thousand in half of Europe.
fn number_text(number: f64) -> String {
    let text = number.to_string();
    match text.split_once('.') {
        Some((_, fraction)) if fraction.len() == 3 => format!("{text}0"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_cell_leaves_no_doubt_about_its_decimals() {
        assert_eq!(number_text(14.99), "14.99");
        assert_eq!(number_text(1.234), "1.2340");
        assert_eq!(number_text(1234.0), "1234");
        assert_eq!(number_text(-0.1), "-0.1");
    }
}
