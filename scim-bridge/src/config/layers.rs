//! The layers on top of each other, and for each value the one it came from.
//!
//! Keys are dotted (`delivery.lease`). What exists is read off `Config::default()`, so that a new field
//! is a new setting with no second list to keep.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use super::{Config, ENV_PREFIX, ENV_RESERVED, Error};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A line of the configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// 1-based.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// A flag, for example `--listen`.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Environment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// One setting with its effective value.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Dotted key.
    pub key: String,
    /// Effective value.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

/// The layers, applied in the order of the calls.
#[derive(Debug)]
pub struct Layers {
    settings: BTreeMap<String, (Value, Origin)>,
}

impl Default for Layers {
    fn default() -> Self {
        let defaults = Table::try_from(Config::default()).unwrap_or_default();
        let settings =
            leaves(&defaults).into_iter().map(|(key, value)| (key, (value, Origin::Default))).collect();
        Self { settings }
    }
}

impl Layers {
    /// Puts a file on top.
    ///
    /// # Errors
    /// Unreadable, not TOML, or an unknown key.
    pub fn file(&mut self, path: &Path) -> Result<(), Error> {
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        self.text(path, &text)
    }

    fn text(&mut self, path: &Path, text: &str) -> Result<(), Error> {
        let syntax = |error: toml::de::Error| Error::Syntax {
            path: path.to_owned(),
            line: line_of(text, error.span().map_or(0, |span| span.start)),
            reason: error.message().to_owned(),
        };
        let table: Table = text.parse().map_err(syntax)?;
        let spans = toml::de::DeTable::parse(text).map_err(syntax)?;
        let mut starts = BTreeMap::new();
        key_starts("", spans.get_ref(), &mut starts);
        for (key, value) in leaves(&table) {
            let line = line_of(text, starts.get(&key).copied().unwrap_or(0));
            self.put(&key, value, Origin::File { path: path.to_owned(), line })?;
        }
        Ok(())
    }

    /// Puts the environment on top: every variable that begins with [`ENV_PREFIX`] is a setting.
    ///
    /// # Errors
    /// An unknown setting, or a value of the wrong type.
    pub fn environment(
        &mut self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), Error> {
        for (name, text) in variables {
            if !name.starts_with(ENV_PREFIX) || ENV_RESERVED.contains(&name.as_str()) {
                continue;
            }
            let key = self.settings.keys().find(|key| env_name(key) == name).cloned();
            let key = key.ok_or_else(|| Error::UnknownKey {
                origin: Origin::Environment(name.clone()),
                key: name.clone(),
                nearest: self.nearest(&name, env_name),
            })?;
            self.put_text(&key, &text, Origin::Environment(name))?;
        }
        Ok(())
    }

    /// Puts one flag on top.
    ///
    /// # Errors
    /// An unknown key, or a value of the wrong type.
    pub fn flag(&mut self, flag: &str, key: &str, text: &str) -> Result<(), Error> {
        self.put_text(key, text, Origin::Flag(flag.to_owned()))
    }

    /// The effective values by key. Passwords in addresses are hidden.
    pub fn settings(&self) -> Vec<Setting> {
        self.settings
            .iter()
            .map(|(key, (value, origin))| Setting {
                key: key.clone(),
                value: shown(key, value),
                origin: origin.clone(),
            })
            .collect()
    }

    /// The configuration, judged.
    ///
    /// # Errors
    /// A value of the wrong type or form, or a contradiction.
    pub fn build(&self) -> Result<Config, Error> {
        let mut table = Table::new();
        for (key, (value, origin)) in &self.settings {
            // One value at a time, so that an error can say where that value came from.
            let mut single = Table::new();
            insert(&mut single, key, value.clone());
            Config::deserialize(single).map_err(|error| Error::Value {
                origin: origin.clone(),
                key: key.clone(),
                reason: error.message().to_owned(),
            })?;
            insert(&mut table, key, value.clone());
        }
        let config = Config::deserialize(table).map_err(|error| Error::Value {
            origin: Origin::Default,
            key: "configuration".to_owned(),
            reason: error.message().to_owned(),
        })?;
        config.validate()?;
        Ok(config)
    }

