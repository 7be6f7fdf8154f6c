//! `scim-bridge line explain|history|decide|release`: one expense line.

use anyhow::bail;
use clap::{Args, Subcommand};
use store::ids::LineId;
use store::matches::Status;
use sync::hand::{self, Speaker, Word};
use sync::query;
use sync::rules::{self, Proposal};

use super::account_lines::AccountLines;
use super::{Settings, Usage, output};
use crate::clock::Clock;

/// Who acts, as the audit trail names it.
const ACTOR: &str = "command line";

/// What to do with a line.
#[derive(Debug, Subcommand)]
pub(super) enum Line {
    /// Print the line, its decision and the reasons as JSON.
    Explain(Which),
    /// Print how the line was decided over time, as JSON.
    History(Which),
    /// Decide the line by hand: it stays so, whatever rules and dictionaries say, until it is released.
    Decide {
        #[command(flatten)]
        which: Which,
        /// It pays for this app.
        #[arg(long, value_name = "APP", group = "word", required = true)]
        app: Option<String>,
        /// It pays for none: unmatched, ignored or archived.
        #[arg(long, value_name = "STATUS", group = "word")]
        status: Option<Status>,
        /// Why. Goes into the explanation and the audit trail.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Take a decision by hand back: rules and dictionary decide again.
    Release(Which),
}

/// Which line.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Its id, as `query lines --format jsonl` shows it.
    id: LineId,
    /// The account's name; not needed while there is one account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
}

/// A line, and what commands work on.
struct Place {
    of: AccountLines,
    line: LineId,
}

impl Line {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let now = Clock::system().now();
        let speaker = |note: String| Speaker { actor: ACTOR.to_owned(), note, now };
        match self {
            Self::Explain(which) => explain(&which.open(settings)?).await,
            Self::History(which) => {
                let it = which.open(settings)?;
                let found =
                    query::history(&it.of.store, it.of.account, it.of.matcher.dictionary(), it.line).await?;
                match found {
                    Some(found) => output::result(&serde_json::to_string_pretty(&found)?),
                    None => it.none(),
                }
            }
            Self::Decide { which, app, status, note } => {
                let word = word(app, status)?;
                let it = which.open(settings)?;
                let done =
                    hand::decide(&it.of.store, it.of.account, &it.of.matcher, it.line, word, speaker(note))
                        .await?;
                if !done {
                    return it.none();
                }
                explain(&it).await?;
                suggest(&it).await
            }
            Self::Release(which) => {
                let it = which.open(settings)?;
                let speaker = speaker(String::new());
                if !hand::release(&it.of.store, it.of.account, &it.of.matcher, it.line, speaker).await? {
                    output::note("nobody has decided this line by hand; nothing was changed");
                }
                explain(&it).await
            }
        }
    }
}

/// Says so when this line is one of several that suggest a rule.
async fn suggest(it: &Place) -> anyhow::Result<()> {
    let proposals = rules::proposals(&it.of.store, it.of.account, &it.of.matcher, rules::SUPPORT).await?;
    let fits = |proposal: &&Proposal| !proposal.dismissed && proposal.lines.contains(&it.line);
    if let Some(Proposal { id, name, support, .. }) = proposals.iter().find(fits) {
        output::note(&format!(
            "{support} lines decided by hand say: {name}; make it a rule: scim-bridge rules accept {id}"
        ));
    }
    Ok(())
}

fn word(app: Option<String>, status: Option<Status>) -> anyhow::Result<Word> {
    Ok(match (app, status) {
        (Some(app), _) => Word::App(app),
        (None, Some(Status::Ignored)) => Word::Ignore,
        (None, Some(Status::Archived)) => Word::Archive,
        (None, Some(Status::Unmatched)) => Word::None,
        (None, Some(Status::Matched) | None) => {
            return Err(Usage("--status matched needs an app: write --app APP instead".to_owned()).into());
        }
    })
}

async fn explain(it: &Place) -> anyhow::Result<()> {
    match query::explanation(&it.of.store, it.of.account, it.of.matcher.dictionary(), it.line).await? {
        Some(found) => output::result(&serde_json::to_string_pretty(&found)?),
        None => it.none(),
    }
}

impl Place {
    fn none(&self) -> anyhow::Result<()> {
        bail!("the account has no line {} that decisions are made about", self.line)
    }
}

impl Which {
    fn open(&self, settings: &Settings) -> anyhow::Result<Place> {
        Ok(Place { of: AccountLines::open(settings, self.account.as_deref())?, line: self.id })
    }
}
