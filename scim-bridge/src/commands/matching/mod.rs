//! `scim-bridge match`: expense lines from a file to apps, without a server or a database.
//!
//! CSV, JSON Lines or Parquet in, one of them out, in the order of the rows, on all cores: memory does not grow with the file, and
//! the bytes do not depend on the threads. The rows are those of `matcher::batch`; a row that cannot be read ends the
//! run and is named with its file, line and field.

mod cases;
mod eval;
mod explain;
mod files;
mod stream;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use ::matcher::batch::{Cut, Format};
use ::matcher::rules::Rules;
use ::matcher::{Band, Matcher};
use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use indicatif::ProgressBar;

use super::{Settings, Usage, output, parquet};
use crate::serve;
pub(super) use files::whole;
use stream::Job;

/// `match` by itself decides rows; its subcommands judge the matcher.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Match {
    #[command(subcommand)]
    judge: Option<Judge>,
    #[command(flatten)]
    rows: Rows,
}

#[derive(Debug, Subcommand)]
enum Judge {
    /// Measure precision, recall, false claims and calibration on labelled lines.
    Eval(eval::Eval),
    /// Decide cases with known answers; exit code 1 when one is decided otherwise.
    Test(cases::Test),
    /// Say why a line is decided as it is, and what would change it.
    Explain(explain::Explain),
}

/// What lines are decided with.
#[derive(Debug, Args)]
struct With {
    /// Dictionary of apps, JSON Lines; else the configured one, else the one that is shipped.
    #[arg(long, value_name = "FILE")]
    dictionary: Option<PathBuf>,
}

impl With {
    fn matcher(&self, settings: &Settings) -> anyhow::Result<Matcher> {
        let config = settings.load()?;
        let file = self.dictionary.as_deref().or(config.dictionary_file());
        Ok(Matcher::new(Arc::new(serve::load_dictionary(file)?)))
    }
}

/// The rules of a file; none without one.
fn rules_of(file: Option<&Path>, matcher: &Matcher) -> anyhow::Result<Rules> {
    let Some(file) = file else { return Ok(Rules::none()) };
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let rules = Rules::from_toml(&text, matcher.dictionary());
    rules.map_err(|error| Usage(format!("{}, {error}", file.display())).into())
}

/// Flags of `match` by itself.
#[derive(Debug, Args)]
struct Rows {
    #[command(flatten)]
    with: With,
    /// Rules that come before the dictionary, TOML; each prediction then tells the rule that decided.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Expense lines, CSV with a header, JSON Lines or Parquet; - is standard input.
    #[arg(long, value_name = "FILE", default_value = "-")]
    input: PathBuf,
    /// Where the predictions go; - is standard output.
    #[arg(long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// What the input is; else its name tells, or its first byte.
    #[arg(long, value_enum)]
    input_format: Option<FileFormat>,
    /// What the output is; else its name tells, or it is what the input is (CSV for Parquet).
    #[arg(long, value_enum)]
    output_format: Option<OutputFormat>,
    /// Threads; else one for each core.
    #[arg(long, value_name = "NUMBER")]
    threads: Option<std::num::NonZeroUsize>,
}

/// Formats of files with rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// Comma-separated values (RFC 4180) under a header.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Columns in row groups; only out of a file, for it is read from its end.
    Parquet,
}

/// Formats of predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    /// Comma-separated values (RFC 4180) under a header.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Columns in row groups.
    Parquet,
}

impl FileFormat {
    fn of_name(path: &Path) -> Option<FileFormat> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(FileFormat::Csv),
            "jsonl" | "ndjson" | "json" => Some(FileFormat::Jsonl),
            "parquet" => Some(FileFormat::Parquet),
            _ => None,
        }
    }

    /// A file of JSON lines begins with a brace, possibly behind white space.
    fn of_beginning(beginning: &[u8]) -> FileFormat {
        if beginning.starts_with(parquet::MAGIC) {
            return FileFormat::Parquet;
        }
        let beginning = beginning.strip_prefix("\u{feff}".as_bytes()).unwrap_or(beginning).trim_ascii_start();
        if beginning.is_empty() || beginning.starts_with(b"{") { FileFormat::Jsonl } else { FileFormat::Csv }
    }
}

