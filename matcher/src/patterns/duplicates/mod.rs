//! Lines that may be one purchase told twice: by a file and by the API, or by two connected accounts (feature M27).
//!
//! Same day, same amount and same app are a hint and no proof, and so it is called. The search counts occurrences: two
//! lines of one source are two purchases, however alike, so of two lines in a file and three in Concur two pairs are
//! told and one line stands alone. People who are known to differ never share a purchase.

mod pair;

use serde::Serialize;

use super::{Charge, Why};
use pair::Lines;

/// Days between which a purchase and its posting may lie: a card network posts on working days.
pub const NEAR_DAYS: i32 = 3;

/// A line of one of several sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLine<'c> {
    /// Its payment.
    pub charge: Charge<'c>,
    /// Where it comes from: a file, the API, an account. Only whether two are equal is asked.
    pub source: &'c str,
    /// The app that it pays for, or what else names the seller. Lines of different apps are never compared.
    pub app: &'c str,
    /// Who spent it, when the source says so, as all sources name people.
    pub owner: Option<&'c str>,
}

/// How much two lines have in common, from the most to the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hint {
    /// App, amount, day and person.
    SamePerson,
    /// App, amount and day; a source does not name the person.
    SameDay,
    /// App, amount and person, [`NEAR_DAYS`] apart at most.
    NearDay,
}

/// Two lines that may be one purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duplicate<'c> {
    /// The ids of the lines; the earlier one first, of equal days the one whose source comes first.
    pub lines: [&'c str; 2],
    /// Their sources.
    pub sources: [&'c str; 2],
    /// What they have in common.
    pub hint: Hint,
    /// Why this is a hint, and what speaks against it.
    pub why: Vec<Why>,
}

/// Pairs of lines of different sources that may be one purchase, strongest hints first, then by day and id. A line is in
/// one pair for each pair of sources at most: with three sources a purchase may be told by three pairs.
pub fn find<'c>(lines: &[SourceLine<'c>]) -> Vec<Duplicate<'c>> {
    let lines = Lines::sorted(lines);
    let mut found = Vec::new();
    for (left, right) in lines.sources() {
        lines.pairs(left, right, &mut found);
    }
    found.sort_by(|a, b| {
        let key =
            |pair: &Pair<'c>| (pair.hint, pair.lines[0].charge.date, pair.lines.map(|line| line.charge.id));
        key(a).cmp(&key(b))
    });
    found.into_iter().map(|pair| pair.told(&lines)).collect()
}

/// Two lines, before they are told.
struct Pair<'c> {
    lines: [SourceLine<'c>; 2],
    hint: Hint,
}

impl<'c> Pair<'c> {
    fn told(self, lines: &Lines<'c>) -> Duplicate<'c> {
        let [one, other] = self.lines;
        let Charge { amount, currency, date, .. } = one.charge;
        let person = match (self.hint, one.owner) {
            (Hint::SameDay, _) | (_, None) => String::new(),
            (_, Some(owner)) => format!(" of {owner}"),
        };
        let when = if self.hint == Hint::NearDay {
            format!("on {date} and {}", other.charge.date)
        } else {
            format!("on {date}")
        };
        let mut why = vec![Why {
            name: "same",
            text: format!(
                "{amount} {currency} for {}{person} {when}, once in {} and once in {}",
                one.app, one.source, other.source
            ),
        }];
        let counts = [one, other].map(|line| lines.alike(&line));
        if counts != [1, 1] {
            why.push(Why {
                name: "several",
                text: format!(
                    "there are {} such lines in {} and {} in {}: which belongs to which cannot be told",
                    counts[0], one.source, counts[1], other.source
                ),
            });
        }
        if self.hint == Hint::SameDay {
            why.push(Why { name: "person_unknown", text: "a source does not say who spent it".to_owned() });
        }
        Duplicate {
            lines: [one.charge.id, other.charge.id],
            sources: [one.source, other.source],
            hint: self.hint,
            why,
        }
    }
}

#[cfg(test)]
mod tests;
