//! The names an entry can bill under, derived from what the dictionary says: every spelling that `automaton` and
//! `blocking` look for, each with how much it says by itself.
//!
//! Derived are: aliases without their legal form, domains, the label of a domain, and multi-word names written as
//! one word. Nothing is derived that could be another word (see [`Strength`]).

use rustc_hash::FxHashMap;

use crate::dictionary::{Dictionary, EntryId, Role};
use crate::normalize::Normalized;
use crate::vocabulary::{Classes, Vocabulary};

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

/// A name and its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alias {
    pub(crate) entry: EntryId,
    pub(crate) strength: Strength,
    /// As the dictionary spells it.
    pub(crate) spelled: String,
}

/// All names: a normalised spelling and everybody who bills under it.
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    pub(crate) phrases: Vec<String>,
    pub(crate) owners: Vec<Vec<Alias>>,
    by_phrase: FxHashMap<String, usize>,
    /// By entry, the normalised domain; empty without one.
    pub(crate) domains: Vec<String>,
}

/// Letters that a name written as one word must have to be looked for: shorter ones are parts of other words.
const JOINED_LEN_MIN: usize = 6;
/// Letters up to which a name is too short to stand by itself.
const SHORT_LEN_MAX: usize = 3;

impl Aliases {
    /// Derives the names of all apps. Intermediaries give none: they are no answer.
    pub(crate) fn of(dictionary: &Dictionary, vocabulary: &Vocabulary) -> Aliases {
        let mut aliases = Aliases { domains: vec![String::new(); dictionary.len()], ..Aliases::default() };
        for (entry, app) in dictionary.iter().filter(|(_, app)| app.role == Role::App) {
            let name = Normalized::of(&app.name).trimmed().to_owned();
            let shared: Vec<String> =
                app.ambiguous_aliases.iter().map(|a| Normalized::of(a).trimmed().to_owned()).collect();
            let judge = |phrase: &str| {
                let flagged = shared.iter().any(|s| s == phrase) || (app.ambiguous && phrase == name);
                strength(phrase, flagged, vocabulary)
            };
            for spelled in std::iter::once(&app.name).chain(&app.aliases).chain(&app.ambiguous_aliases) {
                let looks_like_host =
                    spelled.contains('.') && !spelled.contains(' ') && !spelled.ends_with('.');
                let normalized = Normalized::of(spelled);
                let phrase = normalized.trimmed();
                let known = if looks_like_host { Strength::Domain } else { judge(phrase) };
                aliases.add(phrase, Alias { entry, strength: known, spelled: spelled.clone() });
                let bare = without_legal_form(&normalized, vocabulary);
                // "Online SAS" is a company; "online" is not.
                if bare != phrase && judge(&bare) > Strength::Word {
                    aliases.add(&bare, Alias { entry, strength: judge(&bare), spelled: spelled.clone() });
                }
                for several in [phrase, &bare] {
                    let joined: String = several.split(' ').collect();
                    if !several.is_empty() && joined != several && joined.len() >= JOINED_LEN_MIN {
                        aliases.add(
                            &joined,
                            Alias { entry, strength: judge(&joined), spelled: spelled.clone() },
                        );
                    }
                }
            }
            if let Some(rest) = app.parent.as_deref().and_then(|id| dictionary.app(id)).and_then(|parent| {
                let company = Normalized::of(&parent.name);
                name.strip_prefix(company.trimmed())
                    .and_then(|rest| rest.strip_prefix(' '))
                    .map(str::to_owned)
            }) {
                aliases.add(&rest, Alias { entry, strength: Strength::Remainder, spelled: app.name.clone() });
            }
            if let Some(domain) = &app.domain {
                aliases.add_domain(entry, domain, &judge);
            }
        }
        aliases
    }

    /// Owners of a normalised spelling.
    pub(crate) fn find(&self, phrase: &str) -> Option<usize> {
        self.by_phrase.get(phrase).copied()
    }