    /// A text becomes what the setting is: environment and flags know only text.
    fn put_text(&mut self, key: &str, text: &str, origin: Origin) -> Result<(), Error> {
        let wrong = |expected: &str| Error::Value {
            origin: origin.clone(),
            key: key.to_owned(),
            reason: format!("{text:?} is not {expected}"),
        };
        let value = match self.settings.get(key).map(|(value, _)| value) {
            Some(Value::Boolean(_)) => {
                text.parse().map(Value::Boolean).map_err(|_| wrong("true or false"))?
            }
            Some(Value::Integer(_)) => {
                text.parse().map(Value::Integer).map_err(|_| wrong("a whole number"))?
            }
            _ => Value::String(text.to_owned()),
        };
        self.put(key, value, origin)
    }

    fn put(&mut self, key: &str, value: Value, origin: Origin) -> Result<(), Error> {
        if let Some(setting) = self.settings.get_mut(key) {
            *setting = (value, origin);
            return Ok(());
        }
        let nearest = self.nearest(key, str::to_owned);
        Err(Error::UnknownKey { origin, key: key.to_owned(), nearest })
    }

    /// The known key whose spelling is closest, if any is close.
    fn nearest(&self, key: &str, spelling: impl Fn(&str) -> String) -> Option<String> {
        self.settings
            .keys()
            .map(|known| spelling(known))
            // A key without its section is a common slip: compare the last part as well.
            .map(|known| {
                let last = known.rsplit('.').next().unwrap_or(&known);
                (edit_distance(key, &known).min(edit_distance(key, last) + 1), known)
            })
            .min()
            .filter(|(distance, _)| *distance <= 1 + key.chars().count() / 3)
            .map(|(_, known)| known)
    }
}

/// The environment variable of a setting.
fn env_name(key: &str) -> String {
    format!("{ENV_PREFIX}{}", key.replace('.', "_").to_ascii_uppercase())
}

/// What may be shown of a value.
fn shown(key: &str, value: &Value) -> Value {
    match value {
        Value::String(url) if matches!(key, "database_url" | "concur.proxy") => {
            Value::String(super::SecretUrl::new(url.clone()).redacted())
        }
        other => other.clone(),
    }
}

/// All values with their dotted keys, in the order of the table.
pub(super) fn leaves(table: &Table) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => {
                found.extend(leaves(inner).into_iter().map(|(rest, value)| (format!("{key}.{rest}"), value)));
            }
            other => found.push((key.clone(), other.clone())),
        }
    }
    found
}

/// Byte offset of every key.
fn key_starts(prefix: &str, table: &toml::de::DeTable<'_>, starts: &mut BTreeMap<String, usize>) {
    for (key, value) in table {
        let dotted =
            if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        if let toml::de::DeValue::Table(inner) = value.get_ref() {
            key_starts(&dotted, inner, starts);
        }
        starts.insert(dotted, key.span().start);
    }
}

fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((section, rest)) => {
            let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(section) = section {
                insert(section, rest, value);
            }
        }
    }
}

