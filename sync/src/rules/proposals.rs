//! Rules that decisions by hand suggest. They are shown, never set by themselves; a person accepts one or wants to see it no
//! more.
//!
//! What a proposal says is tried before it is shown: written into the account's rules it has to decide the lines that speak
//! for it as the person did. It goes behind the other rules; before them where one of those would be asked first.

use std::sync::Arc;

use jiff::Timestamp;
use matcher::rules::{self as rule_files, Action, ByHand, Said};
use matcher::{Matcher, Scratch};
use serde::Serialize;
use serde_json::json;
use store::lines::{self, Decidable};
use store::matches::Status;
use store::{Conn, Store, audit, ids::AccountId, ids::LineId, rules};
use utoipa::ToSchema;

use super::apply::{Applied, NewRules, set};
use super::effect::Effect;
use super::scan::what_if;
use crate::Error;
use crate::decide::{status, texts};
use crate::rulebook::Rulebook;

/// So many lines have to speak for a proposal, unless it is asked for otherwise.
pub const SUPPORT: usize = 3;
/// Fewer are no pattern.
pub const SUPPORT_MIN: usize = 2;
/// Decisions by hand that are looked at, the last ones first.
const BY_HAND_MAX: usize = 2_000;
/// Lines that are named of those that speak for a proposal.
const LINES: usize = 20;

/// A rule that is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RuleProposal)]
pub struct Proposal {
    /// What tells it from others, as long as it says the same.
    pub id: String,
    /// What it says: the name of the rule.
    pub name: String,
    /// Lines decided by hand that it would decide in the same way, and that rules and dictionary decide otherwise.
    pub support: u64,
    /// Some of them, those decided last first.
    #[schema(value_type = Vec<String>)]
    pub lines: Vec<LineId>,
    /// The rule (TOML).
    pub rule: String,
    /// A person does not want to see it again.
    pub dismissed: bool,
}

/// A proposal, with what would become of the stored lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RuleProposalEffect)]
pub struct Tried {
    /// The proposal.
    pub proposal: Proposal,
    /// What it would change. Lines decided by hand stay as they are.
    pub effect: Effect,
}

/// Rules that decisions by hand suggest, those with most support first.
///
/// # Errors
/// [`Error::StoredRules`] when the rules that hold do not go with the dictionary; otherwise the store refuses.
pub async fn proposals(
    store: &Store,
    account: AccountId,
    matcher: &Arc<Matcher>,
    support: usize,
) -> Result<Vec<Proposal>, Error> {
    Ok(drafts(store, account, matcher, support).await?.into_iter().map(|draft| draft.proposal).collect())
}

/// One of them, with its effect. `None` when there is none of this id any more.
///
/// # Errors
/// As [`proposals`]; [`Error::Rules`] when the rule cannot be written into those that hold.
pub async fn try_proposal(
    store: &Store,
    account: AccountId,
    matcher: &Arc<Matcher>,
    id: &str,
) -> Result<Option<Tried>, Error> {
    let Some(draft) = draft(store, account, matcher, id).await? else { return Ok(None) };
    let effect = what_if(store, account, matcher, draft.rules).await?;
    Ok(Some(Tried { proposal: draft.proposal, effect }))
}

/// Sets the account's rules with this one among them, as [`set`] does. `None` when there is none of this id any more.
///
/// # Errors
/// As [`set`].
pub async fn accept(
    store: &Store,
    account: AccountId,
    matcher: &Arc<Matcher>,
    id: &str,
    actor: String,
    now: Timestamp,
) -> Result<Option<Applied>, Error> {
    let Some(Draft { proposal, rules, over }) = draft(store, account, matcher, id).await? else {
        return Ok(None);
    };
    let note = format!("proposed by {} lines decided by hand: {}", proposal.support, proposal.name);
    let new = NewRules { rules, over: Some(over), actor, note };
    set(store, account, matcher, new, now).await.map(Some)
}

/// A person does not want to see it again; which it is. `None` when there is none of this id.
///
/// # Errors
/// As [`proposals`].
pub async fn dismiss(
    store: &Store,
    account: AccountId,
    matcher: &Arc<Matcher>,
    id: &str,
    actor: String,
    now: Timestamp,
) -> Result<Option<Proposal>, Error> {
    let Some(draft) = draft(store, account, matcher, id).await? else { return Ok(None) };
    let proposal = Proposal { dismissed: true, ..draft.proposal };
    let (id, name) = (proposal.id.clone(), proposal.name.clone());
    let dismissed = move |conn: &mut Conn| {
        rules::dismiss(conn, account, &id, &actor, now)?;
        let event = audit::NewEvent {
            account: Some(account),
            at: now,
            actor,
            action: "rules.dismiss".to_owned(),
            subject: format!("account:{account}"),
            details: json!({ "proposal": id, "name": name }),
        };
        audit::append(conn, &event).map(drop)
    };
    store.write(dismissed).await?;
    Ok(Some(proposal))
}

/// A proposal, and the account's rules with it.
struct Draft {
    proposal: Proposal,
    rules: String,
    /// The revision that it was written into.
    over: i64,
}

async fn draft(
    store: &Store,
    account: AccountId,
    matcher: &Arc<Matcher>,
    id: &str,
) -> Result<Option<Draft>, Error> {
    let drafts = drafts(store, account, matcher, SUPPORT_MIN).await?;
    Ok(drafts.into_iter().find(|draft| draft.proposal.id == id))
}

