//! `scim-bridge import check|run|list|undo|duplicates|template`: expense lines from files, without any connection.
#![expect(clippy::doc_markdown, reason = "here doc comments are the help texts")]

use std::fs::File;
use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use matcher::Matcher;
use serde_json::json;
use store::accounts::Account;
use store::ids::ImportId;
use store::{Store, accounts, imports};
use sync::import::{
    self, Check, Earlier, FileOptions, ImportError, Importer, Options, Record, Rejection, Remembered, Upload,
    Wanted, Written,
};

use super::{Settings, Usage, output};
use crate::clock::Clock;
use crate::serve;

/// Whoever has the command line, as the audit trail names them.
const OPERATOR: &str = "operator";

/// What to do with files of expense lines.
#[derive(Debug, Subcommand)]
pub(super) enum Import {
    /// Show how a file would be read, with every row that would be rejected. Stores nothing.
    Check {
        #[command(flatten)]
        source: Source,
        /// The account that the lines will belong to: what was said about its earlier files with the same headings counts.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Store the lines of a file and match them. Importing a file again changes nothing.
    Run {
        #[command(flatten)]
        source: Source,
        /// The account that the lines belong to.
        #[arg(long, value_name = "NAME")]
        account: String,
        /// Make the account if there is none of this name. It needs no connection to Concur.
        #[arg(long)]
        create_account: bool,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// List the imports of an account, newest first.
    List {
        /// The account.
        #[arg(long, value_name = "NAME")]
        account: String,
    },
    /// Take an import back.
    Undo {
        /// Its id, as `list` shows it.
        id: ImportId,
        /// The account.
        #[arg(long, value_name = "NAME")]
        account: String,
    },
    /// List lines of an import that were read from Concur too, as far as day and amount tell.
    Duplicates {
        /// Its id, as `list` shows it.
        id: ImportId,
        /// The account.
        #[arg(long, value_name = "NAME")]
        account: String,
    },
    /// Print a CSV file to start from.
    Template,
}

/// The file, and what you know better than the detection.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// CSV, TSV or other delimited text, or an Excel workbook (.xlsx).
    file: PathBuf,
    /// Which column holds a field: FIELD=HEADING or FIELD=#3; FIELD= leaves it out. May be repeated.
    #[arg(long = "map", value_name = "FIELD=HEADING")]
    map: Vec<String>,
    /// Order of the dates: YMD, DMY or MDY.
    #[arg(long, value_name = "ORDER")]
    date_order: Option<String>,
    /// Decimal mark of the amounts: point or comma.
    #[arg(long, value_name = "MARK")]
    decimal: Option<String>,
    /// Currency of rows that name none (ISO 4217).
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Character between two fields; found out by default.
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<char>,
    /// Encoding, such as windows-1252 or shift_jis; found out by default.
    #[arg(long, value_name = "LABEL")]
    encoding: Option<String>,
    /// Sheet of a workbook; the first by default.
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// The file has no headings; map columns by number.
    #[arg(long)]
    no_headings: bool,
    /// As if no file with these headings had come before; an import then forgets what was said about them.
    #[arg(long)]
    as_new: bool,
    /// Write rejected rows to this CSV file, each with its line and reason.
    #[arg(long, value_name = "FILE")]
    rejected: Option<PathBuf>,
}

impl Import {
    pub(super) fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let open = || serve::open_store(&settings.load()?).map_err(anyhow::Error::from);
        match self {
            Self::Check { source, account: None, json } => check(&source, None, json),
            Self::Check { source, account: Some(account), json } => {
                let store = open()?;
                let account = super::account::find(&store, &account)?.id;
                check(&source, Some(Earlier { store: &store, account }), json)
            }
            Self::Run { source, account, create_account, json } => {
                run(settings, &source, &account, create_account, json)
            }
            Self::List { account } => list(&open()?, &account),
            Self::Undo { id, account } => undo(&open()?, id, &account),
            Self::Duplicates { id, account } => duplicates(&open()?, id, &account),
            Self::Template => output::result(import::template().trim_end()),
        }
    }
}

impl Source {
    fn upload(&self) -> Upload {
        let name = self.file.file_name().unwrap_or(self.file.as_os_str());
        Upload { path: self.file.clone(), name: name.to_string_lossy().into_owned() }
    }

