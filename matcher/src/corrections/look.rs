//! A look into the index: from a word to the words near to it.

use super::forms::{FORMS_MAX, bucket, filter_bits, forms, may_be_near, sketch};
use super::{CORRECTIONS_MAX, Correction, Corrections, Memory, Posting};
use crate::phrases::{Phrases, WORD_LEN_MAX};
use crate::score::tokens::{fold_letter, word_edits_max};

impl Corrections {
    /// Appends the words that a word may be.
    pub(super) fn look(&self, word: &str, phrases: &Phrases, memory: &mut Memory) {
        let start = memory.found.len();
        self.look_for(word, word, phrases, memory);
        // Two narrow letters that are read as a wide one.
        for (narrow, wide) in [("rn", "m"), ("vv", "w")] {
            if word.contains(narrow) {
                self.look_for(&word.replace(narrow, wide), word, phrases, memory);
            }
        }
        let found = &mut memory.found;
        found[start..].sort_by_key(|correction| (correction.word, correction.edits));
        let mut kept = start;
        for at in start..found.len() {
            if at == start || found[at].word != found[kept - 1].word {
                found.swap(kept, at);
                kept += 1;
            }
        }
        found.truncate(kept);
        found[start..].sort_by_key(|correction| (correction.edits, correction.word));
        found.truncate(start + CORRECTIONS_MAX);
    }

    /// Appends the words near to one reading of a word.
    fn look_for(&self, read: &str, word: &str, phrases: &Phrases, memory: &mut Memory) {
        let mut letters = [0; WORD_LEN_MAX];
        let folded = &mut letters[..read.len().min(WORD_LEN_MAX)];
        folded.iter_mut().zip(read.bytes()).for_each(|(folded, letter)| *folded = fold_letter(letter));
        let folded = &*folded;
        let limit = word_edits_max(folded.len());
        let no_digit = !read.bytes().any(|letter| letter.is_ascii_digit());
        self.gather(folded, limit, memory);
        let Memory { found, pattern, seen, keys, .. } = memory;
        if seen.is_empty() {
            return;
        }
        seen.sort_unstable();
        seen.dedup();
        pattern.assign(folded);
        let before = found.len();
        let mut buffer = [0; WORD_LEN_MAX];
        keys.clear();
        keys.extend(seen.iter().map(|&number| phrases.key(number)));
        for (&number, &key) in seen.iter().zip(keys.iter()) {
            let target = phrases.copy_letters(number, key, &mut buffer, fold_letter);
            let edits = pattern.distance(target);
            if edits <= limit && (edits > 0 || phrases.letters(number) != word) {
                let letters = u8::try_from(target.len()).unwrap_or(u8::MAX);
                found.push(Correction { word: number, first: key.first(), letters, edits });
            }
        }
        // In a short word that no scanner has touched, a letter of the same shape is an error as any other.
        if limit == 1 && no_digit && found.len() > before {
            pattern.assign(read.as_bytes());
            let mut kept = before;
            for at in before..found.len() {
                let number = found[at].word;
                let target = phrases.copy_letters(number, phrases.key(number), &mut buffer, |letter| letter);
                if found[at].edits == 0 || pattern.distance(target) <= limit {
                    found.swap(kept, at);
                    kept += 1;
                }
            }
            found.truncate(kept);
        }
    }

    /// Collects in `seen` the words that share a form with a folded word and may be near to it. Where names are many,
    /// nearly all of the time is spent on waiting for memory: each round reads places that do not depend on one another,
    /// which the machine does at once.
    fn gather(&self, folded: &[u8], limit: usize, memory: &mut Memory) {
        let seen = &mut memory.seen;
        seen.clear();
        let near = sketch(folded);
        let buckets = self.ends.len();
        let (mut passed, mut count) = ([0_u64; FORMS_MAX], 0);
        forms(folded, limit, &mut |form| {
            let (at, bits) = filter_bits(form, self.filter.len());
            passed[count.min(FORMS_MAX - 1)] = form;
            count += usize::from(self.filter[at] & bits == bits);
        });
        let passed = &passed[..count];
        let mut ranges = [(0, 0); FORMS_MAX];
        for (range, &form) in ranges.iter_mut().zip(passed) {
            let at = bucket(form, buckets);
            *range =
                (at.checked_sub(1).map_or(0, |before| self.ends[before] as usize), self.ends[at] as usize);
        }
        let mut firsts = [Posting::default(); FORMS_MAX];
        for (first, &(from, _)) in firsts.iter_mut().zip(&ranges[..count]) {
            *first = self.words.get(from).copied().unwrap_or_default();
        }
        for (first, &(from, end)) in firsts.iter().zip(&ranges[..count]) {
            if from == end {
                continue;
            }
            for posting in std::iter::once(first).chain(&self.words[from + 1..end]) {
                if may_be_near(posting.sketch, near, limit) {
                    seen.push(posting.word);
                }
            }
        }
    }
}
