//! Which few names deserve a comparison: an index of letter triples over names written as one word.
//!
//! It proposes and never judges: `score::tokens` says whether a proposal is near enough. The number of comparisons
//! that count is bounded by [`PROPOSALS_MAX`], whatever the size of the dictionary. Most vendors are near no name at
//! all; a [`Sketch`] of each name, one machine word, says so before any triple is counted.

use rustc_hash::FxHashMap;

use crate::aliases::{Aliases, Strength};
use crate::score::tokens::fold_look_alikes;

/// Letters that a name must have to be guessed at all: below it, too many words are one letter away.
pub(crate) const GUESS_LEN_MIN: usize = 5;
/// Letters that must be left of a name that was cut off.
const CUT_LEN_MIN: usize = 7;
/// Names compared for one query.
const PROPOSALS_MAX: usize = 16;
/// Names that one triple may propose: `com` and `ing` are in thousands and tell nothing.
const POSTING_LEN_MAX: usize = 512;

/// Sketches looked at for one query; where a dictionary crowds more of them, triples decide alone.
const SKETCHES_MAX: usize = 8_192;

/// A name that can be guessed.
#[derive(Debug)]
pub(crate) struct Name {
    /// Without spaces, look-alike characters folded.
    pub(crate) folded: String,
    /// Index into [`Aliases`].
    pub(crate) phrase: usize,
}

/// What rules a name out at a glance.
#[derive(Debug)]
struct Sketch {
    first: u8,
    length: usize,
    letters: u64,
    /// Index into the names.
    name: u32,
}

/// The index.
#[derive(Debug, Default)]
pub(crate) struct Blocking {
    /// Ordered by first letter and length.
    sketches: Vec<Sketch>,
    /// Ordered by `folded`, so that names with a common beginning lie together.
    names: Vec<Name>,
    postings: FxHashMap<[u8; 3], Vec<u32>>,
}

/// Working memory of a query.
#[derive(Debug, Default)]
pub(crate) struct Proposals {
    shared: FxHashMap<u32, u32>,
    ranked: Vec<(u32, u32)>,
}

impl Blocking {
    /// Indexes the names that may be guessed: no domains (their labels are there) and no ordinary words.
    pub(crate) fn of(aliases: &Aliases) -> Blocking {
        let mut names: Vec<Name> = Vec::new();
        for (phrase, owners) in aliases.owners.iter().enumerate() {
            if owners.iter().any(|alias| matches!(alias.strength, Strength::Shared | Strength::Distinct)) {
                let joined: String = aliases.phrases[phrase].split(' ').collect();
                if joined.len() >= GUESS_LEN_MIN {
                    names.push(Name { folded: fold_look_alikes(&joined), phrase });
                }
            }
        }
        names.sort_by(|a, b| a.folded.cmp(&b.folded).then(a.phrase.cmp(&b.phrase)));
        // A name and its spelling as one word are the same here.
        names.dedup_by(|a, b| a.folded == b.folded);
        let mut sketches: Vec<Sketch> = (0_u32..).zip(&names).map(|(at, name)| sketch(at, name)).collect();
        sketches.sort_by_key(|s| (s.first, s.length));
        let mut postings: FxHashMap<[u8; 3], Vec<u32>> = FxHashMap::default();
        for (at, name) in (0_u32..).zip(&names) {
            for triple in triples(&name.folded) {
                let posting = postings.entry(triple).or_default();
                if posting.last() != Some(&at) {
                    posting.push(at);
                }
            }
        }
        Blocking { sketches, names, postings }
    }

    /// Whether no name can be alike: none with the query's first letter, about its length and about its letters is
    /// `alike`. This is exact, for [`Blocking::similar`] proposes nothing else that `score::tokens` accepts; `false`
    /// says only that it is worth asking.
    pub(crate) fn rules_out(&self, query: &str, edits_max: usize, alike: impl Fn(&str) -> bool) -> bool {
        let Some(&first) = query.as_bytes().first() else { return true };
        let shortest = (first, query.len().saturating_sub(edits_max));
        let longest = (first, query.len() + edits_max);
        let from = self.sketches.partition_point(|s| (s.first, s.length) < shortest);
        let until = self.sketches.partition_point(|s| (s.first, s.length) <= longest);
        if until - from > SKETCHES_MAX {
            return false;
        }
        let letters = letters_of(query);
        let near = |s: &&Sketch| (s.letters ^ letters).count_ones() as usize <= 2 * edits_max;
        !self.sketches[from..until].iter().filter(near).any(|s| alike(&self.names[s.name as usize].folded))
    }

