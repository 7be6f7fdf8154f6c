//! Which words of names a misspelt word may be: an index by deletion.
//!
//! Two words within `k` edits have a common form after at most `k` deletions from each (Garbe's `SymSpell`); it is enough
//! to delete from the first [`PREFIX`] letters. The index holds the forms of the names' words, a query tries its own
//! forms, and what both know is compared letter by letter. The cost of a query does not grow with the dictionary but
//! with the words that are alike. It judges words only; whether a line names an app is `guess`'s part.

mod fill;
mod forms;
mod look;

use std::ops::Range;

use fill::Words;
use forms::{CORRECTED_LEN_MAX, beginning_bit};
use rustc_hash::FxHashMap;

use crate::pair::pair;
use crate::phrases::{KEY_LEN, Key, Phrases};
use crate::score::osa::Pattern;
use crate::score::tokens::{fold_letter, fold_look_alikes};

/// Letters that a word must have to be corrected, and to be the correction.
pub(crate) const CORRECTED_LEN_MIN: usize = 4;
/// Corrections of one word that are kept, the nearest first.
const CORRECTIONS_MAX: usize = 16;
/// Letters from which a beginning of a name is told from others, and up to which it is looked at.
pub(crate) const BEGINNING: usize = 6;
const BEGINNING_MAX: usize = 16;
/// Bits in the table for each beginning: one in twelve strangers is taken for a beginning.
const BEGINNING_BITS: usize = 12;
/// Bits in the filter for each bucket of forms.
const FILTER_BITS: usize = 16;
/// Words from which on two cores are quicker than one.
const LARGE: usize = 20_000;
/// Words whose corrections are remembered; then all are forgotten. About seven megabytes.
const REMEMBERED_MAX: usize = 131_072;

/// How a word may be corrected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// Not at all.
    No,
    /// Only where characters of the same shape were taken for others: it is an ordinary word, as part of a domain.
    SameShape,
    /// It is several words run together: an error less is looked for, because there are many and they begin alike.
    Joined,
    /// It is a word as the dictionary writes it.
    Word,
}

/// A word of a name that a misspelt word may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Correction {
    /// Its number among the words of `Phrases`.
    pub(crate) word: u32,
    /// Its first letter, and how many it has: its letters lie elsewhere, and reading them costs.
    pub(crate) first: u8,
    pub(crate) letters: u8,
    /// Edits; 0 when only look-alike characters differ.
    pub(crate) edits: usize,
}

impl Correction {
    /// How many letters it has.
    pub(crate) fn len(self) -> usize {
        usize::from(self.letters)
    }

    /// Whether it has as its first letter that of a word, or one of the same shape.
    pub(crate) fn begins_as(self, word: &str) -> bool {
        word.bytes().next().map(fold_letter) == Some(fold_letter(self.first))
    }

    /// Whether a word is this one with an `s` behind it.
    pub(crate) fn is_singular_of(self, word: &str, phrases: &Phrases) -> bool {
        word.len() == self.len() + 1 && word.strip_suffix('s') == Some(phrases.letters(self.word))
    }
}

/// The index.
#[derive(Debug, Default)]
pub(crate) struct Corrections {
    /// Words by form: where the words of a hash end.
    ends: Vec<u32>,
    words: Vec<Posting>,
    /// Three bits for the hash of each form: most forms of a stranger are known to be nobody's at a glance.
    filter: Vec<u64>,
    /// A bit for the hash of each beginning of a name of one word.
    beginnings: Vec<u64>,
    /// Names of one word, ordered by their folded letters.
    names: Vec<u32>,
}

/// A word, with what tells at a glance that it is far: its length and which letters it has.
#[derive(Debug, Clone, Copy, Default)]
struct Posting {
    word: u32,
    /// 26 bits of letters, six of the length.
    sketch: u32,
}

