//! From weighed mentions to one answer, or none.
//!
//! The best mention of each app stands for it; the best app wins; a product wins over the company that bills for
//! it when both are likely; below even odds the matcher abstains and only shows the candidate.

use std::sync::Arc;

use crate::band::Band;
use crate::dictionary::{Dictionary, EntryId};
use crate::explain::{Explanation, Field, Found, MatchedBy, RunnerUp};
use crate::matcher::Decision;
use crate::mention::Mention;
use crate::score::{Company, Line, Tally, weigh};

/// A mention with its reasons.
#[derive(Debug)]
pub(crate) struct Candidate<'m> {
    pub(crate) mention: &'m Mention,
    pub(crate) tally: Tally,
}

/// Weighs all mentions and orders them: best first, ties by field, place and id, so that the order is total.
pub(crate) fn rank<'m>(
    mentions: &'m [Mention],
    line: &Line<'_>,
    dictionary: &Dictionary,
) -> Vec<Candidate<'m>> {
    let mut candidates: Vec<Candidate<'m>> = mentions
        .iter()
        .map(|mention| Candidate {
            mention,
            tally: weigh(mention, line, company(mention, mentions, dictionary)),
        })
        .collect();
    candidates.sort_by(|a, b| {
        let key = |c: &Candidate<'_>| (c.mention.field, c.mention.tokens.start, c.mention.entry);
        b.tally.log_odds.total_cmp(&a.tally.log_odds).then_with(|| key(a).cmp(&key(b)))
    });
    if candidates.len() < 2 {
        return candidates;
    }
    // The best mention of an app stands for it.
    let mut seen: Vec<EntryId> = Vec::new();
    candidates.retain(|c| {
        let new = !seen.contains(&c.mention.entry);
        if new {
            seen.push(c.mention.entry);
        }
        new
    });
    prefer_product(&mut candidates, dictionary);
    candidates
}

/// Moves a likely product before the company that bills for it: the more specific answer is the better one.
fn prefer_product(candidates: &mut [Candidate<'_>], dictionary: &Dictionary) {
    let Some(best) = candidates.first().map(|c| c.mention.entry) else { return };
    let product = candidates
        .iter()
        .position(|c| is_parent(dictionary, best, c.mention.entry) && c.tally.score() >= Band::POSSIBLE_MIN);
    if let Some(at) = product {
        candidates[..=at].rotate_right(1);
    }
}

/// Whether one entry bills for the other.
pub(crate) fn is_parent(dictionary: &Dictionary, parent: EntryId, child: EntryId) -> bool {
    dictionary.get(child).parent.as_deref() == Some(dictionary.get(parent).id.as_str())
}

fn company(mention: &Mention, mentions: &[Mention], dictionary: &Dictionary) -> Company {
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

/// The answer. `sources` are the fields as given, `ids` the app ids by entry.
pub(crate) fn answer(
    candidates: Vec<Candidate<'_>>,
    found: impl Fn(&Mention) -> Found,
    ids: &[Arc<str>],
) -> Decision {
    let mut candidates = candidates.into_iter();
    let Some(best) = candidates.next() else {
        return Decision {
            app_id: None,
            score: 0.0,
            band: Band::None,
            candidate: None,
            explanation: Explanation::default(),
        };
    };
    let id = |c: &Candidate<'_>| ids[c.mention.entry.index()].clone();
    let score = best.tally.score();
    let band = Band::of_score(score);
    let runner_up = candidates.next().map(|c| RunnerUp { app_id: id(&c), score: c.tally.score() });
    Decision {
        app_id: (band != Band::None).then(|| id(&best)),
        score,
        band,
        candidate: Some(id(&best)),
        explanation: Explanation {
            found: Some(found(best.mention)),
            evidence: best.tally.evidence,
            runner_up,
        },
    }
}

/// How a mention was found, for the explanation.
pub(crate) fn matched_by(mention: &Mention) -> MatchedBy {
    if mention.guess.is_some() { MatchedBy::Guess } else { MatchedBy::Dictionary }
}
