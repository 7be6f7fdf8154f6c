//! The matcher: the whole task from bytes of CSV to bytes of predictions, and its exact pass alone.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use benches::workload::{Workload, vendor_id};
use matcher::batch::{Columns, Format, Predictor};
use matcher::{Dictionary, Matcher};

use crate::answers::Answers;
use crate::timer::{resident_peak, timed};

/// Bytes of a block, as the command line reads them.
const BLOCK_BYTES: usize = 1 << 20;

pub(crate) struct Ours {
    pub(crate) tasks: Vec<Answers>,
    build: Duration,
    parse: Duration,
    checksum: u64,
}

impl Ours {
    /// Lines a second of the whole task.
    pub(crate) fn whole(&self) -> f64 {
        self.tasks[0].rate()
    }

    pub(crate) fn remarks(&self, lines: usize) -> String {
        let resident =
            resident_peak().map_or("unknown".to_owned(), |bytes| format!("{} MB", bytes / 1_000_000));
        // Reading, splitting, folding and writing alone take about a quarter of a microsecond.
        let floor = 0.25e-6 * self.whole();
        format!(
            "Dictionary read in {:.3} s, index built in {:.3} s; {:.0} % of the floor of read, split, fold and write; \
             resident at most {resident}, of which the {lines} lines of the workload are the most; \
             predictions {:016x}.",
            self.parse.as_secs_f64(),
            self.build.as_secs_f64(),
            floor * 100.0,
            self.checksum
        )
    }

    /// The answers that are claimed with the speed.
    pub(crate) fn check(&self) -> Result<(), String> {
        let whole = &self.tasks[0];
        if whole.exact_recall() < 0.99 || whole.precision() < 0.98 || whole.misspelt_recall() < 0.91 {
            return Err(format!("the answers are not those that are claimed: {whole:?}"));
        }
        Ok(())
    }
}

pub(crate) fn measure(work: &Workload, rounds: usize) -> Result<Ours, Box<dyn Error>> {
    let (dictionary, parse) = timed(|| Dictionary::from_jsonl(&work.dictionary));
    let dictionary = Arc::new(dictionary?);
    let (matcher, build) = timed(|| Matcher::new(Arc::clone(&dictionary)));
    let csv = work.csv();
    let header = csv.find('\n').map_or(0, |at| at + 1);
    let columns = Columns::of_header(&csv.as_bytes()[..header])?;
    let blocks = blocks(&csv.as_bytes()[header..]);
    let (mut best, mut exact_best) = (Duration::MAX, Duration::MAX);
    let (mut out, mut named) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        // A fresh predictor: what it remembers must be earned in the run.
        let mut written = Vec::with_capacity(csv.len());
        let (done, busy) = timed(|| {
            let mut predictor = Predictor::new(&matcher, Format::Csv);
            let mut row = 1;
            blocks.iter().try_for_each(|block| {
                let counts = predictor.csv(&columns, block, (row + 1, row), &mut written)?;
                row += counts.rows;
                Ok::<_, matcher::batch::BadRow>(())
            })
        });
        done?;
        best = best.min(busy);
        out = written;
        let (found, busy) = timed(|| exact(work, &matcher));
        exact_best = exact_best.min(busy);
        named = found;
    }
    let decided = decided(&out, &dictionary);
    let tasks = vec![
        Answers::of("**matcher, CSV to predictions**", work, best, true, &decided),
        Answers::of("matcher, exact names, raw fields", work, exact_best, false, &named),
    ];
    Ok(Ours { tasks, build, parse, checksum: checksum(&out) })
}

/// Whole rows, cut as the command line cuts a file.
fn blocks(rows: &[u8]) -> Vec<&[u8]> {
    let mut rest = rows;
    let mut blocks = Vec::new();
    while !rest.is_empty() {
        let end = BLOCK_BYTES.min(rest.len());
        let end = if end == rest.len() {
            end
        } else {
            matcher::batch::rows_end(&rest[..end], matcher::batch::Cut::Csv)
        };
        let (block, after) = rest.split_at(end);
        blocks.push(block);
        rest = after;
    }
    blocks
}

/// FNV-1a: two builds that decide alike print the same number.
fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// The vendor of the longest name in each line.
fn exact(work: &Workload, matcher: &Matcher) -> Vec<Option<usize>> {
    let mut scratch = matcher.scratch();
    let longest = |line: &[String; 4], scratch: &mut matcher::Scratch| {
        let mut best: Option<(usize, usize)> = None;
        for field in line {
            matcher.names_in(field, scratch, |entry, place| {
                if best.is_none_or(|(length, _)| place.len() > length) {
                    best = Some((place.len(), entry.index()));
                }
            });
        }
        best.map(|(_, entry)| entry)
    };
    // A vendor's number is its entry's, for the ids are in order.
    work.lines.iter().map(|line| longest(line, &mut scratch)).collect()
}

/// The vendors in written predictions.
fn decided(predictions: &[u8], dictionary: &Dictionary) -> Vec<Option<usize>> {
    let app = |line: &[u8]| {
        let app = line.split(|byte| *byte == b',').nth(1)?;
        let number = std::str::from_utf8(app).ok()?.strip_prefix('v')?.parse().ok()?;
        debug_assert!(dictionary.app(&vendor_id(number)).is_some());
        Some(number)
    };
    predictions.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(app).collect()
}
