//! How much memory the matcher holds: its dictionary, its index, and what a stream of lines needs beside them.
//!
//! A part of `cargo xtask bench match`, in a process of its own: counting every allocation would cost the measured time, and
//! the peers' indexes would be counted too. Heap is what was allocated and not given back; resident memory is the
//! kernel's word, and holds the program and the lines of the workload as well.

#![expect(clippy::print_stdout, reason = "a bench reports")]

use std::alloc::System;
use std::error::Error;
use std::sync::Arc;

use benches::workload::Workload;
use matcher::batch::{Columns, Cut, Format, Predictor, rows_end};
use matcher::{Dictionary, Matcher};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The generator's seed, that of the speeds.
const SEED: u64 = 7;
/// Lines that are made; they are read again and again.
const MADE: usize = 200_000;
/// How often: what grows with the number of lines would show.
const TIMES: usize = 10;
/// Bytes of a block, as the command line reads them.
const BLOCK_BYTES: usize = 1 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let aliases = std::env::args().nth(1).unwrap_or_else(|| "3000,30000,300000".to_owned());
    println!(
        "| aliases | dictionary, MB | index, MB | memory of a thread, MB | the same after {TIMES} x {MADE} lines, MB | allocations a line |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    for aliases in aliases.split(',') {
        measure(aliases.parse()?)?;
    }
    if let Some(resident) = resident() {
        println!(
            "\nResident at the end: {} MB, of which the lines of the workload are the most.",
            resident / 1_000_000
        );
    }
    Ok(())
}

fn measure(aliases: usize) -> Result<(), Box<dyn Error>> {
    let work = Workload::make(aliases, MADE, SEED);
    let csv = work.csv();
    let text = work.dictionary;
    drop((work.lines, work.truths, work.aliases));
    let region = Region::new(HEAP);
    let dictionary = Arc::new(Dictionary::from_jsonl(&text)?);
    let of_dictionary = held(&region);
    let matcher = Matcher::new(dictionary);
    let of_index = held(&region) - of_dictionary;
    let header = csv.find('\n').map_or(0, |at| at + 1);
    let columns = Columns::of_header(&csv.as_bytes()[..header])?;
    let rows = &csv.as_bytes()[header..];
    let mut out = Vec::with_capacity(2 * BLOCK_BYTES);
    let before = held(&region);
    let mut predictor = Predictor::new(&matcher, Format::Csv);
    let allocated = region.change().allocations;
    let mut after_one = 0;
    for time in 0..TIMES {
        stream(&mut predictor, &columns, rows, &mut out)?;
        if time == 0 {
            after_one = held(&region) - before;
        }
    }
    let allocations = region.change().allocations - allocated;
    println!(
        "| {aliases} | {} | {} | {} | {} | {} |",
        megabytes(of_dictionary),
        megabytes(of_index),
        megabytes(after_one),
        megabytes(held(&region) - before),
        decimals(allocations, TIMES * MADE)
    );
    Ok(())
}

/// Decides all rows, block by block, and keeps no predictions.
fn stream(
    predictor: &mut Predictor<'_>,
    columns: &Columns,
    mut rest: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Box<dyn Error>> {
    let mut row = 1;
    while !rest.is_empty() {
        let block = &rest[..BLOCK_BYTES.min(rest.len())];
        let end = if block.len() == rest.len() { rest.len() } else { rows_end(block, Cut::Csv) };
        let (block, after) = rest.split_at(end);
        out.clear();
        row += predictor.csv(columns, block, (row + 1, row), out)?.rows;
        rest = after;
    }
    Ok(())
}

/// Bytes allocated since, and not given back.
fn held(region: &Region<'_, System>) -> usize {
    let change = region.change();
    change.bytes_allocated.saturating_sub(change.bytes_deallocated)
}

fn megabytes(bytes: usize) -> String {
    decimals(bytes, 1_000_000)
}

/// A fraction with two decimals.
fn decimals(of: usize, by: usize) -> String {
    let hundredths = of.saturating_mul(100) / by;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Resident memory of the process now, in bytes (Linux, `proc_pid_status(5)`).
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
