//! The vendor when no alias stands in it: names misspelt, cut off, run together or apart.
//!
//! Only the seller's own words are tried, never the purpose: a purpose is prose, and prose is full of words that
//! are one letter from a name. Words of the vocabulary are never corrected.

use std::ops::Range;

use crate::aliases::{Aliases, Strength};
use crate::blocking::{Blocking, GUESS_LEN_MIN};
use crate::explain::Field;
use crate::mention::Mention;
use crate::nearest::Nearest;
use crate::normalize::{Gap, Normalized};
use crate::score::tokens::Likeness;
use crate::unwrap::{Part, Vendor};
use crate::vocabulary::{Classes, Vocabulary};

/// Words of the seller that are tried together.
const WORDS_MAX: usize = 4;
/// Letters a name must have to be recognised inside a longer word.
const GLUED_LEN_MIN: usize = 6;
/// Letters of a name behind a code that nobody knows.
const LOST_STAR_LEN_MIN: usize = 7;

/// What guessing reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GuessIndex<'i> {
    pub(crate) aliases: &'i Aliases,
    pub(crate) blocking: &'i Blocking,
    pub(crate) vocabulary: &'i Vocabulary,
}

impl GuessIndex<'_> {
    /// Appends what the seller may be called. `source` is the vendor field as given.
    pub(crate) fn guess(
        &self,
        source: &str,
        text: &Normalized,
        vendor: &Vendor,
        nearest: &mut Nearest,
        mentions: &mut Vec<Mention>,
    ) {
        let GuessIndex { aliases, blocking, vocabulary } = *self;
        let seller = seller_words(text, vendor);
        let Some(first) = seller.clone().find(|&at| vendor.parts[at] != Part::Web) else { return };
        let words = first..seller.end;
        let glued = glued(source, text, first, aliases, vocabulary)
            .or_else(|| behind_lost_star(text.token(first), aliases, vocabulary));
        let mut joined = String::with_capacity(text.text.len());
        let mut push = |phrase: usize, tokens: Range<usize>, likeness: Likeness| {
            for alias in &aliases.owners[phrase] {
                // Half a product's name is no vendor, and an ordinary word that is misspelt is some other word.
                let misspelt_word = alias.strength == Strength::Word && likeness != Likeness::Joined;
                if alias.strength == Strength::Remainder || misspelt_word {
                    continue;
                }
                let mention = Mention {
                    entry: alias.entry,
                    phrase,
                    strength: alias.strength.min(if tokens.len() > 1 {
                        Strength::Shared
                    } else {
                        Strength::Distinct
                    }),
                    field: Field::VendorDescription,
                    tokens: tokens.clone(),
                    guess: Some(likeness),
                };
                if !mentions.iter().any(|m| m.entry == mention.entry && m.field == mention.field) {
                    mentions.push(mention);
                }
            }
        };
        for at in words.clone().take(WORDS_MAX) {
            joined.push_str(text.token(at));
            let tokens = first..at + 1;
            let single = tokens.len() == 1;
            if joined.len() < GUESS_LEN_MIN || (single && is_known_word(text.token(at), vocabulary)) {
                continue;
            }
            if let Some(phrase) = aliases.find(&joined) {
                push(phrase, tokens.clone(), Likeness::Joined);
                continue;
            }
            let near = nearest.to(&joined, blocking);
            // A word that is spelled right is not corrected because of its neighbour, nor because of what is
            // glued to it.
            let spelled_right = !single
                && tokens.clone().any(|t| {
                    is_known_word(text.token(t), vocabulary) || aliases.find(text.token(t)).is_some()
                });
            let near = near.filter(|&(likeness, _)| {
                likeness == Likeness::LookAlike || !(spelled_right || glued.is_some())
            });
            if let Some((likeness, phrase)) = near {
                push(phrase, tokens.clone(), likeness);
            }
            let last_word = at + 1 == words.end;
            if last_word
                && glued.is_none()
                && let Some(phrase) = nearest.cut_to(&joined, blocking)
            {
                push(phrase, tokens, Likeness::Cut);
            }
        }
        if let Some(phrase) = glued {
            push(phrase, first..first + 1, Likeness::Glued);
        }
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

fn is_known_word(word: &str, vocabulary: &Vocabulary) -> bool {
    vocabulary.classes_of(word) != Classes::EMPTY
        || word.strip_suffix('s').is_some_and(|stem| vocabulary.classes_of(stem) != Classes::EMPTY)
}

/// The longest name at the beginning of the first word, when what follows it in the same word begins anew: with
/// another case, a digit, or a word that names are followed by.
fn glued(
    source: &str,
    text: &Normalized,
    first: usize,
    aliases: &Aliases,
    vocabulary: &Vocabulary,
) -> Option<usize> {
    let word = text.token(first);
    let token = text.tokens[first];
    let written = source.get(token.source_start as usize..token.source_end as usize)?;
    (GLUED_LEN_MIN..word.len()).rev().find_map(|end| {
        let phrase = aliases.find(&word[..end])?;
        if aliases.owners[phrase].iter().all(|alias| alias.strength <= Strength::Word) {
            return None;
        }
        let rest = &word[end..];
        let begins_anew = rest.as_bytes()[0].is_ascii_digit()
            || vocabulary.begins_follower(rest)
            || case_changes_at(written, end);
        begins_anew.then_some(phrase)
    })
}

/// The name at the end of a word that begins with an intermediary's code, when the asterisk between them got lost:
/// `FSPRGQUILLWORK`. Codes of up to three characters need not be known, there are many.
fn behind_lost_star(word: &str, aliases: &Aliases, vocabulary: &Vocabulary) -> Option<usize> {
    (2..word.len().saturating_sub(GLUED_LEN_MIN - 1)).find_map(|code_len| {
        let (code, name) = word.split_at(code_len);
        let is_code = (code_len <= 3 && name.len() >= LOST_STAR_LEN_MIN)
            || vocabulary.classes_before_star(code).any(Classes::INTERMEDIARY);
        let phrase = if is_code { aliases.find(name)? } else { return None };
        aliases.owners[phrase].iter().any(|alias| alias.strength == Strength::Distinct).then_some(phrase)
    })
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
