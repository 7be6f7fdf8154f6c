//! `scim-bridge rules show|what-if|set|undo|rematch|revisions|proposals|accept|dismiss`: the account's own rules over its stored lines.

mod proposals;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use sync::rules::{self, Applied, Effect, NewRules, Standing};

use super::account_lines::AccountLines;
use super::{Settings, output};
use crate::clock::Clock;

/// Who acts, as the audit trail names it.
const ACTOR: &str = "command line";
/// Moves that are told to people; `--json` has all.
const MOVES: usize = 20;

/// What to do with the rules.
#[derive(Debug, Subcommand)]
pub(super) enum Rules {
    /// Print the rules that hold, or those of a revision.
    Show {
        #[command(flatten)]
        of: Of,
        /// A revision, as `revisions` lists it.
        #[arg(long, value_name = "NUMBER")]
        revision: Option<i64>,
    },
    /// Tell what the rules of a file would change: how many lines, from which app to which, and the money. Stores nothing.
    WhatIf {
        /// Rules (TOML).
        file: PathBuf,
        #[command(flatten)]
        of: Of,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Set the rules of a file, and decide all stored lines by them, at once.
    Set {
        /// Rules (TOML). They replace the ones that hold.
        file: PathBuf,
        #[command(flatten)]
        of: Of,
        /// The revision that they were written over: nothing is changed when another one holds by now.
        #[arg(long, value_name = "NUMBER")]
        over: Option<i64>,
        /// Why. Goes into the list of revisions and the audit trail.
        #[arg(long, default_value = "")]
        note: String,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Go back to the rules of the revision before, or of an earlier one, with all their effects.
    Undo {
        #[command(flatten)]
        of: Of,
        /// The revision; 0 for no rules.
        #[arg(long, value_name = "NUMBER")]
        to: Option<i64>,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Ask the rules that hold about every line again, as after people changed departments.
    Rematch {
        #[command(flatten)]
        of: Of,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// List the revisions, the last one first.
    Revisions {
        #[command(flatten)]
        of: Of,
    },
    /// List rules that decisions by hand suggest, or show what one of them would change. Sets none.
    Proposals {
        /// One of them, as the list names it.
        id: Option<String>,
        #[command(flatten)]
        of: Of,
        /// So many lines have to speak for a rule, at least two.
        #[arg(long, value_name = "LINES", default_value_t = rules::SUPPORT, conflicts_with = "id")]
        support: usize,
        /// Also those that were dismissed.
        #[arg(long, conflicts_with = "id")]
        all: bool,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Set a proposed rule among the others, and decide all stored lines by them, at once. `undo` takes it back.
    Accept {
        /// As `proposals` lists it.
        id: String,
        #[command(flatten)]
        of: Of,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Have a rule not be proposed again.
    Dismiss {
        /// As `proposals` lists it.
        id: String,
        #[command(flatten)]
        of: Of,
    },
}

/// Of which account.
#[derive(Debug, Args)]
pub(super) struct Of {
    /// The account's name; not needed while there is one account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
}

impl Of {
    fn open(&self, settings: &Settings) -> anyhow::Result<AccountLines> {
        AccountLines::open(settings, self.account.as_deref())
    }
}

impl Rules {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let now = Clock::system().now();
        match self {
            Self::Show { of, revision } => show(&of.open(settings)?, revision).await,
            Self::Revisions { of } => revisions(&of.open(settings)?).await,
            Self::Proposals { id: Some(id), of, json, .. } => {
                proposals::show(&of.open(settings)?, &id, json).await
            }
            Self::Proposals { id: None, of, support, all, json } => {
                proposals::list(&of.open(settings)?, support, all, json).await
            }
            Self::Accept { id, of, json } => proposals::accept(&of.open(settings)?, &id, json, now).await,
            Self::Dismiss { id, of } => proposals::dismiss(&of.open(settings)?, &id, now).await,
            Self::WhatIf { file, of, json } => {
                let (place, rules) = (of.open(settings)?, read(&file)?);
                let effect = rules::what_if(&place.store, place.account, &place.matcher, rules).await?;
                if json { print(&effect) } else { tell("would change", &effect) }
            }
            Self::Set { file, of, over, note, json } => {
                let (place, rules) = (of.open(settings)?, read(&file)?);
                let new = NewRules { rules, over, actor: ACTOR.to_owned(), note };
                let applied = rules::set(&place.store, place.account, &place.matcher, new, now).await?;
                told(&applied, json)
            }
            Self::Undo { of, to, json } => {
                let place = of.open(settings)?;
                let actor = ACTOR.to_owned();
                let applied =
                    rules::undo(&place.store, place.account, &place.matcher, to, actor, now).await?;
                told(&applied, json)
            }
            Self::Rematch { of, json } => {
                let place = of.open(settings)?;
                let actor = ACTOR.to_owned();
                let applied = rules::rematch(&place.store, place.account, &place.matcher, actor, now).await?;
                told(&applied, json)
            }
        }
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

async fn show(place: &AccountLines, revision: Option<i64>) -> anyhow::Result<()> {
    let account = place.account;
    let found = place.store.read(move |conn| match revision {
        None => store::rules::current(conn, account),
        Some(revision) => store::rules::get(conn, account, revision).map(Some),
    });
    match found.await? {
        None => output::note("the account has no rules; set some with: scim-bridge rules set FILE"),
        Some(found) => {
            output::note(&format!("revision {} of {}, by {}", found.revision, found.set_at, found.actor));
            output::result(found.rules.trim_end())?;
        }
    }
    Ok(())
}

async fn revisions(place: &AccountLines) -> anyhow::Result<()> {
    let account = place.account;
    let found = place.store.read(move |conn| store::rules::list(conn, account, 1_000)).await?;
    if found.is_empty() {
        output::note("the account has no rules");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = found
        .into_iter()
        .map(|it| {
            vec![
                it.revision.to_string(),
                it.set_at.to_string(),
                it.actor,
                it.lines_changed.to_string(),
                it.note,
            ]
        })
        .collect();
    output::table(&["revision", "set at", "by", "lines changed", "note"], &rows)
}

fn told(applied: &Applied, json: bool) -> anyhow::Result<()> {
    if json {
        return print(applied);
    }
    if applied.effect.lines == 0 && applied.lines_changed == 0 {
        output::note(&format!(
            "these are the rules of revision {}, which hold; nothing was changed",
            applied.revision
        ));
        return Ok(());
    }
    output::result(&format!(
        "revision {} holds: {} rules; {} decisions changed",
        applied.revision, applied.rules, applied.lines_changed
    ))?;
    tell("changed", &applied.effect)
}

fn tell(changed: &str, effect: &Effect) -> anyhow::Result<()> {
    output::result(&format!(
        "{} lines: {} {changed} their app or status, {} their reason only; {} decided by hand stay",
        effect.lines, effect.changed, effect.other_reason, effect.pinned
    ))?;
    let rows: Vec<Vec<String>> = effect
        .moves
        .iter()
        .take(MOVES)
        .map(|one| {
            let totals = one.totals.iter().map(|total| format!("{} {}", total.posted, total.currency));
            vec![
                standing(&one.from),
                standing(&one.to),
                one.lines.to_string(),
                totals.collect::<Vec<_>>().join("; "),
            ]
        })
        .collect();
    if !rows.is_empty() {
        output::table(&["from", "to", "lines", "posted"], &rows)?;
    }
    if effect.moves.len() > MOVES {
        output::note(&format!("and {} other moves; --json has all", effect.moves.len() - MOVES));
    }
    Ok(())
}

fn standing(it: &Standing) -> String {
    it.app_id.clone().unwrap_or_else(|| it.status.to_string())
}

fn print(value: &impl serde::Serialize) -> anyhow::Result<()> {
    output::result(&serde_json::to_string_pretty(value)?)
}
