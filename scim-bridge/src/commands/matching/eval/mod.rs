//! `scim-bridge match eval`: how good the matcher is on labelled lines, by kind of line, with figures that other
//! programs can check. What the figures mean is said in `matcher::evaluate`.

mod plot;
mod table;

use std::io::BufRead as _;
use std::path::{Path, PathBuf};

use ::matcher::evaluate::{Case, Label, evaluate};
use ::matcher::{Matcher, batch};
use anyhow::Context as _;
use clap::Args;

use super::super::{Settings, Usage, output};
use super::{With, files};

/// Flags of `match eval`.
#[derive(Debug, Args)]
pub(super) struct Eval {
    #[command(flatten)]
    with: With,
    /// Labelled lines, JSON Lines: the members of an expense line, and `label` (an app's id or null), perhaps
    /// `acceptable` (a list of ids that are not wrong), `class`, `real` and `lang`; - is standard input.
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// Write all figures as JSON; - is standard output, in place of the table.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw precision over recall, and the share of right claims over the score, as an SVG picture.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write the predictions, JSON Lines; - is standard output, in place of the table.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    predictions: Option<PathBuf>,
    /// List the lines that were decided wrongly.
    #[arg(long)]
    errors: bool,
}

/// A line that was read and decided, with what is needed to talk about it.
struct Decided {
    case: Case,
    vendor: String,
    purpose: String,
}

impl Eval {
    pub(super) fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let matcher = &self.with.matcher(settings)?;
        let decided = decide(&self.data, matcher)?;
        if decided.is_empty() {
            return Err(Usage(format!("{}: no labelled line in it", files::name_of(&self.data))).into());
        }
        let unknown = decided.iter().filter_map(|line| line.case.label.label.as_deref());
        let unknown = unknown.filter(|id| matcher.dictionary().app(id).is_none()).count();
        if unknown > 0 {
            output::note(&format!(
                "{unknown} lines are labelled with apps that the dictionary does not hold: they count as missed"
            ));
        }
        let cases: Vec<Case> = decided.iter().map(|line| line.case.clone()).collect();
        let report = evaluate(&cases);
        if let Some(path) = &self.svg {
            files::whole(path, |file| Ok(file.write_all(plot::svg(&report).as_bytes())?))?;
        }
        if let Some(path) = &self.predictions {
            files::whole(path, |file| {
                for case in &cases {
                    serde_json::to_writer(&mut *file, &case.prediction)?;
                    file.write_all(b"\n")?;
                }
                Ok(())
            })?;
        }
        if let Some(path) = &self.json {
            files::whole(path, |file| {
                serde_json::to_writer_pretty(&mut *file, &report)?;
                Ok(file.write_all(b"\n")?)
            })?;
        }
        let to_standard_output = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
        if !to_standard_output(&self.json) && !to_standard_output(&self.predictions) {
            table::print(&report, matcher.dictionary())?;
            if self.errors {
                table::print_errors(decided.iter().map(|line| (&line.case, &*line.vendor, &*line.purpose)))?;
            }
        }
        Ok(())
    }
}

/// Decides every line of a file.
fn decide(path: &Path, matcher: &Matcher) -> anyhow::Result<Vec<Decided>> {
    let name = files::name_of(path);
    let mut scratch = matcher.scratch();
    let mut decided = Vec::new();
    for (line, text) in (1..).zip(files::open(path)?.lines()) {
        let text = text.with_context(|| format!("cannot read {name}, line {line}"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if text.trim().is_empty() {
            continue;
        }
        let row: batch::Row<'_> = read(text, &name, line)?;
        let label: Label = read(text, &name, line)?;
        if !text.contains("\"label\"") {
            return Err(
                Usage(format!("{name}, line {line}: no member `label`; give the app's id, or null")).into()
            );
        }
        let prediction = batch::predict(matcher, &row, &mut scratch);
        let texts = row.texts();
        decided.push(Decided {
            vendor: texts.vendor_description.to_owned(),
            purpose: texts.business_purpose.to_owned(),
            case: Case { label, prediction },
        });
    }
    Ok(decided)
}

fn read<'t, T: serde::Deserialize<'t>>(text: &'t str, name: &str, line: u64) -> anyhow::Result<T> {
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let message = error.inner().to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        let path = error.path().to_string();
        let place = if path == "." { String::new() } else { format!(", field {path}") };
        Usage(format!("{name}, line {line}{place}: {message}")).into()
    })
}
