//! Laws of PATCH that hold for every resource, tried on generated ones.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{PatchRequest, apply};
use crate::{Meta, Projection, Resource, ResourceType, replace, urn};

/// Attributes as clients write them, in the shapes the schema knows.
fn any_user() -> impl Strategy<Value = Resource> {
    let text = || proptest::option::of("[a-zA-Z\u{e4}0-9 ]{1,8}");
    let email = || {
        let kind = proptest::option::of(proptest::sample::select(vec!["work", "home", "other"]));
        (kind, "[a-z]{1,4}@example[.]com", any::<bool>())
            .prop_map(|(kind, value, primary)| json!({"type": kind, "value": value, "primary": primary}))
    };
    let emails = proptest::collection::vec(email(), 0..4);
    ("[a-zA-Z]{1,8}", text(), text(), text(), any::<bool>(), emails, text(), text()).prop_map(
        |(user_name, title, given, family, active, emails, department, manager)| {
            let body = json!({"userName": user_name, "title": title, "active": active, "emails": emails,
                "name": {"givenName": given, "familyName": family},
                urn::ENTERPRISE_USER: {"department": department, "manager": {"value": manager}}});
            Resource::from_client(ResourceType::user(), &body).unwrap()
        },
    )
}

/// A path and a value that fits it.
fn any_write() -> impl Strategy<Value = (String, Value)> {
    let text = "[a-zA-Z0-9]{1,6}".prop_map(Value::from);
    let at = |path: String| move |value: Value| (path.clone(), value);
    prop_oneof![
        text.clone().prop_map(at("title".into())),
        text.clone().prop_map(at("name.givenName".into())),
        text.clone().prop_map(at("emails[type eq \"work\"].value".into())),
        text.clone().prop_map(at("emails[type eq \"work\" and primary eq true].display".into())),
        text.clone().prop_map(at(format!("{}:manager", urn::ENTERPRISE_USER))),
        text.clone().prop_map(at(format!("{}:customData[id eq \"custom1\"].value", urn::SPEND_USER))),
        text.clone()
            .prop_map(|value| ("emails".into(), json!([{"value": value, "type": "work", "primary": true}]))),
        text.prop_map(|value| ("name".into(), json!({"familyName": value, "givenName": null}))),
        any::<bool>().prop_map(Value::from).prop_map(at("active".into())),
    ]
}

fn request(op: &str, path: &str, value: &Value) -> PatchRequest {
    let body = json!({"schemas": [urn::PATCH_OP], "Operations": [{"op": op, "path": path, "value": value}]});
    PatchRequest::parse(&body).unwrap()
}

fn primaries(user: &Resource) -> usize {
    let emails = user.get("emails").and_then(Value::as_array);
    emails.map_or(0, |emails| emails.iter().filter(|email| email["primary"] == true).count())
}

fn meta() -> Meta {
    Meta {
        id: "1".into(),
        resource_type: "User",
        created: jiff::Timestamp::UNIX_EPOCH,
        last_modified: jiff::Timestamp::UNIX_EPOCH,
        version: 1,
        location: "https://bridge.example/Users/1".into(),
    }
}

