//! `cargo xtask torture`: the executable killed again and again under load, on both databases.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::postgres;

/// How long.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Minutes of load for each database.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// People who change at the same time.
    #[arg(long, default_value_t = 12)]
    people: u64,
    /// What is done to whom, and when.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// So many seeds one after the other, from that one on.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Instead of that: the first sync of a company, and then the reading of a year more, killed so often.
    #[arg(long, value_name = "KILLS", num_args = 0..=1, default_missing_value = "100")]
    backfill: Option<u64>,
    /// Instead of that: one of two processes on PostgreSQL dies and stays dead, again and again.
    #[arg(long, conflicts_with = "backfill")]
    takeover: bool,
    /// Instead of that: Concur is away for an hour of changes of so many people, and then back.
    #[arg(long, value_name = "PEOPLE", num_args = 0..=1, default_missing_value = "10000", conflicts_with_all = ["backfill", "takeover"])]
    outage: Option<u64>,
    /// Instead of that: one change for each of so many people is accepted and waits.
    #[arg(long, value_name = "PEOPLE", num_args = 0..=1, default_missing_value = "100000", conflicts_with_all = ["backfill", "takeover", "outage"])]
    queue: Option<u64>,
    /// Instead of that: people leave while a change waits for each of so many others.
    #[arg(long, value_name = "PEOPLE", num_args = 0..=1, default_missing_value = "20000", conflicts_with_all = ["backfill", "takeover", "outage", "queue"])]
    leavers: Option<u64>,
    /// Instead of that: so many people join and as many change while three of ten answers are lost.
    #[arg(long, value_name = "PEOPLE", num_args = 0..=1, default_missing_value = "2500", conflicts_with_all = ["backfill", "takeover", "outage", "queue", "leavers"])]
    lost_answers: Option<u64>,
    /// Instead of that: six of ten of so many people are deactivated within a minute, by mistake.
    #[arg(long, value_name = "PEOPLE", num_args = 0..=1, default_missing_value = "1000", conflicts_with_all = ["backfill", "takeover", "outage", "queue", "leavers", "lost_answers"])]
    mistake: Option<u64>,
    /// Only the test of this name, for example `sqlite`.
    #[arg(long, default_value = "")]
    only: String,
}

/// Finds PostgreSQL, then runs the tests that the ordinary run leaves out.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies inside the workspace")?;
    if std::env::var_os("TEST_POSTGRES_URL").is_none() {
        postgres::find_or_install()?;
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["test", "--package", "scim-bridge", "--test", "it"]);
    let test = match options {
        Options { backfill: Some(_), .. } => "backfill::a_first_sync_killed_again_and_again_on_",
        Options { takeover: true, .. } => {
            "takeover::what_a_dead_process_held_is_done_in_time_by_the_other_on_"
        }
        Options { outage: Some(_), .. } => "waiting::an_hour_of_changes_is_caught_up_with_after_an_outage",
        Options { queue: Some(_), .. } => "waiting::a_change_of_everyone_waits_in_little_memory",
        Options { leavers: Some(_), .. } => "waiting::who_leaves_does_not_wait_behind_everybody_elses_change",
        Options { lost_answers: Some(_), .. } => "waiting::answers_that_are_lost_double_and_reorder_nothing",
        Options { mistake: Some(_), .. } => {
            "mistake::six_of_ten_people_lose_their_access_only_when_somebody_says_so"
        }
        _ => "killed_again_and_again_on_",
    };
    cargo.arg(format!("torture::{test}{}", options.only));
    cargo.args(["--", "--ignored", "--nocapture", "--test-threads", "1"]);
    cargo.env("TORTURE_MINUTES", options.minutes.to_string());
    let stories = [options.outage, options.queue, options.leavers, options.lost_answers, options.mistake];
    let people = stories.into_iter().flatten().next().unwrap_or(options.people);
    cargo.env("TORTURE_PEOPLE", people.to_string());
    cargo.env("TORTURE_KILLS", options.backfill.unwrap_or_default().to_string());
    cargo.env("TORTURE_SEED", options.seed.to_string()).env("TORTURE_SEEDS", options.seeds.to_string());
    cargo.env("REQUIRE_ALL", "1");
    let status = cargo.status().context("cargo could not be started")?;
    if !status.success() {
        bail!("the torture failed ({status}); what was wrong is named above");
    }
    Ok(())
}
