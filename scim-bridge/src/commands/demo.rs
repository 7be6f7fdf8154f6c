//! `scim-bridge demo`: the whole product in one command, without a Concur.

use anyhow::bail;
use clap::Args;

use super::Settings;
use crate::demo::{self, Options, Outcome};

/// Where the demo lives unless `--data-dir` says otherwise.
const DATA_DIR: &str = "scim-bridge-demo";

/// Play a joiner–mover–leaver day against a simulated Concur, match a year of expenses, and keep serving.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// End after the story; exit code 0 only if every expected outcome held.
    #[arg(long)]
    once: bool,
    /// Tell the story as one JSON document, for machines.
    #[arg(long)]
    json: bool,
    /// Port of the bridge; 0 asks the system for a free one.
    #[arg(long, default_value_t = 8085, value_name = "PORT")]
    port: u16,
    /// Seed of the simulated company: the same seed gives the same people and reports.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

impl Demo {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let data_dir = settings.data_dir.clone().unwrap_or_else(|| DATA_DIR.to_owned()).into();
        let Demo { once, json, port, seed } = self;
        match demo::run(Options { data_dir, port, seed, once, json }).await? {
            Outcome::AsExpected => Ok(()),
            Outcome::NotAsExpected => bail!("not every expected outcome held; see above what differs"),
        }
    }
}