/// Working memory of queries, and what they found.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Where the corrections of a word lie in `found`. Words of up to sixteen letters, nearly all, are their own key.
    known: FxHashMap<Key, Range<u32>>,
    long: FxHashMap<Box<str>, Range<u32>>,
    found: Vec<Correction>,
    pattern: Pattern,
    seen: Vec<u32>,
    keys: Vec<Key>,
}

impl Memory {
    /// Edits between two words, characters of the same shape taken for equal.
    pub(crate) fn distance(&mut self, a: &str, b: &str) -> usize {
        self.pattern.assign(fold_look_alikes(a).as_bytes());
        self.pattern.distance(fold_look_alikes(b).as_bytes())
    }

    /// Forgets everything, as another dictionary asks for.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
        self.long.clear();
        self.found.clear();
    }
}

impl Corrections {
    /// Indexes the words of names. `targets` says by word whether it may be a correction, `is_name` whether it is a
    /// name by itself that may be guessed.
    pub(crate) fn of(
        phrases: &Phrases,
        targets: &[Target],
        is_name: impl Fn(u32) -> bool + Sync,
    ) -> Corrections {
        let names = || {
            let count = u32::try_from(targets.len()).unwrap_or(u32::MAX);
            let long_enough = |word: u32| phrases.letters(word).len() >= BEGINNING;
            let mut names: Vec<u32> = (0..count).filter(|&word| is_name(word) && long_enough(word)).collect();
            names.sort_by_cached_key(|&word| fold_look_alikes(phrases.letters(word)));
            (beginnings_of(&names, phrases), names)
        };
        let large = targets.len() >= LARGE;
        let ((beginnings, names), index) = pair(large, names, || Words { phrases, targets }.index(large));
        Corrections { beginnings, names, ..index }
    }

    /// The words that a word may be, nearest first; remembered.
    pub(crate) fn of_word<'m>(
        &self,
        word: &str,
        phrases: &Phrases,
        memory: &'m mut Memory,
    ) -> &'m [Correction] {
        if !(CORRECTED_LEN_MIN..=CORRECTED_LEN_MAX).contains(&word.len()) {
            return &[];
        }
        let short = (word.len() <= KEY_LEN).then(|| Key::of(word.as_bytes()));
        let known = match short {
            Some(key) => memory.known.get(&key),
            None => memory.long.get(word),
        };
        let range = if let Some(range) = known {
            range.clone()
        } else {
            if memory.known.len() + memory.long.len() >= REMEMBERED_MAX {
                memory.forget();
            }
            let start = memory.found.len();
            self.look(word, phrases, memory);
            let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let range = narrow(start)..narrow(memory.found.len());
            match short {
                Some(key) => memory.known.insert(key, range.clone()),
                None => memory.long.insert(word.into(), range.clone()),
            };
            range
        };
        &memory.found[range.start as usize..range.end as usize]
    }

    /// Whether a name of one word may begin with these letters; `true` may be wrong, `false` is not.
    pub(crate) fn may_begin(&self, letters: &[u8]) -> bool {
        if letters.len() < BEGINNING {
            return false;
        }
        let at = beginning_bit(&letters[..letters.len().min(BEGINNING_MAX)], self.beginnings.len());
        self.beginnings[at / 64] >> (at % 64) & 1 == 1
    }

    /// The names of one word that go on where a word was cut off; none when there are many, for then the word is a
    /// common beginning and no name.
    pub(crate) fn continuing(&self, word: &str, phrases: &Phrases) -> &[u32] {
        if !self.may_begin(word.as_bytes()) {
            return &[];
        }
        let folded = || word.bytes().map(fold_letter);
        let name = |at: &u32| phrases.letters(*at).bytes().map(fold_letter);
        let first = self.names.partition_point(|at| name(at).lt(folded()));
        let count = self.names[first..]
            .iter()
            .take(CORRECTIONS_MAX + 1)
            .take_while(|at| name(at).take(word.len()).eq(folded()))
            .count();
        if count > CORRECTIONS_MAX { &[] } else { &self.names[first..first + count] }
    }
}

