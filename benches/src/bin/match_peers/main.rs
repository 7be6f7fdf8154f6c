//! The matcher beside its peers, in one run: seconds of processor time, and the answers behind them.
//!
//! `cargo xtask bench match`, or `cargo run --release -p benches --bin match_peers -- --aliases 3000 --lines 200000`.
//!
//! Time is the processor's for the measuring thread, not the clock's, and the best of several rounds that take turns:
//! on a shared machine only ratios within one run mean anything. Every subject's answers are counted over the same
//! lines; a subject that skips work wins any table of speed.

#![expect(clippy::print_stdout, reason = "a bench reports")]

mod answers;
mod ours;
mod peers;
mod timer;

use std::error::Error;

use answers::Answers;
use benches::workload::Workload;

/// The generator's seed; any will do, the claims must hold for it.
const SEED: u64 = 7;

/// What to measure.
struct Options {
    aliases: Vec<usize>,
    lines: usize,
    rounds: usize,
    only_ours: bool,
}

impl Options {
    fn read() -> Result<Options, Box<dyn Error>> {
        let mut options =
            Options { aliases: vec![3_000, 30_000, 300_000], lines: 1_000_000, rounds: 3, only_ours: false };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--aliases" => {
                    options.aliases = value()?.split(',').map(str::parse).collect::<Result<_, _>>()?;
                }
                "--lines" => options.lines = value()?.parse()?,
                "--rounds" => options.rounds = value()?.parse()?,
                "--only-ours" => options.only_ours = true,
                other => {
                    return Err(format!(
                        "there is no {other}; there are --aliases 3000,30000, --lines, --rounds, --only-ours"
                    )
                    .into());
                }
            }
        }
        Ok(options)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read()?;
    for &aliases in &options.aliases {
        let work = Workload::make(aliases, options.lines, SEED);
        println!("\n## {aliases} aliases, {} lines\n", options.lines);
        println!("{}", Answers::HEADING);
        let ours = ours::measure(&work, options.rounds)?;
        for answers in &ours.tasks {
            println!("{}", answers.row(ours.whole()));
        }
        if !options.only_ours {
            for answers in peers::measure(&work, options.rounds) {
                println!("{}", answers.row(ours.whole()));
            }
        }
        println!("\n{}", ours.remarks(options.lines));
        ours.check()?;
    }
    Ok(())
}
