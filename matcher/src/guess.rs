//! The vendor when no alias stands in it: names misspelt, cut off, run together or apart.
//!
//! Only the seller's own words are tried, never the purpose: a purpose is prose, and prose is full of words that
//! are one letter from a name. Words of the vocabulary are never corrected.

use std::ops::Range;

use crate::aliases::Strength;
use crate::corrections::{BEGINNING, Corrections, Memory};
use crate::explain::Field;
use crate::lexicon::Lexicon;
use crate::mention::Mention;
use crate::normalize::{Gap, Normalized};
use crate::phrases::Node;
use crate::reading::Reading;
use crate::score::tokens::{Likeness, edits_max, fold_letter};
use crate::unwrap::{Part, Vendor};
use crate::vocabulary::Classes;

/// Words of the seller that are tried together.
const WORDS_MAX: usize = 4;
/// Letters that a name must have to be guessed at all: below it, too many words are one letter away.
const GUESS_LEN_MIN: usize = 5;
/// Letters a name must have to be recognised inside a longer word.
const GLUED_LEN_MIN: usize = BEGINNING;
/// Letters of a name behind a code that nobody knows.
const LOST_STAR_LEN_MIN: usize = 7;
/// Letters that must be left of a name that was cut off.
const CUT_LEN_MIN: usize = 7;
/// Letters from which even the first one may be wrong: shorter names have neighbours that rhyme.
const FIRST_LETTER_WRONG_LEN_MIN: usize = 7;

/// What guessing reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GuessIndex<'i> {
    pub(crate) lexicon: &'i Lexicon,
    pub(crate) corrections: &'i Corrections,
}

/// Working memory.
#[derive(Debug, Default)]
pub(crate) struct Guesses {
    memory: Memory,
    joined: String,
    walked: Vec<Walked>,
}

impl Guesses {
    /// Forgets everything, as another dictionary asks for.
    pub(crate) fn forget(&mut self) {
        self.memory.forget();
    }
}

/// A name that a walk through corrected words came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Walked {
    /// One past the last token.
    end: usize,
    edits: usize,
    phrase: usize,
}

/// How far a walk has come.
#[derive(Debug, Clone, Copy)]
struct Walk {
    at: usize,
    node: Option<Node>,
    edits: usize,
    corrected: bool,
    /// Letters as they stand there, and of the names' words.
    letters: (usize, usize),
}

