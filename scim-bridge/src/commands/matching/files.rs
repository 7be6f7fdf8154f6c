//! The files of `match`: what is read, what is written, and how far it is.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use crate::commands::{Usage, parquet};

/// The first bytes of the input, which stay to be read.
pub(super) fn beginning<'i>(input: &'i mut Box<dyn BufRead + Send>, name: &str) -> anyhow::Result<&'i [u8]> {
    input.fill_buf().with_context(|| format!("cannot read {name}"))
}

/// A bar on a terminal that nothing else is written to; without one, nothing.
pub(super) fn progress(input: &Path, output: &Path) -> ProgressBar {
    let bytes = std::fs::metadata(input).map_or(0, |found| found.len());
    let hidden = is_dash(output) && io::stdout().is_terminal() || !io::stderr().is_terminal();
    if hidden || bytes == 0 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {percent}% {bytes}/{total_bytes}, {eta} left");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

pub(super) fn name_of(path: &Path) -> String {
    if is_dash(path) { "standard input".to_owned() } else { path.display().to_string() }
}

fn is_dash(path: &Path) -> bool {
    path == Path::new("-")
}

pub(super) fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead + Send>> {
    if is_dash(path) {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Box::new(BufReader::new(file)))
}

/// The rows of a Parquet file, as CSV.
pub(super) fn rows_of_parquet(path: &Path) -> anyhow::Result<Box<dyn BufRead + Send>> {
    if is_dash(path) {
        let reason = "standard input: Parquet is read from its end, so name the file: --input FILE";
        return Err(Usage(reason.to_owned()).into());
    }
    Ok(Box::new(BufReader::new(parquet::AsCsv::open(path)?)))
}

/// Lets `write` fill the output. A file takes its name only when it is whole: a run that ends in an error leaves what
/// was there before, and reading and writing one and the same file is safe.
pub(in crate::commands) fn whole<T>(
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let refused = || format!("cannot write {}", path.display());
    if is_dash(path) || !is_plain(path) {
        let direct: Box<dyn Write + Send> = if is_dash(path) {
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
