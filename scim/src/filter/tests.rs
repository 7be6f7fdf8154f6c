//! What filters mean, by table; and that no text makes them panic.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{ScimType, urn};

fn ada() -> Value {
    json!({
        "schemas": [urn::USER, urn::ENTERPRISE_USER],
        "id": "A1", "externalId": "Ext-1", "userName": "Ada@Example.com", "active": true, "title": "x",
        "name": {"givenName": "J\u{f6}rg", "familyName": "O\"Brien (and) [co]"},
        "emails": [
            {"type": "work", "value": "ada@work.example", "primary": true},
            {"type": "home", "value": "ada@home.example"},
        ],
        "roles": [{"value": "Admin", "primary": true}],
        "meta": {"created": "2026-01-01T00:00:00Z", "lastModified": "2026-03-01T12:00:00Z"},
        urn::ENTERPRISE_USER: {"employeeNumber": "0042", "manager": {"value": "M1"}},
    })
}

fn check(filter: &str, expected: bool) {
    let parsed = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
    assert_eq!(parsed.matches(&ada(), ResourceType::user()), expected, "{filter}");
    assert_eq!(Filter::parse(&parsed.to_string()).unwrap(), parsed, "{filter} printed");
}

fn refused(filter: &str) {
    let error = Filter::parse(filter).expect_err(filter);
    assert_eq!((error.status, error.scim_type), (400, Some(ScimType::InvalidFilter)), "{filter}");
    assert!(!error.detail.is_empty());
}

