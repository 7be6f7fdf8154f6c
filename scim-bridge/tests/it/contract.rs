//! The OpenAPI document as a contract: every answer of `/api/v1` that any test gets is held against it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// One described operation.
struct Described {
    method: String,
    /// The parts of the path; `None` stands for a parameter.
    path: Vec<Option<String>>,
    answer: Validator,
}

static DESCRIBED: LazyLock<Vec<Described>> = LazyLock::new(|| {
    let document = document();
    let components = closed(document["components"]["schemas"].as_object().unwrap());
    let problem = validator(&json!({"$ref": "#/components/schemas/Problem"}), &components);
    drop(problem);
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            let (_, success) = responses.iter().find(|(status, _)| status.starts_with('2')).unwrap();
            let schema = &success["content"]["application/json"]["schema"];
            all.push(Described {
                method: method.to_uppercase(),
                path: path.split('/').map(|part| (!part.starts_with('{')).then(|| part.to_owned())).collect(),
                answer: validator(schema, &components),
            });
        }
    }
    all
});

/// The document as it is served.
pub(crate) fn document() -> Value {
    serde_json::to_value(scim_bridge::http::openapi::document()).unwrap()
}

/// Schemas that allow no member beyond those that they describe, so that an answer cannot say what is not described. Those
/// that are parts of others stay open: the whole is closed.
fn closed(schemas: &Map<String, Value>) -> BTreeMap<String, Value> {
    let mut parts = BTreeSet::new();
    for schema in schemas.values() {
        for part in schema["allOf"].as_array().into_iter().flatten() {
            parts.extend(part["$ref"].as_str().and_then(|it| it.rsplit('/').next()).map(str::to_owned));
        }
    }
    let close = |(name, schema): (&String, &Value)| {
        let mut schema = schema.clone();
        let whole = !parts.contains(name) && schema.get("additionalProperties").is_none();
        if whole && (schema.get("allOf").is_some() || schema.get("properties").is_some()) {
            schema["unevaluatedProperties"] = json!(false);
        }
        (name.clone(), schema)
    };
    schemas.iter().map(close).collect()
}

fn validator(schema: &Value, components: &BTreeMap<String, Value>) -> Validator {
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": {"schemas": components},
    });
    jsonschema::options().should_validate_formats(true).build(&whole).unwrap()
}

/// Holds a successful answer against its description. Addresses beside `/api/v1` have none.
pub(crate) fn check(method: &str, path: &str, status: u16, body: &str) {
    if !matches!(status, 200..=202)
        || !path.starts_with("/api/v1/")
        || path == "/api/v1/openapi.json"
        || method == "HEAD"
    {
        return;
    }
    let parts: Vec<&str> = path.split('/').collect();
    let is_same = |it: &&Described| {
        let fits = |(own, part): (&Option<String>, &&str)| own.as_deref().is_none_or(|own| own == *part);
        it.method == method && it.path.len() == parts.len() && it.path.iter().zip(&parts).all(fits)
    };
    // Of two that fit, the one that names more.
    let described =
        DESCRIBED.iter().filter(is_same).min_by_key(|it| it.path.iter().filter(|it| it.is_none()).count());
    let described = described.unwrap_or_else(|| panic!("{method} {path} is not in the OpenAPI document"));
    let body: Value = serde_json::from_str(body).unwrap();
    let wrong: Vec<String> =
        described.answer.iter_errors(&body).map(|it| format!("{}: {it}", it.instance_path())).collect();
    assert!(wrong.is_empty(), "{method} {path} is not answered as described: {wrong:#?}\n{body:#}");
}

#[test]
fn what_is_not_described_is_found() {
    let refused = |body: Value| {
        std::panic::catch_unwind(|| check("GET", "/api/v1/rules/revisions", 200, &body.to_string())).is_err()
    };
    let revision = json!({"revision": 1, "actor": "ada", "note": "", "set_at": "2026-11-26T12:00:00Z", "lines_changed": 0});
    let with = |member: &str, value: Value| {
        let mut other = revision.clone();
        other[member] = value;
        json!({"revisions": [other]})
    };
    assert!(!refused(json!({"revisions": [revision]})));
    assert!(refused(json!({"revisions": {}})));
    assert!(refused(with("set_at", json!("yesterday"))), "the format");
    assert!(refused(with("revision", json!("one"))), "the type");
    assert!(refused(with("colour", json!("red"))), "a member that nobody described");
}
