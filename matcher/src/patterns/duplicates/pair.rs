//! Which line goes with which: the strongest hint first, and each line once.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{Hint, NEAR_DAYS, Pair, SourceLine};
use crate::patterns::days;

/// Lines by app, currency, amount, day and the rest: what may be one purchase lies side by side.
pub(super) struct Lines<'c>(Vec<SourceLine<'c>>);

/// What lines of one purchase have in common at least.
fn what<'c>(line: &SourceLine<'c>) -> (&'c str, &'c str, Decimal) {
    (line.app, line.charge.currency, line.charge.amount)
}

impl<'c> Lines<'c> {
    pub(super) fn sorted(lines: &[SourceLine<'c>]) -> Lines<'c> {
        let mut lines = lines.to_vec();
        lines.sort_by(|a, b| {
            let key = |line: &SourceLine<'c>| {
                (what(line), line.charge.date, line.source, line.owner, line.charge.id)
            };
            key(a).cmp(&key(b))
        });
        Lines(lines)
    }

    /// Every two sources, in order.
    pub(super) fn sources(&self) -> Vec<(&'c str, &'c str)> {
        let sources: BTreeSet<&str> = self.0.iter().map(|line| line.source).collect();
        let after = |source: &'c str| sources.range(source..).skip(1).copied();
        sources.iter().flat_map(|&left| after(left).map(move |right| (left, right))).collect()
    }

    /// Lines of the same source that cannot be told from this one, itself included.
    pub(super) fn alike(&self, line: &SourceLine<'c>) -> usize {
        let same = |other: &&SourceLine<'c>| {
            (other.source, other.charge.date, other.owner) == (line.source, line.charge.date, line.owner)
        };
        let from = self.0.partition_point(|other| what(other) < what(line));
        self.0[from..].iter().take_while(|other| what(other) == what(line)).filter(same).count()
    }

    /// Adds the pairs of two sources.
    pub(super) fn pairs(&self, left: &str, right: &str, found: &mut Vec<Pair<'c>>) {
        let of_both = |line: &&SourceLine<'c>| line.source == left || line.source == right;
        let lines: Vec<SourceLine<'c>> = self.0.iter().filter(of_both).copied().collect();
        for lines in lines.chunk_by(|a, b| what(a) == what(b)) {
            let mut used = vec![false; lines.len()];
            for hint in [Hint::SamePerson, Hint::SameDay, Hint::NearDay] {
                for one in 0..lines.len() {
                    let reach = if hint == Hint::NearDay { NEAR_DAYS } else { 0 };
                    let near = |at: &usize| days(lines[one].charge.date, lines[*at].charge.date) <= reach;
                    let partner = (one + 1..lines.len()).take_while(near).find(|&at| {
                        !used[one] && !used[at] && hint_of(&lines[one], &lines[at]) == Some(hint)
                    });
                    if let Some(other) = partner {
                        (used[one], used[other]) = (true, true);
                        found.push(Pair { lines: [lines[one], lines[other]], hint });
                    }
                }
            }
        }
    }
}

/// What two lines of one app and amount have in common; `None` for lines of one source or of two people.
fn hint_of(one: &SourceLine<'_>, other: &SourceLine<'_>) -> Option<Hint> {
    if one.source == other.source {
        return None;
    }
    let same_day = one.charge.date == other.charge.date;
    match (one.owner, other.owner) {
        (Some(one), Some(other)) if one != other => None,
        (Some(_), Some(_)) => Some(if same_day { Hint::SamePerson } else { Hint::NearDay }),
        _ => same_day.then_some(Hint::SameDay),
    }
}
