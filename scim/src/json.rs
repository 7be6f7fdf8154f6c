//! JSON with limits: depth, members, elements and text are bounded, and a member that comes twice is refused.
//!
//! Two members of one name are how two readers of one document come to believe different things; SCIM names have no
//! letter case (RFC 7643 §2.1), so `userName` beside `USERNAME` is the same trap. The size of the whole body is
//! bounded by whoever reads it from the network.

use std::{collections::HashSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::Error;

/// Levels of objects and arrays. SCIM needs five.
pub const MAX_DEPTH: usize = 32;
/// Members of one object.
pub const MAX_MEMBERS: usize = 1_000;
/// Elements of one array.
pub const MAX_ELEMENTS: usize = 1_000;
/// Elements of a group's `members`, and of the `value` of a PATCH operation, which carries members too.
pub const MAX_GROUP_MEMBERS: usize = 10_000;
/// Bytes of one string or member name.
pub const MAX_STRING_BYTES: usize = 8 * 1024;

/// Reads one JSON document in UTF-8.
///
/// # Errors
/// `invalidSyntax` (400) for what is not JSON, for a member given twice (letter case aside) and beyond a limit.
pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Limited { depth: 0, max_elements: MAX_ELEMENTS }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| Error::invalid_syntax(format!("The body cannot be read as JSON: {error}.")))
}

/// Reads a value at a depth; its array, if it is one, may have `max_elements`.
#[derive(Clone, Copy)]
struct Limited {
    depth: usize,
    max_elements: usize,
}

impl Limited {
    fn below(self, max_elements: usize) -> Self {
        Self { depth: self.depth + 1, max_elements }
    }

    fn check_depth<E: serde::de::Error>(self) -> Result<(), E> {
        if self.depth < MAX_DEPTH {
            Ok(())
        } else {
            Err(E::custom(format!("more than {MAX_DEPTH} levels of nesting")))
        }
    }
}

fn check_text<E: serde::de::Error>(text: &str) -> Result<(), E> {
    if text.len() <= MAX_STRING_BYTES {
        Ok(())
    } else {
        Err(E::custom(format!("a text of more than {MAX_STRING_BYTES} bytes")))
    }
}

impl<'de> DeserializeSeed<'de> for Limited {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Limited {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_f64<E: serde::de::Error>(self, v: f64) -> Result<Value, E> {
        Number::from_f64(v).map(Value::Number).ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<Value, E> {
        check_text(v)?;
        Ok(v.into())
    }

    fn visit_string<E: serde::de::Error>(self, v: String) -> Result<Value, E> {
        check_text(&v)?;
        Ok(v.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element_seed(self.below(MAX_ELEMENTS))? {
            if elements.len() == self.max_elements {
                return Err(A::Error::custom(format!(
                    "an array of more than {} elements",
                    self.max_elements
                )));
            }
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut members = Map::new();
        let mut seen = HashSet::new();
        while let Some(name) = access.next_key::<String>()? {
            check_text(&name)?;
            if members.len() == MAX_MEMBERS {
                return Err(A::Error::custom(format!("an object of more than {MAX_MEMBERS} members")));
            }
            let folded = name.to_ascii_lowercase();
            let large = matches!(folded.as_str(), "members" | "value");
            if !seen.insert(folded) {
                return Err(A::Error::custom(format!("the member \"{name}\" is given twice")));
            }
            let max_elements = if large { MAX_GROUP_MEMBERS } else { MAX_ELEMENTS };
            let value = access.next_value_seed(self.below(max_elements))?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let error = parse(text.as_bytes()).expect_err(text);
        assert_eq!((error.status, error.scim_type), (400, Some(crate::ScimType::InvalidSyntax)));
        error.detail
    }

    #[test]
    fn reads_what_serde_json_reads() {
        let text = r#"{"a": [1, -2, 1.5, true, null, "\u00e9\ud83d\ude00"], "b": {}}"#;
        assert_eq!(parse(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn a_member_given_twice_is_refused_whatever_its_letter_case() {
        assert!(refused(r#"{"userName":"a","userName":"b"}"#).contains("userName"));
        assert!(refused(r#"{"userName":"a","USERNAME":"b"}"#).contains("given twice"));
        assert!(refused(r#"{"name":{"x":1,"X":2}}"#).contains("given twice"));
    }

    #[test]
    fn malformed_documents_are_refused() {
        for text in ["", "{", "{\"a\":}", "nul", "{} {}", "[1,]", "{\"a\":\"\\ud800\"}"] {
            refused(text);
        }
        assert!(parse(b"{\"a\":\"\xff\"}").is_err(), "invalid UTF-8");
    }

    #[test]
    fn every_limit_holds_at_the_limit_and_not_one_past_it() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        let list = |n: usize| format!("[{}]", vec!["0"; n].join(","));
        let object =
            |n: usize| format!("{{{}}}", (0..n).map(|i| format!("\"k{i}\":0")).collect::<Vec<_>>().join(","));
        let text = |n: usize| format!("\"{}\"", "x".repeat(n));
        let members = |n: usize| format!("{{\"Members\":{}}}", list(n));
        let check = |make: &dyn Fn(usize) -> String, limit: usize| {
            assert!(parse(make(limit).as_bytes()).is_ok(), "at {limit}");
            refused(&make(limit + 1));
        };
        check(&nested, MAX_DEPTH);
        check(&list, MAX_ELEMENTS);
        check(&object, MAX_MEMBERS);
        check(&text, MAX_STRING_BYTES);
        check(&members, MAX_GROUP_MEMBERS);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_what_it_reads_serde_json_reads(
            bytes in proptest::collection::vec(proptest::sample::select(b"{}[]\",:x1 \\\xff".to_vec()), 0..24),
        ) {
            if let Ok(value) = parse(&bytes) {
                proptest::prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
            }
        }
    }
}