impl GuessIndex<'_> {
    /// Appends what the seller may be called. `source` is the vendor field as given.
    pub(crate) fn guess(
        &self,
        source: &str,
        reading: &Reading,
        vendor: &Vendor,
        guesses: &mut Guesses,
        mentions: &mut Vec<Mention>,
    ) {
        let text = &reading.text;
        let seller = seller_words(text, vendor);
        let Some(first) = seller.clone().find(|&at| vendor.parts[at] != Part::Web) else { return };
        let words = first..seller.end.min(first + WORDS_MAX);
        let glued = self.glued(source, text, first).or_else(|| self.behind_lost_star(text.token(first)));
        let Guesses { memory, joined, walked } = guesses;
        let mut push = |phrase: usize, tokens: Range<usize>, likeness: Likeness| {
            self.mention(phrase, &tokens, likeness, mentions);
        };
        walked.clear();
        let begin = Walk { at: first, node: None, edits: 0, corrected: false, letters: (0, 0) };
        self.walk(text, &reading.words, &words, begin, memory, walked);
        walked.sort_unstable();
        walked.dedup_by_key(|walked| walked.end);
        for &Walked { end, edits, phrase } in walked.iter() {
            // A name is not corrected because of what is glued to it.
            if edits == 0 {
                push(phrase, first..end, Likeness::LookAlike);
            } else if glued.is_none() {
                push(phrase, first..end, Likeness::Misspelt(edits));
            }
        }
        joined.clear();
        let mut unknown = true;
        for at in words.clone() {
            joined.push_str(text.token(at));
            unknown = unknown && !self.lexicon.is_spelled_right(reading.words[at], text.token(at));
            let tokens = first..at + 1;
            if tokens.len() > 1 && joined.len() >= GUESS_LEN_MIN {
                if let Some(phrase) = self.lexicon.name(joined) {
                    push(phrase, tokens.clone(), Likeness::Joined);
                    continue;
                }
                // A word that is spelled right is not corrected because of its neighbour.
                // Where a space got lost or moved, the beginning is mostly right: it is asked first, for it costs little.
                let begins =
                    joined.len() > BEGINNING && self.corrections.may_begin(&joined.as_bytes()[..BEGINNING]);
                if unknown
                    && begins
                    && let Some((phrase, likeness)) = self.nearest(joined, memory)
                {
                    push(phrase, tokens.clone(), likeness);
                }
            }
            let last_word = at + 1 == seller.end;
            if last_word
                && glued.is_none()
                && (tokens.len() > 1 || unknown)
                && let Some(phrase) = self.cut(joined)
            {
                push(phrase, tokens, Likeness::Cut);
            }
        }
        if let Some(phrase) = glued {
            push(phrase, first..first + 1, Likeness::Glued);
        }
    }

    /// Notes who owns a guessed name.
    fn mention(&self, phrase: usize, tokens: &Range<usize>, likeness: Likeness, mentions: &mut Vec<Mention>) {
        for alias in self.lexicon.owners(phrase) {
            // Half a product's name is no vendor, and an ordinary word that is misspelt is some other word.
            let misspelt_word = alias.strength == Strength::Word && likeness != Likeness::Joined;
            if alias.strength == Strength::Remainder || misspelt_word {
                continue;
            }
            let joined = tokens.len() > 1 && !matches!(likeness, Likeness::LookAlike | Likeness::Misspelt(_));
            let most = if joined { Strength::Shared } else { Strength::Distinct };
            let mention = Mention {
                entry: alias.entry,
                phrase,
                strength: alias.strength.min(most),
                spelling: alias.spelling,
                field: Field::VendorDescription,
                tokens: tokens.clone(),
                guess: Some(likeness),
            };
            if !mentions.iter().any(|m| m.entry == mention.entry && m.field == mention.field) {
                mentions.push(mention);
            }
        }
    }

    /// Follows the words of a text, each as it is or corrected, to names that differ from the text.
    fn walk(
        &self,
        text: &Normalized,
        numbers: &[u32],
        words: &Range<usize>,
        walk: Walk,
        memory: &mut Memory,
        walked: &mut Vec<Walked>,
    ) {
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
            let on = Walk { at: walk.at + 1, node: Some(node), letters, ..walk };
            self.arrive(on, node, walked);
            self.walk(text, numbers, words, on, memory, walked);
        }
        if walk.edits >= 2 || self.lexicon.is_spelled_right(numbers[walk.at], token) {
            return;
        }
        for at in 0..self.corrections.of_word(token, phrases, memory).len() {
            let correction = self.corrections.of_word(token, phrases, memory)[at];
            let target = phrases.letters(correction.word);
            // "Quillworks" and "Quillwork's" are other names as often as errors.
            if token.strip_suffix('s') == Some(target) {
                continue;
            }
            let same_first = fold_letter(token.as_bytes()[0]) == fold_letter(target.as_bytes()[0]);
            if walk.node.is_none()
                && !same_first
                && (correction.edits > 1 || target.len() < FIRST_LETTER_WRONG_LEN_MIN)
            {
                continue;
            }
            let Some(node) = next(correction.word) else { continue };
            let on = Walk {
                at: walk.at + 1,
                node: Some(node),
                edits: walk.edits + correction.edits,
                corrected: true,
                letters: (walk.letters.0 + token.len(), walk.letters.1 + target.len()),
            };
            if on.edits <= 2 {
                self.arrive(on, node, walked);
                self.walk(text, numbers, words, on, memory, walked);
            }
        }
    }

    /// Notes the name that ends where a walk has come, when it is near enough.
    fn arrive(&self, walk: Walk, node: Node, walked: &mut Vec<Walked>) {
        let Some(phrase) = self.lexicon.phrases.phrase_at(node) else { return };
        let shorter = walk.letters.0.min(walk.letters.1);
        if walk.corrected && shorter >= GUESS_LEN_MIN && walk.edits <= edits_max(shorter) {
            let guessed = |strength| matches!(strength, Strength::Shared | Strength::Distinct);
            if self.lexicon.owners(phrase).iter().any(|alias| guessed(alias.strength)) {
                walked.push(Walked { end: walk.at, edits: walk.edits, phrase });
            }
        }
    }

    /// The name nearest to words run together.
    fn nearest(&self, joined: &str, memory: &mut Memory) -> Option<(usize, Likeness)> {
        let phrases = &self.lexicon.phrases;
        self.corrections.of_word(joined, phrases, memory).iter().find_map(|correction| {
            let target = phrases.letters(correction.word);
            let same_first = fold_letter(joined.as_bytes()[0]) == fold_letter(target.as_bytes()[0]);
            let near = same_first
                && joined.strip_suffix('s') != Some(target)
                && correction.edits <= edits_max(joined.len().min(target.len()));
            let phrase = phrases.begin(correction.word).and_then(|node| phrases.phrase_at(node))?;
            let likeness = if correction.edits == 0 {
                Likeness::LookAlike
            } else {
                Likeness::Misspelt(correction.edits)
            };
            (near && !self.lexicon.owners(phrase).is_empty()).then_some((phrase, likeness))
        })
    }

    /// The name that words run together are the beginning of, and most of.
    fn cut(&self, joined: &str) -> Option<usize> {
        if joined.len() < CUT_LEN_MIN {
            return None;
        }
        let phrases = &self.lexicon.phrases;
        let most = |&&word: &&u32| joined.len() * 3 >= phrases.letters(word).len() * 2;
        let word = *self.corrections.continuing(joined, phrases).iter().find(most)?;
        phrases.begin(word).and_then(|node| phrases.phrase_at(node))
    }

    /// The longest name at the beginning of the first word, when what follows it in the same word begins anew: with
    /// another case, a digit, or a word that names are followed by.
    fn glued(&self, source: &str, text: &Normalized, first: usize) -> Option<usize> {
        let word = text.token(first);
        if word.len() <= GLUED_LEN_MIN || !self.corrections.may_begin(&word.as_bytes()[..GLUED_LEN_MIN]) {
            return None;
        }
        let token = text.tokens[first];
        let written = source.get(token.source_start as usize..token.source_end as usize)?;
        (GLUED_LEN_MIN..word.len()).rev().find_map(|end| {
            let phrase = self.lexicon.name(&word[..end])?;
            if self.lexicon.owners(phrase).iter().all(|alias| alias.strength <= Strength::Word) {
                return None;
            }
            let rest = &word[end..];
            let begins_anew = rest.as_bytes()[0].is_ascii_digit()
                || self.lexicon.vocabulary.begins_follower(rest)
                || case_changes_at(written, end);
            begins_anew.then_some(phrase)
        })
    }

    /// The name at the end of a word that begins with an intermediary's code, when the asterisk between them got lost:
    /// `FSPRGQUILLWORK`. Codes of up to three characters need not be known, there are many.
    fn behind_lost_star(&self, word: &str) -> Option<usize> {
        (2..word.len().saturating_sub(GLUED_LEN_MIN - 1)).find_map(|code_len| {
            let (code, name) = word.split_at(code_len);
            if !self.corrections.may_begin(&name.as_bytes()[..GLUED_LEN_MIN]) {
                return None;
            }
            let is_code = (code_len <= 3 && name.len() >= LOST_STAR_LEN_MIN)
                || self.lexicon.classes_before_star(code).any(Classes::INTERMEDIARY);
            let phrase = if is_code { self.lexicon.name(name)? } else { return None };
            let distinct =
                self.lexicon.owners(phrase).iter().any(|alias| alias.strength == Strength::Distinct);
            distinct.then_some(phrase)
        })
    }
}

