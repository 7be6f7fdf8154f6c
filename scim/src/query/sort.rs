//! `sortBy` and `sortOrder`, RFC 7644 §3.4.2.3: what a resource is sorted by, as a value with an order.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    Error, Path, ResourceType,
    filter::{parse_date_time, select_values},
    fold::fold,
    habits,
    schema::Kind,
};

/// In which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortOrder {
    /// The smallest first; resources without a value last.
    #[default]
    Ascending,
    /// The other way round; resources without a value first.
    Descending,
}

/// `sortBy` with its `sortOrder`.
#[derive(Debug, Clone, PartialEq)]
pub struct Sort {
    /// By what.
    pub by: Path,
    /// In which direction.
    pub order: SortOrder,
}

/// What one resource is sorted by. The order of this type is the ascending one: text that is not `caseExact` is held
/// in its comparison form, and [`SortKey::Unassigned`] is the greatest.
#[derive(Debug, Clone, PartialEq)]
pub enum SortKey {
    /// `false` before `true`.
    Boolean(bool),
    /// By size.
    Number(f64),
    /// By time.
    Time(Timestamp),
    /// By code points.
    Text(String),
    /// No value.
    Unassigned,
}

impl Sort {
    /// Reads the two parameters.
    ///
    /// # Errors
    /// `invalidValue` for a `sortBy` that is no path and for an unknown `sortOrder`.
    pub fn parse(by: Option<&str>, order: Option<&str>) -> Result<Option<Sort>, Error> {
        let order = match order {
            None | Some("") => SortOrder::Ascending,
            Some(text) if text.eq_ignore_ascii_case("ascending") => SortOrder::Ascending,
            Some(text) if text.eq_ignore_ascii_case("descending") => SortOrder::Descending,
            Some(_) => return Err(Error::invalid_value("sortOrder must be ascending or descending.")),
        };
        let Some(by) = by.map(str::trim).filter(|by| !by.is_empty()) else {
            return Ok(None);
        };
        let by = Path::parse(by)
            .map_err(|error| Error::invalid_value(format!("sortBy names no attribute. {}", error.detail)))?;
        Ok(Some(Sort { by, order }))
    }

    /// The key of a rendered resource ([`crate::Resource::render`] without projection): of a multi-valued attribute
    /// the primary value, else the first one. An attribute that the resource type does not have has no value.
    pub fn key(&self, resource: &Value, rt: &ResourceType) -> SortKey {
        let compared = habits::resolve_in_filter(rt, &self.by).and_then(|resolved| resolved.compared());
        let (Some(attribute), Some(resource)) = (compared, resource.as_object()) else {
            return SortKey::Unassigned;
        };
        let whole = Path { sub: None, ..self.by.clone() };
        let values = select_values(&whole, rt, resource);
        let is_primary = |value: &&&Value| value.get("primary") == Some(&Value::Bool(true));
        let chosen = values.iter().find(is_primary).or(values.first());
        let value = chosen.and_then(|value| match value {
            Value::Object(parts) => parts.get(attribute.name),
            simple => Some(*simple),
        });
        match value {
            Some(Value::Bool(value)) => SortKey::Boolean(*value),
            Some(Value::Number(number)) => number.as_f64().map_or(SortKey::Unassigned, SortKey::Number),
            Some(Value::String(text)) => {
                let time = (attribute.kind == Kind::DateTime).then(|| parse_date_time(text)).flatten();
                match time {
                    Some(time) => SortKey::Time(time),
                    None if attribute.case_exact => SortKey::Text(text.clone()),
                    None => SortKey::Text(fold(text)),
                }
            }
            _ => SortKey::Unassigned,
        }
    }
}

impl SortOrder {
    /// How two keys stand to each other in this direction.
    pub fn compare(self, a: &SortKey, b: &SortKey) -> Ordering {
        match self {
            SortOrder::Ascending => a.cmp(b),
            SortOrder::Descending => b.cmp(a),
        }
    }
}

impl SortKey {
    /// As a cursor carries it.
    pub fn to_json(&self) -> Value {
        match self {
            SortKey::Boolean(value) => json!({"b": value}),
            SortKey::Number(value) => json!({"n": value}),
            SortKey::Time(value) => json!({"t": value.to_string()}),
            SortKey::Text(value) => json!({"s": value}),
            SortKey::Unassigned => Value::Null,
        }
    }

