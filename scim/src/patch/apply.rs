//! Applying operations, RFC 7644 §3.5.2: in order, each on the result of the one before, all or none.

use serde_json::{Map, Value};

use super::{
    Op, Operation, PatchRequest,
    target::{Target, change},
};
use crate::{
    Error, Path, Resource, ResourceType, habits,
    schema::{Resolved, Schema},
};

/// What the resource becomes. The one given is not touched, and an equal one means that nothing changed.
///
/// # Errors
/// Those of RFC 7644 §3.5.2 and Table 9; the detail names the operation by its number, from 1.
pub fn apply(resource: &Resource, request: &PatchRequest) -> Result<Resource, Error> {
    let mut after = resource.clone();
    for (i, operation) in request.operations.iter().enumerate() {
        run(&mut after, operation)
            .map_err(|error| Error { detail: format!("Operation {}: {}", i + 1, error.detail), ..error })?;
    }
    after.drop_shells();
    check_kept(resource, &after)?;
    after.check_identifiers()?;
    Ok(after)
}

fn run(resource: &mut Resource, operation: &Operation) -> Result<(), Error> {
    let rt = resource.resource_type;
    let value = operation.value.as_ref();
    let Some(path) = &operation.path else {
        return run_without_path(&mut resource.attributes, rt, operation.op, value);
    };
    if habits::is_without_effect(path) {
        return Ok(());
    }
    let Some(resolved) = rt.resolve(path) else {
        let detail = format!("{} has no attribute {}.", rt.name, name_of(path));
        return Err(Error::invalid_path(detail));
    };
    if resolved.is_read_only() {
        return Err(Error::mutability(format!("{} is read-only.", resolved.canonical())));
    }
    run_at(&mut resource.attributes, rt, operation.op, path, resolved, value)
}

/// Each key of the value, as if it had been an operation of its own with that path.
fn run_without_path(
    attributes: &mut Map<String, Value>,
    rt: &ResourceType,
    op: Op,
    value: Option<&Value>,
) -> Result<(), Error> {
    let Some(Value::Object(members)) = value else {
        return Err(Error::invalid_value("without a path, value must be an object of attributes."));
    };
    for (key, value) in members {
        if let Some((path, resolved)) = habits::path_of_key(rt, key) {
            habits::note_key(&path);
            run_at(attributes, rt, op, &path, resolved, Some(value))?;
        }
    }
    Ok(())
}

fn run_at(
    attributes: &mut Map<String, Value>,
    rt: &ResourceType,
    op: Op,
    path: &Path,
    resolved: Resolved,
    value: Option<&Value>,
) -> Result<(), Error> {
    let Some(attribute) = resolved.attribute else {
        return match resolved.extension {
            Some(extension) => run_on_extension(attributes, rt, op, extension, value),
            None if op == Op::Remove => {
                Err(Error::no_target("the whole resource cannot be removed by PATCH."))
            }
            None => run_without_path(attributes, rt, op, value),
        };
    };
    let target =
        Target { attribute, filter: path.filter.as_deref(), sub: resolved.sub, label: resolved.canonical() };
    let Some(extension) = resolved.extension else {
        return change(attributes, op, &target, value);
    };
    let slot = attributes.entry(extension.id).or_insert_with(|| Value::Object(Map::new()));
    let result = match slot {
        Value::Object(inner) => change(inner, op, &target, value),
        _ => Ok(()),
    };
    if slot.as_object().is_some_and(Map::is_empty) {
        attributes.remove(extension.id);
    }
    result
}

/// An extension by its bare URN: with an object, each of its keys; without, all that a client may remove.
fn run_on_extension(
    attributes: &mut Map<String, Value>,
    rt: &ResourceType,
    op: Op,
    extension: &'static Schema,
    value: Option<&Value>,
) -> Result<(), Error> {
    let clears = op == Op::Remove || (op == Op::Replace && value.is_some_and(habits::is_unassigned));
    if clears {
        attributes.remove(extension.id);
        return Ok(());
    }
    let Some(Value::Object(members)) = value else {
        return Err(Error::invalid_value(format!("{} must be an object.", extension.id)));
    };
    for (key, value) in members {
        let key = format!("{}:{key}", extension.id);
        let named = habits::path_of_key(rt, &key).filter(|(_, resolved)| resolved.attribute.is_some());
        if let Some((path, resolved)) = named {
            run_at(attributes, rt, op, &path, resolved, Some(value))?;
        }
    }
    Ok(())
}

/// What must not be lost: required attributes, and the `active` of a leaver, because a user without it counts as
/// active and a leaver must not come back by being cleared.
fn check_kept(before: &Resource, after: &Resource) -> Result<(), Error> {
    let required = before.resource_type.schema.attributes.iter().filter(|attribute| attribute.required);
    let leaver = (!before.is_active()).then_some("active");
    let mut kept = required.map(|attribute| attribute.name).chain(leaver);
    match kept.find(|name| before.attributes.contains_key(*name) && !after.attributes.contains_key(*name)) {
        Some(name) => Err(Error::invalid_value(format!("{name} must keep a value."))),
        None => after.check_parts(),
    }
}

fn name_of(path: &Path) -> String {
    Path { filter: None, ..path.clone() }.to_string()
}