/// From the seller's first token to the reference or place that ends its name.
fn seller_words(text: &Normalized, vendor: &Vendor) -> Range<usize> {
    let end = (vendor.seller..text.len())
        .find(|&at| {
            at > vendor.seller
                && (matches!(vendor.parts[at], Part::Reference | Part::Place | Part::Legal | Part::Web)
                    || matches!(text.tokens[at].before, Gap::Star | Gap::Hash))
                // "0" and "5" inside a name look like references.
                && !text.token(at).bytes().any(|b| b.is_ascii_alphabetic() && vendor.parts[at] == Part::Reference)
        })
        .unwrap_or(text.len());
    vendor.seller..end
}

/// Whether the case changes between two characters, with one case throughout before.
fn case_changes_at(written: &str, at: usize) -> bool {
    let upper = |c: &char| c.is_uppercase();
    let before = written.chars().take(at).filter(|c| c.is_alphabetic());
    let mut after = written.chars().skip(at);
    let Some(next) = after.next() else { return false };
    let (mut all_upper, mut all_lower) = (true, true);
    for c in before.skip(1) {
        all_upper &= upper(&c);
        all_lower &= !upper(&c);
    }
    let following_lower = after.next().is_some_and(char::is_lowercase);
    (all_lower && upper(&next)) || (all_upper && (next.is_lowercase() || following_lower))
}
