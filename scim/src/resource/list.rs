//! Multi-valued attributes as sets: what makes two values the same one, and `primary` at most once (RFC 7643 §2.4).

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::schema::Attribute;

/// What tells a value of this attribute from the others.
///
/// Members are told apart by `value`, custom fields by `id`, everything else that has a `value` by `type` and `value`
/// (RFC 7643 §2.4), addresses by all they say.
fn identity(attribute: &Attribute, element: &Value) -> String {
    let Value::Object(parts) = element else {
        return element.to_string();
    };
    let part = |name: &str| parts.get(name).map(Value::to_string).unwrap_or_default();
    if attribute.sub_attribute("id").is_some() {
        part("id").to_lowercase()
    } else if attribute.name == "members" {
        part("value")
    } else if parts.contains_key("value") {
        format!("{} {}", part("type").to_lowercase(), part("value"))
    } else {
        element.to_string()
    }
}

/// Adds what is not there yet (RFC 7644 §3.5.2.1) and completes what is; tells which elements were touched last.
///
/// The one that was made primary last stays so: pass the answer to [`keep_one_primary`].
pub(crate) fn add_to_list(attribute: &Attribute, list: &mut Vec<Value>, added: Vec<Value>) -> Option<usize> {
    let mut places: HashMap<String, usize> =
        list.iter().enumerate().map(|(i, element)| (identity(attribute, element), i)).collect();
    let mut primary = None;
    for element in added {
        let is_primary = element.get("primary") == Some(&Value::Bool(true));
        let place = *places.entry(identity(attribute, &element)).or_insert(list.len());
        match (list.get_mut(place), element) {
            (None, element) => list.push(element),
            (Some(Value::Object(present)), Value::Object(parts)) => present.extend(parts),
            (Some(_), _) => {}
        }
        if is_primary {
            primary = Some(place);
        }
    }
    primary
}

/// Removes the values that are asked for, by `value` where the attribute has one, else by all that is given.
pub(crate) fn remove_from_list(attribute: &Attribute, list: &mut Vec<Value>, unwanted: &[Value]) {
    let key = ["id", "value"].into_iter().find(|key| attribute.sub_attribute(key).is_some());
    let case_exact = key.and_then(|key| attribute.sub_attribute(key)).is_some_and(|part| part.case_exact);
    let folded = |text: &str| if case_exact { text.to_owned() } else { crate::fold::fold(text) };
    let key_of = |element: &Value| key.and_then(|key| element.get(key)).and_then(Value::as_str).map(folded);
    let keys: std::collections::HashSet<String> = unwanted.iter().filter_map(key_of).collect();
    list.retain(|element| match key_of(element) {
        Some(key) => !keys.contains(&key),
        None => !unwanted.iter().any(|unwanted| says_all_of(element, unwanted)),
    });
}

fn says_all_of(element: &Value, parts: &Value) -> bool {
    let empty = Map::new();
    let parts = parts.as_object().unwrap_or(&empty);
    !parts.is_empty() && parts.iter().all(|(name, value)| element.get(name) == Some(value))
}

/// Leaves `primary: true` on one value at most: the preferred one, else the last one that claims it.
pub(crate) fn keep_one_primary(list: &mut [Value], preferred: Option<usize>) {
    let claims = |element: &Value| element.get("primary") == Some(&Value::Bool(true));
    let Some(winner) = preferred.or_else(|| list.iter().rposition(claims)) else {
        return;
    };
    for (i, element) in list.iter_mut().enumerate() {
        if i != winner && claims(element) {
            element["primary"] = false.into();
        }
    }
}
