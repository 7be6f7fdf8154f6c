//! Groups: members come, go and stay who they are.

use super::*;

#[test]
fn members_are_added_once_and_entra_and_okta_shapes_agree() {
    let add = |value: Value| member_ids(json!([{"op": "Add", "path": "members", "value": value}]));
    assert_eq!(add(json!([{"$ref": null, "value": "u4"}])), ["u1", "u2", "u3", "u4"]);
    assert_eq!(
        add(json!([{"value": "u4", "display": "Four"}, {"value": "u4"}, {"value": "u1"}])),
        ["u1", "u2", "u3", "u4"]
    );
    assert_eq!(add(json!(["u5"])), ["u1", "u2", "u3", "u5"]);
    let without_path = json!([{"op": "replace", "value": {"members": [{"value": "u9"}]}}]);
    assert_eq!(member_ids(without_path), ["u9"]);
    let both = json!([{"op": "add", "path": "members", "value": [{"value": "u7"}]},
        {"op": "remove", "path": "members", "value": [{"value": "u7"}]}]);
    assert_eq!(member_ids(both), ["u1", "u2", "u3"]);
}

#[test]
fn remove_members_with_a_value_removes_those_only() {
    for value in [
        json!([{"$ref": null, "value": "u2"}]),
        json!([{"value": "u2"}, {"value": "stranger"}]),
        json!({"value": "u2"}),
        json!({"members": [{"value": "u2"}]}),
        json!(["u2"]),
        json!("u2"),
    ] {
        assert_eq!(
            member_ids(json!([{"op": "Remove", "path": "members", "value": value}])),
            ["u1", "u3"],
            "{value}"
        );
    }
    assert_eq!(member_ids(json!([{"op": "remove", "path": "members[value eq \"u2\"]"}])), ["u1", "u3"]);
    unchanged(&group(), json!([{"op": "remove", "path": "members[value eq \"stranger\"]"}]));
    for value in
        [json!([]), json!([{}]), json!([{"display": "nobody"}]), json!({"members": []}), json!({}), json!(7)]
    {
        unchanged(&group(), json!([{"op": "remove", "path": "members", "value": value}]));
    }
}

#[test]
fn a_group_is_emptied_only_when_it_is_said() {
    assert!(member_ids(json!([{"op": "remove", "path": "members"}])).is_empty());
    assert!(member_ids(json!([{"op": "replace", "path": "members", "value": []}])).is_empty());
}

#[test]
fn okta_renames_a_group_with_its_id() {
    check_on(
        &group(),
        json!([{"op": "replace", "value": {"id": "g1", "displayName": "Marketing"}}]),
        &[("displayName", json!("Marketing")), ("id", Value::Null)],
    );
}

#[test]
fn members_are_immutable_one_by_one() {
    let operations = json!([{"op": "replace", "path": "members[value eq \"u1\"].value", "value": "u9"}]);
    assert_eq!(patch(&group(), &operations).unwrap_err().scim_type, Some(ScimType::Mutability));
    unchanged(&group(), json!([{"op": "replace", "path": "members[value eq \"u1\"].value", "value": "u1"}]));
}

#[test]
fn a_large_group_is_patched_in_reasonable_time() {
    let members: Vec<Value> = (0..10_000).map(|i| json!({"value": format!("u{i}")})).collect();
    let large =
        Resource::from_stored(ResourceType::group(), json!({"displayName": "All", "members": members}));
    let more: Vec<Value> = (9_000..11_000).map(|i| json!({"value": format!("u{i}")})).collect();
    let after = patch(&large, &json!([{"op": "add", "path": "members", "value": more}])).unwrap();
    assert_eq!(after.get("members").unwrap().as_array().unwrap().len(), 11_000);
    let after = patch(&after, &json!([{"op": "remove", "path": "members", "value": members}])).unwrap();
    assert_eq!(after.get("members").unwrap().as_array().unwrap().len(), 1_000);
}
