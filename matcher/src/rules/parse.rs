//! Rules from TOML, with errors that say which rule and what to do.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::Deserialize;
use toml::{Table, Value};

use super::condition::{Comparison, Condition, TEXTS, Test, Text, spaced};
use super::{Action, Rule, RulesError, limits};
use crate::dictionary::{Dictionary, Role};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rules: Vec<Written>,
}

/// A rule as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    action: Action,
    #[serde(default)]
    app: Option<String>,
    #[serde(default)]
    priority: i64,
    when: Table,
}

const COMPARISONS: [(&str, Comparison); 5] = [
    ("at_least", Comparison::AtLeast),
    ("above", Comparison::Above),
    ("at_most", Comparison::AtMost),
    ("below", Comparison::Below),
    ("equals", Comparison::Equals),
];

pub(super) fn rules(text: &str, dictionary: &Dictionary) -> Result<Vec<Rule>, RulesError> {
    let file: File = toml::from_str(text).map_err(|error| {
        let line =
            error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        RulesError { place: format!("line {line}"), reason: error.message().to_owned() }
    })?;
    if file.rules.len() > limits::RULES_MAX {
        let reason =
            format!("{} rules, more than {}; use fewer with any", file.rules.len(), limits::RULES_MAX);
        return Err(RulesError { place: "the file".to_owned(), reason });
    }
    let mut rules: Vec<(i64, Rule)> = Vec::with_capacity(file.rules.len());
    for (at, written) in file.rules.into_iter().enumerate() {
        let place = format!("rule {} ({:?})", at + 1, written.name);
        let priority = written.priority;
        if rules.iter().any(|(_, known)| *known.name == *written.name) {
            let reason =
                "another rule has this name; give each its own, for decisions name the rule".to_owned();
            return Err(RulesError { place, reason });
        }
        let rule = rule(written, dictionary).map_err(|reason| RulesError { place, reason })?;
        rules.push((priority, rule));
    }
    // A stable sort: among equal priorities the order of the file stays.
    rules.sort_by_key(|(priority, _)| *priority);
    Ok(rules.into_iter().map(|(_, rule)| rule).collect())
}

fn rule(written: Written, dictionary: &Dictionary) -> Result<Rule, String> {
    let needs_app = matches!(written.action, Action::Match | Action::Never);
    let app = match (&written.app, needs_app) {
        (Some(id), true) => {
            let entry = dictionary.entry_id(id).ok_or_else(|| {
                format!("the app {id:?} is not in the dictionary; correct the id, or add the app")
            })?;
            match dictionary.get(entry).role {
                Role::App => {}
                Role::Processor => return Err(format!("{id:?} is a payment intermediary and no app")),
                Role::Reseller => {
                    return Err(format!("{id:?} sells other companies' software and is no app"));
                }
            }
            Some(entry)
        }
        (None, true) => return Err(format!("the action {} needs an app", written.action.as_str())),
        (Some(_), false) => {
            return Err(format!("the action {} takes no app; remove it", written.action.as_str()));
        }
        (None, false) => None,
    };
    if written.name.trim().is_empty() {
        return Err("an empty name; decisions name the rule that made them".to_owned());
    }
    let condition = table(&written.when, 1)?;
    Ok(Rule { name: Arc::from(written.name), action: written.action, app, condition })
}

/// A table of which every member must hold.
fn table(members: &Table, depth: usize) -> Result<Condition, String> {
    if depth > limits::DEPTH_MAX {
        return Err(format!("conditions more than {} deep; flatten them", limits::DEPTH_MAX));
    }
    if members.is_empty() {
        return Err("an empty condition would hold for every line; name a field".to_owned());
    }
    let mut all = Vec::with_capacity(members.len());
    for (name, value) in members {
        all.push(member(name, value, depth)?);
    }
    Ok(if all.len() == 1 { all.remove(0) } else { Condition::All(all) })
}

