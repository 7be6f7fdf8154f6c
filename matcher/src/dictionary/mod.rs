//! The dictionary: which apps there are and by which names they bill. JSON lines in, dense entries out.
//!
//! Building may fail, at a limit or on a broken line; searching cannot. The file format is one JSON object a line,
//! so that a change is a readable diff. Nothing is normalised or indexed here: `aliases` does that, from the entries.

mod differences;
mod layers;
pub(crate) mod lint;
mod parse;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::pair::pair;

/// How much a dictionary may hold. A dictionary comes from a file that a person edits: beyond these bounds it is
/// a mistake, not a dictionary.
pub mod limits {
    /// Entries in a dictionary: thirty times the largest catalogue we know of.
    pub const ENTRIES_MAX: usize = 1_000_000;
    /// Bytes of one line.
    pub const LINE_BYTES_MAX: usize = 64 * 1024;
    /// Aliases of one app, its name and domain not counted.
    pub const ALIASES_MAX: usize = 256;
    /// Negative words of one app.
    pub const NEGATIVE_WORDS_MAX: usize = 64;
    /// Bytes of one name, alias or domain. Concur cuts a `VendorDescription` at 64 characters, of up to 4 bytes.
    pub const ALIAS_BYTES_MAX: usize = 256;
    /// Bytes of one id.
    pub const ID_BYTES_MAX: usize = 128;
}

/// Dense number of an entry within one dictionary, in the order of the app ids. Meaningless in another dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(u32);

impl EntryId {
    pub(crate) fn from_index(index: usize) -> EntryId {
        // ENTRIES_MAX is far below u32::MAX, so the conversion cannot fail for an entry of a built dictionary.
        EntryId(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The number: the entry's place in the order of the ids.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What an entry stands for when its name is on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// An app: the answer.
    #[default]
    App,
    /// A payment intermediary: its name says how a line was paid, never what for. It is no answer.
    Processor,
    /// A seller of other companies' software: what was bought stands in the purpose. It is no answer.
    Reseller,
}

/// One app as the dictionary writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// The stable name by which matches refer to the app.
    pub id: String,
    /// The name people use.
    pub name: String,
    /// Legal entities, former names, product names, billing names.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The domain, an alias too; it may carry a path for a product of a bigger site.
    #[serde(default)]
    pub domain: Option<String>,
    /// What kind of app it is, e.g. `crm-sales`.
    #[serde(default)]
    pub category: Option<String>,
    /// The id of the company that bills for this product.
    #[serde(default)]
    pub parent: Option<String>,
    /// App, payment intermediary or reseller.
    #[serde(default)]
    pub role: Role,
    /// The name is also an ordinary word, surname or place: it needs support from its surroundings.
    #[serde(default)]
    pub ambiguous: bool,
    /// For people: what else the name means.
    #[serde(default)]
    pub ambiguity_note: Option<String>,
    /// Aliases that are ambiguous although the name is not, or which ones are when not all of them are.
    #[serde(default)]
    pub ambiguous_aliases: Vec<String>,
    /// Words that tell of somebody else with the same name when vendor or purpose hold them: the `orchard` of an app called Apple.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub negative_words: Vec<String>,
    /// Where the entry comes from.
    #[serde(default)]
    pub source: Option<String>,
    /// By alias: where it comes from, if from elsewhere than the entry.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub alias_sources: BTreeMap<String, String>,
    /// Under which licence.
    #[serde(default)]
    pub licence: Option<String>,
}

impl App {
    /// Where one of its spellings comes from: its own source, or else that of the app.
    pub fn source_of(&self, spelling: &str) -> Option<&str> {
        self.alias_sources.get(spelling).or(self.source.as_ref()).map(String::as_str)
    }
}

/// Why a dictionary could not be built: the line, the reason, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("dictionary line {line}: {reason}")]
pub struct DictionaryError {
    /// Line of the file, counted from 1.
    pub line: usize,
    /// What is wrong with it and what to do.
    pub reason: String,
}

/// Entries from which on two cores are quicker than one.
const LARGE: usize = 20_000;

/// All apps that a matcher knows, ordered by id.
#[derive(Debug, Clone)]
pub struct Dictionary {
    apps: Vec<App>,
    version: String,
}

impl Dictionary {
    /// Reads a dictionary from JSON lines. Empty lines are skipped; the order of the lines does not matter.
    ///
    /// # Errors
    /// The first line that is not a valid entry, that repeats an id, that names an unknown parent, or that passes
    /// one of the [`limits`].
    pub fn from_jsonl(text: &str) -> Result<Dictionary, DictionaryError> {
        let mut entries = parse::entries(text)?;
        if let Some((line, _)) = entries.get(limits::ENTRIES_MAX) {
            let reason = format!("more than {} entries; split the dictionary", limits::ENTRIES_MAX);
            return Err(DictionaryError { line: *line, reason });
        }
        entries.sort_by(|a, b| a.1.id.cmp(&b.1.id).then(a.0.cmp(&b.0)));
        if let Some(pair) = entries.windows(2).filter(|p| p[0].1.id == p[1].1.id).min_by_key(|p| p[1].0) {
            let reason = format!(
                "the id {:?} is already used on line {}; merge the two entries",
                pair[1].1.id, pair[0].0
            );
            return Err(DictionaryError { line: pair[1].0, reason });
        }
        for (line, app) in &entries {
            let Some(parent) = &app.parent else { continue };
            if entries.binary_search_by(|(_, other)| other.id.as_str().cmp(parent)).is_err() {
                let reason =
                    format!("the parent {parent:?} is not in the dictionary; add it or remove the reference");
                return Err(DictionaryError { line: *line, reason });
            }
        }
        let apps: Vec<App> = entries.into_iter().map(|(_, app)| app).collect();
        let version = version_of(&apps);
        Ok(Dictionary { apps, version })
    }

