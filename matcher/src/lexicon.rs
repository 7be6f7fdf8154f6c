//! Everything that is looked for in a text, by one set of phrases: the words of the vocabulary and the names of the
//! dictionary.

use crate::aliases::{Alias, Aliases, phrases_of_seller};
use crate::automaton::{Automaton, Occurrence};
use crate::dictionary::{Dictionary, Role};
use crate::namesakes::Namesakes;
use crate::normalize::Normalized;
use crate::phrases::Phrases;
use crate::vocabulary::{Classes, Vocabulary};
use crate::work::LinesOfWork;

/// How exact names are found in a text. Both ways find the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// One look-up a word in a tree of words: the quicker one, by far where names are many.
    #[default]
    Words,
    /// One step a byte of the Aho-Corasick automaton of the crate of that name: the referee.
    Automaton,
}

/// The vocabulary and the names of one dictionary. Phrases of the vocabulary have the lower numbers; a phrase may be
/// both a word of the vocabulary and a name.
#[derive(Debug)]
pub(crate) struct Lexicon {
    pub(crate) phrases: Phrases,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) work: LinesOfWork,
    pub(crate) aliases: Aliases,
    pub(crate) namesakes: Namesakes,
    /// The other engine, where it was asked for.
    automaton: Option<Automaton>,
}

impl Lexicon {
    /// The shipped vocabulary and the names of a dictionary. Who only sells what others make belongs to the vocabulary.
    pub(crate) fn of(dictionary: &Dictionary, engine: Engine) -> Lexicon {
        let mut phrases = Phrases::default();
        let mut vocabulary = Vocabulary::shipped(&mut phrases);
        for (_, app) in dictionary.iter() {
            let class = match app.role {
                Role::App => continue,
                Role::Processor => Classes::INTERMEDIARY,
                Role::Reseller => Classes::RESELLER,
            };
            for phrase in phrases_of_seller(app) {
                vocabulary.add(&mut phrases, &phrase, class);
            }
        }
        let work = LinesOfWork::shipped(&mut phrases);
        let aliases = Aliases::of(dictionary, &vocabulary, &mut phrases);
        phrases.shrink();
        let automaton = (engine == Engine::Automaton)
            .then(|| Automaton::build(phrases.spelled().iter().map(String::as_str)));
        Lexicon { phrases, vocabulary, work, aliases, namesakes: Namesakes::of(dictionary), automaton }
    }

    /// Hands over every phrase in a text, overlapping ones included, ordered by begin and then end. `words` are the
    /// text's words by their numbers.
    #[inline]
    pub(crate) fn find_all(&self, text: &Normalized, words: &[u32], found: impl FnMut(Occurrence)) {
        match &self.automaton {
            None => self.phrases.find_all(words, found),
            Some(automaton) => automaton.find_all(text).into_iter().for_each(found),
        }
    }

    /// The owners of a phrase that is a name; none when it is only a word of the vocabulary.
    pub(crate) fn owners(&self, phrase: usize) -> &[Alias] {
        self.aliases.owners(phrase)
    }

    /// The number of a phrase that is a name.
    pub(crate) fn name(&self, phrase: &str) -> Option<usize> {
        self.phrases.find(phrase).filter(|&phrase| !self.owners(phrase).is_empty())
    }

    /// The classes of a word, by its number, taken by itself.
    pub(crate) fn classes(&self, word: u32) -> Classes {
        let phrase = self.phrases.begin(word).and_then(|node| self.phrases.phrase_at(node));
        phrase.map_or(Classes::EMPTY, |phrase| self.vocabulary.classes_of_phrase(phrase).0)
    }

    /// Whether a phrase is a name.
    #[inline]
    pub(crate) fn is_name(&self, phrase: usize) -> bool {
        !self.owners(phrase).is_empty()
    }

    /// Whether a word, by its number and its letters, is no error: the vocabulary knows it or its singular, or it is
    /// a name.
    pub(crate) fn is_spelled_right(&self, word: u32, letters: &str) -> bool {
        let phrase = self.phrases.begin(word).and_then(|node| self.phrases.phrase_at(node));
        let known =
            |phrase| self.vocabulary.classes_of_phrase(phrase).0 != Classes::EMPTY || self.is_name(phrase);
        phrase.is_some_and(known)
            || letters
                .strip_suffix('s')
                .is_some_and(|stem| self.classes(self.phrases.word(stem)) != Classes::EMPTY)
    }

    /// The classes that a word has when an asterisk follows it.
    pub(crate) fn classes_before_star(&self, word: &str) -> Classes {
        self.phrases.find(word).map_or(Classes::EMPTY, |phrase| {
            let (always, starred) = self.vocabulary.classes_of_phrase(phrase);
            always.or(starred)
        })
    }
}
