//! Names that a text nearly goes on to: a walk through the tree of phrases, each word as it stands or corrected.

use std::ops::Range;

use super::{GUESS_LEN_MIN, GuessIndex, Guesses, WORDS_MAX};
use crate::aliases::Strength;
use crate::corrections::{CORRECTED_LEN_MIN, Memory};
use crate::explain::Field;
use crate::mention::Mention;
use crate::normalize::{Gap, Normalized};
use crate::phrases::Node;
use crate::reading::Reading;
use crate::score::tokens::{Likeness, edits_max};
use crate::unwrap::Vendor;
use crate::words::is_common;

/// Words after the same beginning that are compared one by one.
const FOLLOWERS_MAX: usize = 24;
/// Digits of a number that may be run into a name.
const NUMBER_LEN_MIN: usize = 3;
/// Letters beyond which a name may have a short word that is misspelt.
const SHORT_WORD_NAME_LEN_MIN: usize = 5;
/// Letters from which even the first one may be wrong, by edits: shorter words have neighbours that rhyme.
const FIRST_LETTERS_WRONG: [usize; 3] = [0, 6, 11];
/// Letters of a word that tells which name is meant by one that rhymes.
const PROOF_LEN_MIN: usize = 5;
/// Words that a walk may follow.
pub(super) const WALKED_MAX: usize = 6;

/// A name that a walk through corrected words came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Walked {
    /// One past the last token.
    pub(super) end: usize,
    pub(super) edits: usize,
    pub(super) phrase: usize,
}

/// Of the names that end at one word the nearest, and of all of them the nearest first and then the longest: `QUILLWORK VUALT INC`
/// is the company of that name, if there is one, and not the product.
pub(super) fn nearest_first(walked: &mut Vec<Walked>) {
    walked.sort_unstable();
    walked.dedup_by_key(|walked| walked.end);
    walked.sort_by_key(|walked| (walked.edits, std::cmp::Reverse(walked.end)));
}

/// How far a walk has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    pub(super) at: usize,
    pub(super) node: Option<Node>,
    pub(super) edits: usize,
    pub(super) corrected: bool,
    /// Its first word is one that rhymes: it takes another word, as it stands, for the name to be meant.
    pub(super) rhymes: bool,
    /// Letters as they stand there, and of the names' words.
    pub(super) letters: (usize, usize),
}

