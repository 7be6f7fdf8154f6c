//! One operation on one attribute: singular, complex, multi-valued, with or without a filter in brackets.
//!
//! The table in the RFC is scattered over §3.5.2.1 to §3.5.2.3; here it is in one place, a function per shape.

use serde_json::{Map, Value};

use super::Op;
use crate::{
    Error, Filter,
    filter::{Scope, holds},
    habits,
    resource::{
        add_to_list, coerce, coerce_list, coerce_single, is_shell, keep_one_primary, remove_from_list,
    },
    schema::{Attribute, Kind, Mutability},
};

/// What an operation is about.
pub(super) struct Target<'t> {
    pub attribute: &'static Attribute,
    pub filter: Option<&'t Filter>,
    pub sub: Option<&'static Attribute>,
    /// Name in errors.
    pub label: String,
}

/// Changes the attribute in the object that holds it. A value given to `add` or `replace` is always there.
pub(super) fn change(
    object: &mut Map<String, Value>,
    op: Op,
    target: &Target<'_>,
    value: Option<&Value>,
) -> Result<(), Error> {
    let attribute = target.attribute;
    if op == Op::Remove && attribute.required && target.sub.is_none() && target.filter.is_none() {
        return Err(Error::mutability(format!("{} is required and cannot be removed.", target.label)));
    }
    let value = value.unwrap_or(&Value::Null);
    // Adding nothing adds nothing; replacing by nothing unassigns.
    let nothing = habits::is_unassigned(value);
    if op == Op::Add && nothing {
        return Ok(());
    }
    if attribute.multi_valued {
        let mut list = match object.remove(attribute.name) {
            Some(Value::Array(list)) => list,
            _ => Vec::new(),
        };
        change_list(&mut list, op, target, value)?;
        if !list.is_empty() {
            object.insert(attribute.name.to_owned(), Value::Array(list));
        }
        return Ok(());
    }
    if target.filter.is_some() {
        return Err(Error::invalid_path(format!("{} has one value and takes no filter.", target.label)));
    }
    let unassign = op == Op::Remove || nothing;
    match target.sub {
        None if unassign => {
            object.remove(attribute.name);
            Ok(())
        }
        None if attribute.kind == Kind::Complex => {
            let mut parts = take_parts(object, attribute);
            merge(attribute, &mut parts, value, &target.label)?;
            put_parts(object, attribute, parts);
            Ok(())
        }
        None => {
            put(object, attribute, coerce(attribute, value, &target.label)?);
            Ok(())
        }
        Some(sub) => {
            let mut parts = take_parts(object, attribute);
            let value = if unassign { None } else { coerce(sub, value, &target.label)? };
            set_part(attribute, &mut parts, sub, value)?;
            put_parts(object, attribute, parts);
            Ok(())
        }
    }
}

fn change_list(list: &mut Vec<Value>, op: Op, target: &Target<'_>, value: &Value) -> Result<(), Error> {
    match (target.filter, target.sub) {
        (None, None) => change_whole_list(list, op, target, value),
        (None, Some(_)) => change_elements(list, op, target, value, |_| true),
        (Some(filter), _) => {
            let scope = Scope::Value(target.attribute);
            change_elements(list, op, target, value, |parts| holds(filter, scope, parts))
        }
    }
}

fn change_whole_list(list: &mut Vec<Value>, op: Op, target: &Target<'_>, value: &Value) -> Result<(), Error> {
    let attribute = target.attribute;
    match op {
        Op::Add => {
            let added = coerce_list(attribute, value, &target.label)?;
            let primary = add_to_list(attribute, list, added);
            keep_one_primary(list, primary);
        }
        Op::Replace => *list = coerce_list(attribute, value, &target.label)?,
        Op::Remove => match habits::values_to_remove(attribute, Some(value)) {
            Some(unwanted) => remove_from_list(attribute, list, &unwanted),
            None => list.clear(),
        },
    }
    Ok(())
}

