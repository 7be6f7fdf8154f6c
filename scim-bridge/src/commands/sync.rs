//! `scim-bridge sync run|runs|history`: pull expenses and users now, and what earlier runs did.

use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use store::Store;
use store::accounts::Account;
use store::runs::{self, Run};
use sync::{Progress, Snapshot};

use super::{Settings, account, history, output};
use crate::accounts::Clients;
use crate::clock::Clock;
use crate::config::Config;
use crate::schedule::run::Syncer;
use crate::serve;

/// What to do about syncs.
#[derive(Debug, Subcommand)]
pub(super) enum Sync {
    /// Pull what is new from Concur now and match it. A running server does this by itself.
    Run(Now),
    /// The newest runs: what they read, how they ended, and what they could not read.
    Runs(Runs),
    /// Expenses from before the year: what they would cost, asked for, paused, stopped, and how it stands.
    History(history::Longer),
}

/// A run, now.
#[derive(Debug, Args)]
pub(super) struct Now {
    /// The account's name.
    account: String,
    /// The figures as JSON.
    #[arg(long)]
    json: bool,
}

/// Earlier runs.
#[derive(Debug, Args)]
pub(super) struct Runs {
    /// The account's name.
    account: String,
    /// How many.
    #[arg(long, default_value_t = 10)]
    limit: usize,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Sync {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self {
            Self::Run(now) => now.run(settings).await,
            Self::History(longer) => longer.run(settings).await,
            Self::Runs(runs) => tokio::task::block_in_place(|| runs.run(settings)),
        }
    }
}

impl Now {
    async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let config = settings.load()?;
        concur::install_crypto();
        let (store, account) = tokio::task::block_in_place(|| -> anyhow::Result<_> {
            let store = serve::open_store(&config)?;
            let account = account::find(&store, &self.account)?;
            Ok((store, account))
        })?;
        if let Some(reason) = &account.paused_reason {
            anyhow::bail!("{:?} is paused ({reason}); resume it first", account.name);
        }
        let (syncer, bar) = (syncer(&config, store)?, Bar::new());
        let outcome = syncer.run(&account, &bar).await;
        bar.0.finish_and_clear();
        refresh_statistics(&syncer).await;
        let summary = outcome.with_context(|| format!("the sync of {:?} ended early", account.name))?;
        if self.json {
            let state = summary.state.as_str();
            return output::result(&json!({"state": state, "progress": summary.snapshot}).to_string());
        }
        output::result(&told(&summary.snapshot))?;
        for gap in &summary.snapshot.gaps {
            output::note(&format!("not readable: {}: {}", gap.what, gap.reason));
        }
        if !summary.snapshot.gaps.is_empty() {
            output::note("the run is complete with gaps; the next one tries again");
        }
        Ok(())
    }
}

fn syncer(config: &Config, store: Store) -> anyhow::Result<Syncer> {
    let clock = Clock::system();
    let dictionary = serve::load_dictionary(config.dictionary_file())?;
    Ok(Syncer {
        store: store.clone(),
        clients: Clients::new(store, clock.clone(), serve::client_settings(config)),
        clock,
        matcher: Arc::new(matcher::Matcher::new(Arc::new(dictionary))),
        parallel_reports: config.concur.max_concurrent,
    })
}

/// Where no server runs, questions would wait for autovacuum to see what has come.
async fn refresh_statistics(syncer: &Syncer) {
    if let Err(error) = syncer.store.refresh_statistics().await {
        tracing::debug!(error = %crate::logging::chain(&error), "tables were not looked at");
    }
}

/// Reads an account's longer history to its end.
pub(super) async fn read_history(config: &Config, store: Store, account: &Account) -> anyhow::Result<()> {
    if let Some(reason) = &account.paused_reason {
        anyhow::bail!("{:?} is paused ({reason}); resume it first", account.name);
    }
    concur::install_crypto();
    let (syncer, bar) = (syncer(config, store)?, Bar::new());
    let outcome = syncer.history(account, None, &bar).await;
    bar.0.finish_and_clear();
    refresh_statistics(&syncer).await;
    let summary =
        outcome.with_context(|| format!("reading the history of {:?} ended early", account.name))?;
    if let Some(summary) = summary {
        output::note(&told(&summary.snapshot));
        for gap in &summary.snapshot.gaps {
            output::note(&format!("not readable: {}: {}", gap.what, gap.reason));
        }
    }
    Ok(())
}

fn told(done: &Snapshot) -> String {
    let Snapshot { users, reports, removed, lines, lines_outside, decided, matched, .. } = done;
    let outside = match lines_outside {
        0 => String::new(),
        n => format!(" ({n} older than the window left out)"),
    };
    let gone = match removed {
        0 => String::new(),
        n => format!(", {n} reports gone"),
    };
    format!(
        "{users} users, {reports} reports and {lines} lines new or changed{outside}{gone}; {decided} lines decided, {matched} of \
         them matched to an app"
    )
}

/// Windows of the year on a terminal, nothing when piped.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = output::spinner("users");
        let style = ProgressStyle::with_template("  {bar:30} {pos}/{len} windows, {msg}, {elapsed}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self(bar)
    }
}

impl Progress for Bar {
    fn update(&self, snapshot: &Snapshot) {
        self.0.set_length(snapshot.windows_total.max(1) as u64);
        self.0.set_position(snapshot.windows_done as u64);
        let Snapshot { users, lines, decided, .. } = snapshot;
        self.0.set_message(format!("{users} users, {lines} lines, {decided} decided"));
    }
}

impl Runs {
    fn run(&self, settings: &Settings) -> anyhow::Result<()> {
        let store = serve::open_store(&settings.load()?)?;
        let account = account::find(&store, &self.account)?;
        let found = store.read_blocking(|conn| runs::list(conn, account.id, self.limit))?;
        if self.json {
            let all: Vec<_> = found.iter().map(as_json).collect();
            return output::result(&serde_json::to_string_pretty(&all)?);
        }
        let rows: Vec<_> = found.iter().map(row).collect();
        output::table(
            &[
                "started", "finished", "kind", "state", "reports", "removed", "no event", "lines", "matched",
                "gaps", "error",
            ],
            &rows,
        )
    }
}

fn as_json(run: &Run) -> serde_json::Value {
    json!({
        "id": run.id,
        "kind": run.kind,
        "state": run.state.as_str(),
        "started_at": run.started_at,
        "updated_at": run.updated_at,
        "finished_at": run.finished_at,
        "progress": run.progress,
        "error": run.error,
    })
}

fn row(run: &Run) -> Vec<String> {
    let count = |member: &str| run.progress[member].as_u64().unwrap_or_default().to_string();
    let time = |at: jiff::Timestamp| at.strftime("%Y-%m-%d %H:%M:%S").to_string();
    vec![
        time(run.started_at),
        run.finished_at.map(time).unwrap_or_default(),
        run.kind.clone(),
        run.state.as_str().to_owned(),
        count("reports"),
        count("removed"),
        count("untold"),
        count("lines"),
        count("matched"),
        run.progress["gaps"].as_array().map_or(0, Vec::len).to_string(),
        run.error.clone().unwrap_or_default(),
    ]
}
