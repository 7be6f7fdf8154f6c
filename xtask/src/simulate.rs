//! `cargo xtask simulate`: the simulation of delivery that the tests run, over as many seeds as one likes.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

/// Which seeds.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many seeds. With one, its whole story is told.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, value_name = "K", default_value_t = 1)]
    from: u64,
}

/// The test that is the simulation.
const SIMULATION: &str = "simulation::whatever_the_network_does_nothing_is_lost_doubled_or_reordered";

/// Runs it, optimised where it is many seeds: compiling then pays off.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies inside the workspace")?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["test", "--package", "scim-bridge", "--test", "it"]);
    if options.seeds > 5_000 {
        cargo.arg("--release");
    }
    cargo.args([SIMULATION, "--", "--exact", "--nocapture"]);
    cargo.env("SIMULATE_SEEDS", options.seeds.to_string()).env("SIMULATE_FROM", options.from.to_string());
    let status = cargo.status().context("cargo could not be started")?;
    if !status.success() {
        bail!("the simulation failed ({status}); the seeds are named above");
    }
    Ok(())
}