/// The bits for all beginnings of names.
fn beginnings_of(names: &[u32], phrases: &Phrases) -> Vec<u64> {
    let lengths = |word: u32| BEGINNING..=phrases.letters(word).len().min(BEGINNING_MAX);
    let bits: usize = names.iter().map(|&word| lengths(word).count() * BEGINNING_BITS).sum();
    let mut beginnings = vec![0; bits.max(1_024).div_ceil(64)];
    for &word in names {
        for length in lengths(word) {
            let at = beginning_bit(&phrases.letters(word).as_bytes()[..length], beginnings.len());
            beginnings[at / 64] |= 1 << (at % 64);
        }
    }
    beginnings
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::score::tokens::word_edits_max;

    fn index(names: &[&str]) -> (Phrases, Corrections) {
        let mut phrases = Phrases::default();
        for name in names {
            phrases.add(name);
        }
        let targets = vec![Target::Word; phrases.words()];
        let corrections = Corrections::of(&phrases, &targets, |_| true);
        (phrases, corrections)
    }

    fn corrected(
        word: &str,
        phrases: &Phrases,
        corrections: &Corrections,
        memory: &mut Memory,
    ) -> Vec<(String, usize)> {
        let found = corrections.of_word(word, phrases, memory).to_vec();
        found.iter().map(|c| (phrases.letters(c.word).to_owned(), c.edits)).collect()
    }

    #[test]
    fn the_nearest_words_come_first_and_are_remembered() {
        let (phrases, corrections) = index(&["quillwork", "quillworth", "zanderly"]);
        let mut memory = Memory::default();
        for _ in 0..2 {
            let found = corrected("quilwork", &phrases, &corrections, &mut memory);
            assert_eq!(found, [("quillwork".to_owned(), 1)]);
            assert_eq!(
                corrected("qu1llw0rtn", &phrases, &corrections, &mut memory)[0],
                ("quillworth".to_owned(), 1)
            );
            assert_eq!(
                corrected("qu1llw0rk", &phrases, &corrections, &mut memory)[0],
                ("quillwork".to_owned(), 0)
            );
            assert!(corrected("stranger", &phrases, &corrections, &mut memory).is_empty());
        }
        for n in 0..REMEMBERED_MAX {
            corrections.of_word(&format!("stranger{n}"), &phrases, &mut memory);
            assert!(memory.known.len() + memory.long.len() <= REMEMBERED_MAX);
        }
        assert_eq!(corrected("quilwork", &phrases, &corrections, &mut memory), [("quillwork".to_owned(), 1)]);
    }

    #[test]
    fn a_name_cut_off_is_continued() {
        let (phrases, corrections) = index(&["zanderlysuite", "quillwork"]);
        let found: Vec<&str> =
            corrections.continuing("zanderlysu", &phrases).iter().map(|&w| phrases.letters(w)).collect();
        assert_eq!(found, ["zanderlysuite"]);
        assert!(corrections.continuing("zandy", &phrases).is_empty());
        assert!(corrections.continuing("stranger", &phrases).is_empty());
    }

    proptest! {
        #[test]
        fn no_word_within_the_edits_is_missed(
            name in "[a-d]{4,14}",
            edits in prop::collection::vec((0_u8..4, 0_usize..14, "[a-e]"), 0..3),
        ) {
            let (phrases, corrections) = index(&[name.as_str()]);
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
            let distance = strsim::osa_distance(&query, &name);
            let found = corrected(&query, &phrases, &corrections, &mut Memory::default());
            let limit = word_edits_max(query.len().min(name.len()));
            if query.len() >= CORRECTED_LEN_MIN && query != name && distance <= limit {
                prop_assert_eq!(found, vec![(name, distance)]);
            }
        }
    }
}
