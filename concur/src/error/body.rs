//! What Concur says when it says no. Every family of APIs has an error shape of its own, and a gateway in front of
//! them answers in HTML: all are understood, none is expected. Not here: what to do about it (`advice`).
//! Source: Authentication, Identity v4.1, User Provisioning v4, Travel v4, Expense v3 and v4, Lists v4: their error sections.

use serde_json::Value;

/// Longest message kept, in characters.
const MESSAGE_MAX: usize = 1000;
/// Most messages kept.
const MESSAGES_MAX: usize = 100;

/// One sentence of Concur's.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ApiMessage {
    /// Opaque code; there is no published list.
    pub code: Option<String>,
    /// Concur's words.
    pub message: String,
    /// The attribute it is about.
    pub schema_path: Option<String>,
}

/// An error body of any family; empty when it could not be understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorBody {
    /// RFC 7644 `scimType`, from the SCIM-shaped APIs.
    pub scim_type: Option<String>,
    /// What was said.
    pub messages: Vec<ApiMessage>,
}

impl ErrorBody {
    /// Reads a body by its shape, not by its content type, which gateways get wrong.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut body = match serde_json::from_slice::<Value>(bytes) {
            Ok(json) => from_json(&json),
            Err(_) => std::str::from_utf8(bytes).map_or_else(|_| Self::default(), from_xml),
        };
        body.messages.truncate(MESSAGES_MAX);
        for message in &mut body.messages {
            if let Some((end, _)) = message.message.char_indices().nth(MESSAGE_MAX) {
                message.message.truncate(end);
            }
        }
        body
    }
}

const SCIM_MESSAGES: &str = "/urn:ietf:params:scim:api:messages:concur:2.0:Error/messages";

fn from_json(json: &Value) -> ErrorBody {
    let legacy = json.pointer("/Error").or_else(|| json.pointer("/Content/Error"));
    let messages = if let Some(messages) = json.pointer(SCIM_MESSAGES) {
        let with_detail = json.get("detail").and_then(|detail| message(None, detail, None));
        let list = messages.as_array().map_or(std::slice::from_ref(messages), Vec::as_slice);
        let listed = list
            .iter()
            .filter_map(|item| message(item.get("code"), item.get("message")?, item.get("schemaPath")));
        listed.chain(with_detail).collect()
    } else if let Some(legacy) = legacy {
        one(legacy.get("Id"), legacy.get("Message"))
    } else if let Some(list) = json.get("error").filter(|error| error.is_object()) {
        one(list.get("id"), list.get("message"))
    } else if json.get("errorMessage").is_some() {
        from_expense_v4(json)
    } else if json.get("error_description").is_some() || json.get("error").is_some() {
        one(json.get("code"), json.get("error_description").or_else(|| json.get("error")))
    } else if json.get("detail").is_some() {
        one(None, json.get("detail"))
    } else {
        one(json.get("code"), json.get("Message").or_else(|| json.get("message")))
    };
    ErrorBody { scim_type: json.get("scimType").and_then(Value::as_str).map(str::to_owned), messages }
}

/// Expense v4 names an error id and a list of what is invalid; Travel v4 has the same message under a code.
fn from_expense_v4(json: &Value) -> Vec<ApiMessage> {
    let head = message(json.get("errorCode").or_else(|| json.get("errorId")), &json["errorMessage"], None);
    let invalid = json.get("validationErrors").and_then(Value::as_array);
    let invalid = invalid
        .into_iter()
        .flatten()
        .filter_map(|item| message(item.get("id"), item.get("message")?, item.get("source")));
    head.into_iter().chain(invalid).collect()
}

/// `<Error><Message>…</Message><Id>…</Id></Error>` of the legacy framework. Two fixed tags do not need a parser.
fn from_xml(text: &str) -> ErrorBody {
    let between = |tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        Some(rest.split_once(&format!("</{tag}>"))?.0.trim().to_owned())
    };
    if !text.contains("<Error") {
        return ErrorBody::default();
    }
    let messages =
        between("Message").map(|message| ApiMessage { code: between("Id"), message, schema_path: None });
    ErrorBody { scim_type: None, messages: messages.into_iter().collect() }
}

