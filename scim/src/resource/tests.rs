//! What is read from a client, what a PUT does, and what an answer shows.
#![expect(
    clippy::needless_pass_by_value,
    reason = "a table reads better with json!(...) than with &json!(...)"
)]

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Projection, ScimType};

fn read(body: Value) -> Result<Resource, Error> {
    Resource::from_client(ResourceType::user(), &body)
}

/// A user of these attributes is stored as those (beside `active`).
fn check(body: Value, expected: Value) {
    let mut stored = read(body.clone()).unwrap_or_else(|error| panic!("{body}: {error}")).to_stored();
    stored.as_object_mut().unwrap().remove("active");
    assert_eq!(stored, expected, "{body}");
}

fn refused(body: Value, scim_type: ScimType, named: &str) {
    let error = read(body.clone()).expect_err(&body.to_string());
    assert_eq!((error.status, error.scim_type), (400, Some(scim_type)), "{body}");
    assert!(error.detail.contains(named), "{body}: {error}");
}

fn meta() -> Meta {
    let created: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    Meta {
        id: "u1".into(),
        resource_type: "User",
        created,
        last_modified: created,
        version: 7,
        location: "https://bridge.example/scim/v2/Users/u1".into(),
    }
}

fn ada() -> Resource {
    let mut ada = read(json!({"userName": "Ada", "name": {"givenName": "Ada", "familyName": "L"},
        "emails": [{"type": "work", "value": "a@x.example"}],
        urn::ENTERPRISE_USER: {"department": "Math", "manager": "m1"}}))
    .unwrap();
    ada.set(&format!("{}:identity.state", urn::DELIVERY), json!("delivered"));
    ada
}

fn answer(attributes: Option<&str>, excluded: Option<&str>) -> Value {
    ada().render(&meta(), &Projection::parse(attributes, excluded).unwrap())
}

#[test]
fn names_become_canonical_and_values_stay_as_written() {
    check(
        json!({"USERNAME": "Ada@Example.com", "Name": {"GIVENNAME": " Ada "}, "externalid": "E1",
            urn::ENTERPRISE_USER.to_uppercase(): {"Department": "Math"}}),
        json!({"userName": "Ada@Example.com", "name": {"givenName": " Ada "}, "externalId": "E1",
            urn::ENTERPRISE_USER: {"department": "Math"}}),
    );
}

#[test]
fn what_a_client_may_not_say_is_dropped() {
    check(
        json!({"userName": "a", "id": "x", "meta": {"resourceType": "User"}, "groups": [], "password": "secret",
            "shoeSize": 44, "department": null, "manager": null, "photos": [{"value": "x"}],
            urn::DELIVERY: {"identity": {"state": "delivered"}}, "urn:x:2.0:User": {"a": 1},
            urn::ENTERPRISE_USER: {"manager": {"value": "m", "displayName": "M", "$ref": "x"}, "unknown": 1}}),
        json!({"userName": "a", urn::ENTERPRISE_USER: {"manager": {"value": "m"}}}),
    );
}

#[test]
fn null_empty_text_and_empty_lists_are_unassigned() {
    check(
        json!({"userName": "a", "title": null, "nickName": "", "roles": [], "emails": [{"value": "", "type": "work",
            "primary": true}], "name": {"givenName": ""}, "phoneNumbers": "", "addresses": [null, {}],
            urn::ENTERPRISE_USER: {"department": "", "manager": ""}, urn::SPEND_USER: null,
            urn::BRIDGE_USER: {"startDate": ""}}),
        json!({"userName": "a"}),
    );
    assert_eq!(
        read(json!({"userName": ""})).unwrap().check_required().unwrap_err().detail,
        "userName is required."
    );
}

