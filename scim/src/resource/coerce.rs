//! Reading one value as the schema describes it, RFC 7643 §2.3 to §2.5; the tolerances are functions of `habits`.
//!
//! `None` is "unassigned": RFC 7643 §2.5 makes no difference between an absent attribute, `null` and `[]`.

use serde_json::{Map, Value};

use super::list;
use crate::{
    Error,
    filter::parse_date_time,
    habits,
    schema::{Attribute, Kind, Schema},
};

/// The value a client gives to an attribute, of which it has no say if that is read-only; `label` names it in errors.
pub(crate) fn coerce(attribute: &Attribute, value: &Value, label: &str) -> Result<Option<Value>, Error> {
    if attribute.is_read_only() {
        return Ok(None);
    }
    if attribute.multi_valued {
        let list = coerce_list(attribute, value, label)?;
        return Ok((!list.is_empty()).then_some(Value::Array(list)));
    }
    match habits::singular(value) {
        Some(value) => coerce_single(attribute, value, label),
        None => Err(wrong_type(attribute, value, label)),
    }
}

/// The values of a multi-valued attribute, each once, at most one of them primary.
pub(crate) fn coerce_list(attribute: &Attribute, value: &Value, label: &str) -> Result<Vec<Value>, Error> {
    let mut read = Vec::new();
    for element in habits::elements(value) {
        read.extend(coerce_single(attribute, element, label)?);
    }
    let mut list = Vec::new();
    list::add_to_list(attribute, &mut list, read);
    list::keep_one_primary(&mut list, None);
    Ok(list)
}

/// One value of an attribute, multi-valued or not.
pub(crate) fn coerce_single(
    attribute: &Attribute,
    value: &Value,
    label: &str,
) -> Result<Option<Value>, Error> {
    if habits::is_unassigned(value) {
        return Ok(None);
    }
    let fits = match (attribute.kind, value) {
        (Kind::Complex, Value::Object(parts)) => return coerce_object(attribute, parts, label),
        (Kind::Complex, Value::String(_)) => return coerce_bare(attribute, value, label),
        (Kind::Boolean, _) => {
            return match habits::boolean(value) {
                Some(value) => Ok(Some(value.into())),
                None => Err(wrong_type(attribute, value, label)),
            };
        }
        (Kind::DateTime, Value::String(text)) => parse_date_time(text).is_some(),
        (Kind::String | Kind::Reference | Kind::Binary, Value::String(_))
        | (Kind::Decimal, Value::Number(_)) => true,
        (Kind::Integer, Value::Number(number)) => number.is_i64() || number.is_u64(),
        _ => false,
    };
    if !fits {
        return Err(wrong_type(attribute, value, label));
    }
    if let Value::String(text) = value {
        check_text(attribute, text, label)?;
    }
    Ok(Some(value.clone()))
}

/// What no text may contain: control characters other than those of a text with several lines (an address), and in a
/// URI anything that RFC 3986 has no place for. Binary is base64 (RFC 7643 §2.3.6).
fn check_text(attribute: &Attribute, text: &str, label: &str) -> Result<(), Error> {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        return Err(Error::invalid_value(format!("{label} may not contain control characters.")));
    }
    let outside_of_uris = |c: char| c.is_whitespace() || "<>\"{}|\\^`".contains(c);
    match attribute.kind {
        Kind::Reference if text.chars().any(outside_of_uris) => {
            Err(Error::invalid_value(format!("{label} must be a URI.")))
        }
        Kind::Binary if !is_base64(text) => Err(Error::invalid_value(format!("{label} must be base64."))),
        _ => Ok(()),
    }
}

/// RFC 4648 §4, with or without padding, line breaks allowed as certificates have them.
fn is_base64(text: &str) -> bool {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let digits = text.trim_end_matches('=');
    digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        && digits.len() % 4 != 1
        && text.len() - digits.len() <= 2
}

fn coerce_object(
    attribute: &Attribute,
    parts: &Map<String, Value>,
    label: &str,
) -> Result<Option<Value>, Error> {
    let mut object = Map::new();
    for (name, value) in parts {
        let Some(part) = attribute.sub_attribute(name) else {
            continue;
        };
        if let Some(value) = coerce(part, value, &format!("{label}.{}", part.name))? {
            object.insert(part.name.to_owned(), value);
        }
    }
    Ok((!is_shell(attribute, &object)).then_some(Value::Object(object)))
}

