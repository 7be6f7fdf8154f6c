//! The structure of a request without its values: what a log may hold of it.
//!
//! Only names that the schema has are told, so that nothing a caller writes gets through, not even as a key.

use serde_json::Value;

use crate::{Filter, ListQuery, Path, ResourceType, message::member, urn};

/// Names told of one body; the rest is counted.
const NAMES_MAX: usize = 40;

/// The structure of a body: `userName: text, name.givenName: text, emails: array of 1` of a resource, `replace
/// active: boolean; remove members: nothing` of a PATCH.
pub fn of_body(rt: &ResourceType, body: &Value) -> String {
    let Some(object) = body.as_object() else { return kind(body) };
    let Some(operations) = member(object, "Operations").and_then(Value::as_array) else {
        return of_resource(rt, body);
    };
    let bulk = member(object, "schemas").and_then(Value::as_array).is_some_and(|ids| {
        ids.iter().filter_map(Value::as_str).any(|id| id.eq_ignore_ascii_case(urn::BULK_REQUEST))
    });
    if bulk {
        return format!("{} operations", operations.len());
    }
    cut(operations.iter().map(|operation| of_operation(rt, operation)), "; ")
}

fn of_operation(rt: &ResourceType, operation: &Value) -> String {
    let Some(operation) = operation.as_object() else { return kind(operation) };
    let text = |name: &str| member(operation, name).and_then(Value::as_str).unwrap_or_default();
    let op = ["add", "remove", "replace"].into_iter().find(|op| op.eq_ignore_ascii_case(text("op")));
    let op = op.unwrap_or("unknown operation");
    let value = member(operation, "value").map_or_else(|| "nothing".to_owned(), kind);
    match text("path") {
        "" => match member(operation, "value") {
            Some(value @ Value::Object(_)) => format!("{op} {}", of_resource(rt, value)),
            _ => format!("{op}: {value}"),
        },
        path => format!("{op} {}: {value}", known(rt, path).unwrap_or_else(|| "unknown path".to_owned())),
    }
}

fn of_resource(rt: &ResourceType, resource: &Value) -> String {
    let Some(members) = resource.as_object() else { return kind(resource) };
    let mut unknown = 0_usize;
    let mut names = Vec::new();
    for (name, value) in members {
        // The server's own, whoever sends them.
        if ["schemas", "id", "meta"].iter().any(|it| it.eq_ignore_ascii_case(name)) {
            continue;
        }
        let Some(path) = known(rt, name) else {
            unknown += 1;
            continue;
        };
        match value {
            Value::Object(parts) => {
                let extension = Path::parse(name).is_ok_and(|path| path.attribute.is_empty());
                let separator = if extension { ":" } else { "." };
                let inner = parts.iter().map(|(part, value)| (format!("{path}{separator}{part}"), value));
                for (part, value) in inner {
                    match known(rt, &part) {
                        Some(part) => names.push(format!("{part}: {}", kind(value))),
                        None => unknown += 1,
                    }
                }
            }
            value => names.push(format!("{path}: {}", kind(value))),
        }
    }
    if unknown > 0 {
        names.push(format!("{unknown} unknown"));
    }
    cut(names.into_iter(), ", ")
}

/// A path in the schema's spelling, values of a filter in brackets left out.
fn known(rt: &ResourceType, text: &str) -> Option<String> {
    let path = Path::parse(text).ok()?;
    let name = path.canonical(rt)?;
    Some(if path.filter.is_some() { format!("{name} with a filter") } else { name })
}

/// The structure of a query: its filter with `…` for each value, and which other parameters there are.
pub fn of_query(rt: &ResourceType, query: &ListQuery) -> String {
    let filter = query.filter.as_ref().map(|filter| format!("filter: {}", of_filter(rt, filter)));
    let sort = query.sort.as_ref().map(|sort| {
        format!("sorted by {}", sort.by.canonical(rt).unwrap_or_else(|| "an unknown attribute".to_owned()))
    });
    let cursor = query.cursor.as_ref().map(|_| "by cursor".to_owned());
    let page = format!("from {}, {} at most", query.start_index, query.count);
    filter.into_iter().chain(sort).chain(cursor).chain([page]).collect::<Vec<_>>().join(", ")
}

