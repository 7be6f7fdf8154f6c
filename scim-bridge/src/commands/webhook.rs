//! `scim-bridge webhook add|list|remove|enable|test|log|replay`: who is told what happens, and what they were told.

use std::fmt::Display;
use std::str::FromStr;

use clap::{Args, Subcommand};
use store::Conn;
use store::ids::{AccountId, MessageId, WebhookId};

use super::{Settings, Usage, output};
use crate::accounts::lifecycle::Act;
use crate::clock::Clock;
use crate::serve;
use crate::webhooks::{self, MessageView, WebhookError};

/// What to do with webhooks.
#[derive(Debug, Subcommand)]
pub(super) enum Webhook {
    /// Tell an address what happens; prints the secret that messages are signed with, this once.
    Add {
        /// Where messages go: https and a public address, unless the configuration opens the network.
        url: String,
        /// What it is told, separated by commas.
        #[arg(long, value_delimiter = ',', required = true, value_name = "TOPIC")]
        topics: Vec<String>,
        #[command(flatten)]
        of: Of,
    },
    /// List webhooks, without their secrets.
    List {
        #[command(flatten)]
        of: Of,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// Tell it no more, and forget what waits for it.
    Remove(One),
    /// Send to it again after its receiver has answered 410.
    Enable(One),
    /// Send it a message that says nothing; the running server delivers it.
    Test(One),
    /// What it was sent and what waits for it, the newest first.
    Log {
        #[command(flatten)]
        one: One,
        /// How many messages.
        #[arg(long, default_value_t = 20)]
        limit: usize,
        /// For machines; with what was sent.
        #[arg(long)]
        json: bool,
    },
    /// Send a message once more that was delivered or given up.
    Replay {
        /// Id of the message, as `log` shows it.
        message: String,
        #[command(flatten)]
        of: Of,
    },
}

/// Which account.
#[derive(Debug, Args)]
pub(super) struct Of {
    /// The account's name; not needed while there is one account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
}

/// Which webhook.
#[derive(Debug, Args)]
pub(super) struct One {
    /// Its id, as `list` shows it.
    id: String,
    #[command(flatten)]
    of: Of,
}

impl Webhook {
    pub(super) fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self {
            Self::Add { url, topics, of } => {
                let private_addresses = settings.load()?.webhooks.private_addresses;
                let added = of.write(settings, move |conn, account, act| {
                    webhooks::add(conn, account, &url, &topics, private_addresses, act)
                })?;
                output::note("messages are signed with this secret; it is not shown again:");
                output::result(&format!("{} {}", added.id, added.secret.unwrap_or_default()))
            }
            Self::List { of, json } => list(&of, json, settings),
            Self::Remove(one) => {
                let id = id(&one.id, "webhook")?;
                one.of.write(settings, move |conn, account, act| {
                    Ok(webhooks::remove(conn, account, id, act)?)
                })?;
                output::note("removed; what waited for it is forgotten");
                Ok(())
            }
            Self::Enable(one) => {
                let id = id(&one.id, "webhook")?;
                one.of.write(settings, move |conn, account, act| {
                    Ok(webhooks::enable(conn, account, id, act)?)
                })?;
                output::note("it is sent to again");
                Ok(())
            }
            Self::Test(one) => {
                let id = id(&one.id, "webhook")?;
                let message = one
                    .of
                    .write(settings, move |conn, account, act| Ok(webhooks::test(conn, account, id, act)?))?;
                output::note("the running server sends it within seconds; see `webhook log`");
                output::result(&message.id.to_string())
            }
            Self::Log { one, limit, json } => log(&one, limit, json, settings),
            Self::Replay { message, of } => {
                let id: MessageId = id(&message, "message")?;
                of.write(settings, move |conn, account, act| webhooks::replay(conn, account, id, act))?;
                output::note("the running server sends it within seconds; see `webhook log`");
                Ok(())
            }
        }
    }
}

fn id<T: FromStr<Err: Display>>(text: &str, what: &str) -> Result<T, Usage> {
    text.parse().map_err(|error| Usage(format!("{text:?} is not the id of a {what}: {error}")))
}

impl Of {
    fn opened(&self, settings: &Settings) -> anyhow::Result<(store::Store, AccountId)> {
        let store = serve::open_store(&settings.load()?)?;
        let account = super::account::named_or_only(&store, self.account.as_deref())?;
        Ok((store, account.id))
    }

    /// Does something for the account, in a transaction.
    fn write<T>(
        &self,
        settings: &Settings,
        f: impl FnOnce(&mut Conn, AccountId, &Act) -> Result<T, WebhookError>,
    ) -> anyhow::Result<T> {
        let (store, account) = self.opened(settings)?;
        let act = Act { actor: "command line".to_owned(), at: Clock::system().now() };
        let outcome = store.write_blocking(|conn| match f(conn, account, &act) {
            Err(WebhookError::Store(error)) => Err(error),
            other => Ok(other),
        })?;
        // Refused, and nothing was changed.
        outcome.map_err(|error| Usage(error.to_string()).into())
    }
}

fn list(of: &Of, json: bool, settings: &Settings) -> anyhow::Result<()> {
    let (store, account) = of.opened(settings)?;
    let all = store.read_blocking(|conn| webhooks::list(conn, account))?;
    if json {
        return output::result(&serde_json::to_string_pretty(&all)?);
    }
    if all.webhooks.is_empty() {
        output::note("nobody is told; `scim-bridge webhook add` adds a webhook");
        return Ok(());
    }
    let row = |webhook: webhooks::WebhookView| {
        let topics: Vec<&str> = webhook.topics.iter().map(|topic| topic.as_str()).collect();
        let state =
            webhook.disabled_reason.map_or_else(|| "on".to_owned(), |reason| format!("off: {reason}"));
        vec![webhook.id.to_string(), state, topics.join(","), webhook.url]
    };
    let rows: Vec<Vec<String>> = all.webhooks.into_iter().map(row).collect();
    output::table(&["id", "state", "topics", "address"], &rows)
}

fn log(one: &One, limit: usize, json: bool, settings: &Settings) -> anyhow::Result<()> {
    let id: WebhookId = id(&one.id, "webhook")?;
    let (store, account) = one.of.opened(settings)?;
    let found = store.read_blocking(|conn| webhooks::messages(conn, account, id, None, limit))?;
    if json {
        return output::result(&serde_json::to_string_pretty(&found)?);
    }
    let row = |message: MessageView| {
        let last = message.error.or_else(|| message.status.map(|status| status.to_string()));
        let cells =
            [message.id.to_string(), message.topic, message.state.to_string(), message.attempts.to_string()];
        cells.into_iter().chain([message.created_at.to_string(), last.unwrap_or_default()]).collect()
    };
    let rows: Vec<Vec<String>> = found.messages.into_iter().map(row).collect();
    output::table(&["message", "topic", "state", "attempts", "written at", "last answer"], &rows)
}
