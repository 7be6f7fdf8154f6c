//! `scim-bridge events subscribe|status|unsubscribe`: whether SAP Concur tells of its own accord.

use clap::{Args, Subcommand};
use store::Store;
use store::accounts::Account;

use super::{Settings, output};
use crate::accounts::Clients;
use crate::accounts::lifecycle::Act;
use crate::clock::Clock;
use crate::config::Config;
use crate::events::{self, Status};
use crate::serve;

/// What to do about events.
#[derive(Debug, Subcommand)]
pub(super) enum Events {
    /// Tell Concur to send events to this bridge (setting events.address), under a new secret address.
    Subscribe(Which),
    /// Whether the account listens, when the last event came, and what became of them.
    Status {
        #[command(flatten)]
        which: Which,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// Tell Concur to send no more; everything is found by asking again.
    Unsubscribe(Which),
}

/// Which account.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// The account's name; not needed while there is one account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
}

impl Events {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let config = settings.load()?;
        match self {
            Self::Subscribe(which) => subscribe(&which, &config).await,
            Self::Status { which, json } => tokio::task::block_in_place(|| {
                let (store, account) = which.opened(&config)?;
                let on = config.events.base().is_some();
                let status = store.read_blocking(|conn| events::status(conn, account.id, on))?;
                if json {
                    return output::result(&serde_json::to_string_pretty(&status)?);
                }
                in_words(&status, &account.name)
            }),
            Self::Unsubscribe(which) => unsubscribe(&which, &config).await,
        }
    }
}

impl Which {
    fn opened(&self, config: &Config) -> anyhow::Result<(Store, Account)> {
        let store = serve::open_store(config)?;
        let account = super::account::named_or_only(&store, self.account.as_deref())?;
        Ok((store, account))
    }

    fn with_clients(&self, config: &Config) -> anyhow::Result<(Store, Account, Clients)> {
        concur::install_crypto();
        let (store, account) = tokio::task::block_in_place(|| self.opened(config))?;
        let clients = Clients::new(store.clone(), Clock::system(), serve::client_settings(config));
        Ok((store, account, clients))
    }
}

fn act() -> Act {
    Act { actor: "command line".to_owned(), at: Clock::system().now() }
}

async fn subscribe(which: &Which, config: &Config) -> anyhow::Result<()> {
    let (store, account, clients) = which.with_clients(config)?;
    let done = events::subscribe(&store, &clients, config.events.base(), &account, &act()).await?;
    output::result(&format!("{} listens to {}", account.name, done.topics.join(" and ")))?;
    if !done.missing.is_empty() {
        output::note(&format!(
            "not to {}: the application lacks a scope for it; ask SAP for it and subscribe again",
            done.missing.join(" and ")
        ));
    }
    Ok(())
}

async fn unsubscribe(which: &Which, config: &Config) -> anyhow::Result<()> {
    let (store, account, clients) = which.with_clients(config)?;
    let listened = events::unsubscribe(&store, &clients, &account, &act()).await?;
    let name = &account.name;
    output::note(&if listened {
        format!("{name} listens no more: outcomes and changed reports are found by asking, as before")
    } else {
        format!("{name} did not listen")
    });
    Ok(())
}

fn in_words(status: &Status, name: &str) -> anyhow::Result<()> {
    match status.subscribed_at {
        None => output::result(&format!("{name} does not listen to Concur's events"))?,
        Some(at) => output::result(&format!("{name} listens to {} since {at}", status.topics.join(" and ")))?,
    }
    if status.subscribed_at.is_some() && !status.switched_on {
        output::result("events are switched off here: events.address is empty, and what comes is refused")?;
    }
    let last = status.last_event_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    output::result(&format!("last event: {last}"))?;
    for (outcome, count) in &status.counts {
        output::result(&format!("{}: {count}", outcome.replace('_', " ")))?;
    }
    if status.reports_waiting > 0 {
        output::result(&format!("reports to be read again: {}", status.reports_waiting))?;
    }
    if let Some(trouble) = &status.trouble {
        output::result(&format!("trouble: {trouble}"))?;
    }
    if let Some(gap) = status.gap {
        let closed = gap.closed_at.map_or_else(
            || "not all of it has been read again yet".to_owned(),
            |at| format!("everything had been read again at {at}"),
        );
        output::result(&format!("events from {} to {} are lost; {closed}", gap.from, gap.to))?;
    }
    Ok(())
}
