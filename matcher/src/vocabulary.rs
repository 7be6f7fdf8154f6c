//! Words that change what a line means: the small grammar, as data.
//!
//! `data/vocabulary.txt` holds the phrases by class; this file only loads them, `reading` finds them. What a class means for a
//! decision is said in `unwrap` and `context`. The vocabulary is general: nothing in it comes from a customer, and
//! no phrase belongs to one app.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::normalize::{Gap, Normalized};
use crate::phrases::Phrases;
use crate::score::tokens::fold_look_alikes;

/// Letters that a word must have to be recognised when it is misread.
const MISREAD_LEN_MIN: usize = 5;

const SHIPPED: &str = include_str!("../data/vocabulary.txt");

/// A set of word classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Classes(u32);

macro_rules! classes {
    ($($name:ident = $bit:literal, $section:literal;)*) => {
        impl Classes {
            $(pub(crate) const $name: Classes = Classes(1 << $bit);)*

            fn of_section(section: &str) -> Option<Classes> {
                match section {
                    $($section => Some(Classes::$name),)*
                    _ => None,
                }
            }
        }
    };
}

classes! {
    BANK = 0, "bank";
    INTERMEDIARY = 1, "intermediary";
    STOREFRONT = 2, "storefront";
    RESELLER = 3, "reseller";
    PLACEHOLDER = 4, "placeholder";
    LEGAL = 5, "legal";
    SERVICE = 6, "service";
    ACQUIRE = 7, "acquire";
    OCCASION = 8, "occasion";
    HARDWARE = 9, "hardware";
    VENUE = 10, "venue";
    HEADING_TRAVEL = 11, "heading_travel";
    HEADING_GOODS = 12, "heading_goods";
    HEADING_SOFTWARE = 13, "heading_software";
    HEADING_SERVICES = 14, "heading_services";
    PLACE = 15, "place";
    ORDINARY = 16, "ordinary";
    REGION = 17, "region";
}

impl Classes {
    pub(crate) const EMPTY: Classes = Classes(0);

    pub(crate) const fn or(self, other: Classes) -> Classes {
        Classes(self.0 | other.0)
    }

    /// Whether the two sets share a class.
    pub(crate) fn any(self, of: Classes) -> bool {
        self.0 & of.0 != 0
    }
}

/// A phrase of the vocabulary in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Marked {
    pub(crate) tokens: Range<usize>,
    pub(crate) classes: Classes,
}

/// What the phrases of the vocabulary mean. Where they stand in a text is found by [`Phrases`].
#[derive(Debug)]
pub(crate) struct Vocabulary {
    /// By phrase: classes that always count, and classes that count when an asterisk follows.
    classes: Vec<(Classes, Classes)>,
    /// Words that follow names, in order: legal forms and words for services.
    followers: Vec<String>,
    /// Single words by what is left of them when characters of the same shape are taken for equal.
    shapes: FxHashMap<String, Classes>,
    /// A bit for the first two letters of each phrase that an asterisk follows: most words begin no code.
    codes: [u64; 16],
}

impl Vocabulary {
    /// The vocabulary as it is shipped; its phrases are added to `phrases`, which must hold no others yet.
    pub(crate) fn shipped(phrases: &mut Phrases) -> Vocabulary {
        let mut classes: Vec<(Classes, Classes)> = Vec::new();
        let mut followers: Vec<String> = Vec::new();
        let mut shapes: FxHashMap<String, Classes> = FxHashMap::default();
        let mut codes = [0; 16];
        for (class, phrase) in phrases_of(SHIPPED) {
            let (phrase, starred) = match phrase.strip_suffix('*') {
                Some(phrase) => (phrase, true),
                None => (phrase, false),
            };
            let normalized = Normalized::of(phrase).phrase();
            if normalized.is_empty() {
                continue;
            }
            let number = phrases.add(&normalized);
            classes.resize(classes.len().max(number + 1), (Classes::EMPTY, Classes::EMPTY));
            if starred {
                let bit = code_bit(&normalized);
                codes[bit / 64] |= 1 << (bit % 64);
            }
            let slot = &mut classes[number];
            let half = if starred { &mut slot.1 } else { &mut slot.0 };
            *half = half.or(class);
            if !starred && normalized.len() >= MISREAD_LEN_MIN && !normalized.contains(' ') {
                let slot = shapes.entry(fold_look_alikes(&normalized)).or_default();
                *slot = slot.or(class);
            }
            if !starred && class.any(Classes::LEGAL.or(Classes::SERVICE)) {
                followers.push(normalized);
            }
        }
        followers.sort();
        followers.dedup();
        Vocabulary { classes, followers, shapes, codes }
    }

