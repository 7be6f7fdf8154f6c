//! Message envelopes of RFC 7644: what the server sends, and how members of what it is sent are found.

use serde_json::{Map, Value, json};

use crate::urn;

/// A `ListResponse`, RFC 7644 §3.4.2.
///
/// `total` counts all matches, `start_index` (1-based) is that of the first resource in this page. `Resources` is
/// there even when empty: RFC 7644 allows to leave it out, Entra and Okta want it.
pub fn list_response(total: usize, start_index: usize, resources: Vec<Value>) -> Value {
    let mut list = json!({
        "schemas": [urn::LIST_RESPONSE],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": resources.len(),
    });
    list["Resources"] = Value::Array(resources);
    list
}

/// A `ListResponse` of a query with a cursor, RFC 9865 §2: `next_cursor` is there on every page but the last.
pub fn cursor_response(total: usize, resources: Vec<Value>, next_cursor: Option<String>) -> Value {
    let mut list = json!({
        "schemas": [urn::LIST_RESPONSE],
        "totalResults": total,
        "itemsPerPage": resources.len(),
    });
    if let Some(cursor) = next_cursor {
        list["nextCursor"] = cursor.into();
    }
    list["Resources"] = Value::Array(resources);
    list
}

/// The member of that name, in any letter case (RFC 7643 §2.1).
pub(crate) fn member<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m Value> {
    members
        .get(name)
        .or_else(|| members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_is_a_list_with_numbers_as_numbers() {
        assert_eq!(
            list_response(0, 1, vec![]),
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
                "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": []})
        );
    }
}
