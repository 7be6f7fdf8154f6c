//! `scim-bridge sync history`: expenses from before the year, as a job of its own.

use clap::Args;
use jiff::civil::Date;
use serde_json::json;
use store::Store;
use store::accounts::Account;
use sync::pull::history::{self, Estimate};

use super::{Settings, Usage, account, output};
use crate::accounts::lifecycle::Act;
use crate::clock::Clock;
use crate::config::Config;
use crate::schedule::history::{Told, Word, obey};
use crate::serve;

/// What to do about a longer history; without anything: how it stands.
/// What to do about a longer history; without anything: how it stands.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag by itself")]
pub(super) struct Longer {
    /// The account's name.
    account: String,
    /// Keep expenses since this day too, such as 2024-01-01. A running server reads them between two syncs.
    #[arg(long, value_name = "DATE", group = "word")]
    from: Option<Date>,
    /// Only say what --from would cost; ask for nothing.
    #[arg(long, requires = "from")]
    estimate: bool,
    /// Wait with it.
    #[arg(long, group = "word")]
    pause: bool,
    /// Go on.
    #[arg(long, group = "word")]
    resume: bool,
    /// Read no more of it; what was read stays.
    #[arg(long, group = "word")]
    stop: bool,
    /// Read it here and now, where no server runs.
    #[arg(long, conflicts_with_all = ["pause", "stop", "estimate"])]
    now: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Longer {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let config = settings.load()?;
        let (store, account) = tokio::task::block_in_place(|| self.opened(&config))?;
        if self.estimate {
            return tokio::task::block_in_place(|| self.estimate(&config, &store, &account));
        }
        tokio::task::block_in_place(|| self.obey(&store, &account))?;
        if self.now {
            super::sync::read_history(&config, store.clone(), &account).await?;
        }
        tokio::task::block_in_place(|| self.show(&store, &account))
    }

    fn opened(&self, config: &Config) -> anyhow::Result<(Store, Account)> {
        let store = serve::open_store(config)?;
        let account = account::find(&store, &self.account)?;
        Ok((store, account))
    }

    fn word(&self) -> Option<Word> {
        match (self.from, self.pause, self.resume, self.stop) {
            (Some(day), ..) => Some(Word::From(day)),
            (_, true, ..) => Some(Word::Pause),
            (_, _, true, _) => Some(Word::Resume),
            (_, _, _, true) => Some(Word::Stop),
            _ => None,
        }
    }

    fn obey(&self, store: &Store, account: &Account) -> anyhow::Result<()> {
        let Some(word) = self.word() else { return Ok(()) };
        let act = Act { actor: "command line".to_owned(), at: Clock::system().now() };
        let outcome = store.write_blocking(|conn| obey(conn, account.id, word, &act))?;
        outcome.map(drop).map_err(|refused| Usage(refused.to_string()).into())
    }

    fn estimate(&self, config: &Config, store: &Store, account: &Account) -> anyhow::Result<()> {
        let (Some(from), now) = (self.from, Clock::system().now()) else { return Ok(()) };
        let outcome = store.read_blocking(|conn| history::estimate(conn, account.id, from, now))?;
        let estimate = outcome.map_err(|refused| Usage(refused.to_string()))?;
        if self.json {
            return output::result(&serde_json::to_string(&estimate)?);
        }
        let Estimate { days, reports, reports_again, requests } = estimate;
        let seconds = requests / u64::from(config.concur.requests_per_second.max(1));
        output::result(&format!(
            "{days} days more: about {reports} reports, if they were like those of the kept time, and {reports_again} that are read \
             once more;\nabout {requests} requests to Concur, which take {} or longer between two syncs. Nothing was asked for",
            span(seconds)
        ))
    }

    fn show(&self, store: &Store, account: &Account) -> anyhow::Result<()> {
        let found = store.read_blocking(|conn| history::status(conn, account.id))?;
        if self.json {
            return output::result(&json!({"history": found}).to_string());
        }
        let told = found.as_ref().map_or_else(
            || "a year before the first connection is kept; --from keeps more".to_owned(),
            |found| Told(found).to_string(),
        );
        output::result(&told)
    }
}

/// Seconds as people say them.
fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}