/// Works on the values that are wanted: all of them, or those a filter selects.
fn change_elements(
    list: &mut Vec<Value>,
    op: Op,
    target: &Target<'_>,
    value: &Value,
    wanted: impl Fn(&Map<String, Value>) -> bool,
) -> Result<(), Error> {
    let attribute = target.attribute;
    let unassign = op == Op::Remove || habits::is_unassigned(value);
    let mut found = false;
    let mut primary = None;
    for (i, element) in list.iter_mut().enumerate() {
        let Some(parts) = element.as_object_mut().filter(|parts| wanted(parts)) else {
            continue;
        };
        found = true;
        match target.sub {
            None if unassign => parts.clear(),
            None => merge(attribute, parts, element_value(value), &target.label)?,
            Some(sub) => {
                let value = if unassign { None } else { coerce(sub, value, &target.label)? };
                set_part(attribute, parts, sub, value)?;
                if unassign && is_shell(attribute, parts) {
                    parts.clear();
                }
            }
        }
        if sets_primary(target, value) && parts.get("primary") == Some(&Value::Bool(true)) {
            primary = Some(i);
        }
    }
    if !found && !unassign {
        list.push(create(target, value)?);
        primary =
            list.len().checked_sub(1).filter(|last| list[*last].get("primary") == Some(&Value::Bool(true)));
    }
    keep_one_primary(list, primary);
    list.retain(|element| element.as_object().is_none_or(|parts| !parts.is_empty()));
    Ok(())
}

/// Whether the operation itself speaks about `primary`.
fn sets_primary(target: &Target<'_>, value: &Value) -> bool {
    match target.sub {
        Some(sub) => sub.name == "primary",
        None => element_value(value)
            .as_object()
            .is_some_and(|parts| parts.keys().any(|name| name.eq_ignore_ascii_case("primary"))),
    }
}

/// The value nobody had: what the filter says, and what the operation gives.
fn create(target: &Target<'_>, value: &Value) -> Result<Value, Error> {
    let attribute = target.attribute;
    let frame = match target.filter {
        None => Some(Map::new()),
        Some(filter) => habits::value_to_create(attribute, filter),
    };
    let Some(mut parts) = frame else {
        return Err(Error::no_target(format!("no value of {} satisfies the filter.", attribute.name)));
    };
    match target.sub {
        None => merge(attribute, &mut parts, element_value(value), &target.label)?,
        Some(sub) => {
            if let Some(value) = coerce(sub, value, &target.label)? {
                parts.insert(sub.name.to_owned(), value);
            }
        }
    }
    Ok(Value::Object(parts))
}

/// Completes a complex value: parts that are not given stay, parts given as null or "" go (RFC 7644 §3.5.2.3).
fn merge(
    attribute: &Attribute,
    parts: &mut Map<String, Value>,
    value: &Value,
    label: &str,
) -> Result<(), Error> {
    let value = habits::singular(value).unwrap_or(value);
    let Value::Object(given) = value else {
        if let Some(Value::Object(bare)) = coerce_single(attribute, value, label)? {
            return merge(attribute, parts, &Value::Object(bare), label);
        }
        return Ok(());
    };
    for (name, value) in given {
        let Some(part) = attribute.sub_attribute(name).filter(|part| !part.is_read_only()) else {
            continue;
        };
        let value = coerce(part, value, &format!("{label}.{}", part.name))?;
        set_part(attribute, parts, part, value)?;
    }
    Ok(())
}

/// Sets or unassigns one part. Immutable ones are written once; what the server said about the old `value` (the name
/// of a manager) does not outlive it.
fn set_part(
    attribute: &Attribute,
    parts: &mut Map<String, Value>,
    part: &Attribute,
    value: Option<Value>,
) -> Result<(), Error> {
    let before = parts.get(part.name);
    if before == value.as_ref() {
        return Ok(());
    }
    if part.mutability == Mutability::Immutable && before.is_some() {
        return Err(Error::mutability(format!("{}.{} cannot be changed.", attribute.name, part.name)));
    }
    put(parts, part, value);
    if part.name == "value" {
        for stale in attribute.sub_attributes.iter().filter(|part| part.is_read_only()) {
            parts.remove(stale.name);
        }
    }
    Ok(())
}

/// A one-element array stands for its element (Entra ID).
fn element_value(value: &Value) -> &Value {
    habits::singular(value).unwrap_or(value)
}

fn take_parts(object: &mut Map<String, Value>, attribute: &Attribute) -> Map<String, Value> {
    match object.remove(attribute.name) {
        Some(Value::Object(parts)) => parts,
        _ => Map::new(),
    }
}

fn put_parts(object: &mut Map<String, Value>, attribute: &Attribute, parts: Map<String, Value>) {
    if !parts.is_empty() {
        object.insert(attribute.name.to_owned(), Value::Object(parts));
    }
}

fn put(object: &mut Map<String, Value>, attribute: &Attribute, value: Option<Value>) {
    match value {
        Some(value) => object.insert(attribute.name.to_owned(), value),
        None => object.remove(attribute.name),
    };
}
