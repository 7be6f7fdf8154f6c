//! Paths and queries, encoded. Not here: hosts, which are the token's geolocation and nothing else.
//! Source: RFC 3986 section 2.3; Expense Entries v3 ids contain `$`, which must travel as `%24`.

use url::form_urlencoded::Serializer;

const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];

/// `value` as one path segment: everything but unreserved characters is escaped.
pub(crate) fn segment(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            // A segment of dots alone would be read as a step in the tree.
            b'.' if value.bytes().all(|byte| byte == b'.') => encoded.push_str("%2E"),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.extend(['%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]),
        }
    }
    encoded
}

/// `path` with the query of those pairs that have a value.
pub(crate) fn with_query<'a>(
    path: &str,
    pairs: impl IntoIterator<Item = (&'a str, Option<String>)>,
) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// A string literal of a SCIM filter (RFC 7644 section 3.4.2.2: JSON's rules).
pub(crate) fn literal(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_and_queries_are_escaped() {
        assert_eq!(segment("gWid$F/O?#7"), "gWid%24F%2FO%3F%237");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(segment("a.b"), "a.b");
        assert_eq!(with_query("/a", [("x", Some("1 &2".to_owned())), ("y", None)]), "/a?x=1+%262");
        assert_eq!(with_query("/a", [("y", None)]), "/a");
        assert_eq!(literal(r#"o"b\c"#), r#""o\"b\\c""#);
    }
}
