//! A resource: the attributes of one user or group under their canonical names, extensions under their URN.
//!
//! It holds what the client wrote, letter case and all, in a stable order, and nothing that belongs to the server's
//! bookkeeping: `id`, `meta` and `schemas` are added when it is rendered. Two resources are equal when nothing has
//! changed, which is how a no-op is recognised.

mod coerce;
mod list;
mod meta;
mod render;
mod replace;

use serde_json::{Map, Value};

use crate::{
    Error, ResourceType, habits,
    schema::{Attribute, split_known_urn},
    urn,
};

pub(crate) use coerce::{coerce, coerce_list, coerce_single, is_shell};
pub(crate) use list::{add_to_list, keep_one_primary, remove_from_list};
pub use meta::Meta;
pub use replace::replace;

/// Characters of `userName` and `externalId`.
const MAX_IDENTIFIER_CHARS: usize = 256;

/// The attributes of one resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    pub(crate) resource_type: &'static ResourceType,
    pub(crate) attributes: Map<String, Value>,
}

impl Resource {
    /// Reads the body of a POST.
    ///
    /// Names are read in any letter case. What is unknown or read-only is dropped (RFC 7644 §3.3), passwords too.
    /// `null`, `""`, `[]` and objects that say nothing are unassigned (RFC 7643 §2.5). A user without `active` is
    /// active. Required attributes are [`Resource::check_required`]'s business.
    ///
    /// # Errors
    /// `invalidSyntax` if the body is no object or names other schemas; `invalidValue`, naming the attribute, for a
    /// value of the wrong type.
    pub fn from_client(rt: &'static ResourceType, body: &Value) -> Result<Resource, Error> {
        let mut resource = Self::read(rt, body)?;
        if rt == ResourceType::user() {
            resource.attributes.entry("active").or_insert(Value::Bool(true));
        }
        Ok(resource)
    }

    /// [`Resource::from_client`] without defaults.
    fn read(rt: &'static ResourceType, body: &Value) -> Result<Resource, Error> {
        let Some(body) = body.as_object() else {
            return Err(Error::invalid_syntax(
                "The body must be a JSON object with the attributes of the resource.",
            ));
        };
        check_schemas(rt, body)?;
        let mut attributes = Map::new();
        for (name, value) in body {
            if let Some(attribute) = rt.attribute(name) {
                if let Some(value) = coerce(attribute, value, attribute.name)? {
                    attributes.insert(attribute.name.to_owned(), value);
                }
            } else if let Some(extension) = rt.extension(name)
                && let Some(value) = coerce::extension(extension, value)?
            {
                attributes.insert(extension.id.to_owned(), value);
            }
        }
        let resource = Self { resource_type: rt, attributes };
        resource.check_identifiers()?;
        Ok(resource)
    }

    /// Whether everything required is there.
    ///
    /// # Errors
    /// `invalidValue`, naming the first attribute that is missing.
    pub fn check_required(&self) -> Result<(), Error> {
        let rt = self.resource_type;
        let mut required = rt.schema.attributes.iter().filter(|attribute| attribute.required);
        match required.find(|attribute| !self.attributes.contains_key(attribute.name)) {
            Some(attribute) => Err(Error::invalid_value(format!("{} is required.", attribute.name))),
            None => self.check_parts(),
        }
    }

    /// Drops values that say nothing: one that is left with its `type` only goes too. After a whole PATCH, because a
    /// later operation of it may still say something.
    pub(crate) fn drop_shells(&mut self) {
        let rt = self.resource_type;
        drop_shells_of(rt.schema.attributes, &mut self.attributes);
        for extension in rt.extensions {
            if let Some(Value::Object(attributes)) = self.attributes.get_mut(extension.id) {
                drop_shells_of(extension.attributes, attributes);
                if attributes.is_empty() {
                    self.attributes.remove(extension.id);
                }
            }
        }
    }

    /// Whether every value of a multi-valued attribute has its required parts.
    pub(crate) fn check_parts(&self) -> Result<(), Error> {
        check_parts_of(self.resource_type.schema.attributes, &self.attributes, "")?;
        for extension in self.resource_type.extensions {
            if let Some(Value::Object(attributes)) = self.attributes.get(extension.id) {
                check_parts_of(extension.attributes, attributes, &format!("{}:", extension.id))?;
            }
        }
        Ok(())
    }

    /// `userName` and `externalId` travel into logs, look-ups and other systems: bounded and printable.
    pub(crate) fn check_identifiers(&self) -> Result<(), Error> {
        for name in ["userName", "externalId"] {
            let text = self.get_str(name).unwrap_or_default();
            if text.chars().count() > MAX_IDENTIFIER_CHARS {
                let limit = MAX_IDENTIFIER_CHARS;
                return Err(Error::invalid_value(format!("{name} may have {limit} characters at most.")));
            }
            // Here the line breaks too, which other texts may have.
            if text.chars().any(char::is_control) {
                return Err(Error::invalid_value(format!("{name} may not contain control characters.")));
            }
        }
        Ok(())
    }