#[test]
fn shapes_of_identity_providers_are_understood() {
    check(
        json!({"userName": "a", "emails": {"value": "a@x.example"}, "entitlements": ["Expense"],
            "roles": [{"value": "{\"id\":\"x\"}", "primary": "True"}],
            urn::ENTERPRISE_USER: {"manager": [{"value": "m1"}]}}),
        json!({"userName": "a", "emails": [{"value": "a@x.example"}], "entitlements": [{"value": "Expense"}],
            "roles": [{"value": "{\"id\":\"x\"}", "primary": true}],
            urn::ENTERPRISE_USER: {"manager": {"value": "m1"}}}),
    );
}

#[test]
fn active_is_a_boolean_and_true_when_nothing_is_said() {
    for (given, expected) in
        [(json!("True"), true), (json!("false"), false), (json!(false), false), (json!(""), true)]
    {
        assert_eq!(read(json!({"userName": "a", "active": given})).unwrap().is_active(), expected);
    }
    assert_eq!(read(json!({"userName": "a"})).unwrap().get("active"), Some(&json!(true)));
    let group = Resource::from_client(ResourceType::group(), &json!({"displayName": "g"})).unwrap();
    assert_eq!(group.to_stored(), json!({"displayName": "g"}));
}

#[test]
fn wrong_types_name_the_attribute() {
    let start_date = format!("{}:startDate", urn::BRIDGE_USER);
    refused(json!({"userName": 7}), ScimType::InvalidValue, "userName");
    refused(json!({"active": "yes"}), ScimType::InvalidValue, "active");
    refused(json!({"name": {"givenName": {}}}), ScimType::InvalidValue, "name.givenName");
    refused(json!({"name": "Ada"}), ScimType::InvalidValue, "name");
    refused(json!({"emails": [{"value": 1}]}), ScimType::InvalidValue, "emails.value");
    refused(json!({"emails": [true]}), ScimType::InvalidValue, "emails");
    refused(json!({urn::BRIDGE_USER: {"startDate": "2026-01-01"}}), ScimType::InvalidValue, &start_date);
    refused(json!({urn::ENTERPRISE_USER: "x"}), ScimType::InvalidValue, urn::ENTERPRISE_USER);
    refused(json!({"title": ["a", "b"]}), ScimType::InvalidValue, "title");
    refused(json!([]), ScimType::InvalidSyntax, "object");
}

#[test]
fn identifiers_are_bounded_and_printable() {
    assert!(read(json!({"userName": "\u{e4}".repeat(256)})).is_ok());
    refused(json!({"userName": "a".repeat(257)}), ScimType::InvalidValue, "userName");
    refused(json!({"userName": "a", "externalId": "a\u{0}b"}), ScimType::InvalidValue, "externalId");
}

