//! From a line to the matcher's texts, and from the matcher's decision to the one that is stored.

use jiff::Timestamp;
use matcher::{Decision, Matcher, Scratch, rules::Action};
use matcher::{ExpenseTexts, MatchedBy};
use store::lines::{Line, LineNo, Money, NewLine, Texts};
use store::matches::{Band, NewMatch, Outcome, Status};

use crate::Error;
use crate::rulebook::Rulebook;

/// The four fields as the matcher reads them. v3 has no business purpose: its description takes that place.
pub(crate) fn texts(texts: &Texts) -> ExpenseTexts<'_> {
    ExpenseTexts {
        vendor_description: texts
            .vendor_description
            .as_deref()
            .or(texts.vendor_list_item.as_deref())
            .unwrap_or_default(),
        business_purpose: texts
            .business_purpose
            .as_deref()
            .or(texts.description.as_deref())
            .unwrap_or_default(),
        expense_type_name: texts.expense_type_name.as_deref().unwrap_or_default(),
        spend_category: texts.spend_category_name.as_deref().unwrap_or_default(),
        expense_type_code: texts.expense_type_code.as_deref(),
        spend_category_code: texts.spend_category_code.as_deref(),
    }
}

/// What is decided about a line, stored or new.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'l> {
    pub(crate) texts: &'l Texts,
    pub(crate) posted: &'l Money,
    pub(crate) owner_login: &'l str,
}

impl<'l> From<&'l Line> for Subject<'l> {
    fn from(line: &'l Line) -> Self {
        Subject { texts: &line.texts, posted: &line.posted, owner_login: &line.owner_login }
    }
}

impl<'l> From<&'l NewLine> for Subject<'l> {
    fn from(line: &'l NewLine) -> Self {
        Subject { texts: &line.texts, posted: &line.posted, owner_login: &line.owner_login }
    }
}

/// The decision about a line by the rules and the dictionary, to be stored.
pub(crate) fn decide(
    line: &Line,
    matcher: &Matcher,
    book: &Rulebook,
    scratch: &mut Scratch,
    now: Timestamp,
) -> Result<NewMatch, Error> {
    Ok(decide_new(line.into(), &line.content_hash, matcher, book, scratch, now)?.about(line.no))
}

/// A decision about a line that has no number yet.
pub(crate) struct Decided {
    line_hash: String,
    outcome: Outcome,
    explanation: String,
    dictionary_version: String,
    rules_revision: i64,
    at: Timestamp,
}

impl Decided {
    /// To be stored under the line's number.
    pub(crate) fn about(self, line: LineNo) -> NewMatch {
        let Decided { line_hash, outcome, explanation, dictionary_version, rules_revision, at } = self;
        NewMatch { line, line_hash, outcome, explanation, dictionary_version, rules_revision, decided_at: at }
    }
}

/// [`decide`] before the line is stored.
pub(crate) fn decide_new(
    line: Subject<'_>,
    line_hash: &str,
    matcher: &Matcher,
    book: &Rulebook,
    scratch: &mut Scratch,
    now: Timestamp,
) -> Result<Decided, Error> {
    let decision = book.decide(matcher, line, scratch);
    Ok(Decided {
        line_hash: line_hash.to_owned(),
        explanation: serde_json::to_string(&decision.explanation)?,
        outcome: outcome(&decision),
        dictionary_version: matcher.dictionary().version().to_owned(),
        rules_revision: book.revision(),
        at: now,
    })
}

fn outcome(decision: &Decision) -> Outcome {
    let rule = decision.explanation.rule.as_ref();
    Outcome {
        status: status(decision.app_id.is_some(), rule.map(|rule| rule.action)),
        app_id: decision.app_id.as_deref().map(str::to_owned),
        score: decision.score,
        band: band(decision.band),
        matched_by: matched_by(decision).to_owned(),
        rule: rule.map(|rule| rule.name.to_string()),
        candidate: decision.candidate.as_deref().map(str::to_owned),
        pinned: false,
    }
}

/// What becomes of a line that has an app or none, by what the rule that decided does.
pub(crate) fn status(has_app: bool, action: Option<Action>) -> Status {
    match action {
        Some(Action::Ignore) => Status::Ignored,
        Some(Action::Archive) => Status::Archived,
        Some(Action::Match | Action::Never) | None if has_app => Status::Matched,
        Some(Action::Match | Action::Never) | None => Status::Unmatched,
    }
}

/// Where the decision came from. An abstention without any candidate came from nowhere.
fn matched_by(decision: &Decision) -> &'static str {
    if decision.explanation.rule.is_some() {
        return "rule";
    }
    match decision.explanation.found.as_ref().map(|found| found.matched_by) {
        Some(MatchedBy::Dictionary) => "dictionary",
        Some(MatchedBy::Guess) => "guess",
        None => "none",
    }
}

pub(crate) fn band(band: matcher::Band) -> Band {
    match band {
        matcher::Band::Certain => Band::Certain,
        matcher::Band::Likely => Band::Likely,
        matcher::Band::Possible => Band::Possible,
        matcher::Band::None => Band::None,
    }
}
