//! Users: singular, complex and multi-valued attributes, extensions, and the shapes of Entra ID.

use super::*;

#[test]
fn a_singular_attribute_is_set_and_unset() {
    check(json!([{"op": "add", "path": "nickName", "value": "Babs"}]), &[("nickName", json!("Babs"))]);
    check(json!([{"op": "replace", "path": "title", "value": "CTO"}]), &[("title", json!("CTO"))]);
    check(json!([{"op": "replace", "path": "nickName", "value": "B"}]), &[("nickName", json!("B"))]);
    check(json!([{"op": "remove", "path": "title"}]), &[("title", Value::Null)]);
    check(json!([{"op": "Replace", "path": "title", "value": null}]), &[("title", Value::Null)]);
    check(json!([{"op": "Replace", "path": "title", "value": ""}]), &[("title", Value::Null)]);
    unchanged(&user(), json!([{"op": "remove", "path": "nickName"}]));
}

#[test]
fn entra_disables_with_text_and_others_with_booleans() {
    for value in [json!("False"), json!("false"), json!(false)] {
        check(json!([{"op": "Replace", "path": "active", "value": value}]), &[("active", json!(false))]);
        check(json!([{"op": "replace", "value": {"active": value}}]), &[("active", json!(false))]);
    }
    refused(json!([{"op": "replace", "path": "active", "value": "no"}]), ScimType::InvalidValue);
}

#[test]
fn nobody_comes_back_because_active_was_cleared() {
    let clears = [
        json!({"op": "remove", "path": "active"}),
        json!({"op": "replace", "path": "active", "value": null}),
    ];
    let leaver = patch(&user(), &json!([{"op": "replace", "path": "active", "value": false}])).unwrap();
    for operation in clears {
        // Of somebody who works it takes nothing away: absent counts as active.
        check(json!([operation]), &[("active", Value::Null)]);
        let error = patch(&leaver, &json!([operation])).unwrap_err();
        assert_eq!((error.status, error.scim_type), (400, Some(ScimType::InvalidValue)), "{error}");
    }
}

#[test]
fn a_complex_attribute_is_completed_and_null_parts_go() {
    let parts = json!({"givenName": "Augusta", "MIDDLENAME": null, "unknown": 1});
    let expected = json!({"givenName": "Augusta", "familyName": "Lovelace"});
    for op in ["add", "replace"] {
        check(json!([{"op": op, "path": "name", "value": parts}]), &[("name", expected.clone())]);
        check(json!([{"op": op, "value": {"name": parts}}]), &[("name", expected.clone())]);
    }
    check(json!([{"op": "remove", "path": "name.middleName"}]), &[("name.middleName", Value::Null)]);
    check(json!([{"op": "remove", "path": "name"}]), &[("name", Value::Null)]);
    refused(json!([{"op": "replace", "path": "name.givenName", "value": {"x": 1}}]), ScimType::InvalidValue);
}

#[test]
fn entra_bundles_dotted_and_urn_names_in_one_value() {
    let department = format!("{}:department", urn::ENTERPRISE_USER);
    let value = json!({
        "displayName": "Bjfe", "name.givenName": "Kkom", "name.familyName": "Unua",
        format!("{}:employeeNumber", urn::ENTERPRISE_USER): "Aklq",
        format!("{MANAGER}.value"): "m9",
        "emails[type eq \"work\"].value": "new@work.example",
        urn::SPEND_USER: {"country": "DE", "customData": [{"id": "custom1", "value": "7"}]},
        "id": "ignored", "meta": {}, "schemas": [], "groups": [], "unknown": 1, "password": "dropped", "%&": 2,
    });
    check(
        json!([{"op": "replace", "value": value}]),
        &[
            ("displayName", json!("Bjfe")),
            ("name", json!({"givenName": "Kkom", "familyName": "Unua", "middleName": "King"})),
            (&format!("{}:employeeNumber", urn::ENTERPRISE_USER), json!("Aklq")),
            (&department, json!("Math")),
            (MANAGER, json!({"value": "m9"})),
            (urn::SPEND_USER, json!({"country": "DE", "customData": [{"id": "custom1", "value": "7"}]})),
            ("password", Value::Null),
            ("unknown", Value::Null),
        ],
    );
}

