//! PUT, RFC 7644 §3.5.1.

use serde_json::{Map, Value};

use super::Resource;
use crate::{Error, schema::Attribute};

/// What a resource becomes when a client replaces it.
///
/// What the body leaves out is cleared, with two exceptions: read-only attributes are the server's and stay, and a
/// user whose `active` is left out or empty stays what he is. Nobody is deactivated, or brought back, by silence.
///
/// # Errors
/// Those of [`Resource::from_client`] and [`Resource::check_required`].
pub fn replace(before: &Resource, body: &Value) -> Result<Resource, Error> {
    let rt = before.resource_type;
    let mut after = Resource::read(rt, body)?;
    if let Some(active) = before.attributes.get("active") {
        after.attributes.entry("active").or_insert_with(|| active.clone());
    }
    keep_read_only(rt.schema.attributes, &before.attributes, &mut after.attributes);
    for extension in rt.extensions {
        let Some(Value::Object(old)) = before.attributes.get(extension.id) else {
            continue;
        };
        let mut new = match after.attributes.remove(extension.id) {
            Some(Value::Object(new)) => new,
            _ => Map::new(),
        };
        keep_read_only(extension.attributes, old, &mut new);
        if !new.is_empty() {
            after.attributes.insert(extension.id.to_owned(), Value::Object(new));
        }
    }
    after.check_required()?;
    Ok(after)
}

fn keep_read_only(attributes: &[Attribute], before: &Map<String, Value>, after: &mut Map<String, Value>) {
    for attribute in attributes {
        match (before.get(attribute.name), after.get_mut(attribute.name)) {
            (Some(old), _) if attribute.is_read_only() => {
                after.insert(attribute.name.to_owned(), old.clone());
            }
            // The name of a manager belongs to that manager: it stays as long as he does.
            (Some(Value::Object(old)), Some(Value::Object(new))) if old.get("value") == new.get("value") => {
                for part in attribute.sub_attributes.iter().filter(|part| part.is_read_only()) {
                    if let Some(value) = old.get(part.name) {
                        new.insert(part.name.to_owned(), value.clone());
                    }
                }
            }
            _ => {}
        }
    }
}