/// 1-based line of a byte offset.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// Levenshtein distance: insertions, deletions and replacements of one character.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn from_text(text: &str) -> Result<Layers, Error> {
        let mut layers = Layers::default();
        layers.text(Path::new("bridge.toml"), text).map(|()| layers)
    }

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn flag_beats_environment_beats_file_beats_default() {
        let mut layers = from_text("listen = \"a:1\"\n[delivery]\nlease = \"2m\"\nbulk_from = 7\n").unwrap();
        layers
            .environment(variables(&[
                ("SCIM_BRIDGE_LISTEN", "b:2"),
                ("SCIM_BRIDGE_DELIVERY_LEASE", "3m"),
                ("SCIM_BRIDGE_TOKEN", "not a setting"),
                ("PATH", "/bin"),
            ]))
            .unwrap();
        layers.flag("--listen", "listen", "c:3").unwrap();
        let config = layers.build().unwrap();
        assert_eq!(config.listen, "c:3");
        assert_eq!(config.delivery.lease, Duration::from_mins(3));
        assert_eq!(config.delivery.bulk_from, 7);
        assert_eq!(config.confirm_within, Duration::from_secs(8));
        let origin =
            |key: &str| layers.settings().into_iter().find(|s| s.key == key).unwrap().origin.to_string();
        assert_eq!(origin("listen"), "--listen");
        assert_eq!(origin("delivery.lease"), "SCIM_BRIDGE_DELIVERY_LEASE");
        assert_eq!(origin("delivery.bulk_from"), "bridge.toml, line 4");
        assert_eq!(origin("confirm_within"), "default");
    }

    #[test]
    fn an_unknown_key_names_file_line_and_the_nearest_key() {
        let check = |text: &str, message: &str| {
            assert_eq!(from_text(text).unwrap_err().to_string(), message);
        };
        check(
            "listen = \"a:1\"\n\nconfirm_whithin = \"1s\"\n",
            "bridge.toml, line 3: there is no setting \"confirm_whithin\"; did you mean \"confirm_within\"?",
        );
        check(
            "[delivery]\nlaese = \"90s\"\n",
            "bridge.toml, line 2: there is no setting \"delivery.laese\"; did you mean \"delivery.lease\"?",
        );
        check(
            "bulk_from = 3\n",
            "bridge.toml, line 1: there is no setting \"bulk_from\"; did you mean \"delivery.bulk_from\"?",
        );
        check("zzz = 3\n", "bridge.toml, line 1: there is no setting \"zzz\"");
    }

    #[test]
    fn an_unknown_variable_names_the_nearest_one() {
        let error = Layers::default().environment(variables(&[("SCIM_BRIDGE_LISTENN", "a:1")])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "SCIM_BRIDGE_LISTENN: there is no setting \"SCIM_BRIDGE_LISTENN\"; did you mean \"SCIM_BRIDGE_LISTEN\"?"
        );
    }

    #[test]
    fn a_wrong_value_says_where_it_stands_and_what_is_expected() {
        let message = |text: &str| from_text(text).unwrap().build().unwrap_err().to_string();
        assert!(
            message("\nconfirm_within = \"soon\"")
                .starts_with("bridge.toml, line 2: confirm_within: \"soon\"")
        );
        assert!(message("[log]\nlevel = \"loud\"").contains("line 2: log.level: unknown variant `loud`"));
        assert!(message("listen = 5").contains("line 1: listen: invalid type: integer"));
        let error =
            Layers::default().environment(variables(&[("SCIM_BRIDGE_METRICS_OPEN", "yes")])).unwrap_err();
        assert_eq!(error.to_string(), "SCIM_BRIDGE_METRICS_OPEN: metrics_open: \"yes\" is not true or false");
    }

    #[test]
    fn broken_toml_names_the_line() {
        let message = from_text("listen = \"a:1\"\nthis is not toml\n").unwrap_err().to_string();
        assert!(message.starts_with("bridge.toml, line 2: "), "{message}");
    }

    #[test]
    fn a_database_password_is_not_shown() {
        let mut layers = Layers::default();
        layers.environment(variables(&[("SCIM_BRIDGE_DATABASE_URL", "postgres://u:pw@h/d")])).unwrap();
        let shown = layers.settings().into_iter().find(|s| s.key == "database_url").unwrap();
        assert_eq!(shown.value.as_str(), Some("postgres://***@h/d"));
        assert_eq!(layers.build().unwrap().database_url(), "postgres://u:pw@h/d");
    }

    #[test]
    fn the_distance_counts_single_letters() {
        for (a, b, distance) in
            [("", "abc", 3), ("lease", "lease", 0), ("laese", "lease", 2), ("kitten", "sitting", 3)]
        {
            assert_eq!(edit_distance(a, b), distance, "{a} {b}");
        }
    }
}
