//! `bulkId:` references, RFC 7644 §3.7.2: found anywhere in the data of an operation, and put in their place.
//!
//! A reference is a whole text (`"value": "bulkId:x"`), the end of a `$ref` (`"../Users/bulkId:x"`), or a quoted text
//! in a path of a PATCH (`members[value eq "bulkId:x"]`).

use serde_json::{Map, Value};

const PREFIX: &str = "bulkId:";

/// The `bulkId` that a text is a reference to.
pub(super) fn target(text: &str) -> Option<&str> {
    text.strip_prefix(PREFIX).filter(|id| !id.is_empty())
}

/// Calls `see` with every `bulkId` that the data refers to.
pub(super) fn each<'d>(data: &'d Value, see: &mut impl FnMut(&'d str)) {
    match data {
        Value::String(text) => target(text).into_iter().for_each(see),
        Value::Array(elements) => elements.iter().for_each(|element| each(element, see)),
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) => pieces(name, text).iter().for_each(|piece| {
                        if let Piece::Reference(id) = piece {
                            see(id);
                        }
                    }),
                    _ => each(value, see),
                }
            }
        }
        _ => {}
    }
}

/// Puts ids in the place of references; `id_of` knows them all.
pub(super) fn resolve(data: &mut Value, id_of: &impl Fn(&str) -> Option<String>) {
    match data {
        Value::String(text) => {
            if let Some(id) = target(text).and_then(id_of) {
                *text = id;
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| resolve(element, id_of)),
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                match value {
                    Value::String(text) => {
                        let resolved: Option<String> = pieces(name, text)
                            .into_iter()
                            .map(|piece| match piece {
                                Piece::Plain(plain) => Some(plain.to_owned()),
                                Piece::Reference(id) => id_of(id),
                            })
                            .collect();
                        if let Some(resolved) = resolved {
                            *text = resolved;
                        }
                    }
                    _ => resolve(value, id_of),
                }
            }
        }
        _ => {}
    }
}

/// The data without what refers to `unknown`: a value of a list, or the attribute, goes as a whole.
pub(super) fn without(data: &Value, unknown: &impl Fn(&str) -> bool) -> Value {
    match data {
        Value::Object(members) => Value::Object(prune_members(members, unknown)),
        other => other.clone(),
    }
}

fn prune_members(members: &Map<String, Value>, unknown: &impl Fn(&str) -> bool) -> Map<String, Value> {
    let kept = members.iter().filter_map(|(name, value)| {
        let kept = match value {
            // The attributes of an extension are attributes as well.
            Value::Object(extension) if name.to_ascii_lowercase().starts_with("urn:") => {
                Some(Value::Object(prune_members(extension, unknown)))
            }
            other => prune(other, unknown),
        };
        Some((name.clone(), kept?))
    });
    kept.collect()
}

fn prune(value: &Value, unknown: &impl Fn(&str) -> bool) -> Option<Value> {
    match value {
        Value::Array(elements) => {
            Some(Value::Array(elements.iter().filter_map(|element| prune(element, unknown)).collect()))
        }
        other => {
            let mut refers = false;
            each(other, &mut |id| refers |= unknown(id));
            (!refers).then(|| other.clone())
        }
    }
}

enum Piece<'t> {
    Plain(&'t str),
    Reference(&'t str),
}

/// The parts of the text of a member, in order.
fn pieces<'t>(name: &str, text: &'t str) -> Vec<Piece<'t>> {
    if let Some(id) = target(text) {
        return vec![Piece::Reference(id)];
    }
    if name == "$ref"
        && let Some((front, last)) = text.rsplit_once('/')
        && let Some(id) = target(last)
    {
        return vec![Piece::Plain(&text[..=front.len()]), Piece::Reference(id)];
    }
    let mut found = Vec::new();
    let mut rest = text;
    if name.eq_ignore_ascii_case("path") {
        while let Some(start) = rest.find("\"bulkId:") {
            let id = &rest[start + 1 + PREFIX.len()..];
            let Some(end) = id.find('"') else { break };
            found.push(Piece::Plain(&rest[..=start]));
            found.push(Piece::Reference(&id[..end]));
            rest = &id[end..];
        }
    }
    found.push(Piece::Plain(rest));
    found
}
