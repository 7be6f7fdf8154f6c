//! What an account changes about the mapping: another source, a default, a transformation, nothing at all, each under
//! a condition (W11, W12).
//!
//! Applied to a copy of the SCIM user before the table is, so that every rule of the table (limits, closed lists, what is
//! required) holds for what comes out. The resource that the provider reads back stays as it was sent. Pure.

use std::borrow::Cow;

use scim::{Filter, Resource, ResourceType};
use serde_json::Value;

use super::mapping::{MANAGER, TABLE};
use crate::accounts::{AttributeMapping, Transformation};

/// Attributes that no override may touch: what they mean is decided elsewhere.
const FIXED: &[&str] = &["active", "groups", "manager"];

/// The user as the mapping table shall see it.
pub(super) fn apply<'r>(resource: &'r Resource, overrides: &[AttributeMapping]) -> Cow<'r, Resource> {
    let mut result = Cow::Borrowed(resource);
    for change in overrides.iter().filter(|change| holds(change, resource)) {
        let path = change.attribute.as_str();
        if change.omit {
            result.to_mut().remove(path);
            continue;
        }
        if let Some(from) = &change.from {
            match resource.get(from).cloned() {
                Some(value) => result.to_mut().set(path, value),
                None => drop(result.to_mut().remove(path)),
            }
        }
        if let (Some(transformation), Some(text)) = (change.transformation, result.get_str(path)) {
            let text = transformed(text, transformation, path);
            result.to_mut().set(path, text.into());
        }
        if let (Some(default), None) = (&change.default, result.get(path)) {
            result.to_mut().set(path, default.as_str().into());
        }
    }
    result
}

fn holds(change: &AttributeMapping, resource: &Resource) -> bool {
    let Some(when) = &change.when else { return true };
    Filter::parse(when).is_ok_and(|filter| filter.matches(&resource.to_stored(), ResourceType::user()))
}

fn transformed(text: &str, transformation: Transformation, path: &str) -> String {
    match transformation {
        Transformation::Lowercase => text.to_lowercase(),
        Transformation::Uppercase => text.to_uppercase(),
        Transformation::BeforeAt => text.split('@').next().unwrap_or_default().to_owned(),
        Transformation::Digits => text.chars().filter(char::is_ascii_digit).collect(),
        Transformation::Truncate => {
            let most = TABLE.iter().find(|row| row.scim == path).and_then(|row| row.limit.chars());
            text.chars().take(most.unwrap_or(usize::MAX)).collect()
        }
    }
}

/// What is wrong with an override, if anything.
pub fn problem(change: &AttributeMapping) -> Option<String> {
    let known = |path: &str| TABLE.iter().any(|row| row.scim == path);
    let path = &change.attribute;
    if !known(path) {
        return Some(format!("{path} is no SCIM attribute of the mapping; docs/mapping.md lists them"));
    }
    if FIXED.contains(&path.as_str()) || path.starts_with(MANAGER) {
        return Some(format!("{path} cannot be mapped in another way"));
    }
    let plain = scim::Path::parse(path).is_ok_and(|path| path.filter.is_none());
    if !plain {
        return Some(format!("{path} is no path"));
    }
    if let Some(from) = &change.from {
        let named = scim::Path::parse(from).ok().and_then(|from| from.canonical(ResourceType::user()));
        if named.is_none() {
            return Some(format!("{path}: from: {from} is no attribute of a user"));
        }
    }
    match change.when.as_deref().map(Filter::parse) {
        Some(Err(error)) => return Some(format!("{path}: when: {}", error.detail)),
        // It would be met by nobody, for ever.
        Some(Ok(when)) => {
            if let Some(unknown) = when.unknown_path(ResourceType::user()) {
                return Some(format!("{path}: when: {unknown} is no attribute of a user"));
            }
        }
        None => {}
    }
    let says_nothing =
        change.from.is_none() && change.default.is_none() && change.transformation.is_none() && !change.omit;
    says_nothing.then(|| format!("{path}: give from, transformation, default or omit"))
}

/// A template that the provider did not fill in: `@null` (U04 of SAP's own connector), `${user.title}`, `{{department}}`,
/// `{$parameters.x}`. Written to Concur it would be somebody's employee number.
pub(super) fn leftover(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => {
            let trimmed = text.trim();
            let unfilled = trimmed.to_ascii_lowercase().starts_with("@null")
                || ["${", "{{", "{$"].iter().any(|open| trimmed.contains(open));
            unfilled.then_some(trimmed)
        }
        Value::Array(entries) => entries.iter().find_map(leftover),
        Value::Object(parts) => parts.values().find_map(leftover),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NUMBER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber";
    const LEDGER: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:User:ledgerCode";

    fn user() -> Resource {
        let body = json!({"userName": "Ada@example.com", "externalId": "E-0042", "title": "x",
            "addresses": [{"type": "work", "country": "DE"}]});
        Resource::from_stored(ResourceType::user(), body)
    }

    fn mapping(value: Value) -> AttributeMapping {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_source_a_transformation_a_default_and_nothing_at_all() {
        let overrides = [
            mapping(json!({"attribute": NUMBER, "from": "externalId", "transformation": "digits"})),
            mapping(json!({"attribute": LEDGER, "default": "EMEA", "when": "addresses.country eq \"DE\""})),
            mapping(json!({"attribute": LEDGER, "default": "REST"})),
            mapping(json!({"attribute": "userName", "transformation": "lowercase"})),
            mapping(json!({"attribute": "title", "omit": true})),
        ];
        let sent = user();
        let seen = apply(&sent, &overrides);
        assert_eq!(seen.get_str(NUMBER), Some("0042"));
        assert_eq!(seen.get_str(LEDGER), Some("EMEA"), "the first default stays");
        assert_eq!(seen.get_str("userName"), Some("ada@example.com"));
        assert_eq!(seen.get("title"), None);
        assert_eq!(sent, user());
        assert!(overrides.iter().all(|change| problem(change).is_none()));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let check = |value: Value, word: &str| {
            let problem = problem(&mapping(value)).unwrap_or_default();
            assert!(problem.contains(word), "{word} is not in {problem:?}");
        };
        check(json!({"attribute": "shoeSize", "default": "42"}), "shoeSize is no SCIM attribute");
        check(json!({"attribute": "active", "default": "true"}), "cannot be mapped");
        check(json!({"attribute": "title", "default": "x", "when": "department eq"}), "when");
        check(
            json!({"attribute": "title", "default": "x", "when": "departmnt eq \"A\""}),
            "departmnt is no attribute",
        );
        check(json!({"attribute": "title", "from": "shoeSize"}), "shoeSize is no attribute");
        check(json!({"attribute": "title"}), "give from");
        let unknown = json!({"attribute": "title", "transformation": "rot13"});
        let error = serde_json::from_value::<AttributeMapping>(unknown).unwrap_err();
        assert!(error.to_string().contains("rot13"), "{error}");
    }

    #[test]
    fn templates_that_were_not_filled_in_are_recognised() {
        for text in ["@null", "@NULL@", "${user.employeeNumber}", "{{department}}", "{$parameters.title}"] {
            assert_eq!(leftover(&json!([{"value": text}])), Some(text));
        }
        for text in ["Null", "O'Null", "null@example.com", "$100", "a{b}"] {
            assert_eq!(leftover(&json!(text)), None, "{text}");
        }
    }
}