async fn drafts(
    store: &Store,
    account: AccountId,
    matcher: &Arc<Matcher>,
    support: usize,
) -> Result<Vec<Draft>, Error> {
    let matcher = Arc::clone(matcher);
    store.try_read(move |conn| Desk::read(conn, account, &matcher)?.drafts(conn, support)).await
}

/// What people have decided, beside what rules and dictionary say now.
struct Desk<'m> {
    account: AccountId,
    matcher: &'m Matcher,
    lines: Vec<Decidable>,
    /// What each line is said to be: by the person, by the machine.
    said: Vec<(Said, Said)>,
    rules: String,
    revision: i64,
}

impl<'m> Desk<'m> {
    fn read(conn: &mut Conn, account: AccountId, matcher: &'m Matcher) -> Result<Self, Error> {
        let current = rules::current(conn, account)?;
        let (rules, revision) = current.map_or_else(Default::default, |it| (it.rules, it.revision));
        let book = Rulebook::current(conn, account, matcher.dictionary())?;
        let (mut lines, mut said, mut scratch) = (Vec::new(), Vec::new(), matcher.scratch());
        for line in lines::by_hand(conn, account, BY_HAND_MAX)? {
            // An app that the dictionary has no more cannot be what a rule says.
            let Some(person) = by_person(&line, matcher) else { continue };
            said.push((person, by_machine(&book, matcher, &line, &mut scratch)));
            lines.push(line);
        }
        Ok(Desk { account, matcher, lines, said, rules, revision })
    }

    fn drafts(self, conn: &mut Conn, support: usize) -> Result<Vec<Draft>, Error> {
        let by_hand = self.lines.iter().zip(&self.said).map(|(line, &(person, machine))| ByHand {
            texts: texts(&line.line.texts),
            person,
            machine,
        });
        let by_hand: Vec<ByHand<'_>> = by_hand.collect();
        let dismissed = rules::dismissed(conn, self.account)?;
        let mut drafts = Vec::new();
        for found in rule_files::propose(self.matcher, &by_hand, support.max(SUPPORT_MIN)) {
            let dictionary = self.matcher.dictionary();
            let name = self.free_name(&found.name(dictionary));
            let rule = found.to_toml(&name, dictionary);
            let (rules, held) = self.placed(conn, &rule, &found.support)?;
            if held.len() < support.max(SUPPORT_MIN) {
                continue;
            }
            let id = found.id(dictionary);
            let proposal = Proposal {
                support: held.len() as u64,
                lines: held.iter().take(LINES).map(|at| self.lines[*at].line.id).collect(),
                dismissed: dismissed.contains(&id),
                id,
                name,
                rule,
            };
            drafts.push(Draft { proposal, rules, over: self.revision });
        }
        Ok(drafts)
    }

    /// No two rules have one name.
    fn free_name(&self, name: &str) -> String {
        let quoted = |name: &str| json!(name).to_string();
        let taken =
            |name: &str| self.rules.contains(&quoted(name)) || self.rules.contains(&format!("'{name}'"));
        let mut names = std::iter::once(name.to_owned()).chain((2..).map(|n| format!("{name} ({n})")));
        names.find(|name| !taken(name)).unwrap_or_default()
    }

    /// The rules with another one, and which of these lines they decide as the person did: behind the others if that does for all
    /// of them.
    fn placed(&self, conn: &mut Conn, rule: &str, support: &[usize]) -> Result<(String, Vec<usize>), Error> {
        let behind = match self.rules.trim_end() {
            "" => rule.to_owned(),
            rules => format!("{rules}\n\n{rule}"),
        };
        let held = self.held(conn, &behind, support)?;
        if held.len() == support.len() {
            return Ok((behind, held));
        }
        let before = format!("{rule}\n{}", self.rules);
        let better = self.held(conn, &before, support)?;
        Ok(if better.len() > held.len() { (before, better) } else { (behind, held) })
    }

    fn held(&self, conn: &mut Conn, rules: &str, support: &[usize]) -> Result<Vec<usize>, Error> {
        let next = self.revision + 1;
        let book = match Rulebook::proposed(conn, self.account, self.matcher.dictionary(), next, rules) {
            Ok(book) => book,
            // Written in a way that takes no further rule at this place.
            Err(Error::Rules(_)) => return Ok(Vec::new()),
            Err(other) => return Err(other),
        };
        let mut scratch = self.matcher.scratch();
        let mut as_said = |at: &usize| {
            let machine = by_machine(&book, self.matcher, &self.lines[*at], &mut scratch);
            let (person, before) = self.said[*at];
            // A rule that forbids an app says nothing about the others.
            machine == person || person == Said::NoApp && machine != before
        };
        Ok(support.iter().copied().filter(|at| as_said(at)).collect())
    }
}

fn by_person(line: &Decidable, matcher: &Matcher) -> Option<Said> {
    let outcome = line.outcome.as_ref()?;
    Some(match outcome.status {
        Status::Matched => Said::App(matcher.dictionary().entry_id(outcome.app_id.as_deref()?)?),
        Status::Unmatched => Said::NoApp,
        Status::Ignored => Said::Ignored,
        Status::Archived => Said::Archived,
    })
}

fn by_machine(book: &Rulebook, matcher: &Matcher, line: &Decidable, scratch: &mut Scratch) -> Said {
    let (verdict, ruling) = book.judge(matcher, &line.line, scratch);
    let action: Option<Action> = ruling.map(|ruling| ruling.action);
    match (status(verdict.app.is_some(), action), verdict.app) {
        (Status::Ignored, _) => Said::Ignored,
        (Status::Archived, _) => Said::Archived,
        (_, Some(app)) => Said::App(app),
        (_, None) => Said::NoApp,
    }
}
