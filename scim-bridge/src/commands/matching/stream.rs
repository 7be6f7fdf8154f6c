//! Blocks of rows through threads, and back in order.
//!
//! One thread reads and cuts, as many as asked for decide, the caller's writes. Blocks are numbered, so that what is
//! written does not depend on which thread is quicker. Every block holds a place from reading to writing, and there
//! are few places: memory does not grow with the file.

use std::collections::BTreeMap;
use std::io::{BufRead, Read as _, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use ::matcher::Matcher;
use ::matcher::batch::{BadRow, Columns, Counts, Cut, Format, Predictor, rows_end};
use ::matcher::rules::Rules;

use super::Usage;

/// Bytes of a block: some thousand rows.
const BLOCK_BYTES: usize = 1 << 20;
/// Bytes of the longest row: beyond it the file is none of rows.
const ROW_BYTES_MAX: usize = 64 << 20;
/// Blocks under way for each thread.
const BLOCKS_PER_THREAD: usize = 2;

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job<'j> {
    pub(super) matcher: &'j Matcher,
    /// Rules that come before the dictionary.
    pub(super) rules: Option<&'j Rules>,
    /// Of the input, for messages.
    pub(super) name: &'j str,
    /// How the input falls into rows.
    pub(super) cut: Cut,
    pub(super) output: Format,
    pub(super) threads: usize,
}

/// Whole rows, and where they stood.
#[derive(Debug, Default)]
struct Block {
    number: u64,
    bytes: Vec<u8>,
    /// Counted from 1.
    first_line: u64,
    first_row: u64,
}

/// What became of a block.
struct Done {
    number: u64,
    read: u64,
    predictions: Vec<u8>,
    counts: Result<Counts, BadRow>,
}

