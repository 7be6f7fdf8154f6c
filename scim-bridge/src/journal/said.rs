//! What was said in one request and its answer, in the form that is sealed; and the same with values taken out.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Bytes of a request's or an answer's body that are recorded.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024;

/// One request and its answer. Credentials are never in it: of the headers only [`HEADERS`], of the body no password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    /// HTTP method.
    pub method: String,
    /// Address below the SCIM base address, with its query.
    pub path: String,
    /// Headers that matter for the answer.
    pub headers: Vec<(String, String)>,
    /// Body as it came; absent where there was none, or one of more than [`BODY_BYTES_MAX`].
    pub body: Option<String>,
    /// HTTP status of the answer.
    pub status: u16,
    /// Body of the answer.
    pub answer: Option<String>,
}

impl Said {
    /// From its sealed form.
    ///
    /// # Errors
    /// A text that another version wrote in a way that this one cannot read.
    pub(crate) fn unsealed(text: &SecretString) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text.expose_secret())
    }
}

/// Headers that are recorded.
pub(crate) const HEADERS: [&str; 5] = ["accept", "content-type", "if-match", "if-none-match", "user-agent"];

/// A body with its passwords taken out; one that is no JSON as it is. Nothing for one that is too large.
pub(crate) fn recordable(body: &[u8]) -> Option<String> {
    if body.is_empty() || body.len() > BODY_BYTES_MAX {
        return None;
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            forget_passwords(&mut value);
            Some(value.to_string())
        }
        Err(_) => Some(String::from_utf8_lossy(body).into_owned()),
    }
}

fn forget_passwords(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !is_password(name));
            let of_password = members.iter().any(|(name, path)| {
                name.eq_ignore_ascii_case("path") && path.as_str().is_some_and(is_password)
            });
            for (name, value) in members.iter_mut() {
                if of_password && name.eq_ignore_ascii_case("value") {
                    *value = "forgotten".into();
                }
                forget_passwords(value);
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(forget_passwords),
        _ => {}
    }
}

fn is_password(name: &str) -> bool {
    name.rsplit(':').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("password"))
}

/// Members whose texts are words of the protocol and no one's data.
const WORDS: [&str; 8] = ["schemas", "op", "scimType", "status", "resourceType", "method", "type", "state"];

/// A document with every text replaced by its length, but for words of the protocol.
pub(crate) fn redacted(value: &Value) -> Value {
    redact(value, false)
}

fn redact(value: &Value, is_word: bool) -> Value {
    match value {
        Value::String(text) if !is_word => format!("<text of {}>", text.chars().count()).into(),
        Value::Number(_) if !is_word => "<number>".into(),
        Value::Array(elements) => elements.iter().map(|element| redact(element, is_word)).collect(),
        Value::Object(members) => {
            let mut shown = Map::new();
            for (name, value) in members {
                let count = ["totalResults", "itemsPerPage", "startIndex"].contains(&name.as_str());
                shown.insert(name.clone(), redact(value, count || WORDS.contains(&name.as_str())));
            }
            Value::Object(shown)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_password_is_recorded_in_whatever_form_it_comes() {
        let body = json!({"password": "canary", "PASSWORD": {"a": "canary"}, "userName": "ada", "Operations": [
            {"op": "replace", "path": "password", "value": "canary"},
            {"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:password", "value": "canary"},
            {"op": "replace", "value": {"password": "canary", "title": "x"}},
        ]});
        let kept = recordable(body.to_string().as_bytes()).unwrap();
        assert!(!kept.contains("canary") && kept.contains("ada") && kept.contains("title"), "{kept}");
        assert_eq!(recordable(b"{oops").as_deref(), Some("{oops"));
        assert_eq!(recordable(&vec![b'x'; BODY_BYTES_MAX + 1]), None);
        assert_eq!(recordable(b""), None);
    }

    #[test]
    fn what_is_redacted_has_its_form_and_no_ones_data() {
        let shown = redacted(&json!({"schemas": ["urn:x"], "userName": "canary", "active": true, "n": 7,
            "emails": [{"value": "canary@example.com", "type": "work"}], "Operations": [{"op": "add", "path": "canary"}]}));
        assert_eq!(
            shown,
            json!({"schemas": ["urn:x"], "userName": "<text of 6>", "active": true, "n": "<number>",
                "emails": [{"value": "<text of 18>", "type": "work"}],
                "Operations": [{"op": "add", "path": "<text of 6>"}]})
        );
    }
}
