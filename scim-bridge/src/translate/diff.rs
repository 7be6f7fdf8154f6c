//! From what Concur has to what it shall have, in as few PATCH operations as possible.
//!
//! Both sides hold managed attributes only ([`super::observe`] sees to it), so a member that is there and no longer
//! wanted was put there by us and is removed. Lists are replaced whole, because Concur replaces a list on every
//! operation without a filter; where only the value of an entry differs, that entry alone is addressed. What Concur
//! rewrites (the case of a login id, the order of a list) is no difference, or a change would be sent for ever.
//! Source: Concur page *User Provisioning v4*, PATCH.

use std::collections::BTreeSet;

use concur::model::{Op, PatchOperation};
use serde_json::{Map, Value};

use super::approvers;
use super::document::{APPROVER, ConcurUser, ENTERPRISE, EXTENSIONS, ROLE, SPEND};

/// Members that are never changed: Concur fixes them at creation.
const IMMUTABLE: &[&str] = &["id", "companyId", "testEmployee"];
/// Lists of entries that are told apart by this member.
const KEYED: &[(&str, &str)] = &[("emails", "type"), ("phoneNumbers", "type"), ("customData", "id")];

/// The operations that turn `known` into `desired`; none where they are equal.
pub fn diff(known: &ConcurUser, desired: &ConcurUser) -> Vec<PatchOperation> {
    let mut operations = Vec::new();
    let empty = Map::new();
    members(&mut operations, "", known.members(), desired.members());
    for urn in [ENTERPRISE, SPEND] {
        let of = |user: &ConcurUser| user.get(urn).and_then(Value::as_object).cloned();
        let (before, after) = (of(known), of(desired));
        // A profile that is no longer wanted stays: Concur has no way to take a spend user back.
        if after.is_none() && urn == SPEND {
            continue;
        }
        let (before, after) = (before.as_ref().unwrap_or(&empty), after.as_ref().unwrap_or(&empty));
        if urn == SPEND && before.is_empty() {
            create_extension(&mut operations, urn, after);
        } else {
            members(&mut operations, &format!("{urn}:"), before, after);
        }
    }
    roles(&mut operations, known, desired);
    approver_lists(&mut operations, known, desired);
    operations
}

/// The complete lists of approvers that are wanted ([`super::approvers::complete`]); others are not ours.
fn approver_lists(operations: &mut Vec<PatchOperation>, known: &ConcurUser, desired: &ConcurUser) {
    for (name, wanted) in desired.get(APPROVER).and_then(Value::as_object).into_iter().flatten() {
        let path = format!("{APPROVER}:{name}");
        let entries = |list: Option<&Value>| list.and_then(Value::as_array).cloned().unwrap_or_default();
        if !approvers::same(&entries(known.get(&path)), &entries(Some(wanted))) {
            operations.push(replace(path, wanted));
        }
    }
}

/// The complete list of roles, where it is wanted ([`super::roles::complete`]): by name, since neither order nor the
/// groups of a role are ours.
fn roles(operations: &mut Vec<PatchOperation>, known: &ConcurUser, desired: &ConcurUser) {
    let path = format!("{ROLE}:roles");
    let Some(wanted) = desired.get(&path).and_then(Value::as_array) else { return };
    let held = known.get(&path).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let codes =
        |roles: &[Value]| roles.iter().map(|role| role["roleName"].to_string()).collect::<BTreeSet<_>>();
    if codes(held) == codes(wanted) {
        return;
    }
    operations.push(if wanted.is_empty() {
        // The page's own way to remove all roles: the path ends with a colon.
        remove(format!("{ROLE}:"))
    } else {
        replace(path, &Value::Array(wanted.clone()))
    });
}

/// An extension that is not there yet takes every member, also those that cannot be changed later.
fn create_extension(operations: &mut Vec<PatchOperation>, urn: &str, after: &Map<String, Value>) {
    operations.extend(after.iter().map(|(name, value)| PatchOperation {
        op: Op::Add,
        path: format!("{urn}:{name}"),
        value: Some(value.clone()),
    }));
}