impl Job<'_> {
    /// Reads all rows and writes a prediction for each, in their order. `progress` hears of bytes that are done.
    pub(super) fn run(
        &self,
        mut input: impl BufRead + Send,
        output: &mut dyn Write,
        progress: impl Fn(u64),
    ) -> anyhow::Result<Counts> {
        let header = if self.cut == Cut::Csv { self.header(&mut input)? } else { None };
        output.write_all(self.output.header(self.rules.is_some()))?;
        let (columns, lines) = header.unwrap_or_default();
        let places = self.threads * BLOCKS_PER_THREAD;
        let (to_workers, blocks) = sync_channel::<Block>(places);
        let (to_writer, done) = sync_channel::<Done>(places);
        let (give_place, take_place) = sync_channel::<()>(places);
        for _ in 0..places {
            let _reader_may_be_done = give_place.send(());
        }
        let blocks = Mutex::new(blocks);
        std::thread::scope(|scope| {
            let reader = scope.spawn(move || self.read(input, lines + 1, &take_place, &to_workers));
            for _ in 0..self.threads {
                let (blocks, to_writer) = (&blocks, to_writer.clone());
                scope.spawn(move || self.decide(&columns, blocks, &to_writer));
            }
            drop(to_writer);
            let written = self.write(&done, output, &give_place, progress);
            // Whoever still waits is told that nobody listens any more.
            drop((done, give_place));
            let read = reader.join().unwrap_or_else(|_| Err(anyhow::anyhow!("reading stopped")));
            written.and_then(|counts| read.map(|()| counts))
        })
    }

    /// The columns, and the lines that the header takes. Nothing in an empty file.
    fn header(&self, input: &mut impl BufRead) -> anyhow::Result<Option<(Columns, u64)>> {
        let mut header = Vec::new();
        loop {
            let more = input.by_ref().take(ROW_BYTES_MAX as u64).read_until(b'\n', &mut header)?;
            if more == 0 || rows_end(&header, Cut::Csv) == header.len() || header.len() > ROW_BYTES_MAX {
                break;
            }
        }
        if header.trim_ascii().is_empty() {
            return Ok(None);
        }
        let columns =
            Columns::of_header(&header).map_err(|error| Usage(format!("{}, line 1: {error}", self.name)))?;
        Ok(Some((columns, newlines(&header).max(1))))
    }

    /// Cuts the input into blocks of whole rows.
    fn read(
        &self,
        mut input: impl BufRead,
        first_line: u64,
        take_place: &Receiver<()>,
        to_workers: &SyncSender<Block>,
    ) -> anyhow::Result<()> {
        let (mut line, mut row, mut rest) = (first_line, 1, Vec::new());
        for number in 0.. {
            if take_place.recv().is_err() {
                return Ok(());
            }
            let mut bytes = std::mem::take(&mut rest);
            let mut wanted = BLOCK_BYTES;
            let end = loop {
                let more = wanted.saturating_sub(bytes.len()) as u64;
                let read = input.by_ref().take(more).read_to_end(&mut bytes)?;
                let end =
                    if bytes.len() < wanted || read == 0 { bytes.len() } else { rows_end(&bytes, self.cut) };
                if end > 0 || bytes.is_empty() {
                    break end;
                }
                if wanted >= ROW_BYTES_MAX {
                    return Err(Usage(format!("{}, line {line}: a row without an end", self.name)).into());
                }
                wanted *= 2;
            };
            rest.extend_from_slice(&bytes[end..]);
            bytes.truncate(end);
            if bytes.is_empty() {
                return Ok(());
            }
            let lines = newlines(&bytes);
            let block = Block { number, bytes, first_line: line, first_row: row };
            line += lines;
            // Only rows without an id are named by their number; a row may span lines, but then its number is as good.
            row += lines;
            if to_workers.send(block).is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Decides block after block.
    fn decide(&self, columns: &Columns, blocks: &Mutex<Receiver<Block>>, to_writer: &SyncSender<Done>) {
        let mut predictor = match self.rules {
            Some(rules) => Predictor::with_rules(self.matcher, self.output, rules),
            None => Predictor::new(self.matcher, self.output),
        };
        loop {
            let next = blocks.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(Block { number, bytes, first_line, first_row }) = next else { return };
            let mut predictions = Vec::with_capacity(bytes.len() / 2);
            let counts = match self.cut {
                Cut::Csv => predictor.csv(columns, &bytes, (first_line, first_row), &mut predictions),
                Cut::Lines => predictor.json_lines(&bytes, first_line, &mut predictions),
            };
            let read = bytes.len() as u64;
            if to_writer.send(Done { number, read, predictions, counts }).is_err() {
                return;
            }
        }
    }

    /// Writes what is done, in order.
    fn write(
        &self,
        done: &Receiver<Done>,
        output: &mut dyn Write,
        give_place: &SyncSender<()>,
        progress: impl Fn(u64),
    ) -> anyhow::Result<Counts> {
        let (mut counts, mut next, mut early) = (Counts::default(), 0, BTreeMap::new());
        for block in done {
            early.insert(block.number, block);
            while let Some(block) = early.remove(&next) {
                output.write_all(&block.predictions)?;
                let counted = block.counts.map_err(|bad| {
                    Usage(format!("{}, line {}{}", self.name, bad.line, separated(&bad.reason)))
                })?;
                counts.add(&counted);
                progress(block.read);
                next += 1;
                let _reader_may_be_done = give_place.send(());
            }
        }
        Ok(counts)
    }
}

/// `, field id: ...` continues the place; anything else is said about it.
fn separated(reason: &str) -> String {
    if reason.starts_with("field ") { format!(", {reason}") } else { format!(": {reason}") }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.split(|byte| *byte == b'\n').count() as u64 - 1
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use ::matcher::Band;

    use super::*;

    fn matcher() -> Matcher {
        let app = r#"{"id":"quillwork","name":"Quillwork","aliases":[],"domain":"quillwork.io","category":"design"}"#;
        Matcher::new(Arc::new(::matcher::Dictionary::from_jsonl(app).unwrap()))
    }

    fn copy(rows: &[u8], cut: Cut, threads: usize, written: &mut Vec<u8>) -> anyhow::Result<Counts> {
        let matcher = matcher();
        let job = Job {
            matcher: &matcher,
            rules: None,
            name: "rows.jsonl",
            cut,
            output: Format::JsonLines,
            threads,
        };
        job.run(rows, written, |_| {})
    }

    #[test]
    fn threads_and_formats_make_no_difference() {
        let mut csv = String::from("\u{feff}id,BusinessPurpose,VendorDescription,Amount\r\n");
        let mut lines = String::new();
        for n in 0..60_000 {
            let vendor = ["QUILLWORK.IO", "Corner \"shop\"\nBerlin, DE", "QUILWORK 42"][n % 3];
            let quoted = vendor.replace('"', "\"\"");
            write!(csv, "{n},\"seats, annual\",\"{quoted}\",7.50\r\n").unwrap();
            let row = serde_json::json!({"id": n.to_string(), "VendorDescription": vendor, "BusinessPurpose": "seats, annual"});
            writeln!(lines, "{row}").unwrap();
        }
        let mut written = [const { Vec::new() }; 3];
        let counts = copy(csv.as_bytes(), Cut::Csv, 1, &mut written[0]).unwrap();
        assert_eq!((counts.rows, counts.of(Band::None)), (60_000, 20_000));
        assert_eq!(copy(csv.as_bytes(), Cut::Csv, 3, &mut written[1]).unwrap(), counts);
        assert_eq!(copy(lines.as_bytes(), Cut::Lines, 2, &mut written[2]).unwrap(), counts);
        assert!(csv.len() > 2 * BLOCK_BYTES && written[0] == written[1] && written[0] == written[2]);
    }

    #[test]
    fn a_csv_file_says_what_is_wrong_with_it() {
        let check = |file: &[u8], words: &str| {
            let error = copy(file, Cut::Csv, 2, &mut Vec::new()).unwrap_err();
            assert!(error.is::<Usage>() && error.to_string().contains(words), "{error}");
        };
        check(b"a,b\n1,2\n", "line 1: the first line names none of the columns");
        check(b"id,VendorDescription\n1,\"a\nb\"\n2,\xe9\n", "line 4: not UTF-8");
        assert_eq!(copy(b"", Cut::Csv, 2, &mut Vec::new()).unwrap().rows, 0);
        assert_eq!(copy(b"VendorDescription\nquillwork.io", Cut::Csv, 2, &mut Vec::new()).unwrap().rows, 1);
    }

    #[test]
    fn every_row_gets_one_prediction_in_its_order() {
        let rows = "{\"id\":\"b\",\"VendorDescription\":\"QUILLWORK.IO\",\"Other\":1}\n\n{\"id\":\"a\"}\n";
        let mut written = Vec::new();
        let counts = copy(rows.as_bytes(), Cut::Lines, 2, &mut written).unwrap();
        let written: Vec<serde_json::Value> = String::from_utf8(written)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(counts.rows, 2);
        assert_eq!(counts.of(Band::None), 1);
        assert_eq!(
            (written[0]["id"].as_str(), written[0]["app_id"].as_str()),
            (Some("b"), Some("quillwork"))
        );
        assert_eq!((written[1]["id"].as_str(), written[1]["app_id"].as_str()), (Some("a"), None));
    }

    #[test]
    fn a_wrong_row_is_named_by_file_line_and_field() {
        let check = |rows: &str, message: &str| {
            let error = copy(rows.as_bytes(), Cut::Lines, 2, &mut Vec::new()).unwrap_err();
            assert!(error.to_string().starts_with(message) && error.is::<Usage>(), "{error}");
        };
        check("{\"id\":\"a\"}\n{\"id\":7}\n", "rows.jsonl, line 2, field id: invalid type");
        check(
            "{\"id\":\"a\",\"VendorDescription\":[]}",
            "rows.jsonl, line 1, field VendorDescription: invalid type",
        );
        check("{\"VendorDescription\":\"x\"}", "rows.jsonl, line 1: missing field `id`");
        check("not json", "rows.jsonl, line 1: expected");
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_row() {
        let counts = copy("\u{feff}{\"id\":\"a\"}\r\n".as_bytes(), Cut::Lines, 1, &mut Vec::new()).unwrap();
        assert_eq!(counts.rows, 1);
    }

    #[test]
    fn what_is_not_utf_8_is_wrong_input_and_says_what_to_do() {
        let error = copy(b"{\"id\":\"\xe9\"}\n", Cut::Lines, 1, &mut Vec::new()).unwrap_err();
        assert!(error.is::<Usage>() && error.to_string().contains("UTF-8"), "{error}");
    }
}
