//! Which few names deserve a comparison: an index of letter triples over names written as one word.
//!
//! It proposes and never judges: `score::tokens` says whether a proposal is near enough. A query never scans the
//! dictionary; the number of comparisons is bounded by [`PROPOSALS_MAX`], whatever the size of the dictionary.

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

/// A name that can be guessed.
#[derive(Debug)]
pub(crate) struct Name {
    /// Without spaces, look-alike characters folded.
    pub(crate) folded: String,
    /// Index into [`Aliases`].
    pub(crate) phrase: usize,
}

/// The index.
#[derive(Debug, Default)]
pub(crate) struct Blocking {
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
        let mut postings: FxHashMap<[u8; 3], Vec<u32>> = FxHashMap::default();
        for (at, name) in (0_u32..).zip(&names) {
            for triple in triples(&name.folded) {
                let posting = postings.entry(triple).or_default();
                if posting.last() != Some(&at) {
                    posting.push(at);
                }
            }
        }
        Blocking { names, postings }
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
    use super::*;
    use crate::dictionary::Dictionary;
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
}
