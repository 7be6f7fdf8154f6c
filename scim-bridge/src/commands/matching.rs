//! `scim-bridge match`: expense lines from a file to apps, without a server or a database.
//!
//! JSON Lines in, JSON Lines out, one row at a time: memory does not grow with the file. The rows are those of
//! `matcher::batch`; a row that cannot be read ends the run and is named with its file, line and field.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use ::matcher::batch::{Row, predict};
use ::matcher::{Band, Matcher};
use anyhow::Context;
use clap::Args;

use super::{Settings, Usage, output};
use crate::serve;

/// Flags of `match`.
#[derive(Debug, Args)]
pub(super) struct Match {
    /// Dictionary of apps, JSON Lines; else the configured one, else the one that is shipped.
    #[arg(long, value_name = "FILE")]
    dictionary: Option<PathBuf>,
    /// Expense lines, JSON Lines; - is standard input.
    #[arg(long, value_name = "FILE", default_value = "-")]
    input: PathBuf,
    /// Where the predictions go, JSON Lines; - is standard output.
    #[arg(long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

impl Match {
    pub(super) fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let config = settings.load()?;
        let file = self.dictionary.as_deref().or(config.dictionary_file());
        let dictionary = serve::load_dictionary(file)?;
        let (entries, version) = (dictionary.len(), dictionary.version().to_owned());
        let matcher = Matcher::new(Arc::new(dictionary));
        let input = open(&self.input)?;
        let started = Instant::now();
        let name = name_of(&self.input);
        let counts = whole(&self.output, |output| copy(&matcher, input, &name, output))?;
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

/// What was written.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    rows: u64,
    bands: [u64; 4],
}

impl Counts {
    fn of(&self, band: Band) -> u64 {
        self.bands[band as usize]
    }
}

/// One prediction per row, in the order of the rows.
fn copy(
    matcher: &Matcher,
    input: impl BufRead,
    name: &str,
    output: &mut dyn Write,
) -> anyhow::Result<Counts> {
    let mut scratch = matcher.scratch();
    let mut counts = Counts::default();
    for (index, line) in input.lines().enumerate() {
        let place = || format!("{name}, line {}", index + 1);
        let line = line.map_err(|error| unreadable(&place(), error))?;
        // Programs on Windows begin a file with a byte order mark.
        let line = if index == 0 { line.trim_start_matches('\u{feff}') } else { &line };
        if line.trim().is_empty() {
            continue;
        }
        let mut reader = serde_json::Deserializer::from_str(line);
        let row: Row =
            serde_path_to_error::deserialize(&mut reader).map_err(|error| wrong(&place(), &error))?;
        reader.end().map_err(|error| Usage(format!("{}: {error}", place())))?;
        let prediction = predict(matcher, &row, &mut scratch);
        counts.rows += 1;
        counts.bands[prediction.band as usize] += 1;
        serde_json::to_writer(&mut *output, &prediction)?;
        output.write_all(b"\n")?;
    }
    Ok(counts)
}

fn unreadable(place: &str, error: io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::InvalidData {
        return Usage(format!("{place}: not UTF-8; save the file as UTF-8")).into();
    }
    anyhow::Error::from(error).context(place.to_owned())
}

fn wrong(place: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> Usage {
    let field = error.path().to_string();
    let reason = error.inner();
    if field == "." {
        Usage(format!("{place}: {reason}"))
    } else {
        Usage(format!("{place}, field {field}: {reason}"))
    }
}

fn name_of(path: &Path) -> String {
    if is_dash(path) { "standard input".to_owned() } else { path.display().to_string() }
}

fn is_dash(path: &Path) -> bool {
    path == Path::new("-")
}

fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if is_dash(path) {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Box::new(BufReader::new(file)))
}

/// Lets `write` fill the output. A file takes its name only when it is whole: a run that ends in an error leaves what
/// was there before, and reading and writing one and the same file is safe.
fn whole<T>(path: &Path, write: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let refused = || format!("cannot write {}", path.display());
    if is_dash(path) || !is_plain(path) {
        let direct: Box<dyn Write> = if is_dash(path) {
            Box::new(io::stdout())
        } else {
            Box::new(File::options().write(true).open(path).with_context(refused)?)
        };
        let mut output = BufWriter::new(direct);
        let done = write(&mut output)?;
        output.flush().with_context(refused)?;
        return Ok(done);
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let mut output = BufWriter::new(File::create(&beside).with_context(refused)?);
    let done = write(&mut output)
        .and_then(|done| output.flush().map(|()| done).with_context(refused))
        .and_then(|done| std::fs::rename(&beside, path).map(|()| done).with_context(refused));
    if done.is_err() {
        drop(std::fs::remove_file(&beside));
    }
    done
}

/// A file, or a name that is free: not a pipe or a device.
fn is_plain(path: &Path) -> bool {
    std::fs::metadata(path).map_or(true, |found| found.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher() -> Matcher {
        let app = r#"{"id":"quillwork","name":"Quillwork","aliases":[],"domain":"quillwork.io","category":"design"}"#;
        Matcher::new(Arc::new(::matcher::Dictionary::from_jsonl(app).unwrap()))
    }

    #[test]
    fn every_row_gets_one_prediction_in_its_order() {
        let rows = "{\"id\":\"b\",\"VendorDescription\":\"QUILLWORK.IO\",\"Other\":1}\n\n{\"id\":\"a\"}\n";
        let mut written = Vec::new();
        let counts = copy(&matcher(), rows.as_bytes(), "rows", &mut written).unwrap();
        let written: Vec<serde_json::Value> = String::from_utf8(written)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(counts.rows, 2);
        assert_eq!(counts.bands.iter().sum::<u64>(), 2);
        assert_eq!(
            (written[0]["id"].as_str(), written[0]["app_id"].as_str()),
            (Some("b"), Some("quillwork"))
        );
        assert_eq!((written[1]["id"].as_str(), written[1]["app_id"].as_str()), (Some("a"), None));
    }

    #[test]
    fn a_wrong_row_is_named_by_file_line_and_field() {
        let check = |rows: &str, message: &str| {
            let error = copy(&matcher(), rows.as_bytes(), "rows.jsonl", &mut Vec::new()).unwrap_err();
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
        let counts =
            copy(&matcher(), "\u{feff}{\"id\":\"a\"}\r\n".as_bytes(), "rows", &mut Vec::new()).unwrap();
        assert_eq!(counts.rows, 1);
    }

    #[test]
    fn what_is_not_utf_8_is_wrong_input_and_says_what_to_do() {
        let error = copy(&matcher(), &b"{\"id\":\"\xe9\"}\n"[..], "rows", &mut Vec::new()).unwrap_err();
        assert!(error.is::<Usage>() && error.to_string().contains("UTF-8"), "{error}");
    }

    #[test]
    fn a_run_that_fails_leaves_the_output_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        std::fs::write(&path, "before").unwrap();
        let failed = whole(&path, |output| {
            output.write_all(b"half")?;
            anyhow::bail!("no more")
        });
        assert_eq!(failed.map(|(): ()| ()).unwrap_err().to_string(), "no more");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
        whole(&path, |output| Ok(output.write_all(b"after")?)).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "after");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
