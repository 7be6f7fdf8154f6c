//! Setting rules, with all that they change, in one transaction.

use std::sync::Arc;

use jiff::Timestamp;
use matcher::Matcher;
use serde::Serialize;
use serde_json::json;
use store::{
    Conn, Store, audit,
    ids::AccountId,
    lines::{self, LineNo},
    matches,
    rules::{self, Revision},
};
use utoipa::ToSchema;

use super::effect::Effect;
use super::scan::scan;
use crate::rulebook::Rulebook;
use crate::{Error, decide};

/// Lines decided at once, within the transaction.
const CHUNK: usize = 500;

/// Rules that are to hold.
#[derive(Clone, Debug)]
pub struct NewRules {
    /// Their text (TOML).
    pub rules: String,
    /// The revision that they were written over: when another one holds by then, nothing is changed. `None`: whatever holds.
    pub over: Option<i64>,
    /// Who sets them.
    pub actor: String,
    /// Why.
    pub note: String,
}

/// Rules that hold from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Applied {
    /// Their revision.
    pub revision: i64,
    /// How many rules there are.
    pub rules: usize,
    /// Lines whose decision changed, for another app or for another reason.
    pub lines_changed: u64,
    /// What was foreseen before it was applied; lines that changed in between are not in it.
    pub effect: Effect,
}

/// Sets an account's rules. When they are the ones that hold, nothing happens.
///
/// # Errors
/// [`Error::Rules`] for rules that cannot be understood, [`Error::RulesChanged`] when others were set meanwhile; otherwise
/// the store refuses. Nothing is changed then.
pub async fn set(
    store: &Store,
    account: AccountId,
    matcher: &Arc<Matcher>,
    new: NewRules,
    now: Timestamp,
) -> Result<Applied, Error> {
    let (dictionary, text) = (Arc::clone(matcher), new.rules.clone());
    let (holds, same, book) = store
        .try_read(move |conn| {
            let current = rules::current(conn, account)?;
            let holds = current.as_ref().map_or(0, |current| current.revision);
            let same = current.map_or(text.is_empty(), |current| current.rules == text);
            let book = Rulebook::proposed(conn, account, dictionary.dictionary(), holds + 1, &text)?;
            Ok::<_, Error>((holds, same, book))
        })
        .await?;
    if let Some(over) = new.over.filter(|over| *over != holds) {
        return Err(Error::RulesChanged { over, holds });
    }
    if same {
        return Ok(Applied {
            revision: holds,
            rules: book.len(),
            lines_changed: 0,
            effect: Effect::default(),
        });
    }
    let NewRules { rules, actor, note, .. } = new;
    let change = Change { account, over: holds, actor, becomes: Some((rules, note)) };
    change.run(store, matcher, Arc::new(book), now).await
}

/// Goes back to the rules of an earlier revision, or of the one before. They hold as a new revision.
///
/// # Errors
/// [`Error::Store`] with `NotFound` when there is no such revision; otherwise as [`set`].
pub async fn undo(
    store: &Store,
    account: AccountId,
    matcher: &Arc<Matcher>,
    to: Option<i64>,
    actor: String,
    now: Timestamp,
) -> Result<Applied, Error> {
    let (holds, to, text) = store
        .read(move |conn| {
            let holds = lines::head(conn, account)?.rules_revision;
            let to = to.unwrap_or((holds - 1).max(0));
            // Before the first revision there were no rules.
            let text = if to == 0 { String::new() } else { rules::get(conn, account, to)?.rules };
            Ok((holds, to, text))
        })
        .await?;
    let note = format!("back to revision {to}");
    set(store, account, matcher, NewRules { rules: text, over: Some(holds), actor, note }, now).await
}

/// Asks the rules that hold about every line again: what they look at beside a line, such as departments, may have changed.
///
/// # Errors
/// [`Error::StoredRules`] when they do not go with the dictionary; otherwise as [`set`].
pub async fn rematch(
    store: &Store,
    account: AccountId,
    matcher: &Arc<Matcher>,
    actor: String,
    now: Timestamp,
) -> Result<Applied, Error> {
    let dictionary = Arc::clone(matcher);
    let book = store.try_read(move |conn| Rulebook::current(conn, account, dictionary.dictionary())).await?;
    let change = Change { account, over: book.revision(), actor, becomes: None };
    change.run(store, matcher, Arc::new(book), now).await
}

/// A change of all lines at once.
struct Change {
    account: AccountId,
    /// The revision that must hold when it is applied.
    over: i64,
    actor: String,
    /// The rules that hold from then on, and why; `None`: they stay.
    becomes: Option<(String, String)>,
}

impl Change {
    async fn run(
        self,
        store: &Store,
        matcher: &Arc<Matcher>,
        book: Arc<Rulebook>,
        now: Timestamp,
    ) -> Result<Applied, Error> {
        let account = self.account;
        let scanned = scan(store, account, matcher, &book).await?;
        let (revision, rules, matcher) = (book.revision(), book.len(), Arc::clone(matcher));
        let (due, change) = (scanned.due, scanned.change);
        let lines_changed =
            store.try_write_alone(move |conn| self.apply(conn, &matcher, &book, due, change, now)).await?;
        decide::sums::keep(store, account).await?;
        Ok(Applied { revision, rules, lines_changed, effect: scanned.effect })
    }

