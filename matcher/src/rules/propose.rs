//! Rules that a person's decisions suggest: "six lines like this were decided by hand; make it a rule?" Only proposals come
//! out of it; whoever is asked decides.
//!
//! Among lines that a person decided otherwise than the machine, and all in one way, the words are sought that most of them
//! share, in the vendor or in the purpose, and that no line has which a person decided in another way. Of several such runs of words the
//! longest is taken: it says the most, and holds for the fewest others. Words that anybody may use, such as places, legal
//! forms and a single ordinary word, do not tell one vendor from another; with them alone the whole text must be the same.

use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};

use super::Action;
use crate::dictionary::{Dictionary, EntryId};
use crate::matcher::Matcher;
use crate::normalize::Normalized;
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
        let candidates = candidates(matcher, &read, &members, &against);
        for (test, support) in chosen(candidates, support_min.max(1)) {
            proposals.push(Proposal {
                action: want.action,
                app: want.app,
                field: FIELDS[test.field],
                test: if test.whole { "equals" } else { "contains_word" },
                words: test.words.to_owned(),
                support,
            });
        }
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

/// The words of the fields, a space between each.
struct Read([String; 2]);

impl Read {
    fn of(line: &ByHand<'_>) -> Read {
        let texts = line.texts.cut();
        let words = |text| Normalized::of(text).phrase();
        Read([words(texts.vendor_description), words(texts.business_purpose)])
    }

    /// The tests that it passes: for each run of the first words, and for each whole text.
    fn tests(&self, words_max: usize) -> impl Iterator<Item = Test<'_>> {
        self.0.iter().enumerate().filter(|(_, text)| !text.is_empty()).flat_map(move |(field, text)| {
            let ends = text.match_indices(' ').map(|(at, _)| at).chain([text.len()]);
            let ends: Vec<usize> = ends.take(words_max).collect();
            let starts: Vec<usize> = [0].into_iter().chain(ends.iter().map(|end| end + 1)).collect();
            let whole = Test { field, whole: true, words: text };
            let runs = (0..ends.len()).flat_map(move |from| {
                let to = ends.len().min(from + PHRASE_WORDS_MAX);
                let (start, ends) = (starts[from], ends[from..to].to_vec());
                ends.into_iter().map(move |end| Test { field, whole: false, words: &text[start..end] })
            });
            runs.chain([whole])
        })
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Test<'r> {
    field: usize,
    /// The whole text, and not a part of it.
    whole: bool,
    words: &'r str,
}

impl Test<'_> {
    /// Of two with equal support the greater one is taken: the one about the vendor, the one that says more.
    fn weight(self) -> (bool, usize, usize, bool) {
        (self.field == VENDOR, self.words.split(' ').count(), self.words.len(), !self.whole)
    }
}

/// Every test that one of the members passes and none of those against it, with the members that pass it.
fn candidates<'r>(
    matcher: &Matcher,
    read: &'r [Read],
    members: &[usize],
    against: &[usize],
) -> HashMap<Test<'r>, Vec<usize>> {
    let mut found: HashMap<Test<'r>, Vec<usize>> = HashMap::new();
    for &at in members {
        for test in read[at].tests(WORDS_MAX) {
            if test.whole || tells(matcher, test.words) {
                let passed = found.entry(test).or_default();
                if passed.last() != Some(&at) {
                    passed.push(at);
                }
            }
        }
    }
    for &at in against {
        for test in read[at].tests(usize::MAX) {
            found.remove(&test);
        }
    }
    found
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
fn tells(matcher: &Matcher, phrase: &str) -> bool {
    let lexicon = matcher.lexicon();
    let (mut ordinary, mut own) = (0, false);
    for word in phrase.split(' ') {
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
fn chosen(candidates: HashMap<Test<'_>, Vec<usize>>, support_min: usize) -> Vec<(Test<'_>, Vec<usize>)> {
    let many = candidates.into_iter().filter(|(_, support)| support.len() >= support_min);
    let mut left: BinaryHeap<_> =
        many.map(|(test, support)| (support.len(), test.weight(), test, support)).collect();
    let (mut spoken, mut chosen) = (HashSet::new(), Vec::new());
    while let Some((count, weight, test, mut support)) = left.pop() {
        support.retain(|at| !spoken.contains(at));
        if support.len() < support_min {
            continue;
        }
        if support.len() < count {
            // Others have more by now.
            left.push((support.len(), weight, test, support));
            continue;
        }
        spoken.extend(support.iter().copied());
        chosen.push((test, support));
    }
    chosen
}