#[test]
fn a_work_email_that_exists_is_changed_and_the_others_stay() {
    let home = json!({"type": "home", "value": "ada@home.example", "display": "At home"});
    for op in ["Add", "Replace"] {
        check(
            json!([{"op": op, "path": "emails[type eq \"work\"].value", "value": "n@x.example"}]),
            &[("emails", json!([{"type": "work", "value": "n@x.example", "primary": true}, home]))],
        );
    }
}

#[test]
fn entra_creates_a_value_that_does_not_exist_by_add_and_by_replace() {
    for op in ["Add", "Replace"] {
        check(
            json!([{"op": op, "path": "phoneNumbers[type eq \"work\"].value", "value": "1"}]),
            &[("phoneNumbers", json!([{"type": "work", "value": "1"}]))],
        );
        check(
            json!([{"op": op, "path": "addresses[type eq \"other\"]", "value": {"formatted": "Here"}}]),
            &[("addresses", json!([{"type": "other", "formatted": "Here"}]))],
        );
    }
    check(
        json!([{"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "Admin"}]),
        &[("roles", json!([{"primary": true, "value": "Admin"}]))],
    );
    check(
        json!([
            {"op": "Add", "path": "addresses[type eq \"work\"].streetAddress", "value": "Street 1"},
            {"op": "Add", "path": "addresses[type eq \"work\"].POSTALCODE", "value": "12345"},
        ]),
        &[("addresses", json!([{"type": "work", "streetAddress": "Street 1", "postalCode": "12345"}]))],
    );
}

#[test]
fn a_filter_of_anything_but_equalities_creates_nothing() {
    for filter in
        ["type ne \"work\" and value co \"zz\"", "type eq \"fax\" or type eq \"pager\"", "display sw \"zz\""]
    {
        let path = format!("emails[{filter}].value");
        let matches_nothing =
            json!([{"op": "remove", "path": "emails"}, {"op": "replace", "path": path, "value": "x"}]);
        refused(matches_nothing, ScimType::NoTarget);
    }
}

#[test]
fn the_microsoft_validator_mixes_everything_in_one_body() {
    check(
        json!([
            {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "w@x.example"},
            {"op": "add", "path": "emails[type eq \"home\"].value", "value": "h@x.example"},
            {"op": "add", "path": "emails[type eq \"other\"].Value", "value": "o@x.example"},
            {"op": "add", "path": "emails[type eq \"other\"].display", "value": "Other"},
            {"op": "add", "path": "emails[type eq \"work\"].primary", "value": "False"},
            {"op": "replace", "path": "emails[type eq \"home\"].primary", "value": "True"},
        ]),
        &[(
            "emails",
            json!([
                {"type": "work", "value": "w@x.example", "primary": false},
                {"type": "home", "value": "h@x.example", "display": "At home", "primary": true},
                {"type": "other", "value": "o@x.example", "display": "Other"},
            ]),
        )],
    );
    unchanged(&user(), json!([]));
}

#[test]
fn the_value_made_primary_last_is_the_only_one() {
    let home = json!([{"op": "replace", "path": "emails[type eq \"home\"].primary", "value": true}]);
    let after = patch(&user(), &home).unwrap();
    assert_eq!(after.get("emails").unwrap()[0]["primary"], false);
    assert_eq!(after.get("emails").unwrap()[1]["primary"], true);
    let back = json!([{"op": "add", "path": "emails", "value": {"type": "work", "value": "ada@work.example",
        "primary": true}}]);
    let after = patch(&after, &back).unwrap();
    assert_eq!(after.get("emails").unwrap()[0]["primary"], true);
    assert_eq!(after.get("emails").unwrap()[1]["primary"], false);
}

#[test]
fn a_list_is_appended_to_by_add_and_replaced_by_replace() {
    let other = json!({"type": "other", "value": "o@x.example"});
    for value in [json!([other]), other.clone()] {
        let after = patch(&user(), &json!([{"op": "add", "path": "emails", "value": value}])).unwrap();
        assert_eq!(after.get("emails").unwrap().as_array().unwrap().len(), 3);
        check(json!([{"op": "replace", "path": "emails", "value": value}]), &[("emails", json!([other]))]);
    }
    unchanged(
        &user(),
        json!([{"op": "add", "path": "emails",
        "value": [{"type": "work", "value": "ada@work.example", "primary": true}]}]),
    );
    for value in [json!([]), json!(null), json!("")] {
        check(json!([{"op": "replace", "path": "emails", "value": value}]), &[("emails", Value::Null)]);
        check(json!([{"op": "replace", "value": {"emails": value}}]), &[("emails", Value::Null)]);
    }
    unchanged(&user(), json!([{"op": "add", "path": "emails", "value": []}]));
}

#[test]
fn entra_removes_with_a_value_that_is_never_set() {
    let home = json!({"type": "home", "value": "ada@home.example", "display": "At home"});
    check(
        json!([{"op": "Remove", "path": "emails[type eq \"work\"].value", "value": "x"}]),
        &[("emails", json!([home]))],
    );
    check(json!([{"op": "remove", "path": "emails[type eq \"work\"]"}]), &[("emails", json!([home]))]);
    check(
        json!([{"op": "remove", "path": "emails[type eq \"home\"].display"}]),
        &[(
            "emails",
            json!([{"type": "work", "value": "ada@work.example", "primary": true},
            {"type": "home", "value": "ada@home.example"}]),
        )],
    );
    unchanged(&user(), json!([{"op": "remove", "path": "emails[type eq \"other\"]"}]));
    check(json!([{"op": "remove", "path": "emails"}]), &[("emails", Value::Null)]);
}

#[test]
fn the_manager_comes_in_many_shapes() {
    let dotted = format!("{}.manager", urn::ENTERPRISE_USER);
    for (path, value) in [
        (MANAGER, json!("m2")),
        (MANAGER, json!({"value": "m2"})),
        (MANAGER, json!([{"$ref": "https://x.example/Users/m2", "value": "m2"}])),
        (MANAGER, json!({"value": "m2", "displayName": "read-only"})),
        (dotted.as_str(), json!("m2")),
        (&format!("{MANAGER}.value"), json!("m2")),
        (&MANAGER.to_uppercase(), json!("m2")),
    ] {
        for op in ["Add", "Replace"] {
            check(json!([{"op": op, "path": path, "value": value}]), &[(MANAGER, json!({"value": "m2"}))]);
        }
    }
    // The same manager again: what the server knows about him stays.
    unchanged(&user(), json!([{"op": "replace", "path": MANAGER, "value": "m1"}]));
}

#[test]
fn the_manager_goes_in_many_shapes() {
    for operation in [
        json!({"op": "Remove", "path": MANAGER}),
        json!({"op": "Remove", "path": MANAGER, "value": "m1"}),
        json!({"op": "Replace", "path": MANAGER, "value": ""}),
        json!({"op": "Replace", "path": MANAGER, "value": null}),
        json!({"op": "Replace", "path": MANAGER, "value": []}),
        json!({"op": "Replace", "path": MANAGER, "value": {"value": ""}}),
        json!({"op": "replace", "value": {urn::ENTERPRISE_USER: {"manager": null}}}),
    ] {
        check(json!([operation]), &[(MANAGER, Value::Null)]);
    }
}

#[test]
fn an_extension_comes_and_goes_with_its_attributes() {
    let currency = format!("{}:reimbursementCurrency", urn::SPEND_USER);
    check(
        json!([{"op": "add", "path": currency, "value": "EUR"}]),
        &[(urn::SPEND_USER, json!({"reimbursementCurrency": "EUR"}))],
    );
    check(
        json!([{"op": "add", "path": currency, "value": "EUR"}, {"op": "remove", "path": currency}]),
        &[(urn::SPEND_USER, Value::Null)],
    );
    check(json!([{"op": "remove", "path": urn::ENTERPRISE_USER}]), &[(urn::ENTERPRISE_USER, Value::Null)]);
    check(
        json!([{"op": "replace", "path": urn::ENTERPRISE_USER, "value": {"department": "Poetry"}}]),
        &[
            (MANAGER, json!({"value": "m1", "displayName": "Charles"})),
            (&format!("{}:department", urn::ENTERPRISE_USER), json!("Poetry")),
        ],
    );
    check(
        json!([{"op": "add", "path": format!("{}:title", urn::USER), "value": "x"}]),
        &[("title", json!("x"))],
    );
}

#[test]
fn custom_fields_are_told_apart_by_id() {
    let path = format!("{}:customData", urn::SPEND_USER);
    check(
        json!([
            {"op": "add", "path": path, "value": [{"id": "custom1", "value": "a"}, {"id": "orgUnit1", "value": "b"}]},
            {"op": "add", "path": path, "value": [{"id": "custom1", "value": "c"}]},
            {"op": "replace", "path": format!("{path}[id eq \"custom2\"].value"), "value": "d"},
            {"op": "remove", "path": path, "value": [{"id": "orgUnit1"}]},
        ]),
        &[(&path, json!([{"id": "custom1", "value": "c"}, {"id": "custom2", "value": "d"}]))],
    );
}

#[test]
fn entitlements_may_be_bare_texts() {
    check(
        json!([{"op": "add", "path": "entitlements", "value": ["Expense", {"value": "Travel"}, "Expense"]}]),
        &[("entitlements", json!([{"value": "Expense"}, {"value": "Travel"}]))],
    );
}

#[test]
fn read_only_and_required_attributes_are_guarded() {
    for path in ["id", "meta", "meta.created", "groups", "groups[value eq \"g\"]", urn::DELIVERY] {
        refused(json!([{"op": "replace", "path": path, "value": "x"}]), ScimType::Mutability);
        refused(json!([{"op": "remove", "path": path}]), ScimType::Mutability);
    }
    refused(
        json!([{"op": "add", "path": format!("{MANAGER}.displayName"), "value": "x"}]),
        ScimType::Mutability,
    );
    refused(json!([{"op": "remove", "path": "userName"}]), ScimType::Mutability);
    refused(json!([{"op": "replace", "path": "userName", "value": ""}]), ScimType::InvalidValue);
    refused(json!([{"op": "replace", "value": {"userName": null}}]), ScimType::InvalidValue);
    unchanged(&user(), json!([{"op": "replace", "value": {urn::DELIVERY: {"identity": {"state": "x"}}}}]));
}

#[test]
fn passwords_and_schemas_have_no_effect() {
    unchanged(&user(), json!([{"op": "replace", "path": "password", "value": "secret"}]));
    unchanged(&user(), json!([{"op": "replace", "value": {"password": "secret"}}]));
    unchanged(&user(), json!([{"op": "add", "path": "schemas", "value": [urn::SPEND_USER]}]));
}

#[test]
fn adding_nothing_adds_nothing() {
    for value in [json!(null), json!(""), json!([])] {
        for path in ["title", "emails", "name", "emails[type eq \"work\"].value", MANAGER] {
            unchanged(&user(), json!([{"op": "add", "path": path, "value": value}]));
        }
    }
}

#[test]
fn a_value_that_is_left_with_its_type_only_goes_but_not_before_the_request_ends() {
    let primary = json!({"op": "add", "path": "phoneNumbers[type eq \"work\"].primary", "value": true});
    unchanged(&user(), json!([primary]));
    check(
        json!([primary, {"op": "add", "path": "phoneNumbers[type eq \"work\"].value", "value": "1"}]),
        &[("phoneNumbers", json!([{"type": "work", "primary": true, "value": "1"}]))],
    );
}

#[test]
fn a_filter_that_matches_several_values_changes_them_all_and_a_part_without_filter_too() {
    check(
        json!([{"op": "replace", "path": "emails[value ew \".example\"].display", "value": "x"}]),
        &[(
            "emails",
            json!([
                {"type": "work", "value": "ada@work.example", "primary": true, "display": "x"},
                {"type": "home", "value": "ada@home.example", "display": "x"},
            ]),
        )],
    );
    check(
        json!([{"op": "add", "path": "emails[value ew \".example\"]", "value": {"display": "y"}}]),
        &[(
            "emails",
            json!([
                {"type": "work", "value": "ada@work.example", "primary": true, "display": "y"},
                {"type": "home", "value": "ada@home.example", "display": "y"},
            ]),
        )],
    );
    check(
        json!([{"op": "remove", "path": "emails.display"}]),
        &[(
            "emails",
            json!([
                {"type": "work", "value": "ada@work.example", "primary": true},
                {"type": "home", "value": "ada@home.example"},
            ]),
        )],
    );
    check(
        json!([{"op": "replace", "path": "emails[type eq \"home\"]", "value": null}]),
        &[("emails", json!([{"type": "work", "value": "ada@work.example", "primary": true}]))],
    );
}