    /// The names that share most triples with a folded query, best first, as (folded name, index into `Aliases`).
    pub(crate) fn similar<'b>(
        &'b self,
        query: &str,
        edits_max: usize,
        memory: &'b mut Proposals,
    ) -> impl Iterator<Item = (&'b str, usize)> {
        memory.shared.clear();
        memory.ranked.clear();
        let mut count: usize = 0;
        for triple in triples(query) {
            count += 1;
            let Some(posting) = self.postings.get(&triple).filter(|p| p.len() <= POSTING_LEN_MAX) else {
                continue;
            };
            for &name in posting {
                let length = self.names[name as usize].folded.len();
                if length.abs_diff(query.len()) <= edits_max {
                    *memory.shared.entry(name).or_default() += 1;
                }
            }
        }
        // One edit destroys at most three triples (Gravano et al., VLDB 2001, count filtering); a swap four.
        let needed = u32::try_from(count.saturating_sub(4 * edits_max).max(1)).unwrap_or(u32::MAX);
        memory
            .ranked
            .extend(memory.shared.iter().filter(|&(_, &n)| n >= needed).map(|(&name, &n)| (n, name)));
        memory.ranked.sort_by_key(|&(n, name)| (std::cmp::Reverse(n), name));
        memory.ranked.truncate(PROPOSALS_MAX);
        memory
            .ranked
            .iter()
            .map(|&(_, name)| &self.names[name as usize])
            .map(|n| (n.folded.as_str(), n.phrase))
    }

    /// The names that go on where a folded query was cut off; none when the query is too short to tell.
    pub(crate) fn continuing(&self, query: &str) -> &[Name] {
        if query.len() < CUT_LEN_MIN {
            return &[];
        }
        let first = self.names.partition_point(|name| name.folded.as_str() < query);
        let count = self.names[first..]
            .iter()
            .take(PROPOSALS_MAX + 1)
            .take_while(|n| n.folded.starts_with(query))
            .count();
        // Many names that go on in many ways: the query is a common beginning and not a name.
        if count > PROPOSALS_MAX { &[] } else { &self.names[first..first + count] }
    }
}

fn sketch(at: u32, name: &Name) -> Sketch {
    let folded = &name.folded;
    let first = folded.as_bytes().first().copied().unwrap_or_default();
    Sketch { first, length: folded.len(), letters: letters_of(folded), name: at }
}

/// Which letters a text has (low half), and which it has twice (high half). An edit adds one letter at most and
/// takes one away, so it changes two bits at most; that some characters share a bit changes nothing in this.
fn letters_of(text: &str) -> u64 {
    text.bytes().fold(0, |letters, byte| {
        let bit = 1_u64 << (byte & 31);
        let again = (letters & bit) << 32;
        letters | bit | again
    })
}

/// Letter triples of a text, with two marks before it, so that its beginning weighs more than its end.
fn triples(text: &str) -> impl Iterator<Item = [u8; 3]> {
    let bytes = text.as_bytes();
    (0..bytes.len()).map(|at| {
        let letter = |back: usize| at.checked_sub(back).map_or(b'^', |i| bytes[i]);
        [letter(2), letter(1), letter(0)]
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dictionary::Dictionary;
    use crate::score::tokens::{compare, edits_max};
    use crate::vocabulary::Vocabulary;

    fn index() -> (Aliases, Blocking) {
        let dictionary = Dictionary::from_jsonl(concat!(
            "{\"id\":\"quillwork\",\"name\":\"Quillwork\"}\n",
            "{\"id\":\"quillworth\",\"name\":\"Quillworth\"}\n",
            "{\"id\":\"zanderly\",\"name\":\"Zanderly Suite\"}\n",
        ))
        .unwrap();
        let aliases = Aliases::of(&dictionary, &Vocabulary::shipped());
        let blocking = Blocking::of(&aliases);
        (aliases, blocking)
    }

    #[test]
    fn a_misspelt_name_is_proposed_first() {
        let (aliases, blocking) = index();
        let mut memory = Proposals::default();
        let query = fold_look_alikes("quilwork");
        let proposed: Vec<&str> =
            blocking.similar(&query, 1, &mut memory).map(|(_, p)| aliases.phrases[p].as_str()).collect();
        assert_eq!(proposed.first(), Some(&"quillwork"));
        assert!(!proposed.contains(&"zanderly suite"));
    }

    #[test]
    fn a_name_cut_off_is_continued() {
        let (_, blocking) = index();
        assert_eq!(blocking.continuing(&fold_look_alikes("zanderlysu")).len(), 1);
        assert_eq!(blocking.continuing(&fold_look_alikes("zander")).len(), 0);
    }

    proptest! {
        #[test]
        fn no_name_within_the_edits_is_ruled_out(
            name in "[a-d]{5,12}",
            edits in prop::collection::vec((0_u8..4, 0_usize..12, "[a-e]"), 0..3),
        ) {
            let dictionary =
                Dictionary::from_jsonl(&format!("{{\"id\":\"a\",\"name\":\"{name}\"}}")).unwrap();
            let blocking = Blocking::of(&Aliases::of(&dictionary, &Vocabulary::shipped()));
            let mut letters: Vec<char> = name.chars().collect();
            for (kind, at, letter) in edits {
                let at = at % (letters.len() - 1);
                let letter = letter.chars().next().unwrap();
                match kind {
                    0 => letters[at] = letter,
                    1 => letters.insert(at, letter),
                    2 => letters.swap(at, at + 1),
                    _ => drop(letters.remove(at)),
                }
            }
            let query: String = letters.into_iter().collect();
            let query = fold_look_alikes(&query);
            let alike = |name: &str| compare(&query, name, false).is_some();
            let accepted =
                blocking.similar(&query, edits_max(query.len()), &mut Proposals::default()).any(|(n, _)| alike(n));
            prop_assert!(!(accepted && blocking.rules_out(&query, edits_max(query.len()), alike)));
        }
    }
}
