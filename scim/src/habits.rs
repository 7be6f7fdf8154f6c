//! What identity providers do that the RFCs do not say, one small function each, naming who needs it.
//!
//! Being tolerant is a decision per habit, taken here and nowhere else. Each function says what it accepts; none of
//! them guesses at values. Whoever comes with a new habit gets a new function, and a row in the tests.

mod bent;

use serde_json::{Map, Value};

pub(crate) use bent::note;
pub use bent::{Habit, watch};

use crate::{
    Error, Filter, Path, ResourceType,
    patch::Op,
    schema::{Attribute, Kind, Resolved},
    urn,
};

/// **Entra ID, OneLogin**: `"True"`, `"False"` (and any other letter case) for a boolean, with a path, without one, in
/// POST bodies and in filters (`roles[primary eq "True"]`).
pub(crate) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => bent(Habit::BooleanAsText, true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => bent(Habit::BooleanAsText, false),
        _ => None,
    }
}

/// **OneLogin** (macros without value), **Entra ID** (clearing a value): `""` is unassigned, as `null` and `[]` are by
/// RFC 7643 §2.5.
pub(crate) fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => {
            if text.is_empty() {
                note(Habit::EmptyText);
            }
            text.is_empty()
        }
        Value::Array(elements) => elements.is_empty(),
        _ => false,
    }
}

/// **Entra ID**: `[{"value": "<id>"}]` for the singular `manager`. `None` for an array of several.
pub(crate) fn singular(value: &Value) -> Option<&Value> {
    match value {
        Value::Array(elements) => match elements.as_slice() {
            [] => Some(&Value::Null),
            [only] => bent(Habit::ArrayForOne, only),
            _ => None,
        },
        other => Some(other),
    }
}

/// **Entra ID, JumpCloud**: one object, or one text, where the attribute is multi-valued.
pub(crate) fn elements(value: &Value) -> &[Value] {
    match value {
        Value::Array(elements) => elements,
        single if is_unassigned(single) => &[],
        single => {
            note(Habit::OneForArray);
            std::slice::from_ref(single)
        }
    }
}

/// **Entra ID**: a text where an object with `value` belongs: `"manager": "<id>"`, `"entitlements": ["Expense"]`.
pub(crate) fn bare_text_as_value(attribute: &Attribute, text: &Value) -> Option<Map<String, Value>> {
    let part = attribute.sub_attribute("value")?;
    note(Habit::TextForObject);
    Some(Map::from_iter([(part.name.to_owned(), text.clone())]))
}

/// **Entra ID**: `Add`, `Replace`, `Remove` in any letter case (OneLogin sends lower case).
pub(crate) fn operation(text: &str) -> Option<Op> {
    [("add", Op::Add), ("remove", Op::Remove), ("replace", Op::Replace)]
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text))
        .map(|(name, op)| {
            if name != text {
                note(Habit::OperationInCapitals);
            }
            op
        })
}

/// **Entra ID** (bundled operations with the feature flag): the keys of a value without path are paths themselves:
/// `name.givenName`, `urn:...:User:department`, `urn:...:User` with an object below. **Okta** renames a group with
/// `{"id": "...", "displayName": "..."}`.
///
/// `None` for keys without effect: the server's own, read-only and unknown ones.
pub(crate) fn path_of_key(rt: &ResourceType, key: &str) -> Option<(Path, Resolved)> {
    let path = Path::parse(key).ok()?;
    let resolved = rt.resolve(&path)?;
    (!resolved.is_read_only()).then_some((path, resolved))
}

/// Notes that such a key was more than the name of an attribute, or of an extension with an object below.
pub(crate) fn note_key(path: &Path) {
    if path.sub.is_some() || path.filter.is_some() || (path.schema.is_some() && !path.attribute.is_empty()) {
        note(Habit::PathAsKey);
    }
}