fn members(
    operations: &mut Vec<PatchOperation>,
    prefix: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) {
    let skipped = |name: &str| IMMUTABLE.contains(&name) || EXTENSIONS.contains(&name);
    for (name, wanted) in after.iter().filter(|(name, _)| !skipped(name)) {
        let path = format!("{prefix}{name}");
        match (before.get(name), wanted) {
            (Some(there), wanted) if same(name, there, wanted) => {}
            // The manager is one reference, not a set of members.
            (there, Value::Object(wanted)) if name != "manager" => {
                let none = Map::new();
                let there = there.and_then(Value::as_object).unwrap_or(&none);
                members(operations, &format!("{path}."), there, wanted);
            }
            (there, Value::Array(wanted)) => {
                let there = there.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                list(operations, name, &path, there, wanted);
            }
            (_, wanted) => operations.push(replace(path, wanted)),
        }
    }
    for (name, there) in before.iter().filter(|(name, _)| !skipped(name) && !after.contains_key(*name)) {
        match there {
            Value::Object(there) if name != "manager" => {
                members(operations, &format!("{prefix}{name}."), there, &Map::new());
            }
            _ => operations.push(remove(format!("{prefix}{name}"))),
        }
    }
}

/// Entry by entry where the entries are the same and only their value differs, else the whole list.
fn list(operations: &mut Vec<PatchOperation>, name: &str, path: &str, before: &[Value], after: &[Value]) {
    let key = KEYED.iter().find(|(list, _)| *list == name).map(|(_, key)| *key);
    let changes = key.and_then(|key| by_entry(path, key, before, after));
    match (name, key) {
        // Fields that we do not manage live in the same list, so it is never replaced whole.
        ("customData", Some(key)) => custom_fields(operations, path, key, before, after),
        _ => operations
            .extend(changes.unwrap_or_else(|| vec![replace(path.to_owned(), &Value::Array(after.to_vec()))])),
    }
}

fn by_entry(path: &str, key: &str, before: &[Value], after: &[Value]) -> Option<Vec<PatchOperation>> {
    let unique = |list: &[Value]| {
        list.iter()
            .enumerate()
            .all(|(i, entry)| list[..i].iter().all(|other| other.get(key) != entry.get(key)))
    };
    if before.len() != after.len() || !unique(before) || !unique(after) {
        return None;
    }
    let mut operations = Vec::new();
    for wanted in after {
        let there = before.iter().find(|entry| entry.get(key) == wanted.get(key))?;
        if same("", there, wanted) {
            continue;
        }
        let (mut rest_there, mut rest_wanted) = (there.as_object()?.clone(), wanted.as_object()?.clone());
        let value = rest_wanted.remove("value")?;
        rest_there.remove("value")?;
        if rest_there != rest_wanted {
            return None;
        }
        operations.push(replace(format!("{path}[{key} eq {}].value", wanted.get(key)?), &value));
    }
    Some(operations)
}

fn custom_fields(
    operations: &mut Vec<PatchOperation>,
    path: &str,
    key: &str,
    before: &[Value],
    after: &[Value],
) {
    let find = |list: &[Value], id: &Value| list.iter().find(|entry| entry.get(key) == Some(id)).cloned();
    for wanted in after {
        let (Some(id), Some(value)) = (wanted.get(key), wanted.get("value")) else { continue };
        if find(before, id).as_ref().and_then(|there| there.get("value")) != Some(value) {
            operations.push(replace(format!("{path}[{key} eq {id}].value"), value));
        }
    }
    for id in before.iter().filter_map(|there| there.get(key)) {
        if find(after, id).is_none() {
            operations.push(remove(format!("{path}[{key} eq {id}]")));
        }
    }
}

/// Equal as far as Concur is concerned.
fn same(name: &str, a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().all(|x| b.iter().any(|y| same("", x, y)))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, x)| b.get(name).is_some_and(|y| same(name, x, y)))
        }
        // Logins and addresses; the code of a list item is told apart by case.
        (Value::String(a), Value::String(b))
            if name == "userName" || (name == "value" && a.contains('@')) =>
        {
            a.to_lowercase() == b.to_lowercase()
        }
        _ => a == b,
    }
}

fn replace(path: String, value: &Value) -> PatchOperation {
    PatchOperation { op: Op::Replace, path, value: Some(value.clone()) }
}

fn remove(path: String) -> PatchOperation {
    PatchOperation { op: Op::Remove, path, value: None }
}

#[cfg(test)]
mod tests {
    use super::{ConcurUser, ENTERPRISE, SPEND, diff};
    use serde_json::{Value, json};

    #[expect(clippy::needless_pass_by_value, reason = "the cases read better")]
    fn check(known: Value, desired: Value, expected: Value) {
        let operations = diff(&ConcurUser::from_value(known), &ConcurUser::from_value(desired));
        assert_eq!(serde_json::to_value(operations).unwrap(), expected);
    }

