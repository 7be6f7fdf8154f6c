//! `cargo xtask bench match`: the matcher beside its peers, in one run, and a record of it.

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, clap::Subcommand)]
enum Subject {
    /// Exact names and misspelt ones in expense lines, beside Aho-Corasick, daachorse, `SymSpell`, strsim and rapidfuzz.
    Match {
        /// Where the table goes as well, for the record.
        #[arg(long, value_name = "FILE")]
        record: Option<std::path::PathBuf>,
        /// Passed on: --aliases 3000,30000,300000, --lines, --rounds, --only-ours.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
}

/// Builds with the profile that is shipped and measured, and runs.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let Subject::Match { record, rest } = &options.subject;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies inside the workspace")?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .args(["run", "--quiet", "--profile", "dist", "--package", "benches", "--bin", "match_peers", "--"])
        .args(rest)
        .stdout(Stdio::piped());
    let mut running = cargo.spawn().context("cargo could not be started")?;
    let printed = running.stdout.take().context("no output of the bench")?;
    let mut file = record
        .as_ref()
        .map(|path| {
            let file = std::fs::File::options().create(true).append(true).open(path);
            file.with_context(|| format!("cannot write {}", path.display()))
        })
        .transpose()?;
    for line in std::io::BufReader::new(printed).lines() {
        let line = line?;
        println!("{line}");
        if let Some(file) = &mut file {
            writeln!(file, "{line}")?;
        }
    }
    let status = running.wait()?;
    if !status.success() {
        bail!("the bench failed ({status}); what it missed is said above");
    }
    Ok(())
}