    fn add_domain(&mut self, entry: EntryId, domain: &str, judge: &dyn Fn(&str) -> Strength) {
        let host = domain.strip_prefix("www.").unwrap_or(domain).trim_end_matches('/');
        let phrase = Normalized::of(host).trimmed().to_owned();
        self.domains[entry.index()].clone_from(&phrase);
        self.add(&phrase, Alias { entry, strength: Strength::Domain, spelled: domain.to_owned() });
        // "quillwork.co.uk" bills as "QUILLWORK"; "app.quillwork.co.uk" or "quillwork.io/design" says less.
        let Some((label, suffix)) = host.split_once('.') else { return };
        let one_label = !host.contains('/') && (suffix.split('.').count() == 1 || is_second_level(suffix));
        if one_label && label.len() >= JOINED_LEN_MIN {
            let label = Normalized::of(label).trimmed().to_owned();
            self.add(&label, Alias { entry, strength: judge(&label), spelled: domain.to_owned() });
        }
    }

    fn add(&mut self, phrase: &str, alias: Alias) {
        if phrase.len() < 2 {
            return;
        }
        let at = *self.by_phrase.entry(phrase.to_owned()).or_insert_with(|| {
            self.phrases.push(phrase.to_owned());
            self.owners.push(Vec::new());
            self.phrases.len() - 1
        });
        // The first spelling of an owner stays: names come before what is derived from them.
        if self.owners[at].iter().all(|known| known.entry != alias.entry) {
            self.owners[at].push(alias);
        }
    }
}

fn is_second_level(suffix: &str) -> bool {
    matches!(suffix.split_once('.'), Some(("co" | "com" | "org" | "net" | "ac" | "gov", country)) if country.len() == 2)
}

fn strength(phrase: &str, flagged: bool, vocabulary: &Vocabulary) -> Strength {
    let says_nothing = Classes::ORDINARY
        .or(Classes::VENUE)
        .or(Classes::PLACE)
        .or(Classes::SERVICE)
        .or(Classes::LEGAL)
        .or(Classes::PLACEHOLDER)
        .or(Classes::BANK)
        .or(Classes::HARDWARE)
        .or(Classes::OCCASION);
    let ordinary = phrase.split(' ').all(|word| vocabulary.classes_of(word).any(says_nothing));
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

fn without_legal_form(normalized: &Normalized, vocabulary: &Vocabulary) -> String {
    let words: Vec<&str> = normalized.trimmed().split(' ').collect();
    let is_legal = |word: &&str| vocabulary.classes_of(word).any(Classes::LEGAL);
    let kept = words.iter().rposition(|word| !is_legal(word)).map_or(0, |last| last + 1);
    words[..kept].join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aliases() -> (Dictionary, Aliases) {
        let dictionary = Dictionary::from_jsonl(concat!(
            r#"{"id":"quillwork","name":"Quill Work","aliases":["Quillwork Labs Inc"],"domain":"quillwork.co.uk"}"#,
            "\n",
            r#"{"id":"beacon","name":"Beacon","domain":"beacon.io","ambiguous":true}"#,
            "\n",
            r#"{"id":"payco","name":"Payco","role":"processor"}"#,
        ))
        .unwrap();
        let aliases = Aliases::of(&dictionary, &Vocabulary::shipped());
        (dictionary, aliases)
    }

    #[test]
    fn spellings_are_derived_and_judged() {
        let (_, aliases) = aliases();
        let check = |phrase: &str, expected: Option<Strength>| {
            let strength = aliases.find(phrase).map(|at| aliases.owners[at][0].strength);
            assert_eq!(strength, expected, "phrase {phrase}");
        };
        check("quill work", Some(Strength::Shared));
        check("quillwork", Some(Strength::Distinct));
        check("quillwork labs inc", Some(Strength::Distinct));
        check("quillwork labs", Some(Strength::Distinct));
        check("quillwork co uk", Some(Strength::Domain));
        check("beacon", Some(Strength::Word));
        check("beacon io", Some(Strength::Domain));
        check("payco", None);
    }
}