proptest! {
    #[test]
    fn writing_the_same_twice_is_writing_it_once(
        user in any_user(), (path, value) in any_write(), op in proptest::sample::select(vec!["add", "Replace"]),
    ) {
        let request = request(op, &path, &value);
        let once = apply(&user, &request).unwrap();
        prop_assert_eq!(apply(&once, &request).unwrap(), once);
    }

    #[test]
    fn what_is_added_where_nothing_was_and_then_removed_is_gone(user in any_user(), value in "[a-z]{1,6}") {
        for path in ["nickName", "phoneNumbers", "phoneNumbers[type eq \"work\"].value"] {
            let added = apply(&user, &request("add", path, &json!(value))).unwrap();
            prop_assert_ne!(&added, &user);
            prop_assert_eq!(&apply(&added, &request("remove", path, &Value::Null)).unwrap(), &user);
        }
    }

    #[test]
    fn a_failing_request_yields_nothing_even_if_its_first_operations_would_do(
        user in any_user(), (path, value) in any_write(),
    ) {
        let before = user.clone();
        let body = json!({"schemas": [urn::PATCH_OP], "Operations": [
            {"op": "replace", "path": path, "value": value},
            {"op": "remove", "path": "userName"},
        ]});
        let result = apply(&user, &PatchRequest::parse(&body).unwrap());
        prop_assert!(result.is_err());
        prop_assert_eq!(user, before);
    }

    #[test]
    fn at_most_one_email_is_primary_whatever_is_done(
        user in any_user(), writes in proptest::collection::vec(any_write(), 0..4),
    ) {
        prop_assert!(primaries(&user) <= 1);
        let mut after = user;
        for (path, value) in writes {
            after = apply(&after, &request("add", &path, &value)).unwrap();
            prop_assert!(primaries(&after) <= 1);
        }
    }

    #[test]
    fn an_answer_sent_back_is_the_same_resource(user in any_user()) {
        let answer = user.render(&meta(), &Projection::default());
        prop_assert_eq!(&Resource::from_client(ResourceType::user(), &answer).unwrap(), &user);
        prop_assert_eq!(&replace(&user, &answer).unwrap(), &user);
        prop_assert_eq!(&Resource::from_stored(ResourceType::user(), user.to_stored()), &user);
    }

    /// B11: nobody else leaves, whatever shape the request has, and whoever is named leaves.
    #[test]
    fn removing_members_removes_those_and_nobody_else(
        members in proptest::collection::vec("[ab]{1,3}", 0..8),
        leavers in proptest::collection::vec("[ab]{1,3}", 0..4),
        shape in 0..5,
    ) {
        let values = |ids: &[String]| -> Vec<Value> { ids.iter().map(|id| json!({"value": id})).collect() };
        let body = json!({"displayName": "g", "members": values(&members)});
        let group = Resource::from_client(ResourceType::group(), &body).unwrap();
        let ids = |group: &Resource| -> Vec<String> {
            let members = group.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
            members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
        };
        let operations: Vec<Value> = match shape {
            0 => vec![json!({"op": "Remove", "path": "members", "value": values(&leavers)})],
            1 => vec![json!({"op": "remove", "path": "members", "value": leavers})],
            2 => vec![json!({"op": "remove", "path": "members", "value": {"members": values(&leavers)}})],
            3 => leavers.iter().map(|id| json!({"op": "remove", "path": format!("members[value eq \"{id}\"]")})).collect(),
            _ => leavers.iter().map(|id| json!({"op": "remove", "path": "members", "value": [{"value": id, "$ref": null}]})).collect(),
        };
        let request = json!({"schemas": [urn::PATCH_OP], "Operations": operations});
        let after = apply(&group, &PatchRequest::parse(&request).unwrap()).unwrap();
        let mut expected = ids(&group);
        expected.retain(|id| !leavers.contains(id));
        prop_assert_eq!(ids(&after), expected);
        let back = json!({"schemas": [urn::PATCH_OP], "Operations": [
            {"op": "add", "path": "members", "value": values(&ids(&group))}]});
        let back = apply(&after, &PatchRequest::parse(&back).unwrap()).unwrap();
        let (mut returned, mut before) = (ids(&back), ids(&group));
        returned.sort();
        before.sort();
        prop_assert_eq!(returned, before);
    }

    #[test]
    fn no_value_makes_patch_panic(
        user in any_user(), (path, _) in any_write(), op in proptest::sample::select(vec!["add", "replace", "remove"]),
        key in "[a-zA-Z]{1,6}", text in ".{0,4}", shape in 0..7,
    ) {
        let value = match shape {
            0 => json!(null),
            1 => json!(text),
            2 => json!([text, {key.clone(): text}]),
            3 => json!({key: [{"value": text}]}),
            4 => json!([[1], null, {}]),
            5 => json!({"value": {"value": text}, "type": 1}),
            _ => json!(-1.5),
        };
        for path in [path.as_str(), "emails", "emails.value", "active", urn::ENTERPRISE_USER] {
            let _ = apply(&user, &request(op, path, &value));
        }
    }
}