impl GuessIndex<'_> {
    /// Appends longer names than the one that stands at some tokens, when the words before it or behind it nearly belong to
    /// one: `QULLWORK VAULT` is not any vault, and `QUILLWORK VUALT` is the vault.
    pub(crate) fn guess_longer(
        &self,
        reading: &Reading,
        vendor: &Vendor,
        name: &Range<usize>,
        guesses: &mut Guesses,
        mentions: &mut Vec<Mention>,
    ) {
        let exact = mentions.iter().filter(|m| m.field == Field::VendorDescription && m.guess.is_none());
        let earliest = exact.map(|m| m.tokens.clone()).min_by_key(|t| (t.start, std::cmp::Reverse(t.end)));
        if let Some(earliest) = earliest.filter(|earliest| earliest.start > vendor.seller) {
            self.guess_before(reading, vendor.seller, &earliest, guesses, mentions);
        }
        self.guess_behind(reading, name, guesses, mentions);
    }

    /// Appends the names from the seller's first word on that hold the one that stands there.
    fn guess_before(
        &self,
        reading: &Reading,
        first: usize,
        name: &Range<usize>,
        guesses: &mut Guesses,
        mentions: &mut Vec<Mention>,
    ) {
        let Guesses { memory, walked, .. } = guesses;
        let begin =
            Walk { at: first, node: None, edits: 0, corrected: false, rhymes: false, letters: (0, 0) };
        walked.clear();
        let words = first..reading.text.len().min(first + WALKED_MAX);
        self.walk(&reading.text, &reading.words, &words, begin, &mut 0, memory, walked);
        nearest_first(walked);
        for &Walked { end, edits, phrase } in walked.iter().filter(|walked| walked.end >= name.end) {
            let before = mentions.len();
            let likeness = if edits == 0 { Likeness::LookAlike } else { Likeness::Misspelt(edits) };
            self.mention(phrase, &(first..end), likeness, mentions);
            if mentions.len() > before {
                // What is part of that name is nobody's own any more.
                let is_part = |tokens: &Range<usize>| tokens.start > first && tokens.end <= end;
                mentions.retain(|m| {
                    m.field != Field::VendorDescription || m.guess.is_some() || !is_part(&m.tokens)
                });
            }
        }
    }

    fn guess_behind(
        &self,
        reading: &Reading,
        name: &Range<usize>,
        guesses: &mut Guesses,
        mentions: &mut Vec<Mention>,
    ) {
        let text = &reading.text;
        let next = text.tokens.get(name.end);
        if next.is_none_or(|next| next.before != Gap::Space)
            || self.lexicon.is_spelled_right(reading.words[name.end], text.token(name.end))
        {
            return;
        }
        let Guesses { memory, walked, .. } = guesses;
        let phrases = &self.lexicon.phrases;
        let mut words = reading.words[name.clone()].iter();
        let Some(begin) = words.next().and_then(|&word| phrases.begin(word)) else { return };
        let Some(node) = words.try_fold(begin, |node, &word| phrases.go_on(node, word)) else { return };
        if phrases.followers(node).is_empty() {
            return;
        }
        let letters = name.clone().map(|at| text.token(at).len()).sum();
        let begin = Walk {
            at: name.end,
            node: Some(node),
            edits: 0,
            corrected: false,
            rhymes: false,
            letters: (letters, letters),
        };
        walked.clear();
        let words = name.start..text.len().min(name.start + WORDS_MAX);
        self.walk(text, &reading.words, &words, begin, &mut 0, memory, walked);
        nearest_first(walked);
        for &Walked { end, edits, phrase } in walked.iter() {
            let likeness = if edits == 0 { Likeness::LookAlike } else { Likeness::Misspelt(edits) };
            self.mention(phrase, &(name.start..end), likeness, mentions);
        }
    }

    /// Appends the name that goes on in the next word, when an order number is run into that: `QUILLWORK *VAULT4402`.
    pub(crate) fn number_glued(&self, text: &Normalized, name: &Range<usize>, mentions: &mut Vec<Mention>) {
        if name.end >= text.len() {
            return;
        }
        let word = text.token(name.end);
        let letters = word.bytes().take_while(u8::is_ascii_alphabetic).count();
        let is_number =
            word.len() >= letters + NUMBER_LEN_MIN && word[letters..].bytes().all(|b| b.is_ascii_digit());
        if letters == 0 || !is_number {
            return;
        }
        let longer = format!("{} {}", text.join(name.clone()), &word[..letters]);
        if let Some(phrase) = self.lexicon.name(&longer) {
            self.mention(phrase, &(name.start..name.end + 1), Likeness::Glued, mentions);
        }
    }

    /// Follows the words of a text, each as it is or corrected, to names that differ from the text. `end_seen` is the
    /// last word that was looked at.
    #[expect(clippy::too_many_arguments, reason = "what changes from step to step, and what does not")]
    pub(super) fn walk(
        &self,
        text: &Normalized,
        numbers: &[u32],
        words: &Range<usize>,
        walk: Walk,
        end_seen: &mut usize,
        memory: &mut Memory,
        walked: &mut Vec<Walked>,
    ) {
        *end_seen = walk.at.max(*end_seen);
        if walk.at == words.end {
            return;
        }
        let phrases = &self.lexicon.phrases;
        let token = text.token(walk.at);
        let next = |word: u32| match walk.node {
            None => phrases.begin(word),
            Some(node) => phrases.go_on(node, word),
        };
        if let Some(node) = next(numbers[walk.at]) {
            let letters = (walk.letters.0 + token.len(), walk.letters.1 + token.len());
            let rhymes = walk.rhymes && token.len() < PROOF_LEN_MIN;
            let on = Walk { at: walk.at + 1, node: Some(node), rhymes, letters, ..walk };
            self.arrive(on, node, walked);
            self.walk(text, numbers, words, on, end_seen, memory, walked);
        }
        if walk.edits >= 2 || self.lexicon.is_spelled_right(numbers[walk.at], token) {
            return;
        }
        let corrections = self.corrections.of_word(token, phrases, memory).len();
        // A seller is taken at its word; behind a name's beginning, a word may well be a slip.
        let corrections =
            if corrections > 0 && walk.node.is_none() && is_common(token) { 0 } else { corrections };
        for at in 0..corrections {
            let correction = self.corrections.of_word(token, phrases, memory)[at];
            // "Quillworks" and "Quillwork's" are other names as often as errors.
            if correction.is_singular_of(token, phrases) {
                continue;
            }
            let rhymes = walk.node.is_none()
                && !correction.begins_as(token)
                && correction.len() < FIRST_LETTERS_WRONG[correction.edits.min(2)];
            let Some(node) = next(correction.word) else { continue };
            let on = Walk {
                at: walk.at + 1,
                node: Some(node),
                edits: walk.edits + correction.edits,
                corrected: true,
                rhymes: walk.rhymes || rhymes,
                letters: (walk.letters.0 + token.len(), walk.letters.1 + correction.len()),
            };
            if on.edits <= 2 {
                self.arrive(on, node, walked);
                self.walk(text, numbers, words, on, end_seen, memory, walked);
            }
        }
        // Words too short for the index, between which few names leave a choice.
        let Some(node) = walk.node.filter(|_| walk.edits < 2) else { return };
        for &(word, node) in phrases.followers(node).iter().take(FOLLOWERS_MAX) {
            let target = phrases.letters(word);
            let indexed = token.len().min(target.len()) >= CORRECTED_LEN_MIN;
            if indexed || token.len().abs_diff(target.len()) > 1 {
                continue;
            }
            let on = Walk {
                at: walk.at + 1,
                node: Some(node),
                edits: walk.edits + memory.distance(token, target),
                corrected: true,
                rhymes: walk.rhymes,
                letters: (walk.letters.0 + token.len(), walk.letters.1 + target.len()),
            };
            if on.edits <= walk.edits + 1 && on.letters.0.min(on.letters.1) > SHORT_WORD_NAME_LEN_MIN {
                self.arrive(on, node, walked);
                self.walk(text, numbers, words, on, end_seen, memory, walked);
            }
        }
    }

    /// Notes the name that ends where a walk has come, when it is near enough.
    fn arrive(&self, walk: Walk, node: Node, walked: &mut Vec<Walked>) {
        let Some(phrase) = self.lexicon.phrases.phrase_at(node) else { return };
        let shorter = walk.letters.0.min(walk.letters.1);
        if walk.corrected && !walk.rhymes && shorter >= GUESS_LEN_MIN && walk.edits <= edits_max(shorter) {
            // An ordinary word is corrected neither by itself nor in a domain, but what stands beside it there is.
            let guessed = |strength| match strength {
                Strength::Shared | Strength::Distinct => true,
                Strength::Domain => walk.edits <= 1,
                Strength::Remainder | Strength::Word => false,
            };
            if self.lexicon.owners(phrase).iter().any(|alias| guessed(alias.strength)) {
                walked.push(Walked { end: walk.at, edits: walk.edits, phrase });
            }
        }
    }
}
