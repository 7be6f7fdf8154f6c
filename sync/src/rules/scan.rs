//! Going through all stored lines with other rules, without changing any.

use std::sync::Arc;

use matcher::{Matcher, Scratch, Verdict, rules::Ruling};
use store::{
    Store,
    ids::AccountId,
    lines::{self, Decidable, LineNo},
    matches::Outcome,
};

use super::effect::{Effect, Tally};
use crate::Error;
use crate::decide::{band, status};
use crate::rulebook::Rulebook;

/// Lines read at once.
const PAGE: usize = 2_000;

/// What going through the lines came to.
pub(super) struct Scan {
    /// What changes.
    pub effect: Effect,
    /// Lines that have to be decided again.
    pub due: Vec<LineNo>,
    /// Number of the last change before it began: what changed later was not looked at, or not as it is.
    pub change: i64,
}

/// What these rules would change. Nothing is stored.
///
/// # Errors
/// [`Error::Rules`] for rules that cannot be understood; otherwise the store refuses.
pub async fn what_if(
    store: &Store,
    account: AccountId,
    matcher: &Arc<Matcher>,
    rules: String,
) -> Result<Effect, Error> {
    let dictionary = Arc::clone(matcher);
    let book = store
        .try_read(move |conn| Rulebook::proposed(conn, account, dictionary.dictionary(), 0, &rules))
        .await?;
    Ok(scan(store, account, matcher, &Arc::new(book)).await?.effect)
}

/// Goes through all lines, page by page.
pub(super) async fn scan(
    store: &Store,
    account: AccountId,
    matcher: &Arc<Matcher>,
    book: &Arc<Rulebook>,
) -> Result<Scan, Error> {
    let change = store.read(move |conn| lines::head(conn, account)).await?.change;
    let (mut tally, mut due, mut after) = (Tally::new(matcher.dictionary()), Vec::new(), None);
    loop {
        let (judge, book) = (Arc::clone(matcher), Arc::clone(book));
        let page: Vec<Judged> = store
            .read(move |conn| {
                let page = lines::decidable(conn, account, after, PAGE)?;
                let mut scratch = judge.scratch();
                Ok(page.into_iter().map(|line| Judged::by(&judge, &book, line, &mut scratch)).collect())
            })
            .await?;
        let Some(last) = page.last() else { break };
        after = Some(last.of.line.no);
        due.extend(page.iter().filter(|judged| judged.count(&mut tally, matcher)).map(|it| it.of.line.no));
    }
    Ok(Scan { effect: tally.end(), due, change })
}

/// A line as it is decided, and as these rules would decide it.
struct Judged {
    of: Decidable,
    verdict: Verdict,
    ruling: Option<Ruling>,
}

impl Judged {
    fn by(matcher: &Matcher, book: &Rulebook, of: Decidable, scratch: &mut Scratch) -> Self {
        let (verdict, ruling) = book.judge(matcher, &of.line, scratch);
        Self { of, verdict, ruling }
    }

    /// Counts the line; whether it has to be decided again.
    fn count(&self, tally: &mut Tally<'_>, matcher: &Matcher) -> bool {
        tally.line();
        // A line without a decision gets its first one by the rules that hold then: nothing changes.
        let Some(stands) = &self.of.outcome else { return false };
        if stands.pinned {
            tally.pinned();
            return false;
        }
        let id = |entry| matcher.dictionary().get(entry).id.as_str();
        let (app, candidate) = (self.verdict.app.map(id), self.verdict.candidate.map(id));
        let rule = self.ruling.as_ref().map(|ruling| &*ruling.name);
        let status = status(app.is_some(), self.ruling.as_ref().map(|ruling| ruling.action));
        if (stands.status, stands.app_id.as_deref()) != (status, app) {
            tally.changed(&self.of.line, (stands.status, stands.app_id.as_deref()), (status, app), rule);
            return true;
        }
        let same = self.is_same_reason(stands, rule, candidate);
        if !same {
            tally.other_reason();
        }
        !same
    }

    fn is_same_reason(&self, stands: &Outcome, rule: Option<&str>, candidate: Option<&str>) -> bool {
        stands.rule.as_deref() == rule
            && stands.candidate.as_deref() == candidate
            && stands.score.to_bits() == self.verdict.score.to_bits()
            && stands.band == band(self.verdict.band)
    }
}
