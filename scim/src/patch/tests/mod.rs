//! PATCH by table: every row of RFC 7644 §3.5.2 and every shape identity providers are known to send.
#![expect(
    clippy::needless_pass_by_value,
    reason = "a table reads better with json!(...) than with &json!(...)"
)]

use serde_json::{Value, json};

mod groups;
mod messages;
mod users;

use super::{MAX_OPERATIONS, PatchRequest, apply};
use crate::{Error, Resource, ResourceType, ScimType, urn};

const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

fn user() -> Resource {
    let attributes = json!({
        "userName": "Ada@example.com", "externalId": "e1", "active": true, "title": "Analyst",
        "name": {"givenName": "Ada", "familyName": "Lovelace", "middleName": "King"},
        "emails": [
            {"type": "work", "value": "ada@work.example", "primary": true},
            {"type": "home", "value": "ada@home.example", "display": "At home"},
        ],
        urn::ENTERPRISE_USER: {"department": "Math", "manager": {"value": "m1", "displayName": "Charles"}},
    });
    Resource::from_stored(ResourceType::user(), attributes)
}

fn group() -> Resource {
    let members = json!([{"value": "u1", "display": "One"}, {"value": "u2"}, {"value": "u3"}]);
    Resource::from_stored(ResourceType::group(), json!({"displayName": "Sales", "members": members}))
}

fn patch(resource: &Resource, operations: &Value) -> Result<Resource, Error> {
    apply(resource, &PatchRequest::parse(&json!({"schemas": [urn::PATCH_OP], "Operations": operations}))?)
}

/// After the operations, each path has the value; `null` is "unassigned".
fn check_on(resource: &Resource, operations: Value, expected: &[(&str, Value)]) {
    let after = patch(resource, &operations).unwrap_or_else(|error| panic!("{operations}: {error}"));
    for (path, value) in expected {
        assert_eq!(after.get(path).unwrap_or(&Value::Null), value, "{path} after {operations}");
    }
    // What is not expected to change does not.
    let touched: Vec<&str> = expected.iter().map(|(path, _)| path.split('.').next().unwrap()).collect();
    for name in ["userName", "externalId", "active", "title", "displayName"] {
        if !touched.contains(&name) {
            assert_eq!(after.get(name), resource.get(name), "{name} after {operations}");
        }
    }
}

fn check(operations: Value, expected: &[(&str, Value)]) {
    check_on(&user(), operations, expected);
}

fn unchanged(resource: &Resource, operations: Value) {
    assert_eq!(&patch(resource, &operations).unwrap(), resource, "{operations}");
}

fn refused(operations: Value, scim_type: ScimType) {
    let error = patch(&user(), &operations).expect_err(&operations.to_string());
    assert_eq!((error.status, error.scim_type), (400, Some(scim_type)), "{operations}: {error}");
}

fn member_ids(operations: Value) -> Vec<String> {
    let after = patch(&group(), &operations).unwrap_or_else(|error| panic!("{operations}: {error}"));
    let members = after.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
    members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
}
