//! The names an entry can bill under, derived from what the dictionary says: every spelling that `automaton` and
//! `blocking` look for, each with how much it says by itself.
//!
//! Derived are: aliases without their legal form, domains, the label of a domain, and multi-word names written as
//! one word. Nothing is derived that could be another word (see [`Strength`]).

use std::ops::Range;

use crate::corrections::Target;
use crate::dictionary::{App, Dictionary, EntryId, Role};
use crate::normalize::Normalized;
use crate::phrases::Phrases;
use crate::vocabulary::{Classes, Vocabulary};
use crate::words::is_common;

/// How much a name says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// What is left of a product's name without its company's (`Cloud` of `Quillwork Cloud`): it counts only in the
    /// vendor field, beside that company.
    Remainder,
    /// An ordinary word: it needs support from its surroundings.
    Word,
    /// The dictionary says that the name has other owners, or it is very short.
    Shared,
    /// A coined name, a legal entity, several words.
    Distinct,
    /// A domain.
    Domain,
}

/// Which of an app's spellings a name is or was derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spelling(u16);

impl Spelling {
    const NAME: Spelling = Spelling(0);
    const DOMAIN: Spelling = Spelling(u16::MAX);

    /// As the dictionary writes it.
    pub(crate) fn of(self, app: &App) -> &str {
        let aliases = || app.aliases.iter().chain(&app.ambiguous_aliases);
        match self {
            Spelling::NAME => &app.name,
            Spelling::DOMAIN => app.domain.as_deref().unwrap_or_default(),
            Spelling(at) => aliases().nth(usize::from(at) - 1).map_or("", String::as_str),
        }
    }
}

/// An owner of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alias {
    pub(crate) entry: EntryId,
    pub(crate) spelling: Spelling,
    pub(crate) strength: Strength,
}

/// Who bills under which phrase, by the phrases' numbers.
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    owners: Vec<Alias>,
    /// Where the owners of a phrase end.
    ends: Vec<u32>,
    /// By word, whether a misspelt word may be it.
    pub(crate) targets: Vec<Target>,
}

/// The same while it is being collected.
struct Collected<'p> {
    phrases: &'p mut Phrases,
    /// Phrase, owner; in the order of the dictionary.
    owners: Vec<(u32, Alias)>,
    targets: Vec<Target>,
    /// Memory for a name that is being read.
    read: Normalized,
}

/// Letters that a name written as one word must have to be looked for: shorter ones are parts of other words.
const JOINED_LEN_MIN: usize = 6;
/// Letters up to which a name is too short to stand by itself.
const SHORT_LEN_MAX: usize = 3;

impl Aliases {
    /// Derives the names of all apps and adds them to the phrases. Intermediaries and resellers give none: they are no answer.
    pub(crate) fn of(dictionary: &Dictionary, vocabulary: &Vocabulary, phrases: &mut Phrases) -> Aliases {
        let mut collected =
            Collected { phrases, owners: Vec::new(), targets: Vec::new(), read: Normalized::default() };
        for (entry, app) in dictionary.iter().filter(|(_, app)| app.role == Role::App) {
            collected.app(entry, app, dictionary, vocabulary);
        }
        collected.whole()
    }

    /// The owners of a phrase by its number.
    #[inline]
    pub(crate) fn owners(&self, phrase: usize) -> &[Alias] {
        let Some(&end) = self.ends.get(phrase) else { return &[] };
        let start = phrase.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.owners[Range { start: start as usize, end: end as usize }]
    }
}

