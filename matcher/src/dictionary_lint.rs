//! What is doubtful about a dictionary that can be read, layers of dictionaries, and how two of them differ.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::dictionary::{App, Dictionary};
use crate::normalize::Normalized;
use crate::words::is_common;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It may be meant.
    Warning,
    /// It is wrong.
    Error,
}

/// Something doubtful about an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// The app's id.
    pub app: String,
    /// What, and what to do.
    pub message: String,
}

/// Letters up to which a name is too short to stand by itself.
const SHORT_LEN_MAX: usize = 3;

impl Dictionary {
    /// Everything doubtful, in the order of the ids.
    pub fn lint(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut owners: HashMap<String, Vec<&App>> = HashMap::new();
        for (_, app) in self.iter() {
            let phrases: BTreeSet<String> =
                spellings(app).map(|name| Normalized::of(name).phrase()).collect();
            for phrase in phrases {
                owners.entry(phrase).or_default().push(app);
            }
        }
        for (_, app) in self.iter() {
            let mut tell = |severity: Severity, message: String| {
                findings.push(Finding { severity, app: app.id.clone(), message });
            };
            let slug = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if !app.id.bytes().all(slug) {
                tell(Severity::Error, "an id is made of small letters, digits and hyphens".to_owned());
            }
            if let Some(domain) = app.domain.as_deref().filter(|domain| !is_host(domain)) {
                let message = format!(
                    "{domain:?} is no host name; write it like quillwork.io, without https:// and capitals"
                );
                tell(Severity::Error, message);
            }
            if self.is_own_ancestor(app) {
                tell(Severity::Error, "its parents lead back to it; remove one of the references".to_owned());
            }
            for (what, given) in [("source", &app.source), ("licence", &app.licence)] {
                if given.as_deref().is_none_or(|text| text.trim().is_empty()) {
                    tell(Severity::Warning, format!("no {what}: say where the entry comes from"));
                }
            }
            let mut seen = BTreeSet::new();
            for spelled in spellings(app) {
                let phrase = Normalized::of(spelled).phrase();
                if phrase.is_empty() {
                    tell(
                        Severity::Error,
                        format!("{spelled:?} has no letter and no digit; it can never be found"),
                    );
                    continue;
                }
                if !seen.insert(phrase.clone()) {
                    continue;
                }
                let flagged = app.ambiguous_aliases.iter().any(|alias| alias == spelled)
                    || app.ambiguous && *spelled == app.name;
                if !flagged && !phrase.contains(' ') && is_common(&phrase) {
                    let message = format!("{spelled:?} is a common word or a surname; flag it as ambiguous");
                    tell(Severity::Warning, message);
                }
                if !flagged && phrase.len() <= SHORT_LEN_MAX {
                    let message = format!("{spelled:?} is very short; flag it as ambiguous, or remove it");
                    tell(Severity::Warning, message);
                }
                let related = |other: &App| {
                    other.id == app.id
                        || other.parent.as_deref() == Some(&*app.id)
                        || app.parent.as_deref() == Some(&*other.id)
                };
                let others = owners.get(&phrase).into_iter().flatten();
                // Told once, at the first of the two.
                for other in others.filter(|other| other.id > app.id && !related(other)) {
                    let message = format!(
                        "{spelled:?} is also a name of {}; a line that bears it could be either",
                        other.id
                    );
                    tell(Severity::Warning, message);
                }
            }
            for alias in app.ambiguous_aliases.iter().filter(|alias| !app.aliases.contains(alias)) {
                tell(
                    Severity::Warning,
                    format!("{alias:?} is flagged as ambiguous and is no alias; add it to aliases"),
                );
            }
        }
        findings
    }

    fn is_own_ancestor(&self, app: &App) -> bool {
        let mut at = app;
        // A chain longer than the dictionary has met something twice.
        for _ in 0..self.len() {
            match at.parent.as_deref().and_then(|id| self.app(id)) {
                Some(parent) if parent.id == app.id => return true,
                Some(parent) => at = parent,
                None => return false,
            }
        }
        false
    }

    /// Lays dictionaries over one another, the first at the bottom. An app of a later layer that is in an earlier one
    /// adds its aliases and replaces what else it says; all that it does not say stays.
    pub fn layered(layers: impl IntoIterator<Item = Dictionary>) -> Vec<App> {
        let mut apps: BTreeMap<String, App> = BTreeMap::new();
        for layer in layers {
            for (_, above) in layer.iter() {
                match apps.get_mut(&above.id) {
                    Some(below) => lay_over(below, above),
                    None => drop(apps.insert(above.id.clone(), above.clone())),
                }
            }
        }
        apps.into_values().collect()
    }

    /// How another dictionary differs from this one, a line each.
    pub fn differences(&self, other: &Dictionary) -> Vec<String> {
        let ids: BTreeSet<&str> = self.iter().chain(other.iter()).map(|(_, app)| app.id.as_str()).collect();
        let mut lines = Vec::new();
        for id in ids {
            match (self.app(id), other.app(id)) {
                (Some(_), None) => lines.push(format!("- {id}")),
                (None, Some(app)) => lines.push(format!("+ {id} ({})", app.name)),
                (Some(before), Some(after)) => lines.extend(changes(before, after)),
                (None, None) => {}
            }
        }
        lines
    }
}

fn spellings(app: &App) -> impl Iterator<Item = &String> {
    std::iter::once(&app.name).chain(&app.aliases)
}