    /// The whole of it. How many decisions changed.
    fn apply(
        self,
        conn: &mut Conn,
        matcher: &Matcher,
        book: &Rulebook,
        mut due: Vec<LineNo>,
        change: i64,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let head = lines::lock_head(conn, self.account)?;
        if head.rules_revision != self.over {
            return Err(Error::RulesChanged { over: self.over, holds: head.rules_revision });
        }
        if head.change != change {
            due.extend(lines::changed_since(conn, self.account, change)?);
            due.sort_unstable();
            due.dedup();
        }
        let (mut scratch, mut changed) = (matcher.scratch(), 0);
        for some in due.chunks(CHUNK) {
            let lines = lines::some(conn, self.account, some)?;
            // What was never decided is decided by these rules anyhow, once they hold.
            let decided = lines.iter().filter(|line| line.outcome.is_some());
            let rows = decided.map(|line| decide::decide(&line.line, matcher, book, &mut scratch, now));
            let rows = rows.collect::<Result<Vec<_>, Error>>()?;
            changed += matches::upsert(conn, self.account, &rows)?.changed as u64;
        }
        self.record(conn, book, changed, now)?;
        Ok(changed)
    }

    fn record(self, conn: &mut Conn, book: &Rulebook, changed: u64, now: Timestamp) -> Result<(), Error> {
        let (revision, actor) = (book.revision(), self.actor.clone());
        let action = if self.becomes.is_some() { "rules.set" } else { "rules.rematch" };
        let mut details = json!({ "revision": revision, "lines_changed": changed });
        if let Some((text, note)) = self.becomes {
            details["note"] = json!(note);
            let new = Revision { revision, rules: text, actor, note, set_at: now, lines_changed: changed };
            rules::add(conn, self.account, &new)?;
        }
        let event = audit::NewEvent {
            account: Some(self.account),
            at: now,
            actor: self.actor,
            action: action.to_owned(),
            subject: format!("account:{}", self.account),
            details,
        };
        audit::append(conn, &event)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use matcher::Dictionary;
    use store::lines::{Money, NewLine, Texts};
    use store::matches::Status;
    use store::{accounts, testing::TestStore};

    const RULES: &str = "[[rules]]\nname = \"taxis\"\naction = \"ignore\"\n\
                         when = { vendor_description = { contains_word = \"taxi\" } }\n";

    fn now() -> Timestamp {
        Timestamp::from_second(1_790_000_000).unwrap()
    }

    /// Stores a line and decides it by the rules that hold.
    fn taxi(test: &TestStore, account: AccountId, matcher: &Matcher, key: &str) {
        let money = Money { amount: 7.into(), currency: "EUR".to_owned() };
        let line = NewLine {
            source: "test".to_owned(),
            source_key: key.to_owned(),
            report_id: None,
            entry_id: None,
            itemization_id: None,
            owner_login: "ada@example.com".to_owned(),
            transaction_date: jiff::civil::date(2026, 3, 1),
            transaction: money.clone(),
            posted: money,
            texts: Texts { vendor_description: Some("City Taxi".to_owned()), ..Texts::default() },
            is_personal: false,
            has_itemizations: false,
            raw: json!({}),
        };
        test.store.write_blocking(|conn| lines::upsert(conn, account, &[line], now())).unwrap();
        decide::match_stored(&test.store, account, matcher, now()).unwrap();
    }

    #[test]
    fn a_line_that_came_while_the_change_was_computed_is_decided_by_the_new_rules_too() {
        for test in store::testing::stores() {
            let account = test
                .store
                .write_blocking(|conn| accounts::insert_unconnected(conn, "Desk", now()))
                .unwrap()
                .id;
            let app = r#"{"id":"quillwork","name":"Quillwork"}"#;
            let matcher = Arc::new(Matcher::new(Arc::new(Dictionary::from_jsonl(app).unwrap())));
            taxi(&test, account, &matcher, "before");
            let book = test
                .store
                .write_blocking(|conn| Rulebook::proposed(conn, account, matcher.dictionary(), 1, RULES))
                .unwrap();
            let book = Arc::new(book);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let scanned = runtime.block_on(scan(&test.store, account, &matcher, &book)).unwrap();

            taxi(&test, account, &matcher, "meanwhile");
            let change = Change {
                account,
                over: 0,
                actor: "ada".to_owned(),
                becomes: Some((RULES.to_owned(), String::new())),
            };
            let changed = test
                .store
                .write_blocking(|conn| {
                    change.apply(conn, &matcher, &book, scanned.due, scanned.change, now())
                })
                .unwrap();
            assert_eq!((scanned.effect.changed, changed), (1, 2), "{}", test.name);
            let counts = test.store.read_blocking(|conn| matches::counts_by_status(conn, account)).unwrap();
            assert_eq!(counts, [(Status::Ignored, 2)], "{}", test.name);
        }
    }
}
