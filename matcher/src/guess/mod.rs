//! The vendor when no alias stands in it: names misspelt, cut off, run together or apart.
//!
//! Only the seller's own words are tried, never the purpose: a purpose is prose, and prose is full of words that
//! are one letter from a name. Words of the vocabulary are never corrected.

mod glued;
mod nobody;
mod walk;

use std::ops::Range;

use nobody::Nobody;
use walk::{WALKED_MAX, Walk, Walked, nearest_first};

use crate::aliases::Strength;
use crate::corrections::{BEGINNING, Corrections, Memory};
use crate::explain::Field;
use crate::lexicon::Lexicon;
use crate::mention::Mention;
use crate::normalize::{Gap, Normalized};
use crate::reading::Reading;
use crate::score::tokens::{Likeness, edits_max};
use crate::unwrap::{Part, Vendor};
use crate::words::is_common;

/// Words of the seller that are tried together.
const WORDS_MAX: usize = 4;
/// Letters that a name must have to be guessed at all: below it, too many words are one letter away.
const GUESS_LEN_MIN: usize = 5;
/// Letters that must be left of a name that was cut off.
const CUT_LEN_MIN: usize = 7;

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
    nobody: Nobody,
}

impl Guesses {
    /// Forgets everything, as another dictionary asks for.
    pub(crate) fn forget(&mut self) {
        self.memory.forget();
        self.nobody.forget();
    }
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
        let asked = nobody::Asked::of(source, text, &words, &seller);
        if guesses.nobody.knows(&asked) {
            return;
        }
        let before = mentions.len();
        let glued = (words.clone().find_map(|last| self.glued(source, text, first, last)))
            .or_else(|| self.behind_lost_star(text, first, words.end));
        let Guesses { memory, joined, walked, nobody } = guesses;
        let mut push = |phrase: usize, tokens: Range<usize>, likeness: Likeness| {
            self.mention(phrase, &tokens, likeness, mentions);
        };
        walked.clear();
        let begin =
            Walk { at: first, node: None, edits: 0, corrected: false, rhymes: false, letters: (0, 0) };
        // A walk follows names only: the places inside of them do not end it.
        let order_begins = (first + 1..text.len())
            .find(|&at| matches!(text.tokens[at].before, Gap::Star | Gap::Hash))
            .unwrap_or(text.len());
        let walked_words = first..order_begins.min(first + WALKED_MAX);
        let mut end_seen = first;
        self.walk(text, &reading.words, &walked_words, begin, &mut end_seen, memory, walked);
        nearest_first(walked);
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
            let goes_on_as_host = text.tokens.get(at + 1).is_some_and(|next| next.before == Gap::Dot);
            let last_word = at + 1 == seller.end && !goes_on_as_host;
            if last_word
                && glued.is_none()
                && (tokens.len() > 1 || unknown)
                && let Some(phrase) = self.cut(joined)
                && !(tokens.len() == 1 && is_common(joined))
            {
                push(phrase, tokens, Likeness::Cut);
            }
        }
        if let Some((phrase, last)) = glued {
            push(phrase, first..last + 1, Likeness::Glued);
        }
        // What a walk saw behind the words may be something else in the next line.
        if mentions.len() == before && end_seen < words.end {
            nobody.note(&asked);
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

    /// The name nearest to words run together.
    fn nearest(&self, joined: &str, memory: &mut Memory) -> Option<(usize, Likeness)> {
        let phrases = &self.lexicon.phrases;
        self.corrections.of_word(joined, phrases, memory).iter().find_map(|correction| {
            let near = correction.begins_as(joined)
                && !correction.is_singular_of(joined, phrases)
                && correction.edits <= edits_max(joined.len().min(correction.len()));
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