    /// Hash of the content: equal for files that say the same in another order or layout.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Number of entries, intermediaries included.
    pub fn len(&self) -> usize {
        self.apps.len()
    }

    /// Whether there is no entry at all.
    pub fn is_empty(&self) -> bool {
        self.apps.is_empty()
    }

    /// The app of an id.
    pub fn app(&self, id: &str) -> Option<&App> {
        self.entry_id(id).map(|entry| self.get(entry))
    }

    /// The dense number of an id.
    pub fn entry_id(&self, id: &str) -> Option<EntryId> {
        self.apps.binary_search_by(|app| app.id.as_str().cmp(id)).ok().map(EntryId::from_index)
    }

    /// The app of a dense number that this dictionary gave out.
    ///
    /// # Panics
    /// When the number comes from a larger dictionary.
    pub fn get(&self, entry: EntryId) -> &App {
        &self.apps[entry.index()]
    }

    /// All apps in the order of their ids, each with its number.
    pub fn iter(&self) -> impl Iterator<Item = (EntryId, &App)> {
        self.apps.iter().enumerate().map(|(index, app)| (EntryId::from_index(index), app))
    }
}

fn version_of(apps: &[App]) -> String {
    let (one, other) = apps.split_at(apps.len() / 2);
    let (other, mut hasher) = pair(
        apps.len() >= LARGE,
        || {
            let mut lines = Vec::new();
            for app in other {
                write_line(app, &mut lines);
            }
            lines
        },
        || {
            let (mut hasher, mut line) = (blake3::Hasher::new(), Vec::new());
            for app in one {
                line.clear();
                write_line(app, &mut line);
                hasher.update(&line);
            }
            hasher
        },
    );
    hasher.update(&other).finalize().to_hex().to_string()
}

/// Appends an entry as a line.
fn write_line(app: &App, lines: &mut Vec<u8>) {
    let start = lines.len();
    // A struct of strings and booleans always serialises; an entry that did not would leave a gap in the hash.
    if serde_json::to_writer(&mut *lines, app).is_err() {
        lines.truncate(start);
    }
    lines.push(b'\n');
}
