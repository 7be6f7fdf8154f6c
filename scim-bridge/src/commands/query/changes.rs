//! `scim-bridge query changes`: the feed of changes, one JSON object a line, for scripts that keep a copy.

use clap::Args;
use sync::query::{self, LIMIT_MAX, PageRequest};

use super::super::{Settings, output};
use super::Source;

/// Which changes.
#[derive(Debug, Args)]
pub(in crate::commands) struct Changes {
    /// The account's name; not needed while there is one account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// The cursor that the call before printed; without it, everything.
    #[arg(long, value_name = "CURSOR")]
    since: Option<String>,
}

impl Changes {
    /// Prints all there are by now, and the cursor for the next call to standard error.
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<()> {
        let source = tokio::task::block_in_place(|| Source::open(settings, self.account.as_deref()))?;
        let mut page = PageRequest { cursor: self.since.clone(), limit: Some(LIMIT_MAX) };
        loop {
            let found = query::changes(&source.store, source.account, &source.dictionary, &page).await?;
            for change in &found.changes {
                output::result(&serde_json::to_string(change)?)?;
            }
            if !found.more {
                output::note(&format!("go on with --since {}", found.next_cursor));
                return Ok(());
            }
            page.cursor = Some(found.next_cursor);
        }
    }
}
