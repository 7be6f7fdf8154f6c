//! Filling the index: each form of each word is counted, then put behind the others of its bucket.
//!
//! Nearly all of the time goes into waiting for memory, a place at random for each form. The forms with a small hash and
//! those with a large one have buckets, postings and filter of their own, so two cores fill a half each.

use super::forms::{bucket, filter_bits, forms_of};
use super::{Corrections, FILTER_BITS, Posting, Target};
use crate::pair::pair;
use crate::phrases::Phrases;

/// The words whose forms are indexed.
pub(super) struct Words<'a> {
    pub(super) phrases: &'a Phrases,
    pub(super) targets: &'a [Target],
}

impl Words<'_> {
    fn each(&self, mut form: impl FnMut(u32, u64, u32)) {
        for word in 0..u32::try_from(self.targets.len()).unwrap_or(u32::MAX) {
            forms_of(word, self.phrases, self.targets, |it, sketch| form(word, it, sketch));
        }
    }

    /// The index over them, without the names; of very many by two threads.
    pub(super) fn index(&self, large: bool) -> Corrections {
        let mut postings: usize = 0;
        self.each(|_, _, _| postings += 1);
        // Even numbers: then a hash is in the same half of all.
        let buckets = (postings / 2).max(64).next_multiple_of(2);
        let filter = (buckets * FILTER_BITS / 64).max(2).next_multiple_of(2);
        let mut index = Corrections {
            ends: vec![0; buckets],
            words: vec![Posting::default(); postings],
            filter: vec![0; filter],
            ..Corrections::default()
        };
        let middle = buckets / 2;

        let (low, high) = index.ends.split_at_mut(middle);
        pair(large, || self.count(buckets, 0, low), || self.count(buckets, middle, high));
        let mut before = 0;
        for end in &mut index.ends {
            before += std::mem::replace(end, before);
        }

        let first_high = index.ends[middle];
        let (low, high) = index.ends.split_at_mut(middle);
        let (low_words, high_words) = index.words.split_at_mut(first_high as usize);
        let (low_filter, high_filter) = index.filter.split_at_mut(filter / 2);
        let mut low =
            Half { first: 0, ends: low, first_word: 0, words: low_words, filter: low_filter, first_bits: 0 };
        let mut high = Half {
            first: middle,
            ends: high,
            first_word: first_high,
            words: high_words,
            filter: high_filter,
            first_bits: filter / 2,
        };
        pair(large, || self.put(buckets, filter, &mut low), || self.put(buckets, filter, &mut high));
        index
    }

    /// How many forms each bucket of a half gets.
    fn count(&self, buckets: usize, first: usize, counts: &mut [u32]) {
        self.each(|_, form, _| {
            if let Some(count) = counts.get_mut(bucket(form, buckets).wrapping_sub(first)) {
                *count += 1;
            }
        });
    }

    /// Fills a half. Each start moves to its bucket's end: the array becomes one of ends.
    fn put(&self, buckets: usize, filter: usize, half: &mut Half<'_>) {
        self.each(|word, form, sketch| {
            let Some(end) = half.ends.get_mut(bucket(form, buckets).wrapping_sub(half.first)) else { return };
            half.words[(*end - half.first_word) as usize] = Posting { word, sketch };
            *end += 1;
            let (at, bits) = filter_bits(form, filter);
            half.filter[at - half.first_bits] |= bits;
        });
    }
}

/// Half of the buckets, with the postings and the part of the filter that belong to them.
struct Half<'a> {
    /// The number of the first bucket.
    first: usize,
    ends: &'a mut [u32],
    /// Postings before these.
    first_word: u32,
    words: &'a mut [Posting],
    filter: &'a mut [u64],
    /// Parts of the filter before these.
    first_bits: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_threads_fill_the_same_index_as_one() {
        let mut phrases = Phrases::default();
        for name in ["quillwork", "zanderly", "notavo", "shortname", "anothername"] {
            for ending in ["", "x", "labs"] {
                phrases.add(&format!("{name}{ending}"));
            }
        }
        let targets = vec![Target::Word; phrases.words()];
        let words = Words { phrases: &phrases, targets: &targets };
        let (one, two) = (words.index(false), words.index(true));
        let told = |index: &Corrections| {
            let words: Vec<(u32, u32)> = index.words.iter().map(|it| (it.word, it.sketch)).collect();
            (words, index.ends.clone(), index.filter.clone())
        };
        assert_eq!(told(&one), told(&two));
        assert_eq!(one.ends.last().map(|end| *end as usize), Some(one.words.len()));
        assert!(one.filter.iter().any(|bits| *bits != 0) && one.words.iter().all(|it| it.sketch != 0));
    }
}
