//! Rules that a person's decisions suggest: "six lines like this were decided by hand; make it a rule?" Only proposals come
//! out of it; whoever is asked decides.
//!
//! Among lines that a person decided otherwise than the machine, and all in one way, the words are sought that most of them
//! share, in the vendor or in the purpose, and that no line has which a person decided in another way. Of several such runs of words the
//! longest is taken: it says the most, and holds for the fewest others. Words that anybody may use, such as places, legal
//! forms and a single ordinary word, do not tell one vendor from another; with them alone the whole text must be the same.

use std::collections::{BTreeMap, HashSet};

use super::condition::spaced;
use super::{Action, limits};
use crate::dictionary::{Dictionary, EntryId};
use crate::matcher::Matcher;
use crate::texts::ExpenseTexts;
use crate::vocabulary::Classes;
use crate::words;

/// Words at the beginning of a text that are looked at.
const WORDS_MAX: usize = 12;
/// Words that a rule may name in a row.
const PHRASE_WORDS_MAX: usize = 6;

/// What is said about a line, by a person or by the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// It pays for this app.
    App(EntryId),
    /// It pays for none.
    NoApp,
    /// It pays for none, and nobody need look at it again.
    Ignored,
    /// It pays for none, and is kept for the record.
    Archived,
}

/// A line that a person has decided.
#[derive(Debug, Clone, Copy)]
pub struct ByHand<'t> {
    /// Its texts.
    pub texts: ExpenseTexts<'t>,
    /// What the person says.
    pub person: Said,
    /// What rules and dictionary say.
    pub machine: Said,
}

/// A rule that would have decided some lines as a person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What it would do.
    pub action: Action,
    /// The app, for [`Action::Match`] and [`Action::Never`].
    pub app: Option<EntryId>,
    /// The field that it looks at, as rules name it.
    pub field: &'static str,
    /// The test, as rules name it.
    pub test: &'static str,
    /// The words that are tested for.
    pub words: String,
    /// The lines that it would decide as the person did and the machine does not: places among those given, in their order.
    pub support: Vec<usize>,
}

/// Proposals that at least so many lines speak for and none against, those of most lines first.
pub fn propose(matcher: &Matcher, lines: &[ByHand<'_>], support_min: usize) -> Vec<Proposal> {
    let read: Vec<Read> = lines.iter().map(Read::of).collect();
    let mut wanted: BTreeMap<Wanted, Vec<usize>> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        if let Some(want) = Wanted::of(line) {
            wanted.entry(want).or_default().push(at);
        }
    }
    let mut proposals = Vec::new();
    for (want, members) in wanted {
        let against: Vec<usize> = (0..lines.len()).filter(|at| !want.is_met_by(lines[*at].person)).collect();
        let tests = tests(matcher, &read, &members);
        proposals.extend(chosen(tests, &read, &against, support_min.max(1)).map(|(test, support)| {
            Proposal {
                action: want.action,
                app: want.app,
                field: FIELDS[test.field],
                test: if test.whole { "equals" } else { "contains_word" },
                words: test.words,
                support,
            }
        }));
    }
    proposals.sort_by(|a, b| b.support.len().cmp(&a.support.len()).then_with(|| a.words.cmp(&b.words)));
    proposals
}

impl Proposal {
    /// What tells it from others, however many lines speak for it: 16 hexadecimal digits.
    pub fn id(&self, dictionary: &Dictionary) -> String {
        let app = self.app.map_or("", |app| dictionary.get(app).id.as_str());
        let parts = [self.action.as_str(), app, self.field, self.test, &self.words].join("\0");
        blake3::hash(parts.as_bytes()).to_hex()[..16].to_owned()
    }

    /// What it says, in words; a name for the rule.
    pub fn name(&self, dictionary: &Dictionary) -> String {
        let text = if self.field == FIELDS[VENDOR] { "vendor" } else { "purpose" };
        let has = if self.test == "equals" { "" } else { "with " };
        let app = self.app.map_or("", |app| dictionary.get(app).name.as_str());
        let becomes = match self.action {
            Action::Match => format!("pays for {app}"),
            Action::Never => format!("is not {app}"),
            Action::Ignore => "is ignored".to_owned(),
            Action::Archive => "is archived".to_owned(),
        };
        format!("{text} {has}{:?} {becomes}", self.words)
    }

    /// The rule as it stands in a file (TOML), under this name.
    pub fn to_toml(&self, name: &str, dictionary: &Dictionary) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let app =
            self.app.map_or(String::new(), |app| format!("app = {}\n", quoted(&dictionary.get(app).id)));
        format!(
            "[[rules]]\nname = {}\naction = {}\n{app}when = {{ {} = {{ {} = {} }} }}\n",
            quoted(name),
            quoted(self.action.as_str()),
            self.field,
            self.test,
            quoted(&self.words),
        )
    }
}

/// The fields that are looked at, the one that says more about a line first.
const FIELDS: [&str; 2] = ["vendor_description", "business_purpose"];
const VENDOR: usize = 0;

/// The words of the fields, a space around each.
struct Read([String; 2]);