    #[test]
    fn equal_users_need_no_operation() {
        let user = json!({"userName": "a@b.c", "name": {"givenName": "Ada"}, "entitlements": ["Expense", "Request"]});
        check(user.clone(), user, json!([]));
    }

    #[test]
    fn only_what_differs_is_named() {
        check(
            json!({"name": {"givenName": "Ada", "familyName": "King"}, "title": "x", (ENTERPRISE): {"department": "A"}}),
            json!({"name": {"givenName": "Ada", "familyName": "Lovelace"}, "title": "x", (ENTERPRISE): {"department": "B"}}),
            json!([
                {"op": "replace", "path": "name.familyName", "value": "Lovelace"},
                {"op": "replace", "path": format!("{ENTERPRISE}:department"), "value": "B"},
            ]),
        );
    }

    #[test]
    fn what_we_put_there_and_is_no_longer_wanted_is_removed() {
        check(
            json!({"title": "x", "name": {"givenName": "Ada", "middleName": "K"}, (ENTERPRISE): {"manager": {"value": "u1"}}}),
            json!({"name": {"givenName": "Ada"}}),
            json!([
                {"op": "remove", "path": "name.middleName"},
                {"op": "remove", "path": "title"},
                {"op": "remove", "path": format!("{ENTERPRISE}:manager")},
            ]),
        );
    }

    #[test]
    fn a_manager_is_replaced_as_one_reference() {
        check(
            json!({(ENTERPRISE): {"manager": {"value": "u1"}}}),
            json!({(ENTERPRISE): {"manager": {"value": "u2"}}}),
            json!([{"op": "replace", "path": format!("{ENTERPRISE}:manager"), "value": {"value": "u2"}}]),
        );
    }

    #[test]
    fn one_changed_address_is_addressed_by_its_type_and_anything_more_replaces_the_list() {
        let known =
            json!({"emails": [{"type": "work", "value": "a@b.c"}, {"type": "home", "value": "d@e.f"}]});
        check(
            known.clone(),
            json!({"emails": [{"type": "work", "value": "new@b.c"}, {"type": "home", "value": "d@e.f"}]}),
            json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "new@b.c"}]),
        );
        check(
            known,
            json!({"emails": [{"type": "work", "value": "new@b.c"}]}),
            json!([{"op": "replace", "path": "emails", "value": [{"type": "work", "value": "new@b.c"}]}]),
        );
    }

    #[test]
    fn the_case_of_a_login_and_the_order_of_a_list_are_no_difference() {
        check(
            json!({"userName": "ada@example.com", "entitlements": ["Request", "Expense"]}),
            json!({"userName": "Ada@Example.com", "entitlements": ["Expense", "Request"]}),
            json!([]),
        );
    }

    #[test]
    fn the_first_spend_profile_takes_every_member_and_a_later_one_what_differs() {
        let spend = json!({(SPEND): {"country": "US", "locale": "en-US", "testEmployee": true}});
        check(
            json!({}),
            spend.clone(),
            json!([
                {"op": "add", "path": format!("{SPEND}:country"), "value": "US"},
                {"op": "add", "path": format!("{SPEND}:locale"), "value": "en-US"},
                {"op": "add", "path": format!("{SPEND}:testEmployee"), "value": true},
            ]),
        );
        check(
            spend.clone(),
            json!({(SPEND): {"country": "DE", "locale": "en-US", "testEmployee": false}}),
            json!([{"op": "replace", "path": format!("{SPEND}:country"), "value": "DE"}]),
        );
        check(spend, json!({}), json!([]));
    }

    #[test]
    fn custom_fields_are_changed_one_by_one_so_that_others_stay() {
        check(
            json!({(SPEND): {"customData": [{"id": "custom1", "value": "a"}, {"id": "orgUnit1", "value": "b"}]}}),
            json!({(SPEND): {"customData": [{"id": "custom1", "value": "c"}, {"id": "custom2", "value": "d"}]}}),
            json!([
                {"op": "replace", "path": format!("{SPEND}:customData[id eq \"custom1\"].value"), "value": "c"},
                {"op": "replace", "path": format!("{SPEND}:customData[id eq \"custom2\"].value"), "value": "d"},
                {"op": "remove", "path": format!("{SPEND}:customData[id eq \"orgUnit1\"]")},
            ]),
        );
    }
}