fn one(code: Option<&Value>, text: Option<&Value>) -> Vec<ApiMessage> {
    text.and_then(|text| message(code, text, None)).into_iter().collect()
}

fn message(code: Option<&Value>, text: &Value, path: Option<&Value>) -> Option<ApiMessage> {
    let code = code.and_then(|code| match code {
        Value::String(code) => Some(code.clone()),
        Value::Number(code) => Some(code.to_string()),
        _ => None,
    });
    let schema_path = path.and_then(Value::as_str).map(str::to_owned);
    Some(ApiMessage { code, message: text.as_str()?.trim().to_owned(), schema_path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_of_error_bodies_is_understood_and_none_is_assumed() {
        #[track_caller]
        fn check(body: &str, scim_type: Option<&str>, expected: &[(Option<&str>, &str, Option<&str>)]) {
            let found = ErrorBody::read(body.as_bytes());
            let messages = found.messages.iter();
            let messages: Vec<_> =
                messages.map(|m| (m.code.as_deref(), m.message.as_str(), m.schema_path.as_deref())).collect();
            assert_eq!(messages, expected, "{body}");
            assert_eq!(found.scim_type.as_deref(), scim_type, "{body}");
        }
        // OAuth2, with the code as a number and as text
        check(
            r#"{"code": 5, "error": "invalid_grant", "error_description": "No."}"#,
            None,
            &[(Some("5"), "No.", None)],
        );
        check(r#"{"code": "61", "error": "invalid_client"}"#, None, &[(Some("61"), "invalid_client", None)]);
        // Identity and User Provisioning
        check(
            r#"{"status": "400", "scimType": "invalidValue",
                "urn:ietf:params:scim:api:messages:concur:2.0:Error":
                {"messages": [{"code": "INVALID_VALUE", "message": "Invalid 'title' Size", "schemaPath": "title", "type": "error"}]}}"#,
            Some("invalidValue"),
            &[(Some("INVALID_VALUE"), "Invalid 'title' Size", Some("title"))],
        );
        check(
            r#"{"scimType": "uniqueness", "detail": "Taken."}"#,
            Some("uniqueness"),
            &[(None, "Taken.", None)],
        );
        // Travel v4, Expense v4, Lists v4
        check(
            r#"{"errorCode": "T1", "errorMessage": "No rule class."}"#,
            None,
            &[(Some("T1"), "No rule class.", None)],
        );
        check(
            r#"{"httpStatus": "404 - Not Found", "errorMessage": "Gone.", "errorId": "E", "path": "/x",
                "validationErrors": [{"source": "reportId", "message": "Unknown.", "id": "V"}]}"#,
            None,
            &[(Some("E"), "Gone.", None), (Some("V"), "Unknown.", Some("reportId"))],
        );
        check(
            r#"{"error": {"id": "rate", "message": "Slow down."}}"#,
            None,
            &[(Some("rate"), "Slow down.", None)],
        );
        // legacy v1 to v3: two envelopes, a bare message, XML
        check(r#"{"Error": {"Message": "Forbidden.", "Id": "I"}}"#, None, &[(Some("I"), "Forbidden.", None)]);
        check(r#"{"Content": {"Error": {"Message": "Bad."}}}"#, None, &[(None, "Bad.", None)]);
        check(r#"{"Message": "Missing."}"#, None, &[(None, "Missing.", None)]);
        check(
            "<Error><Message>Wrong offset</Message><Id>X</Id></Error>",
            None,
            &[(Some("X"), "Wrong offset", None)],
        );
        // gateways, and nothing at all
        check("<html><body>502 Bad Gateway</body></html>", None, &[]);
        check("Service Unavailable", None, &[]);
        check("", None, &[]);
        check("[1, 2]", None, &[]);
        check("{\"errorMessage\": 7}", None, &[]);
        assert_eq!(ErrorBody::read(&[0xff, 0xfe]), ErrorBody::default());
    }

    #[test]
    fn a_very_long_message_is_cut() {
        let long = format!(r#"{{"Message": "{}"}}"#, "ä".repeat(5000));
        assert_eq!(ErrorBody::read(long.as_bytes()).messages[0].message.chars().count(), MESSAGE_MAX);
    }
}
