//! `cargo xtask test`: every test, on both databases, with nothing skipped.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::{postgres, scim2_tester};

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Passed on to `cargo test` (for example a test's name, or `-- --nocapture`).
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Finds or installs PostgreSQL and scim2-tester, then runs the tests with `REQUIRE_ALL=1`, under which a test that would
/// have skipped for want of a tool fails instead.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies inside the workspace")?;
    if std::env::var_os("TEST_POSTGRES_URL").is_some() {
        println!("xtask: PostgreSQL: the server of TEST_POSTGRES_URL");
    } else {
        println!("xtask: PostgreSQL: {}", postgres::find_or_install()?.display());
    }
    let python = scim2_tester::find_or_install(root)?;
    println!("xtask: scim2-tester: {}", python.display());
    if !root.join("../shared").is_dir() {
        println!(
            "xtask: no reference material beside the checkout: the comparisons with it are left out, all else runs"
        );
    }
    cargo_test(root, &options.rest)?;
    if options.rest.is_empty() {
        println!(
            "xtask: the Concur simulator's behaviours by number, each with the tests that passed above:"
        );
        cargo_test(root, &BEHAVIOURS.map(str::to_owned))?;
    }
    Ok(())
}

/// The test that prints the list and fails if a number has no test.
const BEHAVIOURS: [&str; 7] = [
    "--quiet",
    "--test",
    "simulator",
    "behaviours::every_behaviour_has_a_test",
    "--",
    "--exact",
    "--nocapture",
];

fn cargo_test(root: &Path, arguments: &[String]) -> anyhow::Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .args(["test", "--workspace", "--no-fail-fast"])
        .args(arguments)
        .env("REQUIRE_ALL", "1");
    let status = cargo.status().context("cargo could not be started")?;
    if !status.success() {
        bail!("tests failed ({status}); each failure is named above");
    }
    Ok(())
}