#[test]
fn schemas_must_name_the_base_schema_if_they_are_there() {
    for schemas in [
        json!([urn::USER]),
        json!([urn::ENTERPRISE_USER, urn::USER.to_lowercase()]),
        json!([]),
        json!(null),
        json!([urn::USER, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/User"]),
    ] {
        assert!(read(json!({"schemas": schemas, "userName": "a"})).is_ok(), "{schemas}");
    }
    refused(json!({"schemas": [urn::GROUP]}), ScimType::InvalidSyntax, urn::USER);
    refused(json!({"schemas": urn::USER}), ScimType::InvalidSyntax, "array");
    refused(json!({"schemas": [urn::SCIM_1_CORE, urn::USER]}), ScimType::InvalidValue, urn::USER);
}

#[test]
fn one_value_is_primary_and_no_value_comes_twice() {
    check(
        json!({"userName": "a", "emails": [{"value": "x", "primary": true}, {"value": "y", "primary": true},
            {"value": "x"}]}),
        json!({"userName": "a", "emails": [{"value": "x", "primary": false}, {"value": "y", "primary": true}]}),
    );
}

#[test]
fn required_parts_are_asked_for() {
    let body = json!({"displayName": "g", "members": [{"value": "u1"}, {"display": "who"}]});
    let group = Resource::from_client(ResourceType::group(), &body).unwrap();
    assert!(group.check_required().unwrap_err().detail.contains("members.value"));
    assert!(Resource::from_client(ResourceType::group(), &json!({})).unwrap().check_required().is_err());
}

#[test]
fn paths_read_write_and_remove() {
    let manager = format!("{}:manager.value", urn::ENTERPRISE_USER);
    let mut user = ada();
    assert_eq!(user.get_str("name.givenName"), Some("Ada"));
    assert_eq!(user.get_str(&manager), Some("m1"));
    assert_eq!(user.get_str(&format!("{}:userName", urn::USER)), Some("Ada"));
    assert_eq!(user.get("name.nosuch"), None);
    assert_eq!(user.remove(&manager), Some(json!("m1")));
    assert_eq!(user.get(urn::ENTERPRISE_USER), Some(&json!({"department": "Math"})));
    user.set("name.givenName", Value::Null);
    user.set("name.familyName", Value::Null);
    assert_eq!(user.get("name"), None);
}

#[test]
fn put_clears_what_it_leaves_out_and_nothing_of_the_servers() {
    let delivery = format!("{}:identity.state", urn::DELIVERY);
    let after = replace(&ada(), &json!({"userName": "ADA", "emails": []})).unwrap();
    assert_eq!(after.user_name(), Some("ADA"));
    assert_eq!(after.get("name"), None);
    assert_eq!(after.get("emails"), None);
    assert_eq!(after.get(urn::ENTERPRISE_USER), None);
    assert_eq!(after.get_str(&delivery), Some("delivered"));
    assert_eq!(replace(&ada(), &json!({})).unwrap_err().scim_type, Some(ScimType::InvalidValue));
}

#[test]
fn put_without_active_changes_nobodys_state() {
    let leaver = replace(&ada(), &json!({"userName": "a", "active": false})).unwrap();
    for active in [json!(null), json!("")] {
        assert!(!replace(&leaver, &json!({"userName": "a", "active": active})).unwrap().is_active());
    }
    assert!(!replace(&leaver, &json!({"userName": "a"})).unwrap().is_active());
    assert!(replace(&leaver, &json!({"userName": "a", "active": "True"})).unwrap().is_active());
}

#[test]
fn an_answer_carries_schemas_id_and_meta() {
    assert_eq!(
        answer(None, None),
        json!({
            "schemas": [urn::USER, urn::DELIVERY, urn::ENTERPRISE_USER],
            "id": "u1", "userName": "Ada", "active": true, "name": {"givenName": "Ada", "familyName": "L"},
            "emails": [{"type": "work", "value": "a@x.example"}],
            urn::ENTERPRISE_USER: {"department": "Math",
                "manager": {"value": "m1", "$ref": "https://bridge.example/scim/v2/Users/m1"}},
            urn::DELIVERY: {"identity": {"state": "delivered"}},
            "meta": {"resourceType": "User", "created": "2026-01-02T03:04:05Z",
                "lastModified": "2026-01-02T03:04:05Z", "version": "W/\"7\"",
                "location": "https://bridge.example/scim/v2/Users/u1"},
        })
    );
}

#[test]
fn attributes_shows_what_is_named_and_the_minimum() {
    let shown = |attributes: &str| {
        let mut shown = answer(Some(attributes), None);
        let members = shown.as_object_mut().unwrap();
        assert!(members.remove("schemas").is_some() && members.remove("id").is_some());
        shown
    };
    assert_eq!(shown("USERNAME"), json!({"userName": "Ada"}));
    assert_eq!(shown("name.givenName, nosuch,"), json!({"name": {"givenName": "Ada"}}));
    assert_eq!(
        shown("emails[type eq \"a,b\"]"),
        json!({"emails": [{"type": "work", "value": "a@x.example"}]})
    );
    assert_eq!(shown("emails.display"), json!({}));
    assert_eq!(shown(&format!("{}:userName", urn::USER)), json!({"userName": "Ada"}));
    assert_eq!(
        shown(&format!("{}:department", urn::ENTERPRISE_USER)),
        json!({urn::ENTERPRISE_USER: {"department": "Math"}})
    );
    assert_eq!(shown(urn::DELIVERY), json!({urn::DELIVERY: {"identity": {"state": "delivered"}}}));
    assert_eq!(shown("meta.version"), json!({"meta": {"version": "W/\"7\""}}));
    assert_eq!(shown("id"), json!({}));
}

#[test]
fn excluded_attributes_are_left_out_but_never_the_minimum() {
    let enterprise = format!("id,schemas,meta,name.givenName,EMAILS,{}", urn::ENTERPRISE_USER);
    assert_eq!(
        answer(None, Some(&enterprise)),
        json!({"schemas": [urn::USER, urn::DELIVERY, urn::ENTERPRISE_USER], "id": "u1", "userName": "Ada",
            "active": true, "name": {"familyName": "L"}, urn::DELIVERY: {"identity": {"state": "delivered"}}})
    );
}

#[test]
fn a_projection_is_one_or_the_other_and_well_formed() {
    let check = |attributes, excluded, scim_type| {
        let error = Projection::parse(attributes, excluded).unwrap_err();
        assert_eq!(error.scim_type, Some(scim_type));
    };
    check(Some("a"), Some("b"), ScimType::InvalidValue);
    check(Some("a b"), None, ScimType::InvalidPath);
    check(None, Some("emails[type"), ScimType::InvalidFilter);
    assert!(Projection::parse(Some(""), Some(" , ")).unwrap().is_default());
}

#[test]
fn a_group_can_be_shown_without_members() {
    let body = json!({"displayName": "g", "members": [{"value": "u1"}, {"value": "g2", "type": "Group"}]});
    let group = Resource::from_client(ResourceType::group(), &body).unwrap();
    let meta = Meta {
        location: "https://b.example/Groups/g1".into(),
        id: "g1".into(),
        resource_type: "Group",
        ..meta()
    };
    let whole = group.render(&meta, &Projection::default());
    assert_eq!(whole["members"][0]["$ref"], "https://b.example/Users/u1");
    assert_eq!(whole["members"][1]["$ref"], "https://b.example/Groups/g2");
    let lean = group.render(&meta, &Projection::parse(None, Some("members")).unwrap());
    assert_eq!(lean.get("members"), None);
    assert_eq!(lean["displayName"], "g");
}

#[test]
fn put_keeps_the_name_of_a_manager_who_stays() {
    let name = format!("{}:manager.displayName", urn::ENTERPRISE_USER);
    let mut before = ada();
    before.set(&name, json!("Charles"));
    let put = |manager: &str| {
        let body = json!({"userName": "a", urn::ENTERPRISE_USER: {"manager": manager}});
        replace(&before, &body).unwrap().get(&name).cloned()
    };
    assert_eq!(put("m1"), Some(json!("Charles")));
    assert_eq!(put("m2"), None);
}

/// Any JSON, with member names that mean something.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-zA-Z@. ]{0,6}".prop_map(Value::from),
        Just(json!("True")),
    ];
    let names = vec![
        "userName",
        "name",
        "givenName",
        "emails",
        "value",
        "type",
        "primary",
        "active",
        "meta",
        "roles",
        "manager",
        "startDate",
        "customData",
        "id",
        "x",
        urn::ENTERPRISE_USER,
        urn::SPEND_USER,
        urn::BRIDGE_USER,
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        let object =
            proptest::collection::btree_map(proptest::sample::select(names.clone()), inner.clone(), 0..5);
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::from),
            object.prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_accepted_again_and_is_the_same(
        members in proptest::collection::vec(any_json(), 5),
    ) {
        let names = ["userName", "active", "name", "emails", urn::ENTERPRISE_USER];
        let body: Value = names.iter().zip(members).map(|(name, value)| ((*name).to_owned(), value)).collect();
        for rt in ResourceType::all() {
            if let Ok(resource) = Resource::from_client(rt, &body) {
                prop_assert_eq!(&Resource::from_client(rt, &resource.to_stored()).unwrap(), &resource);
                let answer = resource.render(&meta(), &Projection::default());
                prop_assert_eq!(&Resource::from_client(rt, &answer).unwrap(), &resource);
            }
        }
    }
}