fn of_filter(rt: &ResourceType, filter: &Filter) -> String {
    let name = |path: &Path| {
        let known = path.compared(rt).or_else(|| path.canonical(rt));
        known.unwrap_or_else(|| "unknown attribute".to_owned())
    };
    let joined = |terms: &[Filter], word: &str| {
        let terms: Vec<String> = terms.iter().map(|term| format!("({})", of_filter(rt, term))).collect();
        terms.join(word)
    };
    match filter {
        Filter::Compare { path, op, .. } => format!("{} {op} …", name(path)),
        Filter::Present(path) => format!("{} pr", name(path)),
        Filter::Any(path) => format!("{} […]", name(path)),
        Filter::Not(inner) => format!("not ({})", of_filter(rt, inner)),
        Filter::And(terms) => joined(terms, " and "),
        Filter::Or(terms) => joined(terms, " or "),
    }
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "boolean".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(text) if text.is_empty() => "empty text".to_owned(),
        Value::String(_) => "text".to_owned(),
        Value::Array(elements) => format!("array of {}", elements.len()),
        Value::Object(_) => "object".to_owned(),
    }
}

fn cut(names: impl ExactSizeIterator<Item = String>, separator: &str) -> String {
    let more = names.len().saturating_sub(NAMES_MAX);
    let more = (more > 0).then(|| format!("{more} more"));
    names.take(NAMES_MAX).chain(more).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "the cases read better")]
    fn check(body: serde_json::Value, shape: &str) {
        let found = of_body(ResourceType::user(), &body);
        assert_eq!(found, shape);
        assert!(!found.contains("canary"), "{found}");
    }

    #[test]
    fn names_of_the_schema_are_told_and_nothing_else() {
        check(
            json!({"schemas": ["canary"], "USERNAME": "canary", "name": {"givenName": "canary", "canary": 1},
                "emails": [{"value": "canary"}], "active": true, "canary": {"canary": "canary"}, "title": "",
                crate::urn::ENTERPRISE_USER: {"department": "canary"}}),
            "userName: text, active: boolean, emails: array of 1, name.givenName: text, title: empty text, \
             urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department: text, 2 unknown",
        );
        check(
            json!({"schemas": [crate::urn::PATCH_OP], "Operations": [
                {"op": "Replace", "path": "emails[type eq \"canary\"].value", "value": "canary"},
                {"op": "canary", "path": "canary", "value": null},
                {"op": "add", "value": {"name.givenName": "canary"}},
                {"op": "remove", "path": "title"}, 7]}),
            "replace emails.value with a filter: text; unknown operation unknown path: null; \
             add name.givenName: text; remove title: nothing; number",
        );
        check(json!({"schemas": [crate::urn::BULK_REQUEST], "Operations": [{}, {}]}), "2 operations");
        check(json!(["canary"]), "array of 1");
    }

    #[test]
    fn a_query_is_told_without_what_it_looks_for() {
        let query = |pairs: &[(&str, &str)]| {
            of_query(ResourceType::user(), &ListQuery::parse(pairs.iter().copied()).unwrap())
        };
        let filter = "(userName eq \"canary\" and not (canary co \"canary\")) or emails[value sw \"canary\"] or title pr";
        assert_eq!(
            query(&[("filter", filter), ("sortBy", "userName"), ("count", "5")]),
            "filter: ((userName eq …) and (not (unknown attribute co …))) or (emails.value […]) or (title pr), \
             sorted by userName, from 1, 5 at most"
        );
    }

    #[test]
    fn a_long_body_is_cut() {
        let operations = vec![json!({"op": "remove", "path": "title"}); 50];
        let shape = of_body(ResourceType::user(), &json!({"schemas": [], "Operations": operations}));
        assert!(
            shape.ends_with("; 10 more") && shape.matches("remove title").count() == NAMES_MAX,
            "{shape}"
        );
    }
}