impl Read {
    fn of(line: &ByHand<'_>) -> Read {
        let texts = line.texts.cut();
        Read([spaced(texts.vendor_description), spaced(texts.business_purpose)])
    }
}

/// What a rule would have to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Wanted {
    action: Action,
    app: Option<EntryId>,
}

impl Wanted {
    /// `None` when the machine says what the person says, or no rule could say it.
    fn of(line: &ByHand<'_>) -> Option<Wanted> {
        if line.person == line.machine {
            return None;
        }
        let (action, app) = match (line.person, line.machine) {
            (Said::App(app), _) => (Action::Match, Some(app)),
            (Said::Ignored, _) => (Action::Ignore, None),
            (Said::Archived, _) => (Action::Archive, None),
            (Said::NoApp, Said::App(app)) => (Action::Never, Some(app)),
            (Said::NoApp, _) => return None,
        };
        Some(Wanted { action, app })
    }

    /// Whether a person who says this has nothing against it.
    fn is_met_by(self, person: Said) -> bool {
        match self.action {
            Action::Match => self.app.is_some_and(|app| person == Said::App(app)),
            Action::Never => self.app.is_some_and(|app| person != Said::App(app)),
            Action::Ignore => person == Said::Ignored,
            Action::Archive => person == Said::Archived,
        }
    }
}

/// A test of one field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Test {
    field: usize,
    /// The whole text, and not a part of it.
    whole: bool,
    words: String,
}

impl Test {
    fn holds(&self, line: &Read) -> bool {
        let (text, words) = (&line.0[self.field], format!(" {} ", self.words));
        if self.whole { *text == words } else { text.contains(&words) }
    }

    /// Of two with equal support the greater one is taken: the one about the vendor, the one that says more.
    fn weight(&self) -> (bool, usize, usize, bool) {
        (self.field == VENDOR, self.words.split(' ').count(), self.words.len(), !self.whole)
    }
}

/// Every test that one of the members passes, with the members that pass it.
fn tests(matcher: &Matcher, read: &[Read], members: &[usize]) -> Vec<(Test, Vec<usize>)> {
    let mut found: BTreeMap<Test, Vec<usize>> = BTreeMap::new();
    for &at in members {
        let mut own: HashSet<Test> = HashSet::new();
        for (field, text) in read[at].0.iter().enumerate() {
            let words: Vec<&str> = text.split_whitespace().take(WORDS_MAX).collect();
            for from in 0..words.len() {
                for to in from + 1..=words.len().min(from + PHRASE_WORDS_MAX) {
                    if tells(matcher, &words[from..to]) {
                        own.insert(Test { field, whole: false, words: words[from..to].join(" ") });
                    }
                }
            }
            let text = text.trim();
            if !text.is_empty() && text.len() <= limits::REGEX_BYTES_MAX {
                own.insert(Test { field, whole: true, words: text.to_owned() });
            }
        }
        for test in own {
            found.entry(test).or_default().push(at);
        }
    }
    found.into_iter().collect()
}

/// Classes of words that many vendors have beside their names.
const BESIDE_NAMES: Classes = Classes::BANK
    .or(Classes::INTERMEDIARY)
    .or(Classes::STOREFRONT)
    .or(Classes::PLACEHOLDER)
    .or(Classes::LEGAL)
    .or(Classes::ACQUIRE)
    .or(Classes::PLACE)
    .or(Classes::REGION);

/// Whether words tell one vendor from another: a word that is nobody's but theirs, or two ordinary ones.
fn tells(matcher: &Matcher, phrase: &[&str]) -> bool {
    let lexicon = matcher.lexicon();
    let (mut ordinary, mut own) = (0, false);
    for word in phrase {
        let enough = if word.is_ascii() { 3 } else { 2 };
        let classes = lexicon.classes(lexicon.phrases.word(word));
        if word.chars().count() < enough
            || !word.chars().all(char::is_alphabetic)
            || classes.any(BESIDE_NAMES)
        {
            continue;
        }
        ordinary += 1;
        own |= classes == Classes::EMPTY && !words::is_common(word);
    }
    own || ordinary >= 2
}

/// The tests to propose, one after the other: the one that most of those speak for who have none yet.
fn chosen<'r>(
    tests: Vec<(Test, Vec<usize>)>,
    read: &'r [Read],
    against: &'r [usize],
    support_min: usize,
) -> impl Iterator<Item = (Test, Vec<usize>)> + 'r {
    let mut left: Vec<(Test, Vec<usize>)> =
        tests.into_iter().filter(|(_, support)| support.len() >= support_min).collect();
    std::iter::from_fn(move || {
        loop {
            let best = (0..left.len()).max_by(|a, b| {
                let weight = |at: usize| (left[at].1.len(), left[at].0.weight());
                weight(*a).cmp(&weight(*b))
            })?;
            let (test, support) = left.swap_remove(best);
            if against.iter().any(|at| test.holds(&read[*at])) {
                continue;
            }
            for (_, others) in &mut left {
                others.retain(|at| support.binary_search(at).is_err());
            }
            left.retain(|(_, others)| others.len() >= support_min);
            return Some((test, support));
        }
    })
}
