//! What is read from one field: its tokens, the vocabulary in it, and the names in it.
//!
//! One pass of one automaton finds both; reading knows nothing about what the field means. The two headings of a
//! line come from small closed sets, the customer's expense types and Concur's spend categories, so [`Headings`]
//! remembers what was read from them. What it remembers is bounded, and depends on the text and the matcher only.

use rustc_hash::FxHashMap;

use crate::aliases::Aliases;
use crate::automaton::{Automaton, Occurrence, keep_longest};
use crate::normalize::Normalized;
use crate::vocabulary::{Marked, Vocabulary};

/// One field, read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) text: Normalized,
    /// Phrases of the vocabulary, overlapping ones included, in the order of the text.
    pub(crate) marks: Vec<Marked>,
    /// Exact aliases, in the order of the text, none inside a longer one; patterns are phrases of [`Aliases`].
    pub(crate) names: Vec<Occurrence>,
}

/// Reads fields against one set of aliases and one vocabulary.
#[derive(Debug)]
pub(crate) struct Reader {
    /// Patterns: first the phrases of the aliases, then those of the vocabulary.
    automaton: Automaton,
    aliases: usize,
}

impl Reader {
    pub(crate) fn of(aliases: &Aliases, vocabulary: &Vocabulary) -> Reader {
        let phrases = aliases.phrases.iter().chain(vocabulary.phrases());
        Reader { automaton: Automaton::build(phrases.map(String::as_str)), aliases: aliases.phrases.len() }
    }

    /// Reads a field into memory that is already there.
    pub(crate) fn read(&self, source: &str, vocabulary: &Vocabulary, reading: &mut Reading) {
        let Reading { text, marks, names } = reading;
        text.assign(source);
        marks.clear();
        names.clear();
        self.automaton.find_all(text, |occurrence| match occurrence.pattern.checked_sub(self.aliases) {
            None => names.push(occurrence),
            Some(phrase) => marks.extend(vocabulary.mark(text, phrase, occurrence.tokens)),
        });
        keep_longest(names);
        marks.sort_by_key(|m| (m.tokens.start, m.tokens.end));
    }
}

/// Headings that are remembered, and the bytes of text among them: a customer has some hundred expense types.
const HEADINGS_MAX: usize = 512;
const HEADING_BYTES_MAX: usize = 64 * 1024;

/// Headings that have been read before.
#[derive(Debug, Default)]
pub(crate) struct Headings {
    places: FxHashMap<String, usize>,
    readings: Vec<Reading>,
    bytes: usize,
}

impl Headings {
    /// Makes room: what was read before may be forgotten, what is read until the next call stays.
    pub(crate) fn begin_line(&mut self) {
        if self.readings.len() >= HEADINGS_MAX || self.bytes >= HEADING_BYTES_MAX {
            self.forget();
        }
    }

    /// Forgets everything.
    pub(crate) fn forget(&mut self) {
        *self = Headings::default();
    }

    /// Where the reading of a heading is; `read` is called for a heading that is new.
    pub(crate) fn place(&mut self, source: &str, read: impl FnOnce(&mut Reading)) -> usize {
        if let Some(&place) = self.places.get(source) {
            return place;
        }
        let mut reading = Reading::default();
        read(&mut reading);
        self.bytes += source.len();
        self.readings.push(reading);
        let place = self.readings.len() - 1;
        self.places.insert(source.to_owned(), place);
        place
    }

    /// The reading at a place that was given out since the line began.
    pub(crate) fn at(&self, place: usize) -> &Reading {
        &self.readings[place]
    }
}

#[cfg(test)]
impl Reading {
    /// Reads a text with the shipped vocabulary and no aliases.
    pub(crate) fn of_words(source: &str) -> Reading {
        let vocabulary = Vocabulary::shipped();
        let mut reading = Reading::default();
        Reader::of(&Aliases::default(), &vocabulary).read(source, &vocabulary, &mut reading);
        reading
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_read_once_and_forgotten_when_there_are_too_many() {
        let mut headings = Headings::default();
        let first = headings.place("Software", |reading| reading.text.assign("Software"));
        assert_eq!(headings.place("Software", |_| panic!("it was read before")), first);
        for n in 0..HEADINGS_MAX {
            headings.place(&format!("heading {n}"), |_| {});
        }
        assert_eq!(headings.at(first).text.trimmed(), "software");
        headings.begin_line();
        assert!(headings.readings.is_empty());
        headings.place(&"x".repeat(HEADING_BYTES_MAX), |_| {});
        headings.begin_line();
        assert!(headings.readings.is_empty());
    }
}