impl OutputFormat {
    /// `None`: the name does not tell.
    fn of_name(path: &Path) -> Option<OutputFormat> {
        Some(match FileFormat::of_name(path)? {
            FileFormat::Csv => OutputFormat::Csv,
            FileFormat::Jsonl => OutputFormat::Jsonl,
            FileFormat::Parquet => OutputFormat::Parquet,
        })
    }

    /// Like the input.
    fn of_input(input: FileFormat) -> OutputFormat {
        if input == FileFormat::Jsonl { OutputFormat::Jsonl } else { OutputFormat::Csv }
    }

    fn rows(self) -> Format {
        match self {
            OutputFormat::Csv => Format::Csv,
            // Rows of a Parquet file are made of lines.
            OutputFormat::Jsonl | OutputFormat::Parquet => Format::JsonLines,
        }
    }
}

impl Match {
    pub(super) fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self.judge {
            None => self.rows.run(settings),
            Some(Judge::Eval(eval)) => eval.run(settings),
            Some(Judge::Test(test)) => test.run(settings),
            Some(Judge::Explain(explain)) => explain.run(settings),
        }
    }
}

/// What a prediction holds, with rules or without.
fn columns(rules: bool) -> Vec<String> {
    let header = String::from_utf8_lossy(Format::Csv.header(rules)).into_owned();
    header.trim_end().split(',').map(str::to_owned).collect()
}

impl Rows {
    fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let matcher = self.with.matcher(settings)?;
        let (entries, version) = (matcher.dictionary().len(), matcher.dictionary().version().to_owned());
        let rules = self.rules.as_deref().map(|file| rules_of(Some(file), &matcher)).transpose()?;
        let mut input = files::open(&self.input)?;
        let started = Instant::now();
        let name = files::name_of(&self.input);
        let beginning = files::beginning(&mut input, &name)?;
        let input_format = self
            .input_format
            .or_else(|| FileFormat::of_name(&self.input))
            .unwrap_or_else(|| FileFormat::of_beginning(beginning));
        let output_format = self
            .output_format
            .or_else(|| OutputFormat::of_name(&self.output))
            .unwrap_or(OutputFormat::of_input(input_format));
        let cores = std::thread::available_parallelism();
        let threads = self.threads.or(cores.ok()).map_or(1, std::num::NonZeroUsize::get);
        let job = Job {
            matcher: &matcher,
            rules: rules.as_ref(),
            name: &name,
            cut: if input_format == FileFormat::Jsonl { Cut::Lines } else { Cut::Csv },
            output: output_format.rows(),
            threads,
        };
        let bar = if input_format == FileFormat::Parquet {
            input = files::rows_of_parquet(&self.input)?;
            // Rows are longer as CSV than in the file: there is no telling how far it is.
            ProgressBar::hidden()
        } else {
            files::progress(&self.input, &self.output)
        };
        let counts = files::whole(&self.output, |output| {
            if output_format != OutputFormat::Parquet {
                return job.run(input, output, |bytes| bar.inc(bytes));
            }
            let mut predictions = parquet::OfLines::new(output, columns(rules.is_some()))?;
            let counts = job.run(input, &mut predictions, |bytes| bar.inc(bytes))?;
            predictions.finish().map(|()| counts)
        });
        bar.finish_and_clear();
        let counts = counts?;
        output::note(&format!(
            "{} rows: {} certain, {} likely, {} possible, {} without an app; {:.2} s; dictionary {version} with {entries} entries",
            counts.rows,
            counts.of(Band::Certain),
            counts.of(Band::Likely),
            counts.of(Band::Possible),
            counts.of(Band::None),
            started.elapsed().as_secs_f64(),
        ));
        Ok(())
    }
}