fn is_host(domain: &str) -> bool {
    let host = domain.split('/').next().unwrap_or_default();
    let label = |label: &str| {
        !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() && !c.is_uppercase() || c == '-')
    };
    host.contains('.') && host.split('.').all(label)
}

fn lay_over(below: &mut App, above: &App) {
    for (kept, more) in
        [(&mut below.aliases, &above.aliases), (&mut below.ambiguous_aliases, &above.ambiguous_aliases)]
    {
        for alias in more {
            if !kept.contains(alias) {
                kept.push(alias.clone());
            }
        }
    }
    below.name.clone_from(&above.name);
    below.role = above.role;
    below.ambiguous |= above.ambiguous;
    for (kept, said) in [
        (&mut below.domain, &above.domain),
        (&mut below.category, &above.category),
        (&mut below.parent, &above.parent),
        (&mut below.ambiguity_note, &above.ambiguity_note),
        (&mut below.source, &above.source),
        (&mut below.licence, &above.licence),
    ] {
        if said.is_some() {
            kept.clone_from(said);
        }
    }
}

fn changes(before: &App, after: &App) -> Vec<String> {
    let id = &before.id;
    let mut lines = Vec::new();
    let mut text = |what: &str, from: Option<&str>, to: Option<&str>| {
        if from != to {
            lines.push(format!("~ {id}: {what} {} -> {}", from.unwrap_or("none"), to.unwrap_or("none")));
        }
    };
    text("name", Some(&before.name), Some(&after.name));
    text("domain", before.domain.as_deref(), after.domain.as_deref());
    text("category", before.category.as_deref(), after.category.as_deref());
    text("parent", before.parent.as_deref(), after.parent.as_deref());
    let flag = |app: &App| if app.ambiguous { "yes" } else { "no" };
    text("ambiguous", Some(flag(before)), Some(flag(after)));
    for (from, to) in
        [(&before.aliases, &after.aliases), (&before.ambiguous_aliases, &after.ambiguous_aliases)]
    {
        lines.extend(
            from.iter().filter(|alias| !to.contains(alias)).map(|alias| format!("~ {id}: without {alias:?}")),
        );
        lines.extend(
            to.iter().filter(|alias| !from.contains(alias)).map(|alias| format!("~ {id}: with {alias:?}")),
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Dictionary {
        Dictionary::from_jsonl(text).unwrap()
    }

    #[test]
    fn what_is_doubtful_is_found() {
        let check = |text: &str, severity: Severity, words: &str| {
            let findings = read(text).lint();
            let found = findings.iter().any(|f| f.severity == severity && f.message.contains(words));
            assert!(found, "{words:?} is not among {findings:#?}");
        };
        check(r#"{"id":"Quill Work","name":"Quillwork"}"#, Severity::Error, "small letters");
        check(
            r#"{"id":"q","name":"Quillwork","domain":"https://quillwork.io"}"#,
            Severity::Error,
            "no host name",
        );
        check(r#"{"id":"q","name":"Quillwork"}"#, Severity::Warning, "no source");
        check(r#"{"id":"q","name":"Conference"}"#, Severity::Warning, "common word");
        check(r#"{"id":"q","name":"Quillwork","aliases":["QW"]}"#, Severity::Warning, "very short");
        check(r#"{"id":"q","name":"***"}"#, Severity::Error, "never be found");
        check(
            r#"{"id":"q","name":"Quillwork","ambiguous_aliases":["Quill"]}"#,
            Severity::Warning,
            "is no alias",
        );
        check(
            "{\"id\":\"a\",\"name\":\"Quillwork\"}\n{\"id\":\"b\",\"name\":\"QUILLWORK\"}",
            Severity::Warning,
            "also a name of b",
        );
        check(
            "{\"id\":\"a\",\"name\":\"Ana\",\"parent\":\"b\"}\n{\"id\":\"b\",\"name\":\"Bob\",\"parent\":\"a\"}",
            Severity::Error,
            "lead back",
        );
        let clean =
            r#"{"id":"q","name":"Quillwork","domain":"quillwork.io","source":"own","licence":"CC0-1.0"}"#;
        assert_eq!(read(clean).lint(), []);
    }

    #[test]
    fn a_layer_adds_and_replaces_and_the_difference_says_so() {
        let below = read(
            "{\"id\":\"q\",\"name\":\"Quillwork\",\"aliases\":[\"Quill\"],\"domain\":\"quillwork.io\"}\n{\"id\":\"z\",\"name\":\"Zanderly\"}",
        );
        let above = read(
            "{\"id\":\"q\",\"name\":\"Quillwork 2\",\"aliases\":[\"QW Labs\"]}\n{\"id\":\"n\",\"name\":\"Newly\"}",
        );
        let apps = Dictionary::layered([below.clone(), above]);
        assert_eq!(apps.iter().map(|app| app.id.as_str()).collect::<Vec<_>>(), ["n", "q", "z"]);
        assert_eq!(apps[1].aliases, ["Quill", "QW Labs"]);
        assert_eq!(apps[1].domain.as_deref(), Some("quillwork.io"));
        let text: String = apps.iter().map(|app| serde_json::to_string(app).unwrap() + "\n").collect();
        let lines = below.differences(&read(&text));
        assert_eq!(lines, ["+ n (Newly)", "~ q: name Quillwork -> Quillwork 2", "~ q: with \"QW Labs\""]);
        assert_eq!(read(&text).differences(&below).first().map(String::as_str), Some("- n"));
        assert!(below.differences(&below).is_empty());
    }
}
