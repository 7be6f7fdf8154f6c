//! The command line: one thin file per subcommand. Only this folder, `main.rs` and `config/` read arguments,
//! environment and standard input.
//!
//! Results go to standard output, everything for people to standard error. Exit codes: 0 done, 1 failed, 2 wrong
//! usage or configuration.

mod account;
mod account_lines;
mod brake;
mod config;
mod demo;
mod dictionary;
mod events;
mod healthcheck;
mod history;
mod import;
mod installation;
mod line;
mod matching;
mod openapi;
mod operations;
mod output;
mod parquet;
mod query;
mod reconcile;
mod recorder;
mod rules;
mod scim;
mod secret;
mod serve;
mod sync;
mod token;
mod trust;
mod webhook;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

use crate::config::{Config, Layers};

/// A SCIM 2.0 server in front of SAP Concur, and the answers to who expenses which app.
#[derive(Debug, Parser)]
#[command(name = "scim-bridge", version, about)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play a whole day against a simulated Concur, match a year of expenses, and keep serving.
    Demo(demo::Demo),
    /// Serve SCIM, the API and metrics; deliver to Concur; sync expenses.
    Serve(serve::Serve),
    /// Match expense lines from a file to apps, without a server; measure and explain it.
    Match(matching::Match),
    /// Check, merge, compare and extend dictionaries of apps.
    Dictionary(dictionary::Dictionaries),
    /// Import expense lines from CSV, TSV and Excel files.
    #[command(subcommand)]
    Import(import::Import),
    /// Make, list and revoke bearer tokens.
    #[command(subcommand)]
    Token(token::Token),
    /// Check whether a SCIM server does what the RFCs and identity providers ask of it.
    #[command(subcommand)]
    Scim(scim::Scim),
    /// The log of SCIM requests: who asked what and how it was answered, without values.
    Requests(recorder::Requests),
    /// Record an account's SCIM conversations for a while, and replay them without effect.
    #[command(subcommand)]
    Recorder(recorder::Recorder),
    /// Try one SCIM request: its answer and what would be sent to Concur, without effect.
    DryRun(recorder::DryRun),
    /// Connect SAP Concur companies and look at them.
    #[command(subcommand)]
    Account(account::Account),
    /// Ask what was spent on which app, by whom, and who of them has left.
    #[command(subcommand)]
    Query(query::Query),
    /// The account's own rules: show, try, set, take back.
    #[command(subcommand)]
    Rules(rules::Rules),
    /// One expense line: why it is decided so, how it was before, and deciding it by hand.
    #[command(subcommand)]
    Line(line::Line),
    /// Pull expenses and users now, and see what earlier runs did.
    #[command(subcommand)]
    Sync(sync::Sync),
    /// Changes on their way to Concur: list, show, replay, cancel, hold, release.
    #[command(subcommand)]
    Operations(operations::Operations),
    /// Compare Concur's users with what is wanted; take over, repair.
    Reconcile(reconcile::Reconcile),
    /// Concur's events, so that outcomes and changed reports are known at once: subscribe, look, unsubscribe.
    #[command(subcommand)]
    Events(events::Events),
    /// Messages to your own systems about what happens here: add, list, remove, test, log, replay.
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    /// Whether changes are delivered from this database, and letting it after a backup was put back.
    #[command(subcommand)]
    Installation(installation::Installation),
    /// The deprovisioning brake: look, release, cancel, settings.
    #[command(subcommand)]
    Brake(brake::Brake),
    /// Judge or show the configuration.
    #[command(subcommand)]
    Config(config::Config),
    /// Print the OpenAPI document of the API beside SCIM.
    Openapi,
    /// Ask the running server whether it is alive; for images without a shell.
    Healthcheck(healthcheck::Healthcheck),
}

/// Where settings come from. Secrets are never flags: every user of the machine can read those.
#[derive(Debug, Args)]
struct Settings {
    /// Configuration file (TOML).
    #[arg(long, global = true, env = "SCIM_BRIDGE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder for the database and the master key.
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// Any other setting, like log.level=debug. May be repeated.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// Wrong usage or configuration: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

impl Settings {
    fn layers(&self, environment: impl IntoIterator<Item = (String, String)>) -> anyhow::Result<Layers> {
        let mut layers = Layers::default();
        if let Some(file) = &self.config {
            layers.file(file)?;
        }
        layers.environment(environment)?;
        if let Some(folder) = &self.data_dir {
            layers.flag("--data-dir", "data_dir", folder)?;
        }
        for setting in &self.set {
            let (key, value) = setting
                .split_once('=')
                .ok_or_else(|| Usage(format!("--set {setting}: write KEY=VALUE, like log.level=debug")))?;
            if key.trim() == "database_url" && value.contains('@') {
                let reason = "an address with a password belongs into the environment (SCIM_BRIDGE_DATABASE_URL) \
                              or the file, not onto the command line";
                return Err(Usage(format!("--set database_url: {reason}")).into());
            }
            layers.flag("--set", key.trim(), value.trim())?;
        }
        Ok(layers)
    }

    fn load(&self) -> anyhow::Result<Config> {
        Ok(self.layers(variables())?.build()?)
    }
}

/// The environment, as far as it is text.
fn variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Runs the command line and says how it went.
pub fn run(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are printed by the same road and are no failure.
            let failed = error.use_stderr();
            drop(error.print());
            return if failed { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Err(error) => Err(error).context("cannot start the runtime"),
        Ok(runtime) => runtime.block_on(dispatch(cli)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has read enough, as `head` does.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            let usage = error.is::<Usage>() || error.is::<crate::config::Error>();
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = |cause: &(dyn std::error::Error + 'static)| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    };
    error.chain().any(io)
}

async fn dispatch(cli: Cli) -> anyhow::Result<()> {
    let settings = &cli.settings;
    match cli.command {
        Command::Demo(demo) => demo.run(settings).await,
        Command::Serve(serve) => serve.run(settings).await,
        Command::Match(matching) => matching.run(settings),
        Command::Dictionary(dictionary) => dictionary.run(settings),
        Command::Import(import) => tokio::task::block_in_place(|| import.run(settings)),
        Command::Token(token) => tokio::task::block_in_place(|| token.run(settings)),
        Command::Scim(scim) => Box::pin(scim.run(settings)).await,
        Command::Requests(requests) => tokio::task::block_in_place(|| requests.run(settings)),
        Command::Recorder(recorder) => recorder.run(settings).await,
        Command::DryRun(dry_run) => dry_run.run(settings).await,
        Command::Account(account) => account.run(settings).await,
        Command::Query(query) => query.run(settings).await,
        Command::Rules(rules) => rules.run(settings).await,
        Command::Line(line) => line.run(settings).await,
        Command::Sync(sync) => sync.run(settings).await,
        Command::Operations(operations) => tokio::task::block_in_place(|| operations.run(settings)),
        Command::Reconcile(reconcile) => reconcile.run(settings).await,
        Command::Events(events) => events.run(settings).await,
        Command::Webhook(webhook) => tokio::task::block_in_place(|| webhook.run(settings)),
        Command::Installation(installation) => installation.run(settings).await,
        Command::Brake(brake) => brake.run(settings).await,
        Command::Config(config) => config.run(settings),
        Command::Openapi => openapi::run(),
        Command::Healthcheck(healthcheck) => healthcheck.run(settings),
    }
}
