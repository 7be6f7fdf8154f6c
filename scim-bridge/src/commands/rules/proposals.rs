//! `scim-bridge rules proposals|accept|dismiss`: rules that decisions by hand suggest.

use anyhow::Context as _;
use jiff::Timestamp;
use sync::rules::{self, Proposal};

use super::super::account_lines::AccountLines;
use super::super::{Usage, output};
use super::{ACTOR, print, tell, told};

/// Lists them.
pub(super) async fn list(place: &AccountLines, support: usize, all: bool, json: bool) -> anyhow::Result<()> {
    if support < rules::SUPPORT_MIN {
        return Err(Usage(format!("--support must be at least {}", rules::SUPPORT_MIN)).into());
    }
    let mut found = rules::proposals(&place.store, place.account, &place.matcher, support).await?;
    found.retain(|proposal| all || !proposal.dismissed);
    if json {
        return print(&found);
    }
    if found.is_empty() {
        output::note(&format!(
            "no rule is proposed: no {support} lines decided by hand have words in common that others have not"
        ));
        return Ok(());
    }
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|proposal| vec![proposal.id.clone(), proposal.support.to_string(), said(proposal)])
        .collect();
    output::table(&["id", "lines by hand", "rule"], &rows)?;
    output::note("see what one would change: scim-bridge rules proposals ID; then accept ID, or dismiss ID");
    Ok(())
}

fn said(proposal: &Proposal) -> String {
    let mark = if proposal.dismissed { " (dismissed)" } else { "" };
    format!("{}{mark}", proposal.name)
}

/// Shows one, with what it would change.
pub(super) async fn show(place: &AccountLines, id: &str, json: bool) -> anyhow::Result<()> {
    let tried = rules::try_proposal(&place.store, place.account, &place.matcher, id).await?;
    let tried = tried.with_context(|| unknown(id))?;
    if json {
        return print(&tried);
    }
    output::note(&format!("{} lines decided by hand speak for it", tried.proposal.support));
    output::result(tried.proposal.rule.trim_end())?;
    tell("would change", &tried.effect)
}

/// Sets it among the account's rules.
pub(super) async fn accept(place: &AccountLines, id: &str, json: bool, now: Timestamp) -> anyhow::Result<()> {
    let actor = ACTOR.to_owned();
    let applied = rules::accept(&place.store, place.account, &place.matcher, id, actor, now).await?;
    told(&applied.with_context(|| unknown(id))?, json)
}

/// Has it not be shown again.
pub(super) async fn dismiss(place: &AccountLines, id: &str, now: Timestamp) -> anyhow::Result<()> {
    let actor = ACTOR.to_owned();
    let dismissed = rules::dismiss(&place.store, place.account, &place.matcher, id, actor, now).await?;
    let dismissed = dismissed.with_context(|| unknown(id))?;
    output::result(&format!("{} is not proposed again; proposals --all shows it", dismissed.name))
}

fn unknown(id: &str) -> String {
    format!("no rule {id:?} is proposed, or no longer; scim-bridge rules proposals lists them")
}
