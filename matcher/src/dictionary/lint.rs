//! What is doubtful about a dictionary that can be read.

use std::collections::{BTreeSet, HashMap};

use super::{App, Dictionary, Role};
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
                // Only an app is an answer that could be wrong.
                let flagged = app.role != Role::App
                    || app.ambiguous_aliases.iter().any(|alias| alias == spelled)
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
            for alias in app.alias_sources.keys().filter(|alias| !spellings(app).any(|name| name == *alias)) {
                tell(
                    Severity::Warning,
                    format!("alias_sources speaks of {alias:?}, which is no alias; correct or remove it"),
                );
            }
            for word in &app.negative_words {
                let phrase = Normalized::of(word).phrase();
                if phrase.is_empty()
                    || seen.iter().any(|name| format!(" {name} ").contains(&format!(" {phrase} ")))
                {
                    tell(
                        Severity::Error,
                        format!(
                            "the negative word {word:?} is empty or part of a name of the app itself; remove it"
                        ),
                    );
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
            r#"{"id":"q","name":"Quillwork","alias_sources":{"Quill":"own"}}"#,
            Severity::Warning,
            "which is no alias",
        );
        check(
            r#"{"id":"q","name":"Quill Work","negative_words":["work"]}"#,
            Severity::Error,
            "part of a name",
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
}