    fn options(&self) -> anyhow::Result<Options> {
        let wanted = Wanted {
            map: self.map.clone(),
            date_order: self.date_order.clone(),
            decimal: self.decimal.clone(),
            currency: self.currency.clone(),
            file: FileOptions {
                encoding: self.encoding.clone(),
                delimiter: self.delimiter,
                sheet: self.sheet.clone(),
                no_headings: self.no_headings,
            },
            as_new: self.as_new,
        };
        wanted.options().map_err(usage)
    }
}

/// Wrong input is wrong usage; what the store or the disk refused is a failure.
fn usage(error: ImportError) -> anyhow::Error {
    match error {
        ImportError::Store(_)
        | ImportError::Match(_)
        | ImportError::Rules(_)
        | ImportError::Stopped { .. }
        | ImportError::UnderWay { .. }
        | ImportError::Read { .. }
        | ImportError::Changed { .. } => error.into(),
        _ => Usage(error.to_string()).into(),
    }
}

/// Rejected rows as they came, with where and why in front.
struct Rejects(Option<csv::Writer<File>>);

impl Rejects {
    fn create(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self(None)) };
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(file);
        writer.write_record(["Line", "Field", "Reason", "Row"])?;
        Ok(Self(Some(writer)))
    }

    fn write(&mut self, record: &Record, rejection: &Rejection) -> std::io::Result<()> {
        let Some(writer) = &mut self.0 else { return Ok(()) };
        let line = rejection.line.to_string();
        let place = [line.as_str(), rejection.field, &rejection.reason];
        let row = place.into_iter().chain(record.cells.iter().map(String::as_str));
        writer.write_record(row).map_err(std::io::Error::from)
    }
}

fn check(source: &Source, earlier: Option<Earlier<'_>>, as_json: bool) -> anyhow::Result<()> {
    let mut rejects = Rejects::create(source.rejected.as_deref())?;
    let check = import::check(&source.upload(), &source.options()?, earlier, &mut |record, why| {
        rejects.write(record, why)
    })
    .map_err(usage)?;
    if as_json {
        return output::result(&serde_json::to_string_pretty(&check)?);
    }
    describe(&check)?;
    for line in rejections(&check) {
        output::result(&line)?;
    }
    summarise(&check);
    Ok(())
}

/// How the file is read: a line for the file, then a row for each column.
fn describe(check: &Check) -> anyhow::Result<()> {
    let survey = &check.survey;
    let written = match &survey.written {
        Written::Text { encoding, delimiter } => format!("{encoding}, fields separated by {delimiter:?}"),
        Written::Workbook { sheet } => format!("workbook, sheet {sheet:?}"),
    };
    output::note(&format!(
        "{}; {written}; headings on line {}; dates {}, decimal {}",
        survey.layout.description(),
        survey.heading_line,
        survey.date_order.name(),
        survey.decimal_mark.name()
    ));
    remembered(check);
    let columns: Vec<Vec<String>> = survey
        .columns
        .iter()
        .map(|column| {
            vec![
                column.heading.clone(),
                column.field.unwrap_or("-").to_owned(),
                column.samples.join(" | ").chars().take(60).collect(),
            ]
        })
        .collect();
    output::table(&["column", "field", "values"], &columns)
}

/// What was said about an earlier file and counts for this one.
fn remembered(check: &Check) {
    if let Some(Remembered { file, at, said }) = &check.survey.remembered {
        let day = at.strftime("%Y-%m-%d");
        output::note(&format!("as said for {file} on {day}: {said} (--as-new forgets it)"));
    }
}

/// The first rejections, a line each.
fn rejections(check: &Check) -> impl Iterator<Item = String> {
    check.rejections.iter().take(20).map(|rejection| {
        let Rejection { line, field, value, reason } = rejection;
        format!("line {line}: {field} {value:?}: {reason}")
    })
}

/// What became of the rows: counts, dates, sums.
fn summarise(check: &Check) {
    let sums: Vec<String> = check.sums.iter().map(|sum| format!("{} {}", sum.posted, sum.currency)).collect();
    let dates = check.dates.map_or(String::new(), |(from, to)| format!(", {from} to {to}"));
    output::note(&format!(
        "{} rows: {} accepted ({} of them repeat an earlier row), {} rejected{dates}; {}",
        check.survey.rows,
        check.accepted,
        check.repeats,
        check.rejected,
        if sums.is_empty() { "no amounts".to_owned() } else { sums.join(", ") },
    ));
}

