//! What is read from one field: its tokens, the vocabulary in it, and the names in it.
//!
//! One pass finds both; reading knows nothing about what the field means. The two headings of a line come from small
//! closed sets, the customer's expense types and Concur's spend categories, so [`Headings`] remembers what was read
//! from them. What it remembers is bounded, and depends on the text and the dictionary only.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use crate::automaton::{Occurrence, keep_longest};
use crate::lexicon::Lexicon;
use crate::normalize::Normalized;
use crate::vocabulary::{Classes, Marked};
use crate::work::Works;

/// One field, read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) text: Normalized,
    /// The words of the text by their numbers.
    pub(crate) words: Vec<u32>,
    /// Phrases of the vocabulary, overlapping ones included, in the order of the text.
    pub(crate) marks: Vec<Marked>,
    /// Everything the vocabulary says about the text.
    pub(crate) says: Classes,
    /// The lines of work that the text speaks of. Not read from a vendor: what it sells is part of its name.
    pub(crate) works: Works,
    /// Exact names, in the order of the text, none inside a longer one.
    pub(crate) names: Vec<Occurrence>,
}

impl Reading {
    /// Reads a field into memory that is already there.
    pub(crate) fn read(&mut self, source: &str, lexicon: &Lexicon) {
        self.assign(source, lexicon);
        let Reading { text, words, marks, says, names, .. } = self;
        lexicon.find_all(text, words, |occurrence| {
            if let Some(mark) = lexicon.vocabulary.mark(text, occurrence.pattern, &occurrence.tokens) {
                *says = says.or(mark.classes);
                marks.push(mark);
            }
            if lexicon.is_name(occurrence.pattern) {
                names.push(occurrence);
            }
        });
        keep_longest(names);
    }

    /// The same without the places of the vocabulary's phrases: only the vendor's are asked for.
    pub(crate) fn read_names(&mut self, source: &str, lexicon: &Lexicon) {
        self.assign(source, lexicon);
        let Reading { text, words, says, works, names, .. } = self;
        lexicon.find_all(text, words, |occurrence| {
            *says = says.or(lexicon.vocabulary.classes_of_phrase(occurrence.pattern).0);
            *works = works.or(lexicon.work.of_phrase(occurrence.pattern));
            if lexicon.is_name(occurrence.pattern) {
                names.push(occurrence);
            }
        });
        keep_longest(names);
        if names.iter().any(|name| name.tokens.len() > 1) {
            self.says_beside_names(lexicon);
        }
    }

    /// What the vocabulary says outside names of several words: the monitor of "Campaign Monitor" is no device.
    fn says_beside_names(&mut self, lexicon: &Lexicon) {
        let Reading { text, words, says, works, names, .. } = self;
        *says = Classes::EMPTY;
        *works = Works::EMPTY;
        lexicon.find_all(text, words, |found| {
            let inside = |name: &Occurrence| {
                name.tokens.len() > 1
                    && name.tokens.start <= found.tokens.start
                    && found.tokens.end <= name.tokens.end
            };
            if !names.iter().any(inside) {
                *says = says.or(lexicon.vocabulary.classes_of_phrase(found.pattern).0);
                *works = works.or(lexicon.work.of_phrase(found.pattern));
            }
        });
    }

    fn assign(&mut self, source: &str, lexicon: &Lexicon) {
        self.text.assign(source);
        lexicon.phrases.look_up(&self.text, &mut self.words);
        self.marks.clear();
        self.names.clear();
        self.says = Classes::EMPTY;
        self.works = Works::EMPTY;
    }
}

/// Headings that are remembered: a customer has some hundred expense types. A power of two.
const HEADINGS: usize = 512;

/// Headings that have been read before, each in the one place where it may be.
#[derive(Debug, Default)]
pub(crate) struct Headings {
    places: Vec<(String, Reading)>,
}

impl Headings {
    /// Forgets everything.
    pub(crate) fn forget(&mut self) {
        self.places.clear();
    }

    /// The reading of a heading; one that is new takes the place of another.
    pub(crate) fn read(&mut self, source: &str, lexicon: &Lexicon) -> &Reading {
        if self.places.is_empty() {
            self.places.resize_with(HEADINGS, Default::default);
        }
        let mut hasher = FxHasher::default();
        hasher.write(source.as_bytes());
        let at = usize::try_from(hasher.finish() >> 32).unwrap_or_default() % HEADINGS;
        let (known, reading) = &mut self.places[at];
        if known != source {
            known.clear();
            known.push_str(source);
            reading.read_names(source, lexicon);
        }
        reading
    }
}

#[cfg(test)]
impl Reading {
    /// Reads a text with the shipped vocabulary and no names.
    pub(crate) fn of_words(source: &str) -> Reading {
        let mut reading = Reading::default();
        let none = crate::dictionary::Dictionary::from_jsonl("").unwrap();
        reading.read(source, &Lexicon::of(&none, crate::lexicon::Engine::Words));
        reading
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;
    use crate::lexicon::Engine;

    #[test]
    fn a_heading_is_read_as_if_it_were_not_remembered() {
        let lexicon = Lexicon::of(&Dictionary::from_jsonl("").unwrap(), Engine::Words);
        let mut headings = Headings::default();
        for round in 0..2 {
            for n in 0..HEADINGS {
                let source = if n % 3 == 0 { "Software".to_owned() } else { format!("Hotel {n}") };
                let mut fresh = Reading::default();
                fresh.read(&source, &lexicon);
                let remembered = headings.read(&source, &lexicon);
                assert_eq!(remembered.text.phrase(), fresh.text.phrase(), "round {round}");
                assert_eq!(remembered.says, fresh.says, "round {round}");
            }
        }
        assert_eq!(headings.places.len(), HEADINGS);
    }
}
