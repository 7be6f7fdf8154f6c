//! What Concur holds of the attributes that we manage: a read-back, cut to a shape.
//!
//! The shape is what we once wrote and what we want to write. Everything else in Concur belongs to someone else and
//! is never compared, changed or removed. Source: Concur pages *Identity v4.1* (null members, dates without zone)
//! and *Spend User Retrieval v4.1* (`customData` with every field of the form).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::document::{APPROVER, ConcurUser, ENTERPRISE, ROLE, SPEND};
use super::values::canonical;
use super::{approvers, roles};

const DATES: &[&str] = &["startDate", "terminationDate"];

/// The managed part of an identity resource and, if one was read, of a spend resource.
pub fn observe(identity: &Value, spend: Option<&Value>, shapes: &[&ConcurUser]) -> ConcurUser {
    let mut actual = identity.as_object().cloned().unwrap_or_default();
    actual.remove(SPEND);
    actual.remove(ROLE);
    actual.remove(APPROVER);
    if let Some(profile) = spend.and_then(|spend| spend.get(SPEND)).filter(|profile| !profile.is_null()) {
        actual.insert(SPEND.to_owned(), profile.clone());
    }
    let shapes: Vec<&Map<String, Value>> = shapes.iter().map(|shape| shape.members()).collect();
    let mut seen = ConcurUser::from_value(Value::Object(cut(&actual, &shapes)));
    if let Some(spend) = spend {
        // The whole lists, also what others assigned: Concur replaces them as a whole.
        seen.set(&format!("{ROLE}:roles"), roles::assigned(spend));
        if let Some(lists) = approvers::held(spend) {
            seen.set(APPROVER, lists);
        }
    }
    seen
}

/// The members of `actual` that any shape has, without nulls and empty text.
fn cut(actual: &Map<String, Value>, shapes: &[&Map<String, Value>]) -> Map<String, Value> {
    let names: BTreeSet<&String> = shapes.iter().flat_map(|shape| shape.keys()).collect();
    let mut kept = Map::new();
    for name in names {
        let wanted: Vec<&Value> = shapes.iter().filter_map(|shape| shape.get(name)).collect();
        let value = match actual.get(name) {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) if text.is_empty() => continue,
            Some(Value::String(text)) if DATES.contains(&name.as_str()) => {
                canonical(text).unwrap_or_else(|| text.clone()).into()
            }
            Some(Value::Object(members)) => {
                let wanted: Vec<&Map<String, Value>> =
                    wanted.iter().filter_map(|value| value.as_object()).collect();
                let members = cut(members, &wanted);
                // An empty spend profile is still one: its members are changed, not added.
                if members.is_empty() && name != SPEND && name != ENTERPRISE {
                    continue;
                }
                Value::Object(members)
            }
            Some(Value::Array(entries)) => {
                let entries = list(name, entries, &wanted);
                if entries.is_empty() {
                    continue;
                }
                Value::Array(entries)
            }
            Some(value) => value.clone(),
        };
        kept.insert(name.clone(), value);
    }
    kept
}

/// The entries of a list with the members that any wanted entry has; of `customData` only the fields we know.
fn list(name: &str, entries: &[Value], wanted: &[&Value]) -> Vec<Value> {
    let wanted: Vec<&Map<String, Value>> =
        wanted.iter().filter_map(|list| list.as_array()).flatten().filter_map(Value::as_object).collect();
    if wanted.is_empty() {
        return entries.to_vec();
    }
    let ours = |entry: &Map<String, Value>| {
        let known = wanted.iter().any(|field| field.get("id") == entry.get("id"));
        let filled = entry.get("value").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        name != "customData" || (known && filled)
    };
    let entries = entries.iter().filter_map(Value::as_object).filter(|entry| ours(entry));
    entries.map(|entry| Value::Object(cut(entry, &wanted))).collect()
}

#[cfg(test)]
mod tests {
    use super::{ConcurUser, ENTERPRISE, ROLE, SPEND, observe};
    use serde_json::json;

    #[test]
    fn only_managed_attributes_are_seen_and_concurs_spelling_is_undone() {
        let shape = ConcurUser::from_value(json!({
            "userName": "a@b.c", "title": "x", "nickName": "y",
            "emails": [{"type": "work", "value": "a@b.c"}],
            (ENTERPRISE): {"startDate": "2021-11-17T00:00:00Z", "manager": {"value": "u"}},
            (SPEND): {"country": "US", "customData": [{"id": "custom1", "value": "a"}]},
        }));
        let identity = json!({
            "id": "u1", "userName": "a@b.c", "title": null, "displayName": "Made By Concur",
            "emails": [{"type": "work", "value": "a@b.c", "verified": false, "notifications": true}],
            (ENTERPRISE): {
                "startDate": "2021-11-17T00:00:00.000", "companyId": "c1", "terminationDate": null,
                "manager": {"value": "u", "employeeNumber": "7"},
            },
        });
        let spend = json!({(SPEND): {
            "country": "US", "ledgerCode": "DEFAULT",
            "customData": [{"id": "custom1", "value": "a"}, {"id": "custom5", "value": ""}, {"id": "custom6", "value": "z"}],
        }});
        assert_eq!(
            observe(&identity, Some(&spend), &[&shape]).to_value(),
            json!({
                "userName": "a@b.c",
                "emails": [{"type": "work", "value": "a@b.c"}],
                (ENTERPRISE): {"startDate": "2021-11-17T00:00:00Z", "manager": {"value": "u"}},
                (SPEND): {"country": "US", "customData": [{"id": "custom1", "value": "a"}]},
                (ROLE): {"roles": []},
            })
        );
    }

    #[test]
    fn a_user_without_spend_profile_has_none() {
        let shape = ConcurUser::from_value(json!({"title": "x", (SPEND): {"country": "US"}}));
        assert_eq!(observe(&json!({"title": "x"}), None, &[&shape]).to_value(), json!({"title": "x"}));
    }
}
