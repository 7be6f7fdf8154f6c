//! From weighed mentions to one answer, or none.
//!
//! The best mention of each app stands for it; the best app wins; a product wins over the company that bills for
//! it when both are likely; below even odds the matcher abstains and only shows the candidate.

use crate::band::Band;
use crate::dictionary::{Dictionary, EntryId};
use crate::explain::{Field, MatchedBy};
use crate::mention::Mention;
use crate::score::{Company, Line, weigh};

/// A mention with its weight.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    /// Index of the mention.
    pub(crate) mention: usize,
    entry: EntryId,
    log_odds: f64,
    pub(crate) score: f64,
}

/// Weighs all mentions and orders them: best first, ties by field, place, length and id, so that the order is total. The
/// best mention of an app stands for it.
pub(crate) fn rank(mentions: &[Mention], line: &Line<'_>, candidates: &mut Vec<Candidate>) {
    candidates.clear();
    candidates.extend(mentions.iter().enumerate().map(|(at, mention)| {
        let tally = weigh(mention, line, company(mention, mentions, line.dictionary));
        Candidate { mention: at, entry: mention.entry, log_odds: tally.log_odds, score: tally.score() }
    }));
    if candidates.len() < 2 {
        return;
    }
    candidates.sort_by(|a, b| {
        let key = |c: &Candidate| {
            let mention = &mentions[c.mention];
            (mention.field, mention.tokens.start, std::cmp::Reverse(mention.tokens.end), mention.entry)
        };
        b.log_odds.total_cmp(&a.log_odds).then_with(|| key(a).cmp(&key(b)))
    });
    let mut kept = 0;
    for at in 0..candidates.len() {
        if candidates[..kept].iter().all(|c| c.entry != candidates[at].entry) {
            candidates.swap(kept, at);
            kept += 1;
        }
    }
    candidates.truncate(kept);
    prefer_product(candidates, line.dictionary);
}

/// Moves a likely product before the company that bills for it: the more specific answer is the better one.
fn prefer_product(candidates: &mut [Candidate], dictionary: &Dictionary) {
    let Some(best) = candidates.first().map(|c| c.entry) else { return };
    let product =
        candidates.iter().position(|c| is_parent(dictionary, best, c.entry) && c.score >= Band::POSSIBLE_MIN);
    if let Some(at) = product {
        candidates[..=at].rotate_right(1);
    }
}

/// Whether one entry bills for the other.
pub(crate) fn is_parent(dictionary: &Dictionary, parent: EntryId, child: EntryId) -> bool {
    dictionary.get(child).parent.as_deref() == Some(dictionary.get(parent).id.as_str())
}

pub(crate) fn company(mention: &Mention, mentions: &[Mention], dictionary: &Dictionary) -> Company {
    let in_other =
        |field: Field| mentions.iter().filter(move |m| m.field == field && m.field != mention.field);
    let same = |m: &Mention| m.entry == mention.entry;

    Company {
        corroborated: in_other(Field::VendorDescription).any(same)
            || in_other(Field::BusinessPurpose).any(same),
        parent_paid: mentions
            .iter()
            .filter(|m| m.field == Field::VendorDescription)
            .any(|m| is_parent(dictionary, m.entry, mention.entry)),
    }
}

/// How a mention was found, for the explanation.
pub(crate) fn matched_by(mention: &Mention) -> MatchedBy {
    if mention.guess.is_some() { MatchedBy::Guess } else { MatchedBy::Dictionary }
}