/// **Okta**, **`SailPoint`**: a password comes even where it is not wanted; it has no effect. `schemas` in a path says what
/// the extension attributes say anyway, and `schemas` is computed.
pub(crate) fn is_without_effect(path: &Path) -> bool {
    let without = path.is_plain("password") || path.is_plain("schemas");
    if without {
        note(Habit::WithoutEffect);
    }
    without
}

/// **Entra ID**: `emails[type eq "work"].value` with nothing of type `work` there creates it, for `Add` and `Replace`,
/// where RFC 7644 §3.5.2.3 wants `noTarget`. The new value is made of the filter's equalities.
///
/// `None` if the filter asks for anything but equalities joined by `and`, or for parts that do not exist.
pub(crate) fn value_to_create(attribute: &Attribute, filter: &Filter) -> Option<Map<String, Value>> {
    if !filter.is_conjunction_of_equalities() {
        return None;
    }
    note(Habit::CreatedByFilter);
    let equalities = filter.value_equalities().into_iter();
    equalities
        .map(|(name, value)| {
            let part = attribute.sub_attribute(name).filter(|part| !part.is_read_only())?;
            let value = match part.kind {
                Kind::Boolean => boolean(value)?.into(),
                _ => value.as_str()?.into(),
            };
            Some((part.name.to_owned(), value))
        })
        .collect()
}

/// **Entra ID**: `Remove members` with `[{"value": "<id>"}]` removes those and not all. **Salesforce** wraps them once
/// more: `{"members": [{"value": "<id>"}]}`. Ids may be bare texts.
///
/// `None` if nobody is named: then the whole attribute goes (RFC 7644 §3.5.2.2). An empty array names nobody *and*
/// removes nobody.
pub(crate) fn values_to_remove(attribute: &Attribute, value: Option<&Value>) -> Option<Vec<Value>> {
    let value = value.filter(|value| !value.is_null())?;
    let wrapped = value.as_object().and_then(|object| {
        object.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute.name)).map(|(_, value)| value)
    });
    note(if wrapped.is_some() { Habit::RemovedByWrappedValue } else { Habit::RemovedByValue });
    let named = elements(wrapped.unwrap_or(value)).iter().map(|element| match element {
        Value::String(_) => bare_text_as_value(attribute, element).map_or(element.clone(), Value::Object),
        Value::Object(parts) => {
            let known = parts.iter().filter_map(|(name, value)| {
                let part = attribute.sub_attribute(name).filter(|part| !part.is_read_only())?;
                (!value.is_null()).then(|| (part.name.to_owned(), value.clone()))
            });
            Value::Object(known.collect())
        }
        other => other.clone(),
    });
    Some(named.collect())
}

/// **Entra ID**: `id eq "X" and manager eq "Y"` names an extension's attribute without its URN. Only in filters, only
/// if the resource itself has no attribute of that name.
pub(crate) fn resolve_in_filter(rt: &ResourceType, path: &Path) -> Option<Resolved> {
    rt.resolve(path).or_else(|| {
        let extensions = rt.extensions.iter().filter(|_| path.schema.is_none());
        let found = extensions
            .into_iter()
            .find_map(|schema| rt.resolve(&Path { schema: Some(schema.id.into()), ..path.clone() }));
        found.inspect(|_| note(Habit::ExtensionWithoutUrn))
    })
}

/// Notes a habit on the way to what it was taken for.
#[expect(clippy::unnecessary_wraps, reason = "it stands at the end of arms that may have nothing to give")]
fn bent<T>(habit: Habit, value: T) -> Option<T> {
    note(habit);
    Some(value)
}

/// **OneLogin**: templates copied from old pages carry the URN of SCIM 1. Refused, with the right one in the answer.
pub(crate) fn refuse_scim_1(rt: &ResourceType, ids: &[&str]) -> Result<(), Error> {
    if ids.iter().any(|id| id.eq_ignore_ascii_case(urn::SCIM_1_CORE)) {
        let right = rt.schema.id;
        let old = urn::SCIM_1_CORE;
        return Err(Error::invalid_value(format!("schemas names {old}, which is SCIM 1; use {right}.")));
    }
    Ok(())
}