#[test]
fn text_compares_by_case_exact() {
    check(r#"userName eq "ada@example.com""#, true);
    check(r#"USERNAME EQ "ADA@EXAMPLE.COM""#, true);
    check(r#"userName ne "ada@example.com""#, false);
    check(r#"externalId eq "Ext-1""#, true);
    check(r#"externalId eq "ext-1""#, false);
    check(r#"id eq "a1""#, false);
    check("name.givenName eq \"JO\u{308}RG\"", true);
    check(r#"userName co "EXAMPLE""#, true);
    check(r#"userName sw "ada@""#, true);
    check(r#"userName sw "da@""#, false);
    check(r#"userName ew ".COM""#, true);
    check(r#"userName gt "aa""#, true);
    check(r#"userName lt "aa""#, false);
}

#[test]
fn values_are_json_strings_whatever_is_in_them() {
    check(r#"name.familyName eq "O\"Brien (and) [co]""#, true);
    check(r#"name.familyName eq "O\u0022brien (AND) [co]""#, true);
    check(r#"name.familyName co "\\""#, false);
}

#[test]
fn presence_is_about_values() {
    check("userName pr", true);
    check("nickName pr", false);
    check("emails pr", true);
    check("emails.display pr", false);
    check(&format!("{} pr", urn::ENTERPRISE_USER), true);
    check(&format!("{} pr", urn::SPEND_USER), false);
    check("title eq null", false);
    check("nickName eq null", true);
    check("userName ne null", true);
}

#[test]
fn an_absent_attribute_satisfies_ne_and_nothing_else() {
    for op in ["eq", "co", "sw", "ew", "gt", "ge", "lt", "le"] {
        check(&format!("nickName {op} \"x\""), false);
    }
    check("nickName ne \"x\"", true);
}

#[test]
fn an_unknown_attribute_has_no_value() {
    check("shoeSize eq 44", false);
    check("shoeSize pr", false);
    check("name.shoe eq \"x\"", false);
    check("urn:example:2.0:User:shoe pr", false);
    check("password pr", false);
    check("nosuch[type eq \"work\"]", false);
}

#[test]
fn any_value_of_a_multi_valued_attribute_is_enough_and_a_bare_one_means_its_value() {
    check(r#"emails eq "ADA@home.example""#, true);
    check(r#"emails.value ew "@work.example""#, true);
    check(r#"emails.type eq "other""#, false);
    check(r#"schemas eq "urn:ietf:params:scim:schemas:core:2.0:User""#, true);
    check(r#"emails.value ne "ada@work.example""#, true);
}

#[test]
fn all_terms_in_brackets_hold_for_one_value() {
    check(r#"emails[type eq "work" and value co "@work"]"#, true);
    check(r#"emails[type eq "work" and value co "@home"]"#, false);
    check(r#"emails.type eq "work" and emails.value co "@home""#, true);
    check(r#"emails[not (type eq "work") and value pr]"#, true);
    check(r#"emails[type eq "fax" or primary eq true]"#, true);
}

#[test]
fn entra_puts_a_sub_attribute_behind_the_bracket() {
    check(r#"emails[type eq "work"].value eq "ada@work.example""#, true);
    check(r#"emails[type eq "work"].value eq "ada@home.example""#, false);
    check(r#"emails[type eq "Work"].Value pr"#, true);
}

#[test]
fn entra_compares_booleans_with_text_and_names_the_manager_without_urn() {
    check(r#"active eq "True""#, true);
    check("active eq false", false);
    check("active ne false", true);
    check(r#"roles[primary eq "True"].value eq "admin""#, true);
    check(r#"id eq "A1" and manager eq "M1""#, true);
    check(&format!(r#"{}:employeeNumber eq "0042""#, urn::ENTERPRISE_USER), true);
    check(&format!(r#"{}:manager.value eq "M2""#, urn::ENTERPRISE_USER), false);
}

#[test]
fn date_times_compare_in_time() {
    check(r#"meta.lastModified gt "2026-03-01T12:30:00+01:00""#, true);
    check(r#"meta.lastModified ge "2026-03-01T12:00:00.000Z""#, true);
    check(r#"meta.lastModified eq "2026-03-01T13:00:00+01:00""#, true);
    check(r#"meta.lastModified lt "2026-03-01T12:00:00Z""#, false);
    check(
        r#"active eq true and (meta.lastModified ge "2026-01-01T00:00:00Z" and meta.lastModified lt "2027-01-01T00:00:00Z")"#,
        true,
    );
}

#[test]
fn not_binds_before_and_before_or() {
    check("active eq true or active eq false and active eq false", true);
    check("(active eq true or active eq false) and active eq false", false);
    check("not (active eq false) and userName pr", true);
    check("not(active eq false or userName pr)", false);
    check("((active eq true))", true);
}

#[test]
fn broken_filters_are_refused() {
    for filter in [
        "",
        " ",
        "userName",
        "userName eq",
        "userName is \"x\"",
        "eq \"x\"",
        "userName eq x",
        "userName eq 'x'",
        "userName eq \"x",
        "userName eq \"x\" and",
        "and userName pr",
        "userName pr userName pr",
        "(userName pr",
        "userName pr)",
        "not userName pr",
        "emails[type eq \"work\"",
        "emails[]",
        "emails[type eq \"work\"].value",
        "emails[type eq \"work\"] eq",
        "userName eq \"\\x\"",
        "userName eq 01x",
        "userName eq {}",
        "a.b.c pr",
        "emails[a[b pr]]",
        "externalId eq jyoung",
    ] {
        refused(filter);
    }
}

#[test]
fn booleans_have_no_order() {
    for filter in
        ["active gt true", "active le \"true\"", "emails[primary ge true]", "emails.primary lt false"]
    {
        refused(filter);
    }
}

#[test]
fn every_limit_holds_at_the_limit_and_not_one_past_it() {
    let nested = |n: usize| format!("{}active pr{}", "(".repeat(n), ")".repeat(n));
    let terms = |n: usize| vec!["active pr"; n].join(" or ");
    let value_paths = |n: usize| vec!["emails[type pr]"; n].join(" and ");
    let long = |n: usize| format!("title eq \"{}\"", "x".repeat(n - 11));
    let check = |make: &dyn Fn(usize) -> String, limit: usize| {
        assert!(Filter::parse(&make(limit)).is_ok(), "at {limit}");
        refused(&make(limit + 1));
    };
    check(&nested, 16);
    check(&terms, 50);
    check(&value_paths, 5);
    check(&long, 4096);
}

#[test]
fn the_store_learns_what_it_may_look_up() {
    let check = |filter: &str, expected: &[(&str, Value)]| {
        let filter = Filter::parse(filter).unwrap();
        let found = filter.necessary_equalities(ResourceType::user());
        let found: Vec<(&str, Value)> =
            found.iter().map(|(name, value)| (name.as_str(), (*value).clone())).collect();
        assert_eq!(found, expected, "{filter}");
    };
    let manager = format!("{}:manager.value", urn::ENTERPRISE_USER);
    check(r#"USERNAME eq "x""#, &[("userName", json!("x"))]);
    check(r#"emails eq "x""#, &[("emails.value", json!("x"))]);
    check(r#"emails[type eq "work"].value eq "x""#, &[("emails.value", json!("x"))]);
    check(
        r#"emails[type eq "work" and value eq "x"]"#,
        &[("emails.type", json!("work")), ("emails.value", json!("x"))],
    );
    check(r#"id eq "x" and manager eq "y" and title co "z""#, &[("id", json!("x")), (&manager, json!("y"))]);
    check(r#"id eq "x" or id eq "y""#, &[]);
    check(r#"not (id eq "x")"#, &[]);
    check("id eq null", &[]);
}

#[test]
fn a_single_equality_is_recognised() {
    let filter = Filter::parse(r#"userName eq "x""#).unwrap();
    let (path, value) = filter.as_equality().unwrap();
    assert_eq!((path.to_string().as_str(), value), ("userName", &json!("x")));
    assert!(Filter::parse(r#"userName sw "x""#).unwrap().as_equality().is_none());
}

/// Paths as they are written, with or without URN and sub-attribute.
fn any_path() -> impl Strategy<Value = Path> {
    let schema =
        proptest::option::of(proptest::sample::select(vec![urn::USER, urn::ENTERPRISE_USER, "urn:x:2.0:Y"]));
    let sub = proptest::option::of("[a-zA-Z][a-zA-Z0-9_-]{0,6}");
    (schema, "[a-zA-Z$][a-zA-Z0-9_-]{0,6}", sub).prop_map(|(schema, attribute, sub)| Path {
        schema: schema.map(str::to_owned),
        attribute,
        filter: None,
        sub,
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ]
}

fn any_term() -> impl Strategy<Value = Filter> {
    let op = proptest::sample::select(vec![Comparison::Eq, Comparison::Ne, Comparison::Co, Comparison::Sw]);
    prop_oneof![
        any_path().prop_map(Filter::Present),
        (any_path(), op, any_value()).prop_map(|(path, op, value)| Filter::Compare { path, op, value }),
    ]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    any_term().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|filter| Filter::Not(Box::new(filter))),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
            proptest::collection::vec(inner, 2..4).prop_map(Filter::Or),
        ]
    })
}

proptest! {
    #[test]
    fn reading_what_was_printed_gives_the_same_filter(filter in any_filter()) {
        prop_assert_eq!(Filter::parse(&filter.to_string()).unwrap(), filter);
    }

    #[test]
    fn reading_what_was_printed_gives_the_same_path(
        path in any_path(), filter in any_filter(), bracketed: bool,
    ) {
        let path = Path { filter: (bracketed && path.sub.is_some()).then(|| Box::new(filter)), ..path };
        prop_assert_eq!(Path::parse(&path.to_string()).unwrap(), path);
    }

    #[test]
    fn no_text_makes_reading_or_evaluating_panic(text in "\\PC{0,60}") {
        let _ = Path::parse(&text);
        if let Ok(filter) = Filter::parse(&text) {
            filter.matches(&ada(), ResourceType::user());
        }
    }

    #[test]
    fn no_mixture_of_its_own_words_makes_it_panic(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "userName", "emails", "[", "]", "(", ")", "not", "and", "or", "eq", "pr", "gt", "\"", "\\", "x", " ", ".",
            "value", "type", "true", "null", "1", "-", "urn:ietf:params:scim:schemas:core:2.0:User", ":", "\u{e9}",
        ]), 0..20),
    ) {
        let text = words.concat();
        let _ = Path::parse(&text);
        if let Ok(filter) = Filter::parse(&text) {
            filter.matches(&ada(), ResourceType::user());
            prop_assert_eq!(Filter::parse(&filter.to_string()).unwrap(), filter);
        }
    }
}