impl Collected<'_> {
    fn app(&mut self, entry: EntryId, app: &App, dictionary: &Dictionary, vocabulary: &Vocabulary) {
        let name = self.phrase(&app.name);
        let shared: Vec<String> = app.ambiguous_aliases.iter().map(|a| self.phrase(a)).collect();
        let spellings = std::iter::once(&app.name).chain(&app.aliases).chain(&app.ambiguous_aliases);
        for (spelling, spelled) in (0..).map(Spelling).zip(spellings) {
            let looks_like_host = spelled.contains('.') && !spelled.contains(' ') && !spelled.ends_with('.');
            let phrase = if spelling == Spelling::NAME { name.clone() } else { self.phrase(spelled) };
            let judge = |phrases: &Phrases, phrase: &str| {
                let flagged = shared.iter().any(|s| s == phrase) || (app.ambiguous && phrase == name);
                strength(phrase, flagged, vocabulary, phrases)
            };
            let known = if looks_like_host { Strength::Domain } else { judge(self.phrases, &phrase) };
            self.add(&phrase, Alias { entry, spelling, strength: known }, Target::Word);
            let bare = without_legal_form(&phrase, vocabulary, self.phrases);
            // "Windsor Group AG" bills as "Windsor Group" too.
            let mut shorter = phrase.as_str();
            while let Some((before, _)) =
                shorter.rsplit_once(' ').filter(|(before, _)| before.len() > bare.len())
            {
                shorter = before;
                let strength = judge(self.phrases, shorter);
                self.add(shorter, Alias { entry, spelling, strength }, Target::Word);
            }
            if bare != phrase {
                // "Defiant Inc" is a company; "defiant" is a word.
                let strength = if is_common(bare) { Strength::Word } else { judge(self.phrases, bare) };
                // "Online SAS" is a company; "online" is not.
                if strength > Strength::Word {
                    self.add(bare, Alias { entry, spelling, strength }, Target::Word);
                }
            }
            for several in [phrase.as_str(), bare] {
                let joined: String = several.split(' ').collect();
                if joined != several && joined.len() >= JOINED_LEN_MIN {
                    let strength = judge(self.phrases, &joined);
                    self.add(&joined, Alias { entry, spelling, strength }, Target::Joined);
                }
            }
        }
        if let Some(parent) = app.parent.as_deref().and_then(|id| dictionary.app(id)) {
            // The company by any of its names: of "Apple Developer Program" "Developer Program" is left.
            let companies = std::iter::once(&parent.name).chain(&parent.aliases);
            let rest = companies
                .filter_map(|company| {
                    let company = Normalized::of(company).phrase();
                    let company = without_legal_form(&company, vocabulary, self.phrases).to_owned();
                    let rest = name.strip_prefix(company.as_str())?.strip_prefix(' ')?;
                    (!company.is_empty()).then(|| rest.to_owned())
                })
                .min_by_key(String::len);
            let rest = rest.as_deref();
            if let Some(rest) = rest {
                let spelling = Spelling::NAME;
                self.add(rest, Alias { entry, spelling, strength: Strength::Remainder }, Target::Word);
            }
        }
        if let Some(domain) = &app.domain {
            self.domain(entry, domain, |phrases, phrase| {
                let flagged = shared.iter().any(|s| s == phrase) || (app.ambiguous && phrase == name);
                strength(phrase, flagged, vocabulary, phrases)
            });
        }
    }

    fn phrase(&mut self, name: &str) -> String {
        self.read.assign(name);
        self.read.phrase()
    }

    fn domain(&mut self, entry: EntryId, domain: &str, judge: impl Fn(&Phrases, &str) -> Strength) {
        let spelling = Spelling::DOMAIN;
        self.add(&domain_phrase(domain), Alias { entry, spelling, strength: Strength::Domain }, Target::Word);
        // "quillwork.co.uk" bills as "QUILLWORK"; "app.quillwork.co.uk" or "quillwork.io/design" says less.
        let Some((label, suffix)) = host_of(domain).split_once('.') else { return };
        let one_label = !suffix.contains('/') && (suffix.split('.').count() == 1 || is_second_level(suffix));
        if one_label && label.len() >= JOINED_LEN_MIN {
            let label = Normalized::of(label).phrase();
            let strength = if is_common(&label) { Strength::Word } else { judge(self.phrases, &label) };
            self.add(&label, Alias { entry, spelling, strength }, Target::Word);
        }
    }

    fn add(&mut self, phrase: &str, alias: Alias, target: Target) {
        if phrase.len() >= 2 {
            // A dictionary's limits keep the count of phrases far below 2^32.
            let number = u32::try_from(self.phrases.add(phrase)).unwrap_or(u32::MAX);
            self.owners.push((number, alias));
            match alias.strength {
                Strength::Shared | Strength::Distinct => self.target(phrase, target),
                Strength::Domain => self.target(phrase, Target::SameShape),
                Strength::Remainder | Strength::Word => {}
            }
        }
    }

    /// Notes that a misspelt word may be one of a phrase's.
    fn target(&mut self, phrase: &str, target: Target) {
        self.targets.resize(self.phrases.words(), Target::No);
        for word in phrase.split(' ') {
            let slot = &mut self.targets[self.phrases.word(word) as usize];
            *slot = (*slot).max(target);
        }
    }

    /// All owners, by phrase.
    fn whole(mut self) -> Aliases {
        // The sort keeps the order of an app's spellings. The first of an owner stays: names come before what is
        // derived from them.
        self.owners.sort_by_key(|&(phrase, alias)| (phrase, alias.entry));
        self.owners.dedup_by_key(|&mut (phrase, alias)| (phrase, alias.entry));
        let mut ends = Vec::with_capacity(self.phrases.len());
        let mut at = 0;
        for phrase in 0..self.phrases.len() {
            at += self.owners[at..].iter().take_while(|&&(owned, _)| owned as usize == phrase).count();
            ends.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        let mut owners: Vec<Alias> =
            std::mem::take(&mut self.owners).into_iter().map(|(_, alias)| alias).collect();
        // They were collected where they lay, each with its phrase.
        owners.shrink_to_fit();
        self.targets.resize(self.phrases.words(), Target::No);
        Aliases { owners, ends, targets: self.targets }
    }
}

