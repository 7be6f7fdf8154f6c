//! The rules that hold, at hand for lines that are not stored: read again only when another revision holds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use matcher::rules::Facts;
use matcher::{Decision, Matcher, Scratch};
use store::{Store, ids::AccountId, lines};

use crate::Error;
use crate::rulebook::Rulebook;

/// An account's rules, ready to be asked about lines from elsewhere.
#[derive(Debug)]
pub struct Held(Rulebook);

impl Held {
    /// Decides a line by the rules, and by the dictionary where none holds. The account is this one's, and an owner's department
    /// is looked up unless it is given.
    pub fn decide(&self, matcher: &Matcher, facts: &Facts<'_>, scratch: &mut Scratch) -> Decision {
        self.0.decide_given(matcher, facts, scratch)
    }
}

/// Keeps the rules of accounts at hand.
#[derive(Debug, Default)]
pub struct Keeper(Mutex<HashMap<AccountId, Arc<Held>>>);

impl Keeper {
    /// The rules that hold now.
    ///
    /// # Errors
    /// [`Error::StoredRules`] when they do not go with the dictionary; otherwise the store refuses.
    pub async fn current(
        &self,
        store: &Store,
        account: AccountId,
        matcher: &Arc<Matcher>,
    ) -> Result<Arc<Held>, Error> {
        let holds = store.read(move |conn| lines::head(conn, account)).await?.rules_revision;
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&account).cloned();
        if let Some(kept) = kept.filter(|kept| kept.0.revision() == holds) {
            return Ok(kept);
        }
        let matcher = Arc::clone(matcher);
        let book = store.try_read(move |conn| Rulebook::current(conn, account, matcher.dictionary())).await?;
        let held = Arc::new(Held(book));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(account, Arc::clone(&held));
        Ok(held)
    }
}
