//! Exact names in a text: the Aho-Corasick automaton over normalised names, on token boundaries. `phrases` finds the
//! same in less time; this engine is kept as its referee, and for whoever wants to compare.
//!
//! Patterns and text are padded with spaces, which makes a substring match a match of whole tokens. All overlapping
//! occurrences are read and thinned here, because two neighbouring aliases share the space between them and the
//! automaton's own leftmost-longest semantics would swallow the second. The longest alias wins; an alias inside
//! a longer one is not reported.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::normalize::Normalized;

/// An occurrence of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Occurrence {
    /// Index of the pattern.
    pub(crate) pattern: usize,
    /// The tokens it covers.
    pub(crate) tokens: Range<usize>,
}

/// A set of normalised phrases to look for.
#[derive(Debug)]
pub(crate) struct Automaton {
    engine: Option<AhoCorasick>,
}

impl Automaton {
    /// Builds the automaton. `phrases` are normalised, without padding, not empty and without repetition.
    pub(crate) fn build<'p>(phrases: impl IntoIterator<Item = &'p str>) -> Automaton {
        let padded = phrases.into_iter().map(|phrase| format!(" {phrase} "));
        // The builder fails only beyond 2^31 states; the dictionary's limits keep far below.
        Automaton { engine: AhoCorasick::builder().match_kind(MatchKind::Standard).build(padded).ok() }
    }

    /// Every occurrence in a text, overlapping ones included, ordered by begin and then end.
    pub(crate) fn find_all(&self, text: &Normalized) -> Vec<Occurrence> {
        let Some(engine) = &self.engine else { return Vec::new() };
        let padded = format!(" {} ", text.phrase());
        // Tokens lie one space apart, so a token's number is the count of spaces before it.
        let spaces = |end: usize| padded[..end].matches(' ').count();
        let mut found: Vec<Occurrence> = engine
            .find_overlapping_iter(&padded)
            .map(|hit| Occurrence {
                pattern: hit.pattern().as_usize(),
                tokens: spaces(hit.start())..spaces(hit.end() - 1),
            })
            .collect();
        found.sort_by_key(|occurrence| (occurrence.tokens.start, occurrence.tokens.end));
        found
    }
}

/// Keeps the occurrences that lie in no longer one, from left to right.
pub(crate) fn keep_longest(found: &mut Vec<Occurrence>) {
    if found.len() < 2 {
        return;
    }
    found.sort_by(|a, b| {
        (b.tokens.len().cmp(&a.tokens.len()))
            .then(a.tokens.start.cmp(&b.tokens.start))
            .then(a.pattern.cmp(&b.pattern))
    });
    let mut kept: usize = 0;
    for at in 0..found.len() {
        let inside = |longer: &Occurrence| {
            longer.tokens.start < found[at].tokens.end && found[at].tokens.start < longer.tokens.end
        };
        if !found[..kept].iter().any(inside) {
            found.swap(kept, at);
            kept += 1;
        }
    }
    found.truncate(kept);
    found.sort_by_key(|occurrence| occurrence.tokens.start);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::phrases::Phrases;

    fn find(phrases: &[&str], text: &str) -> Vec<(usize, Range<usize>)> {
        let automaton = Automaton::build(phrases.iter().copied());
        let mut found = automaton.find_all(&Normalized::of(text));
        keep_longest(&mut found);
        found.into_iter().map(|o| (o.pattern, o.tokens)).collect()
    }

    #[test]
    fn an_alias_matches_whole_tokens_only() {
        assert_eq!(find(&["art"], "martin's art, artful"), [(0, 1..2)]);
        assert_eq!(find(&["open air"], "openair open air open  AIR"), [(0, 1..3), (0, 3..5)]);
    }

    #[test]
    fn the_longest_alias_wins_and_neighbours_are_both_found() {
        let phrases = ["acme", "acme cloud", "cloud nine"];
        assert_eq!(find(&phrases, "acme cloud"), [(1, 0..2)]);
        assert_eq!(find(&phrases, "acme acme"), [(0, 0..1), (0, 1..2)]);
        assert_eq!(find(&phrases, "acme cloud nine"), [(1, 0..2)]);
    }

    /// The referee: tries every phrase at every token, longest first.
    fn naive(phrases: &[String], text: &Normalized) -> Vec<Range<usize>> {
        let words: Vec<&str> = (0..text.len()).map(|i| text.token(i)).collect();
        let mut all: Vec<Range<usize>> = Vec::new();
        for start in 0..words.len() {
            for end in start + 1..=words.len() {
                if phrases.iter().any(|p| *p == words[start..end].join(" ")) {
                    all.push(start..end);
                }
            }
        }
        all.sort_by_key(|r| (std::cmp::Reverse(r.len()), r.start));
        let mut kept: Vec<Range<usize>> = Vec::new();
        for range in all {
            if kept.iter().all(|k| k.end <= range.start || range.end <= k.start) {
                kept.push(range);
            }
        }
        kept.sort_by_key(|r| r.start);
        kept
    }

    proptest! {
        #[test]
        fn automaton_words_and_a_naive_scanner_agree(
            phrases in prop::collection::hash_set("[ab]{1,2}( [ab]{1,2}){0,2}", 1..12),
            text in "[ab ]{0,40}",
        ) {
            let mut phrases: Vec<String> = phrases.into_iter().collect();
            phrases.sort();
            let text = Normalized::of(&text);
            let automaton = Automaton::build(phrases.iter().map(String::as_str));
            let mut found = automaton.find_all(&text);
            let mut tree = Phrases::default();
            for phrase in &phrases {
                tree.add(phrase);
            }
            // The steps of the tree lie otherwise once it is complete.
            for is_complete in [false, true] {
                if is_complete {
                    tree.shrink();
                    prop_assert_eq!(tree.spelled(), phrases.clone());
                }
                let (mut words, mut walked) = (Vec::new(), Vec::new());
                tree.look_up(&text, &mut words);
                tree.find_all(&words, |occurrence| walked.push(occurrence));
                prop_assert_eq!(&walked, &found);
            }
            keep_longest(&mut found);
            let ranges: Vec<Range<usize>> = found.into_iter().map(|o| o.tokens).collect();
            prop_assert_eq!(ranges, naive(&phrases, &text));
        }
    }
}