/// The phrases under which an intermediary or a reseller stands in a text: no answers, so nothing is derived from them.
pub(crate) fn phrases_of_seller(app: &App) -> impl Iterator<Item = String> {
    let names = std::iter::once(&app.name).chain(&app.aliases).map(|name| Normalized::of(name).phrase());
    names.chain(app.domain.as_deref().map(domain_phrase)).filter(|phrase| !phrase.is_empty())
}

/// A domain as it is looked for in a text.
pub(crate) fn domain_phrase(domain: &str) -> String {
    Normalized::of(host_of(domain)).phrase()
}

fn host_of(domain: &str) -> &str {
    domain.strip_prefix("www.").unwrap_or(domain).trim_end_matches('/')
}

fn is_second_level(suffix: &str) -> bool {
    matches!(suffix.split_once('.'), Some(("co" | "com" | "org" | "net" | "ac" | "gov", country)) if country.len() == 2)
}

fn strength(phrase: &str, flagged: bool, vocabulary: &Vocabulary, phrases: &Phrases) -> Strength {
    let says_nothing = Classes::ORDINARY
        .or(Classes::VENUE)
        .or(Classes::PLACE)
        .or(Classes::SERVICE)
        .or(Classes::LEGAL)
        .or(Classes::PLACEHOLDER)
        .or(Classes::BANK)
        .or(Classes::HARDWARE)
        .or(Classes::OCCASION);
    let ordinary = phrase.split(' ').all(|word| classes_of(word, vocabulary, phrases).any(says_nothing));
    let one_word = !phrase.contains(' ');
    let letters = phrase.bytes().filter(u8::is_ascii_alphabetic).count();
    if ordinary && one_word {
        Strength::Word
    } else if flagged || ordinary || letters <= SHORT_LEN_MAX {
        Strength::Shared
    } else {
        Strength::Distinct
    }
}

fn without_legal_form<'p>(phrase: &'p str, vocabulary: &Vocabulary, phrases: &Phrases) -> &'p str {
    let mut bare = phrase;
    loop {
        let (before, last) = bare.rsplit_once(' ').unwrap_or(("", bare));
        if bare.is_empty() || !classes_of(last, vocabulary, phrases).any(Classes::LEGAL) {
            return bare;
        }
        bare = before;
    }
}

fn classes_of(word: &str, vocabulary: &Vocabulary, phrases: &Phrases) -> Classes {
    phrases.find(word).map_or(Classes::EMPTY, |phrase| vocabulary.classes_of_phrase(phrase).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_derived_and_judged() {
        let dictionary = Dictionary::from_jsonl(concat!(
            r#"{"id":"quillwork","name":"Quill Work","aliases":["Quillwork Labs Inc"],"domain":"quillwork.co.uk"}"#,
            "\n",
            r#"{"id":"beacon","name":"Beacon","domain":"beacon.io","ambiguous":true}"#,
            "\n",
            r#"{"id":"payco","name":"Payco","role":"processor"}"#,
        ))
        .unwrap();
        let mut phrases = Phrases::default();
        let vocabulary = Vocabulary::shipped(&mut phrases);
        let aliases = Aliases::of(&dictionary, &vocabulary, &mut phrases);
        let check = |phrase: &str, expected: Option<(Strength, &str)>| {
            let owner = phrases.find(phrase).and_then(|phrase| aliases.owners(phrase).first());
            let found = owner.map(|alias| (alias.strength, alias.spelling.of(dictionary.get(alias.entry))));
            assert_eq!(found, expected, "phrase {phrase}");
        };
        check("quill work", Some((Strength::Shared, "Quill Work")));
        check("quillwork", Some((Strength::Distinct, "Quill Work")));
        check("quillwork labs inc", Some((Strength::Distinct, "Quillwork Labs Inc")));
        check("quillwork labs", Some((Strength::Distinct, "Quillwork Labs Inc")));
        check("quillwork co uk", Some((Strength::Domain, "quillwork.co.uk")));
        check("beacon", Some((Strength::Word, "Beacon")));
        check("beacon io", Some((Strength::Domain, "beacon.io")));
        check("payco", None);
        check("subscription", None);
    }
}