fn run(settings: &Settings, source: &Source, name: &str, create: bool, as_json: bool) -> anyhow::Result<()> {
    let (upload, options) = (source.upload(), source.options()?);
    let config = settings.load()?;
    let store = serve::open_store(&config)?;
    let clock = Clock::system();
    let account = if create {
        found_or_made(&store, name, clock.now())?
    } else {
        super::account::find(&store, name)
            .map_err(|error| anyhow::anyhow!("{error:#}; --create-account makes it"))?
    };
    let mut rejects = Rejects::create(source.rejected.as_deref())?;
    let bar = bar();
    let matcher = Matcher::new(Arc::new(serve::load_dictionary(config.dictionary_file())?));
    let importer = Importer {
        store: &store,
        account: account.id,
        matcher: &matcher,
        actor: OPERATOR,
        clock: &|| clock.now(),
    };
    let done = importer
        .run(&upload, &options, &mut |record, why| rejects.write(record, why), &mut |stored, of| {
            bar.set_length(of);
            bar.set_position(stored);
            ControlFlow::Continue(())
        })
        .map_err(usage)?;
    bar.finish_and_clear();
    let (decided, hits) = (done.decided, done.matched);
    // Where no server runs, questions would wait for autovacuum to see what has come.
    if let Err(error) = store.refresh_statistics_blocking() {
        tracing::debug!(error = %crate::logging::chain(&error), "tables were not looked at");
    }
    let twice =
        store.read_blocking(|conn| imports::possible_duplicates(conn, account.id, done.id, 1_000))?.len();
    if as_json {
        let shown = json!({
            "import": done.id, "counts": done.counts, "decided": decided, "matched": hits,
            "possible_duplicates": twice, "check": done.check,
        });
        return output::result(&serde_json::to_string_pretty(&shown)?);
    }
    remembered(&done.check);
    rejections(&done.check).for_each(|line| output::note(&line));
    summarise(&done.check);
    let counts = done.counts;
    output::note(&format!(
        "{} new lines, {} changed, {} known before; {decided} decided, {hits} of them matched to an app",
        counts.inserted, counts.changed, counts.unchanged
    ));
    if twice > 0 {
        output::note(&format!(
            "{twice} of them look like lines that Concur gave too; see scim-bridge import duplicates {} --account {name:?}",
            done.id
        ));
    }
    output::result(&done.id.to_string())
}

/// A bar on a terminal, nothing when piped.
fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  {bar:30} {pos}/{len} rows, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn found_or_made(store: &Store, name: &str, now: jiff::Timestamp) -> anyhow::Result<Account> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Usage("--account: the name is empty".to_owned()).into());
    }
    let account = store.write_blocking(|conn| match accounts::by_name(conn, name)? {
        Some(account) => Ok::<_, store::Error>(account),
        None => accounts::insert_unconnected(conn, name, now),
    })?;
    Ok(account)
}

fn list(store: &Store, account: &str) -> anyhow::Result<()> {
    let account = super::account::find(store, account)?;
    let imports = store.read_blocking(|conn| imports::list(conn, account.id, 1_000))?;
    let rows: Vec<Vec<String>> = imports
        .into_iter()
        .map(|import| {
            vec![
                import.id.to_string(),
                import.started_at.strftime("%Y-%m-%d %H:%M").to_string(),
                import.state.to_string(),
                import.counts.inserted.to_string(),
                import.counts.changed.to_string(),
                import.counts.unchanged.to_string(),
                import.rejected.to_string(),
                import.layout,
                import.name,
            ]
        })
        .collect();
    output::table(
        &["id", "when (UTC)", "state", "new", "changed", "known", "rejected", "layout", "file"],
        &rows,
    )
}

fn undo(store: &Store, id: ImportId, account: &str) -> anyhow::Result<()> {
    let account = super::account::find(store, account)?;
    let removed = import::undo(store, account.id, id, OPERATOR, Clock::system().now())
        .with_context(|| format!("import {id} of account {:?}", account.name))?;
    output::note("lines that another import brought too are kept");
    output::result(&format!("{removed} lines removed"))
}

fn duplicates(store: &Store, id: ImportId, account: &str) -> anyhow::Result<()> {
    let account = super::account::find(store, account)?;
    let pairs = store.read_blocking(|conn| {
        imports::get(conn, account.id, id)?;
        imports::possible_duplicates(conn, account.id, id, 10_000)
    })?;
    let rows: Vec<Vec<String>> =
        pairs.into_iter().map(|pair| vec![pair.imported.to_string(), pair.other.to_string()]).collect();
    output::table(&["imported line", "line of Concur"], &rows)
}
