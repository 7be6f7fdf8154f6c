//! One door for each chore: `cargo xtask <chore>`. Continuous integration walks through the same doors.

#![expect(clippy::print_stdout, reason = "chores speak to the person who runs them")]

mod bench;
mod debian;
mod postgres;
mod safeguards;
mod scim2_tester;
mod simulate;
mod test;
mod torture;

use clap::{Parser, Subcommand};

/// Chores of the scim-bridge workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Run every test; finds or installs what they need (PostgreSQL, scim2-tester) and never passes by skipping.
    Test(test::Options),
    /// Run the deterministic simulation of delivery over many seeds, or one seed again with its story.
    Simulate(simulate::Options),
    /// Kill the executable again and again under load, on both databases, and compare what it acknowledged with Concur.
    Torture(torture::Options),
    /// Take the safeguards of delivery away, one by one, and see a test fail each time.
    Safeguards(safeguards::Options),
    /// Measure one of our parts beside its peers.
    Bench(bench::Options),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().chore {
        Chore::Test(options) => test::run(&options),
        Chore::Simulate(options) => simulate::run(&options),
        Chore::Torture(options) => torture::run(&options),
        Chore::Safeguards(options) => safeguards::run(&options),
        Chore::Bench(options) => bench::run(&options),
    }
}
