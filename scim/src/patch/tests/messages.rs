//! Messages that are no PATCH, and operations that cannot be done.

use super::*;

#[test]
fn operations_and_names_are_read_in_any_letter_case() {
    for op in ["replace", "Replace", "REPLACE"] {
        check(json!([{"op": op, "path": "TITLE", "value": "x"}]), &[("title", json!("x"))]);
    }
    let body =
        json!({"SCHEMAS": [urn::PATCH_OP.to_uppercase()], "operations": [{"OP": "Remove", "Path": "title"}]});
    assert_eq!(apply(&user(), &PatchRequest::parse(&body).unwrap()).unwrap().get("title"), None);
}

#[test]
fn what_cannot_be_done_says_why() {
    refused(json!([{"op": "remove"}]), ScimType::NoTarget);
    refused(json!([{"op": "add", "path": "title"}]), ScimType::InvalidValue);
    refused(json!([{"op": "replace", "path": "title"}]), ScimType::InvalidValue);
    refused(json!([{"op": "replace", "value": "x"}]), ScimType::InvalidValue);
    refused(json!([{"op": "replace", "path": "title", "value": 7}]), ScimType::InvalidValue);
    refused(json!([{"op": "replace", "path": "emails", "value": [7]}]), ScimType::InvalidValue);
    refused(json!([{"op": "replace", "path": MANAGER, "value": ["a", "b"]}]), ScimType::InvalidValue);
    refused(json!([{"op": "replace", "path": "shoeSize", "value": 7}]), ScimType::InvalidPath);
    refused(json!([{"op": "replace", "path": "urn:x:2.0:User:a", "value": 7}]), ScimType::InvalidPath);
    refused(
        json!([{"op": "replace", "path": "name[givenName pr].givenName", "value": "x"}]),
        ScimType::InvalidPath,
    );
    refused(json!([{"op": "replace", "path": "a b", "value": 7}]), ScimType::InvalidPath);
    refused(json!([{"op": "replace", "path": 7, "value": 7}]), ScimType::InvalidPath);
    refused(json!([{"op": "replace", "path": "emails[type zz 1]", "value": 7}]), ScimType::InvalidFilter);
    refused(json!([{"op": "move", "path": "title", "value": 7}]), ScimType::InvalidSyntax);
    refused(json!([{"path": "title", "value": 7}]), ScimType::InvalidSyntax);
    refused(json!(["x"]), ScimType::InvalidSyntax);
    refused(json!({}), ScimType::InvalidSyntax);
}

#[test]
fn another_message_is_no_patch() {
    for body in
        [json!([]), json!({}), json!({"Operations": []}), json!({"schemas": [urn::USER], "Operations": []})]
    {
        assert_eq!(
            PatchRequest::parse(&body).unwrap_err().scim_type,
            Some(ScimType::InvalidSyntax),
            "{body}"
        );
    }
    let extra = json!({"id": "x", "schemas": [urn::PATCH_OP], "Operations": [{"name": "addMember", "op": "Add",
        "path": "title", "value": "x"}]});
    assert_eq!(PatchRequest::parse(&extra).unwrap().operations.len(), 1);
}

#[test]
fn the_number_of_operations_is_limited() {
    let body = |n: usize| {
        let operations = vec![json!({"op": "remove", "path": "title"}); n];
        json!({"schemas": [urn::PATCH_OP], "Operations": operations})
    };
    assert!(PatchRequest::parse(&body(MAX_OPERATIONS)).is_ok());
    assert_eq!(PatchRequest::parse(&body(MAX_OPERATIONS + 1)).unwrap_err().status, 413);
}

#[test]
fn an_error_names_the_operation() {
    let operations =
        json!([{"op": "add", "path": "title", "value": "x"}, {"op": "add", "path": "active", "value": 1}]);
    assert_eq!(
        patch(&user(), &operations).unwrap_err().detail,
        "Operation 2: active must be true or false, not a number."
    );
}