    /// Takes back what [`Resource::to_stored`] gave, or attributes the server composed itself; nothing is checked.
    pub fn from_stored(rt: &'static ResourceType, attributes: Value) -> Resource {
        let attributes = match attributes {
            Value::Object(attributes) => attributes,
            _ => Map::new(),
        };
        Self { resource_type: rt, attributes }
    }

    /// The attributes alone: no `id`, `meta`, `schemas`.
    pub fn to_stored(&self) -> Value {
        Value::Object(self.attributes.clone())
    }

    /// User or group.
    pub fn resource_type(&self) -> &'static ResourceType {
        self.resource_type
    }

    /// All attributes, extensions under their URN.
    pub fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    /// The value at a canonical path: `userName`, `name.givenName`, `urn:...:User`, `urn:...:User:manager.value`.
    pub fn get(&self, path: &str) -> Option<&Value> {
        let mut steps = steps(path).into_iter();
        let first = self.attributes.get(steps.next()?)?;
        steps.try_fold(first, |value, step| value.get(step))
    }

    /// The text at a canonical path.
    pub fn get_str(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(Value::as_str)
    }

    /// Whether the user is active; one that does not say so is.
    pub fn is_active(&self) -> bool {
        self.get("active").and_then(Value::as_bool).unwrap_or(true)
    }

    /// `userName`, as written.
    pub fn user_name(&self) -> Option<&str> {
        self.get_str("userName")
    }

    /// `externalId`, as written.
    pub fn external_id(&self) -> Option<&str> {
        self.get_str("externalId")
    }

    /// Sets a value at a canonical path, for the server: read-only attributes too, and nothing is checked. `null`
    /// removes.
    pub fn set(&mut self, path: &str, value: Value) {
        if value.is_null() {
            self.remove(path);
            return;
        }
        let steps = steps(path);
        let Some((last, parents)) = steps.split_last() else {
            return;
        };
        let mut object = &mut self.attributes;
        for parent in parents {
            let slot = object.entry((*parent).to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if !slot.is_object() {
                *slot = Value::Object(Map::new());
            }
            let Value::Object(inner) = slot else {
                return;
            };
            object = inner;
        }
        object.insert((*last).to_owned(), value);
    }

    /// Removes the value at a canonical path, and objects left empty by it.
    pub fn remove(&mut self, path: &str) -> Option<Value> {
        remove_steps(&mut self.attributes, &steps(path))
    }
}

fn remove_steps(object: &mut Map<String, Value>, steps: &[&str]) -> Option<Value> {
    match steps {
        [] => None,
        [last] => object.remove(*last),
        [first, rest @ ..] => {
            let Some(Value::Object(inner)) = object.get_mut(*first) else {
                return None;
            };
            let removed = remove_steps(inner, rest);
            if inner.is_empty() {
                object.remove(*first);
            }
            removed
        }
    }
}

/// `urn:...:User:manager.value` → URN, `manager`, `value`.
fn steps(path: &str) -> Vec<&str> {
    let (schema, rest) = match split_known_urn(path) {
        Some((id, rest)) if id != urn::USER && id != urn::GROUP => (Some(id), rest),
        Some((_, rest)) => (None, rest),
        None => (None, path),
    };
    let names = rest.split('.').filter(|name| !name.is_empty());
    // The URN as written: `&path[..]` and not the constant, to keep one lifetime.
    schema.map(|id| &path[..id.len()]).into_iter().chain(names).collect()
}

/// `schemas` of a body: the base schema must be among them. Unknown ones are no harm (Entra's older job sends one).
fn check_schemas(rt: &ResourceType, body: &Map<String, Value>) -> Result<(), Error> {
    let Some((_, value)) = body.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas")) else {
        return Ok(());
    };
    let ids: Vec<&str> = match value {
        Value::Null => return Ok(()),
        Value::Array(ids) => ids.iter().filter_map(Value::as_str).collect(),
        _ => return Err(Error::invalid_syntax("schemas must be an array of schema URNs.")),
    };
    habits::refuse_scim_1(rt, &ids)?;
    if ids.is_empty() || ids.iter().any(|id| id.eq_ignore_ascii_case(rt.schema.id)) {
        return Ok(());
    }
    Err(Error::invalid_syntax(format!("schemas must contain {}.", rt.schema.id)))
}

fn drop_shells_of(attributes: &[Attribute], object: &mut Map<String, Value>) {
    for attribute in attributes.iter().filter(|attribute| attribute.multi_valued) {
        if let Some(Value::Array(elements)) = object.get_mut(attribute.name) {
            elements.retain(|element| element.as_object().is_none_or(|parts| !is_shell(attribute, parts)));
            if elements.is_empty() {
                object.remove(attribute.name);
            }
        }
    }
}

fn check_parts_of(attributes: &[Attribute], object: &Map<String, Value>, prefix: &str) -> Result<(), Error> {
    for attribute in attributes {
        let Some(Value::Array(elements)) = object.get(attribute.name) else {
            continue;
        };
        for part in attribute.sub_attributes.iter().filter(|part| part.required) {
            if elements.iter().any(|element| element.get(part.name).is_none()) {
                let (name, part) = (attribute.name, part.name);
                return Err(Error::invalid_value(format!(
                    "{prefix}{name}.{part} is required in every value."
                )));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
