//! Writing to standard output and standard error, in one place, without panicking on a closed pipe.

use std::io::{self, IsTerminal as _, Write};

use indicatif::{ProgressBar, ProgressStyle};

/// A line of the result.
pub(super) fn result(line: &str) -> anyhow::Result<()> {
    writeln!(io::stdout().lock(), "{line}")?;
    Ok(())
}

/// A line for people.
pub(super) fn note(line: &str) {
    // Nobody is left to be told when standard error is closed.
    drop(writeln!(io::stderr().lock(), "{line}"));
}

/// For work whose length nobody knows: turns on a terminal, nothing when piped.
pub(super) fn spinner(what: &'static str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  {spinner} {msg} ({pos} steps, {elapsed})");
    ProgressBar::new_spinner()
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
        .with_message(what)
}

/// Rows under headings, padded to columns.
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) -> anyhow::Result<()> {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([headings[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    for row in std::iter::once(&headings).chain(rows) {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        result(cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