fn coerce_bare(attribute: &Attribute, value: &Value, label: &str) -> Result<Option<Value>, Error> {
    match habits::bare_text_as_value(attribute, value) {
        Some(parts) => coerce_object(attribute, &parts, label),
        None => Err(wrong_type(attribute, value, label)),
    }
}

/// The attributes of an extension; `None` if none is assigned.
pub(super) fn extension(schema: &'static Schema, value: &Value) -> Result<Option<Value>, Error> {
    let parts = match value {
        Value::Object(parts) => parts,
        _ if habits::is_unassigned(value) => return Ok(None),
        _ => return Err(Error::invalid_value(format!("{} must be an object.", schema.id))),
    };
    let mut object = Map::new();
    for (name, value) in parts {
        let Some(attribute) = schema.attribute(name) else {
            continue;
        };
        let label = format!("{}:{}", schema.id, attribute.name);
        if let Some(value) = coerce(attribute, value, &label)? {
            object.insert(attribute.name.to_owned(), value);
        }
    }
    Ok((!object.is_empty()).then_some(Value::Object(object)))
}

/// Whether an object says nothing: no parts, or only those that tell values apart (`type`, `primary`, and the `id` of
/// a custom field) while what they would tell about is missing.
pub(crate) fn is_shell(attribute: &Attribute, object: &Map<String, Value>) -> bool {
    let is_frame = |name: &String| match name.as_str() {
        "type" | "primary" => attribute.multi_valued,
        "id" => attribute.sub_attribute("value").is_some(),
        _ => false,
    };
    object.keys().all(is_frame)
}

fn wrong_type(attribute: &Attribute, value: &Value, label: &str) -> Error {
    let wanted = match attribute.kind {
        Kind::String | Kind::Reference | Kind::Binary => "text",
        Kind::Boolean => "true or false",
        Kind::Decimal => "a number",
        Kind::Integer => "a number without fraction",
        Kind::DateTime => "a date with time, such as 2026-03-31T00:00:00Z",
        Kind::Complex => "an object",
    };
    let given = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    let given = if attribute.kind == Kind::DateTime && value.is_string() { "other text" } else { given };
    Error::invalid_value(format!("{label} must be {wanted}, not {given}."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ScimType;

    fn check(attribute: &Attribute, value: &Value, accepted: bool) {
        let read = coerce(attribute, value, attribute.name);
        assert_eq!(read.is_ok(), accepted, "{} {value}", attribute.name);
        if let Err(error) = read {
            assert_eq!(error.scim_type, Some(ScimType::InvalidValue));
            assert!(error.detail.contains(attribute.name), "{error}");
        }
    }

    #[test]
    fn every_type_is_checked() {
        let binary = Attribute::new("certificate", Kind::Binary, "A binary");
        for (text, accepted) in
            [("", true), ("QUI=", true), ("QUI", true), ("QQ==\n", true), ("Q", false), ("Q-I=", false)]
        {
            check(&binary, &json!(text), accepted);
        }
        let integer = Attribute::new("number", Kind::Integer, "A number");
        for (value, accepted) in
            [(json!(-3), true), (json!(1.5), false), (json!("3"), false), (json!(null), true)]
        {
            check(&integer, &value, accepted);
        }
        check(&Attribute::new("decimal", Kind::Decimal, "A number"), &json!(1.5), true);
        let reference = Attribute::reference("page", &["external"], "A page");
        for (text, accepted) in
            [("https://a.example/x?y#z", true), ("../Users/1", true), ("a b", false), ("<a>", false)]
        {
            check(&reference, &json!(text), accepted);
        }
        let text = Attribute::string("text", "Text");
        for (value, accepted) in
            [("two\nlines\tand a tab", true), ("a\u{0}b", false), ("\u{7f}", false), ("\u{85}", false)]
        {
            check(&text, &json!(value), accepted);
        }
        let time = Attribute::date_time("time", "A time");
        for (value, accepted) in [
            ("2026-03-31T00:00:00Z", true),
            ("2026-03-31T00:00:00+02:00", true),
            ("2026-03-31", false),
            ("now", false),
        ] {
            check(&time, &json!(value), accepted);
        }
    }
}
