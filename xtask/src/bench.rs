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

/// Builds with the profile that is shipped and measured, and runs: speeds, then memory.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let Subject::Match { record, rest } = &options.subject;
    let mut file = record
        .as_ref()
        .map(|path| {
            let file = std::fs::File::options().create(true).append(true).open(path);
            file.with_context(|| format!("cannot write {}", path.display()))
        })
        .transpose()?;
    if let Some(file) = &mut file {
        writeln!(file, "{}", heading(rest))?;
    }
    bench("match_peers", rest, file.as_mut())?;
    let aliases = rest.iter().position(|argument| argument == "--aliases").and_then(|at| rest.get(at + 1));
    println!("\n## Memory\n");
    if let Some(file) = &mut file {
        writeln!(file, "\n## Memory\n")?;
    }
    bench("match_memory", aliases.map_or(&[], std::slice::from_ref), file.as_mut())
}

/// What a record begins with: when, where and how.
fn heading(rest: &[String]) -> String {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
    };
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        processors.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("an unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "# {}, {}\n\n`cargo xtask bench match {}` on {cores} cores of {}; load before it {}.",
        said("date", &["-u", "+%F"]),
        said("git", &["describe", "--always", "--dirty"]),
        rest.join(" "),
        model.trim_start_matches([' ', '\t', ':']),
        load.split(' ').next().unwrap_or("unknown")
    )
}

/// Runs one of the benches' programs and writes down what it prints.
fn bench(program: &str, arguments: &[String], mut file: Option<&mut std::fs::File>) -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies inside the workspace")?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .args(["run", "--quiet", "--profile", "dist", "--package", "benches", "--bin", program, "--"])
        .args(arguments)
        .stdout(Stdio::piped());
    let mut running = cargo.spawn().context("cargo could not be started")?;
    let printed = running.stdout.take().context("no output of the bench")?;
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
