//! What the apps of a category do, in the words in which people say it: "team chat", "CRM", "design tool".
//!
//! `data/work.txt` holds the phrases by the dictionary's categories; `reading` finds them with all others, and `score` takes
//! them for support where a name alone says little. A category that the file does not know has no such words, and an
//! app of it gets no such support. The table is general: it was written from what such software is called, names no
//! app, and holds for any customer.

use rustc_hash::FxHashMap;

use crate::normalize::Normalized;
use crate::phrases::Phrases;

const SHIPPED: &str = include_str!("../data/work.txt");
/// The section of the words that `~` stands for.
const KIND: &str = "kind";
/// Categories that a [`Works`] can tell apart.
const CATEGORIES_MAX: usize = 64;

/// A set of categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Works(u64);

impl Works {
    pub(crate) const EMPTY: Works = Works(0);

    pub(crate) const fn or(self, other: Works) -> Works {
        Works(self.0 | other.0)
    }

    /// Whether the two sets share a category.
    pub(crate) fn any(self, of: Works) -> bool {
        self.0 & of.0 != 0
    }
}

/// Which phrases speak of which categories' work.
#[derive(Debug)]
pub(crate) struct LinesOfWork {
    categories: FxHashMap<&'static str, Works>,
    /// By phrase.
    of_phrase: Vec<Works>,
}

impl LinesOfWork {
    /// The table as it is shipped; its phrases are added to `phrases`, which must hold no names yet.
    pub(crate) fn shipped(phrases: &mut Phrases) -> LinesOfWork {
        let mut table = LinesOfWork { categories: FxHashMap::default(), of_phrase: Vec::new() };
        let kinds: Vec<&str> =
            lines(SHIPPED).filter(|&(section, _)| section == KIND).map(|(_, kind)| kind).collect();
        for (section, phrase) in lines(SHIPPED).filter(|&(section, _)| section != KIND) {
            let works = table.category(section);
            match phrase.strip_suffix('~') {
                Some(stem) => {
                    for kind in &kinds {
                        table.add(&format!("{stem} {kind}"), works, phrases);
                    }
                }
                None => table.add(phrase, works, phrases),
            }
        }
        table
    }

    /// The categories that a phrase, by its number, speaks of.
    #[inline]
    pub(crate) fn of_phrase(&self, phrase: usize) -> Works {
        self.of_phrase.get(phrase).copied().unwrap_or_default()
    }

    /// A category of the dictionary as a set; empty for one that the table does not know.
    pub(crate) fn of_category(&self, category: &str) -> Works {
        self.categories.get(category).copied().unwrap_or_default()
    }

    /// The set of a section's categories.
    fn category(&mut self, section: &'static str) -> Works {
        let next = self.categories.len();
        // A test keeps the shipped file within the bound; beyond it a category would be unknown.
        let bit = if next < CATEGORIES_MAX { Works(1 << next) } else { Works::EMPTY };
        *self.categories.entry(section).or_insert(bit)
    }

    fn add(&mut self, phrase: &str, works: Works, phrases: &mut Phrases) {
        let phrase = Normalized::of(phrase).phrase();
        if phrase.is_empty() {
            return;
        }
        let number = phrases.add(&phrase);
        self.of_phrase.resize(self.of_phrase.len().max(number + 1), Works::EMPTY);
        let slot = &mut self.of_phrase[number];
        *slot = slot.or(works);
    }
}

/// The phrases of a file, each with its section.
fn lines(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut section = "";
    file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).flat_map(
        move |line| {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name;
                return Vec::new();
            }
            let section = section;
            line.split(',').map(|phrase| (section, phrase.trim())).filter(|(_, p)| !p.is_empty()).collect()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn works_of(text: &str) -> (LinesOfWork, Works) {
        let mut phrases = Phrases::default();
        let table = LinesOfWork::shipped(&mut phrases);
        let mut numbers = Vec::new();
        phrases.look_up(&Normalized::of(text), &mut numbers);
        let mut works = Works::EMPTY;
        phrases.find_all(&numbers, |found| works = works.or(table.of_phrase(found.pattern)));
        (table, works)
    }

    #[test]
    fn a_purpose_tells_the_line_of_work_in_five_languages() {
        for (text, category) in [
            ("Team chat for engineering", "collaboration"),
            ("Videokonferenzen Vertrieb", "collaboration"),
            ("CRM seats", "crm-sales"),
            ("outil de design", "design"),
            ("software de contabilidad", "finance-accounting"),
            ("電子契約 4月分", "legal-esign"),
            ("Design tool", "design"),
        ] {
            let (table, works) = works_of(text);
            assert!(works.any(table.of_category(category)), "{text} is {category}");
        }
        let (table, works) = works_of("Team chat for engineering");
        assert!(!works.any(table.of_category("crm-sales")));
        assert_eq!(table.of_category("a category of somebody's own"), Works::EMPTY);
    }

    #[test]
    fn what_anybody_sells_is_no_line_of_work() {
        for text in ["Backup", "Training", "Design", "Team lunch", "Kitchen supplies", "Video", "Support"] {
            assert_eq!(works_of(text).1, Works::EMPTY, "{text}");
        }
    }

    #[test]
    fn the_shipped_table_knows_its_categories_apart() {
        let sections: std::collections::BTreeSet<_> =
            lines(SHIPPED).map(|(section, _)| section).filter(|section| *section != KIND).collect();
        assert!(sections.len() <= CATEGORIES_MAX);
        let shipped = include_str!("../../fixtures/data/dictionary/apps.jsonl");
        for section in sections {
            assert!(shipped.contains(&format!(r#""category": "{section}""#)), "no app is of {section}");
        }
    }
}