    /// Takes back what [`SortKey::to_json`] gave.
    pub fn from_json(value: &Value) -> Option<SortKey> {
        let Some((name, value)) = value.as_object().and_then(|members| members.iter().next()) else {
            return value.is_null().then_some(SortKey::Unassigned);
        };
        match name.as_str() {
            "b" => value.as_bool().map(SortKey::Boolean),
            "n" => value.as_f64().map(SortKey::Number),
            "t" => value.as_str().and_then(parse_date_time).map(SortKey::Time),
            "s" => value.as_str().map(|text| SortKey::Text(text.to_owned())),
            _ => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            SortKey::Boolean(_) => 0,
            SortKey::Number(_) => 1,
            SortKey::Time(_) => 2,
            SortKey::Text(_) => 3,
            SortKey::Unassigned => 4,
        }
    }
}

impl Eq for SortKey {}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (SortKey::Boolean(a), SortKey::Boolean(b)) => a.cmp(b),
            (SortKey::Number(a), SortKey::Number(b)) => a.total_cmp(b),
            (SortKey::Time(a), SortKey::Time(b)) => a.cmp(b),
            (SortKey::Text(a), SortKey::Text(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::urn;

    fn sort(by: &str) -> Sort {
        Sort::parse(Some(by), None).unwrap().unwrap()
    }

    fn key(by: &str, user: &Value) -> SortKey {
        sort(by).key(user, ResourceType::user())
    }

    fn text(value: &str) -> SortKey {
        SortKey::Text(value.to_owned())
    }

    #[test]
    fn text_is_sorted_by_case_exact() {
        assert_eq!(key("userName", &json!({"userName": "Zo\u{eb}"})), text("zo\u{eb}"));
        assert_eq!(key("EXTERNALID", &json!({"externalId": "Ab"})), text("Ab"));
        assert_eq!(key("name.familyName", &json!({"name": {"familyName": "B"}})), text("b"));
        let path = format!("{}:department", urn::ENTERPRISE_USER);
        assert_eq!(key(&path, &json!({urn::ENTERPRISE_USER: {"department": "IT"}})), text("it"));
    }

    #[test]
    fn a_list_is_sorted_by_its_primary_value_else_by_its_first() {
        let emails = json!([{"value": "b@x"}, {"value": "a@x", "primary": true}]);
        for by in ["emails", "emails.value"] {
            assert_eq!(key(by, &json!({"emails": emails})), text("a@x"));
            assert_eq!(key(by, &json!({"emails": [{"value": "b@x"}, {"value": "a@x"}]})), text("b@x"));
        }
        assert_eq!(key("emails[value sw \"b\"].value", &json!({"emails": emails})), text("b@x"));
    }

    #[test]
    fn other_types_are_sorted_by_what_they_mean() {
        let early = key("meta.created", &json!({"meta": {"created": "2026-01-01T01:00:00+02:00"}}));
        let late = key("meta.created", &json!({"meta": {"created": "2026-01-01T00:00:00Z"}}));
        assert!(early < late, "by time and not by text");
        assert!(key("active", &json!({"active": false})) < key("active", &json!({"active": true})));
        assert!(SortKey::Number(9.0) < SortKey::Number(10.0));
    }

    #[test]
    fn who_has_no_value_is_last_ascending_and_first_descending() {
        for by in ["title", "nosuch", "urn:x:2.0:Y:z", "name"] {
            assert_eq!(key(by, &json!({"userName": "a"})), SortKey::Unassigned, "{by}");
        }
        let (some, none) = (text("\u{10ffff}"), SortKey::Unassigned);
        assert_eq!(SortOrder::Ascending.compare(&some, &none), Ordering::Less);
        assert_eq!(SortOrder::Descending.compare(&some, &none), Ordering::Greater);
    }

    #[test]
    fn the_parameters_are_read_in_any_letter_case_and_broken_ones_refused() {
        let read = |by, order| Sort::parse(by, order);
        assert_eq!(read(Some("title"), Some("DESCENDING")).unwrap().unwrap().order, SortOrder::Descending);
        assert_eq!(read(None, Some("descending")).unwrap(), None);
        assert_eq!(read(Some(""), None).unwrap(), None);
        assert!(read(Some("a b"), None).is_err());
        assert!(read(Some("title"), Some("upwards")).is_err());
    }

    proptest::proptest! {
        #[test]
        fn a_cursor_carries_every_key(text in ".{0,8}", number: i32, micros in 0_i64..4_000_000_000_000_000, b: bool) {
            for key in [
                SortKey::Text(text), SortKey::Number(number.into()), SortKey::Boolean(b), SortKey::Unassigned,
                SortKey::Time(Timestamp::from_microsecond(micros).unwrap()),
            ] {
                proptest::prop_assert_eq!(SortKey::from_json(&key.to_json()), Some(key));
            }
        }
    }
}
