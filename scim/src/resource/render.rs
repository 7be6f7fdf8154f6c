//! A resource as an answer shows it: `schemas` computed, `id` and `meta` added, "returned" rules and projection
//! applied (RFC 7643 §7, RFC 7644 §3.9).

use serde_json::{Map, Value};

use super::{Meta, Resource};
use crate::{Projection, ResourceType, schema::Attribute};

impl Resource {
    /// The whole answer, or the part of it that was asked for.
    ///
    /// An extension is in `schemas` exactly when the resource uses it (RFC 7643 §3), whatever the projection.
    pub fn render(&self, meta: &Meta, projection: &Projection) -> Value {
        let rt = self.resource_type;
        let mut schemas = vec![Value::from(rt.schema.id)];
        let mut answer = Map::new();
        for (name, value) in &self.attributes {
            if let Some(extension) = rt.extension(name) {
                let Some(attributes) = value.as_object().filter(|attributes| !attributes.is_empty()) else {
                    continue;
                };
                schemas.push(extension.id.into());
                let shown: Map<String, Value> = attributes
                    .iter()
                    .filter_map(|(name, value)| {
                        let attribute = extension.attribute(name)?;
                        let shown = show(attribute, value, Some(extension.id), projection)?;
                        Some((attribute.name.to_owned(), with_references(attribute, shown, meta)))
                    })
                    .collect();
                if !shown.is_empty() {
                    answer.insert(extension.id.to_owned(), Value::Object(shown));
                }
            } else if let Some(attribute) = rt.attribute(name)
                && let Some(shown) = show(attribute, value, None, projection)
            {
                answer.insert(attribute.name.to_owned(), with_references(attribute, shown, meta));
            }
        }
        for (name, value) in [("id", Value::from(meta.id.as_str())), ("meta", meta.to_json())] {
            if let Some(shown) = rt.attribute(name).and_then(|a| show(a, &value, None, projection)) {
                answer.insert(name.to_owned(), shown);
            }
        }
        answer.insert("schemas".to_owned(), Value::Array(schemas));
        Value::Object(answer)
    }
}

/// What of the value is shown, if anything.
fn show(
    attribute: &Attribute,
    value: &Value,
    schema: Option<&str>,
    projection: &Projection,
) -> Option<Value> {
    if !projection.shows(attribute, schema) {
        return None;
    }
    if attribute.sub_attributes.is_empty() || projection.is_default() {
        return Some(value.clone());
    }
    let parts = |object: &Map<String, Value>| {
        let shown = object.iter().filter(|(name, _)| {
            attribute.sub_attribute(name).is_some_and(|part| projection.shows_part(attribute, part, schema))
        });
        let shown: Map<String, Value> = shown.map(|(name, value)| (name.clone(), value.clone())).collect();
        (!shown.is_empty()).then_some(Value::Object(shown))
    };
    match value {
        Value::Object(object) => parts(object),
        Value::Array(elements) => {
            let shown: Vec<Value> = elements.iter().filter_map(|e| e.as_object().and_then(parts)).collect();
            (!shown.is_empty()).then_some(Value::Array(shown))
        }
        other => Some(other.clone()),
    }
}

/// Adds `$ref`, the canonical URI of what `value` names (RFC 7643 §2.4).
fn with_references(attribute: &Attribute, mut shown: Value, meta: &Meta) -> Value {
    let Some(reference) = attribute.sub_attribute("$ref") else {
        return shown;
    };
    let elements = match &mut shown {
        Value::Array(elements) => elements.as_mut_slice(),
        single => std::slice::from_mut(single),
    };
    for element in elements.iter_mut().filter_map(Value::as_object_mut) {
        let named = element.get("type").and_then(Value::as_str);
        let target = reference
            .reference_types
            .iter()
            .find(|name| named.is_some_and(|named| named.eq_ignore_ascii_case(name)))
            .or(reference.reference_types.first())
            .and_then(|name| ResourceType::all().into_iter().find(|rt| rt.name == *name));
        let id = element.get("value").and_then(Value::as_str);
        if let Some(uri) = target.zip(id).and_then(|(rt, id)| meta.sibling(rt.endpoint, id)) {
            element.insert(reference.name.to_owned(), uri.into());
        }
    }
    shown
}
