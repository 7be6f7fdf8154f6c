//! Evaluating filters on resources in memory, RFC 7644 §3.4.2.2.
//!
//! An attribute without value satisfies only `ne` with a value, and `eq null`. Of a multi-valued attribute any value
//! that satisfies the comparison is enough, for `ne` too.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Comparison, Filter, Scope};
use crate::{
    Path,
    fold::{fold, folded_eq},
    habits,
    schema::{Attribute, Kind},
};

/// Whether the filter holds for the object, whose names are those of the scope.
pub(crate) fn holds(filter: &Filter, scope: Scope<'_>, object: &Map<String, Value>) -> bool {
    match filter {
        Filter::Compare { path, op, value } => compare_path(path, *op, value, scope, object),
        Filter::Present(path) | Filter::Any(path) => !select(path, scope, object).is_empty(),
        Filter::Not(inner) => !holds(inner, scope, object),
        Filter::And(terms) => terms.iter().all(|term| holds(term, scope, object)),
        Filter::Or(terms) => terms.iter().any(|term| holds(term, scope, object)),
    }
}

fn compare_path(
    path: &Path,
    op: Comparison,
    literal: &Value,
    scope: Scope<'_>,
    object: &Map<String, Value>,
) -> bool {
    let compared = scope.resolve(path).and_then(|resolved| resolved.compared());
    let values: Vec<&Value> = select(path, scope, object)
        .into_iter()
        .filter_map(|value| match (value, compared) {
            (Value::Object(parts), Some(attribute)) => parts.get(attribute.name),
            (simple, _) => Some(simple),
        })
        .collect();
    match (compared, literal, op) {
        (_, Value::Null, Comparison::Eq) => values.is_empty(),
        (_, Value::Null, Comparison::Ne) => !values.is_empty(),
        (None, _, _) | (_, Value::Null, _) => false,
        (Some(_), _, Comparison::Ne) if values.is_empty() => true,
        (Some(attribute), _, _) => values.into_iter().any(|value| compare(attribute, value, op, literal)),
    }
}

/// The values a path selects in a rendered resource; of a complex attribute without `.sub`, the objects.
pub(crate) fn select_values<'o>(
    path: &Path,
    rt: &crate::ResourceType,
    resource: &'o Map<String, Value>,
) -> Vec<&'o Value> {
    select(path, Scope::Resource(rt), resource)
}

/// The values a path selects; of a complex attribute without `.sub`, the objects.
fn select<'o>(path: &Path, scope: Scope<'_>, object: &'o Map<String, Value>) -> Vec<&'o Value> {
    let Some(resolved) = scope.resolve(path) else {
        return Vec::new();
    };
    let container = match resolved.extension {
        None => Some(object),
        Some(schema) => object.get(schema.id).and_then(Value::as_object),
    };
    let Some(container) = container else {
        return Vec::new();
    };
    let Some(attribute) = resolved.attribute else {
        return container.values().filter(|_| resolved.extension.is_some()).collect();
    };
    let elements = match container.get(attribute.name) {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(elements)) => elements.as_slice(),
        Some(single) => std::slice::from_ref(single),
    };
    let wanted = |element: &&Value| match path.filter.as_deref() {
        None => true,
        Some(inner) => element.as_object().is_some_and(|parts| holds(inner, Scope::Value(attribute), parts)),
    };
    let part = |element: &'o Value| match resolved.sub {
        None => Some(element),
        Some(sub) => element.get(sub.name).filter(|value| !value.is_null()),
    };
    elements.iter().filter(wanted).filter_map(part).collect()
}

fn compare(attribute: &Attribute, actual: &Value, op: Comparison, literal: &Value) -> bool {
    match (attribute.kind, actual, literal) {
        (Kind::Boolean, Value::Bool(actual), _) => {
            habits::boolean(literal).is_some_and(|literal| by_equality(op, *actual == literal))
        }
        (Kind::Integer | Kind::Decimal, Value::Number(actual), Value::Number(literal)) => {
            let (a, b) = (actual.as_i64().zip(literal.as_i64()), actual.as_f64().zip(literal.as_f64()));
            let ordering = a.map(|(a, b)| a.cmp(&b)).or_else(|| b.and_then(|(a, b)| a.partial_cmp(&b)));
            ordering.is_some_and(|ordering| by_order(op, ordering))
        }
        (Kind::DateTime, Value::String(actual), Value::String(literal)) => {
            match (parse_date_time(actual), parse_date_time(literal)) {
                (Some(a), Some(b)) if !is_textual(op) => by_order(op, a.cmp(&b)),
                _ => compare_text(actual, op, literal, true),
            }
        }
        (_, Value::String(actual), Value::String(literal)) => {
            compare_text(actual, op, literal, attribute.case_exact)
        }
        _ => op == Comparison::Ne,
    }
}

fn compare_text(actual: &str, op: Comparison, literal: &str, case_exact: bool) -> bool {
    match (op, case_exact) {
        (Comparison::Eq, true) => actual == literal,
        (Comparison::Eq, false) => folded_eq(actual, literal),
        (Comparison::Ne, _) => !compare_text(actual, Comparison::Eq, literal, case_exact),
        (_, false) => compare_text(&fold(actual), op, &fold(literal), true),
        (Comparison::Co, true) => actual.contains(literal),
        (Comparison::Sw, true) => actual.starts_with(literal),
        (Comparison::Ew, true) => actual.ends_with(literal),
        (Comparison::Gt | Comparison::Ge | Comparison::Lt | Comparison::Le, true) => {
            by_order(op, actual.cmp(literal))
        }
    }
}

fn is_textual(op: Comparison) -> bool {
    matches!(op, Comparison::Co | Comparison::Sw | Comparison::Ew)
}

fn by_equality(op: Comparison, equal: bool) -> bool {
    match op {
        Comparison::Eq => equal,
        Comparison::Ne => !equal,
        _ => false,
    }
}

fn by_order(op: Comparison, ordering: Ordering) -> bool {
    match op {
        Comparison::Gt => ordering.is_gt(),
        Comparison::Ge => ordering.is_ge(),
        Comparison::Lt => ordering.is_lt(),
        Comparison::Le => ordering.is_le(),
        _ => by_equality(op, ordering.is_eq()),
    }
}

/// Reads an `xsd:dateTime` (RFC 7643 §2.3.5); one without zone is taken as UTC, a date alone is none.
pub fn parse_date_time(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        // A date alone is no dateTime (RFC 7643 §2.3.5); jiff would read it as midnight.
        let civil =
            text.contains(['T', 't']).then(|| text.parse::<jiff::civil::DateTime>().ok()).flatten()?;
        jiff::tz::Offset::UTC.to_timestamp(civil).ok()
    })
}