fn member(name: &str, value: &Value, depth: usize) -> Result<Condition, String> {
    match (name, value) {
        ("all", Value::Array(parts)) => Ok(Condition::All(list(name, parts, depth)?)),
        ("any", Value::Array(parts)) => Ok(Condition::Any(list(name, parts, depth)?)),
        ("not", Value::Table(inner)) => Ok(Condition::Not(Box::new(table(inner, depth + 1)?))),
        ("all" | "any", _) => Err(format!("{name} takes a list of conditions")),
        ("not", _) => Err("not takes a condition".to_owned()),
        ("amount", Value::Table(tests)) => amount(tests),
        (_, Value::Table(tests)) => match TEXTS.iter().find(|(known, _)| *known == name) {
            Some((_, field)) => texts(*field, name, tests),
            None => Err(unknown(name)),
        },
        _ if name == "amount" || TEXTS.iter().any(|(known, _)| *known == name) => {
            Err(format!("{name} takes a test, like {{ equals = \"...\" }}"))
        }
        _ => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> String {
    let known: Vec<&str> = TEXTS.iter().map(|(known, _)| *known).collect();
    format!("there is no field {name:?}; there are {}, amount, and all, any, not", known.join(", "))
}

fn list(name: &str, parts: &[Value], depth: usize) -> Result<Vec<Condition>, String> {
    if parts.is_empty() {
        return Err(format!("an empty {name}; give it conditions or remove it"));
    }
    let part = |part: &Value| match part {
        Value::Table(inner) => table(inner, depth + 1),
        _ => Err(format!("{name} takes a list of conditions, each a table")),
    };
    parts.iter().map(part).collect()
}

fn texts(field: Text, name: &str, tests: &Table) -> Result<Condition, String> {
    let mut all = Vec::new();
    for (kind, value) in tests {
        let one = |value: &Value| {
            let text = value.as_str().ok_or_else(|| format!("{name}: {kind} takes text in quotes"))?;
            Ok::<_, String>(Condition::Text(
                field,
                test(kind, text).map_err(|reason| format!("{name}: {reason}"))?,
            ))
        };
        all.push(match value {
            Value::Array(values) if values.is_empty() => {
                return Err(format!("{name}: {kind} has an empty list"));
            }
            Value::Array(values) => Condition::Any(values.iter().map(one).collect::<Result<_, _>>()?),
            value => one(value)?,
        });
    }
    if all.is_empty() {
        return Err(format!("{name}: no test; give contains_word, equals, starts_with or regex"));
    }
    Ok(if all.len() == 1 { all.remove(0) } else { Condition::All(all) })
}

fn test(kind: &str, text: &str) -> Result<Test, String> {
    let words = spaced(text);
    let wordless = words.trim().is_empty();
    match kind {
        // Only this test has a meaning without words: the field is empty.
        "equals" => Ok(Test::Equals(words)),
        "contains_word" | "starts_with" if wordless => Err(format!("{kind} has no word in {text:?}")),
        "contains_word" => Ok(Test::ContainsWord(words)),
        "starts_with" => Ok(Test::StartsWith(words)),
        "regex" if text.len() > limits::REGEX_BYTES_MAX => {
            Err(format!("a regex of {} bytes, more than {}", text.len(), limits::REGEX_BYTES_MAX))
        }
        "regex" => regex_lite::RegexBuilder::new(text)
            .case_insensitive(true)
            .build()
            .map(Test::Regex)
            .map_err(|error| format!("the regex {text:?} cannot be read: {error}")),
        other => {
            Err(format!("there is no test {other:?}; there are contains_word, equals, starts_with and regex"))
        }
    }
}

fn amount(tests: &Table) -> Result<Condition, String> {
    let mut all = Vec::new();
    for (kind, value) in tests {
        let comparison =
            COMPARISONS.iter().find(|(known, _)| known == kind).map(|(_, comparison)| *comparison);
        let comparison = comparison.ok_or_else(|| {
            format!("amount: there is no test {kind:?}; there are at_least, above, at_most, below and equals")
        })?;
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            // A binary fraction is not the number that was written.
            _ => return Err(format!("amount: {kind} takes a decimal number in quotes, like \"12.50\"")),
        };
        let number = Decimal::from_str_exact(&text)
            .map_err(|_| format!("amount: {text:?} is no decimal number; write it like \"12.50\""))?;
        all.push(Condition::Amount(comparison, number));
    }
    if all.is_empty() {
        return Err("amount: no test; give at_least, above, at_most, below or equals".to_owned());
    }
    Ok(if all.len() == 1 { all.remove(0) } else { Condition::All(all) })
}
