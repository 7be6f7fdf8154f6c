//! What a person says about one line. It stands above all rules and dictionaries until the person takes it back.

use std::sync::Arc;

use jiff::Timestamp;
use matcher::{Matcher, Role};
use serde_json::{Value, json};
use store::{
    Conn, Store, audit,
    ids::{AccountId, LineId},
    lines,
    matches::{self, Band, NewMatch, Outcome, Status},
};

use crate::rulebook::Rulebook;
use crate::{Error, decide};

/// What a person says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// It pays for this app.
    App(String),
    /// It pays for none.
    None,
    /// It pays for none, and nobody need look at it again.
    Ignore,
    /// It pays for none, and is kept for the record.
    Archive,
}

impl Word {
    fn status(&self) -> Status {
        match self {
            Word::App(_) => Status::Matched,
            Word::None => Status::Unmatched,
            Word::Ignore => Status::Ignored,
            Word::Archive => Status::Archived,
        }
    }

    fn app(&self) -> Option<&String> {
        match self {
            Word::App(app) => Some(app),
            Word::None | Word::Ignore | Word::Archive => None,
        }
    }
}

/// Who speaks, when, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaker {
    /// As the audit trail names people.
    pub actor: String,
    /// Why, in the person's words.
    pub note: String,
    /// When.
    pub now: Timestamp,
}

/// Decides a line by hand. False when the account has no such line, or it is the sum of others and never decided itself.
///
/// # Errors
/// [`Error::NoSuchApp`]; [`Error::StoredRules`]; otherwise the store refuses.
pub async fn decide(
    store: &Store,
    account: AccountId,
    matcher: &Arc<Matcher>,
    line: LineId,
    word: Word,
    speaker: Speaker,
) -> Result<bool, Error> {
    let is_app = |id: &str| matcher.dictionary().app(id).is_some_and(|app| app.role == Role::App);
    if let Some(app) = word.app().filter(|app| !is_app(app)) {
        return Err(Error::NoSuchApp(app.clone()));
    }
    let matcher = Arc::clone(matcher);
    store
        .try_write(move |conn| {
            let Some(machine) = by_machine(conn, account, &matcher, line, speaker.now)? else {
                return Ok(false);
            };
            let pays = word.app().is_some();
            let outcome = Outcome {
                status: word.status(),
                app_id: word.app().cloned(),
                score: if pays { 1.0 } else { 0.0 },
                band: if pays { Band::Certain } else { Band::None },
                matched_by: "hand".to_owned(),
                rule: None,
                // What the machine would have said stays beside it.
                candidate: machine.outcome.candidate.clone(),
                pinned: true,
            };
            let mut explanation: Value = serde_json::from_str(&machine.explanation)?;
            explanation["hand"] = json!({ "actor": speaker.actor, "note": speaker.note });
            let new = NewMatch { outcome, explanation: explanation.to_string(), ..machine };
            matches::upsert(conn, account, &[new])?;
            let details = json!({ "status": word.status(), "app_id": word.app(), "note": speaker.note });
            record(conn, account, line, "line.decide", &speaker, details)?;
            Ok(true)
        })
        .await
}

/// Takes a person's word back: rules and dictionary decide the line again, at once. False when nobody had spoken.
///
/// # Errors
/// As [`decide`].
pub async fn release(
    store: &Store,
    account: AccountId,
    matcher: &Arc<Matcher>,
    line: LineId,
    speaker: Speaker,
) -> Result<bool, Error> {
    let matcher = Arc::clone(matcher);
    store
        .try_write(move |conn| {
            lines::lock_head(conn, account)?;
            if !matches::get(conn, account, line)?.is_some_and(|stands| stands.outcome.pinned) {
                return Ok(false);
            }
            let Some(machine) = by_machine(conn, account, &matcher, line, speaker.now)? else {
                return Ok(false);
            };
            matches::overrule(conn, account, &[machine])?;
            record(conn, account, line, "line.release", &speaker, json!({ "note": speaker.note }))?;
            Ok(true)
        })
        .await
}

/// What rules and dictionary say.
fn by_machine(
    conn: &mut Conn,
    account: AccountId,
    matcher: &Matcher,
    line: LineId,
    now: Timestamp,
) -> Result<Option<NewMatch>, Error> {
    lines::lock_head(conn, account)?;
    let Some(found) = lines::one(conn, account, line)? else { return Ok(None) };
    let book = Rulebook::current(conn, account, matcher.dictionary())?;
    decide::decide(&found.line, matcher, &book, &mut matcher.scratch(), now).map(Some)
}

fn record(
    conn: &mut Conn,
    account: AccountId,
    line: LineId,
    action: &str,
    speaker: &Speaker,
    details: Value,
) -> Result<(), store::Error> {
    let event = audit::NewEvent {
        account: Some(account),
        at: speaker.now,
        actor: speaker.actor.clone(),
        action: action.to_owned(),
        subject: format!("line:{line}"),
        details,
    };
    audit::append(conn, &event).map(|_| ())
}