    /// Adds a name that means something by what its owner does.
    pub(crate) fn add(&mut self, phrases: &mut Phrases, phrase: &str, class: Classes) {
        let number = phrases.add(phrase);
        self.classes.resize(self.classes.len().max(number + 1), (Classes::EMPTY, Classes::EMPTY));
        self.classes[number].0 = self.classes[number].0.or(class);
    }

    /// The classes of a phrase by its number: always, and when an asterisk follows. Both are empty for a name.
    #[inline]
    pub(crate) fn classes_of_phrase(&self, phrase: usize) -> (Classes, Classes) {
        self.classes.get(phrase).copied().unwrap_or((Classes::EMPTY, Classes::EMPTY))
    }

    /// Whether a word may be one that an asterisk follows; `true` may be wrong, `false` is not.
    #[inline]
    pub(crate) fn may_be_code(&self, word: &str) -> bool {
        let bit = code_bit(word);
        self.codes[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// The classes of the word that a scanner may have read as this one: `S0FTWARE`, `Amerlcas`.
    pub(crate) fn misread(&self, word: &str) -> Classes {
        if word.len() < MISREAD_LEN_MIN {
            return Classes::EMPTY;
        }
        self.shapes.get(&fold_look_alikes(word)).copied().unwrap_or_default()
    }

    /// Whether a word that follows names begins like this: networks cut `TECHNOLOGIES` to `TECHNO`.
    pub(crate) fn begins_follower(&self, beginning: &str) -> bool {
        let at = self.followers.partition_point(|word| word.as_str() < beginning);
        beginning.len() >= 2 && self.followers.get(at).is_some_and(|word| word.starts_with(beginning))
    }

    /// What a phrase, by its number, means where it stands in a text; `None` when it means nothing there.
    #[inline]
    pub(crate) fn mark(&self, text: &Normalized, phrase: usize, tokens: &Range<usize>) -> Option<Marked> {
        let (always, starred) = self.classes_of_phrase(phrase);
        let star_follows = text.tokens.get(tokens.end).is_some_and(|t| t.before == Gap::Star);
        let classes = if star_follows { always.or(starred) } else { always };
        (classes != Classes::EMPTY).then(|| Marked { tokens: tokens.clone(), classes })
    }
}

/// A place for the first two letters of a word.
fn code_bit(word: &str) -> usize {
    word.bytes().take(2).fold(0, |bit, letter| bit << 5 | usize::from(letter & 31))
}

/// The phrases of a vocabulary file with their class. A section that no class is named after is skipped; a test
/// keeps the shipped file free of them.
fn phrases_of(file: &str) -> impl Iterator<Item = (Classes, &str)> {
    let mut class = None;
    file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).flat_map(
        move |line| {
            if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                class = Classes::of_section(section);
                return Vec::new();
            }
            let class = class;
            line.split(',').filter_map(|phrase| class.map(|class| (class, phrase.trim()))).collect()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Reading;

    #[test]
    fn every_section_of_the_shipped_file_is_a_class() {
        for line in SHIPPED.lines().filter_map(|l| l.strip_prefix('[')) {
            let section = line.trim_end_matches(']');
            assert!(Classes::of_section(section).is_some(), "unknown section {section}");
        }
    }

    #[test]
    fn a_starred_phrase_counts_only_before_an_asterisk() {
        let marks =
            |text: &str| Reading::of_words(text).marks.iter().any(|m| m.classes.any(Classes::INTERMEDIARY));
        assert!(marks("FS *QUILLWORK"));
        assert!(!marks("FS QUILLWORK"));
        assert!(marks("PAYPAL QUILLWORK"));
    }
}
