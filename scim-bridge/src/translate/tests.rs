//! The mapping, case by case: what a provider sends, what Concur shall hold, what is said about it.

use scim::{Resource, ResourceType};
use serde_json::{Value, json};

use super::{ConcurUser, ENTERPRISE, Given, SPEND, Translated, user};
use crate::accounts::{AccountSettings, EmployeeNumber};

fn person() -> Value {
    json!({
        "userName": "ada@example.com",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": "ada@example.com", "type": "work", "primary": true}],
    })
}

#[expect(clippy::needless_pass_by_value, reason = "the cases read better")]
fn with(members: Value) -> Value {
    let mut body = person();
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn translate(body: &Value, settings: &AccountSettings) -> Result<Translated, scim::Error> {
    user(&Resource::from_client(ResourceType::user(), body).unwrap(), settings, &Given::default())
}

/// One attribute that is sent, one that Concur shall hold, and a word of the warning, if there is to be one.
#[expect(clippy::needless_pass_by_value, reason = "the cases read better")]
fn check(members: Value, path: &str, expected: Option<Value>, warning: Option<&str>) {
    let translated = translate(&with(members.clone()), &AccountSettings::default()).unwrap();
    assert_eq!(translated.user.get(path), expected.as_ref(), "{members} at {path}");
    let warnings = translated.warnings;
    match warning {
        Some(word) => assert!(warnings.iter().any(|it| it.contains(word)), "{members}: {warnings:?}"),
        None => assert_eq!(warnings, Vec::<String>::new(), "{members}"),
    }
}

fn refused(body: &Value, settings: &AccountSettings, words: &[&str]) {
    let error = translate(body, settings).unwrap_err();
    assert_eq!((error.status, error.scim_type), (400, Some(scim::ScimType::InvalidValue)));
    for word in words {
        assert!(error.detail.contains(word), "{word} is not in {:?}", error.detail);
    }
}

#[test]
fn a_plain_person_has_everything_that_concur_needs() {
    let translated = translate(&person(), &AccountSettings::default()).unwrap();
    assert_eq!(
        translated.user,
        ConcurUser::from_value(json!({
            "userName": "ada@example.com",
            "active": true,
            "name": {"givenName": "Ada", "familyName": "Lovelace"},
            "emails": [{"type": "work", "value": "ada@example.com"}],
            "entitlements": ["Expense"],
            (ENTERPRISE): {"employeeNumber": "ada@example.com"},
            (SPEND): {
                "country": "US", "locale": "en-US", "reimbursementCurrency": "USD", "ledgerCode": "DEFAULT",
            },
        }))
    );
    assert_eq!((translated.warnings, translated.manager), (Vec::new(), None));
}

#[test]
fn a_user_name_that_concur_cannot_hold_is_refused_with_its_character() {
    let settings = AccountSettings::default();
    for bad in
        ["o'neil@example.com", "a+b@example.com", "a&b@example.com", "a|b@example.com", "a b@example.com"]
    {
        let character = bad.chars().find(|c| !c.is_alphanumeric() && !"@.".contains(*c)).unwrap();
        refused(&with(json!({"userName": bad})), &settings, &["userName", &character.to_string()]);
    }
    refused(&with(json!({"userName": "ada"})), &settings, &["userName", "login_domain"]);
    refused(&with(json!({"userName": "a@b@c"})), &settings, &["userName", "user@domain"]);
}

#[test]
fn a_bare_login_gets_the_accounts_domain() {
    let settings =
        AccountSettings { login_domain: Some("example.com".to_owned()), ..AccountSettings::default() };
    let translated = translate(&with(json!({"userName": "ada"})), &settings).unwrap();
    assert_eq!(translated.user.get_str("userName"), Some("ada@example.com"));
}

#[test]
fn an_optional_value_that_is_too_long_is_left_out() {
    check(json!({"nickName": "x".repeat(60)}), "nickName", Some(json!("x".repeat(60))), None);
    check(json!({"nickName": "x".repeat(61)}), "nickName", None, Some("nickName"));
    let cost_center = |n: usize| json!({(ENTERPRISE): {"costCenter": "1".repeat(n)}});
    let path = format!("{ENTERPRISE}:costCenter");
    check(cost_center(25), &path, Some(json!("1".repeat(25))), None);
    check(cost_center(26), &path, None, Some("costCenter"));
}

#[test]
fn what_concur_makes_itself_is_not_sent() {
    let body = with(
        json!({"displayName": "Ada L.", "userType": "Employee", "profileUrl": "https://example.com/ada"}),
    );
    let translated = translate(&body, &AccountSettings::default()).unwrap();
    let names: Vec<_> = translated.user.members().keys().map(String::as_str).collect();
    assert_eq!(names, ["active", "emails", "entitlements", "name", ENTERPRISE, SPEND, "userName"]);
}

#[test]
fn languages_and_time_zones_come_from_closed_lists() {
    check(json!({"preferredLanguage": "de-DE"}), "preferredLanguage", Some(json!("de")), None);
    check(json!({"preferredLanguage": "nb-NO"}), "preferredLanguage", Some(json!("no")), Some("nb-NO"));
    check(json!({"preferredLanguage": "en-US,en;q=0.8"}), "preferredLanguage", Some(json!("en-US")), None);
    check(json!({"preferredLanguage": "tlh"}), "preferredLanguage", None, Some("tlh"));
    check(json!({"timezone": "Europe/Berlin"}), "timezone", Some(json!("Europe/Berlin")), None);
    check(
        json!({"timezone": "Asia/Kolkata"}),
        "timezone",
        Some(json!("Asia/Calcutta")),
        Some("Asia/Kolkata"),
    );
    check(
        json!({"timezone": "W. Europe Standard Time"}),
        "timezone",
        Some(json!("Europe/Berlin")),
        Some("W. Europe"),
    );
    check(json!({"timezone": "Antarctica/Troll"}), "timezone", None, Some("Troll"));
}

#[test]
fn emails_have_one_entry_per_type_and_the_primary_one_first() {
    let emails = json!({"emails": [
        {"value": "second@example.com", "type": "work"},
        {"value": "first@example.com", "type": "work", "primary": true, "display": "Ada"},
        {"value": "untyped@example.com"},
    ]});
    let translated = translate(&with(emails), &AccountSettings::default()).unwrap();
    let emails = translated.user.get("emails").unwrap().as_array().unwrap().clone();
    assert_eq!(emails[0], json!({"type": "work", "value": "first@example.com"}));
    assert_eq!(emails.len(), 3);
    let mut types: Vec<_> = emails.iter().map(|it| it["type"].as_str().unwrap()).collect();
    types.sort_unstable();
    types.dedup();
    assert_eq!(types.len(), 3, "{emails:?}");
}

#[test]
fn without_an_email_the_login_serves() {
    check(
        json!({"emails": null}),
        "emails",
        Some(json!([{"type": "work", "value": "ada@example.com"}])),
        None,
    );
}

#[test]
fn phone_numbers_are_dialled_and_one_mobile_is_primary() {
    let phones = json!({"phoneNumbers": [
        {"value": "+49 (30) 1234-5", "type": "work", "primary": true},
        {"value": "tel:+1-555-0100"},
        {"value": "555 0101", "type": "mobile"},
        {"value": "1", "type": "work"},
    ]});
    let expected = json!([
        {"type": "work", "value": "+493012345"},
        {"type": "mobile", "value": "+15550100", "primary": true},
        {"type": "mobile", "value": "5550101", "primary": false},
    ]);
    check(phones, "phoneNumbers", Some(expected), Some("second one"));
}

#[test]
fn an_address_gives_the_spend_profile_its_country_state_currency_and_locale() {
    let address = json!({"addresses": [
        {"type": "work", "country": "USA", "region": "US-WA", "locality": "Seattle", "formatted": "x"},
    ]});
    let state = format!("{SPEND}:stateProvince");
    check(address.clone(), &state, Some(json!("WA")), None);
    let expected = json!([{"type": "work", "country": "US", "region": "US-WA", "locality": "Seattle"}]);
    check(address, "addresses", Some(expected), None);
    let german = json!({"addresses": [{"type": "work", "country": "Germany", "region": "Bayern"}]});
    let spend = json!({
        "country": "DE", "locale": "de-DE", "reimbursementCurrency": "EUR", "ledgerCode": "DEFAULT",
    });
    check(german, SPEND, Some(spend), None);
}

#[test]
fn the_providers_own_spend_values_go_before_what_is_derived() {
    let members = json!({
        "locale": "fr_FR",
        (SPEND): {"country": "CH", "reimbursementCurrency": "chf", "customData": [{"id": "custom1", "value": "A1"}]},
    });
    let spend = json!({
        "country": "CH", "locale": "fr-FR", "reimbursementCurrency": "CHF", "ledgerCode": "DEFAULT",
        "customData": [{"id": "custom1", "value": "A1"}],
    });
    check(members, SPEND, Some(spend), None);
}

#[test]
fn a_locale_that_the_company_does_not_have_becomes_the_countrys() {
    let settings = AccountSettings { locales: vec!["en-US".to_owned()], ..AccountSettings::default() };
    let translated = translate(&with(json!({"locale": "xx-YY"})), &settings).unwrap();
    assert_eq!(translated.user.get_str(&format!("{SPEND}:locale")), Some("en-US"));
    assert!(translated.warnings[0].contains("xx-YY"), "{:?}", translated.warnings);
}

#[test]
fn without_a_spend_profile_there_is_no_entitlement_that_needs_one() {
    let nowhere = with(json!({
        "addresses": [{"type": "work", "country": "AQ"}],
        "entitlements": [{"value": "Expense"}, {"value": "Travel"}],
    }));
    let translated = translate(&nowhere, &AccountSettings::default()).unwrap();
    assert_eq!(translated.user.get(SPEND), None);
    assert_eq!(translated.user.get("entitlements"), Some(&json!(["Travel"])));
    assert!(
        translated.warnings.iter().any(|it| it.contains("locale_by_country")),
        "{:?}",
        translated.warnings
    );
    let off = AccountSettings { spend: false, ..AccountSettings::default() };
    let translated = translate(&person(), &off).unwrap();
    assert_eq!((translated.user.get(SPEND), translated.user.get("entitlements")), (None, None));
}

#[test]
fn entitlements_are_plain_names_from_concurs_products() {
    let sent = json!({"entitlements": [{"value": "request"}, {"value": "Expense"}, {"value": "Teleport"}]});
    check(sent, "entitlements", Some(json!(["Request", "Expense"])), Some("Teleport"));
}

#[test]
fn an_employee_number_falls_back_as_the_account_says() {
    let path = format!("{ENTERPRISE}:employeeNumber");
    check(json!({(ENTERPRISE): {"employeeNumber": "007"}}), &path, Some(json!("007")), None);
    let number = |fallback| {
        let settings = AccountSettings { employee_number: fallback, ..AccountSettings::default() };
        let translated = translate(&with(json!({"externalId": "x1"})), &settings).unwrap();
        translated.user.get_str(&path).map(str::to_owned)
    };
    assert_eq!(number(EmployeeNumber::UserName).as_deref(), Some("ada@example.com"));
    assert_eq!(number(EmployeeNumber::ExternalId).as_deref(), Some("x1"));
    assert_eq!(number(EmployeeNumber::None), None);
}

#[test]
fn the_manager_is_kept_apart_until_the_change_is_sent() {
    let body = with(json!({(ENTERPRISE): {"manager": {"value": " 26118915 "}}}));
    let translated = translate(&body, &AccountSettings::default()).unwrap();
    assert_eq!(translated.manager.as_deref(), Some("26118915"));
    assert_eq!(translated.user.get(&format!("{ENTERPRISE}:manager")), None);
}

#[test]
fn the_external_id_stays_home_where_the_account_says_so() {
    check(json!({"externalId": "x1"}), "externalId", Some(json!("x1")), None);
    let settings = AccountSettings { forward_external_id: false, ..AccountSettings::default() };
    let translated = translate(&with(json!({"externalId": "x1"})), &settings).unwrap();
    assert_eq!(translated.user.get("externalId"), None);
}

#[test]
fn employment_dates_are_written_as_concur_wants_them() {
    let dates = |text: &str| json!({(scim::urn::BRIDGE_USER): {"startDate": text}});
    let path = format!("{ENTERPRISE}:startDate");
    check(dates("2026-03-01T08:00:00+01:00"), &path, Some(json!("2026-03-01T07:00:00Z")), None);
    check(dates("1850-01-01T00:00:00Z"), &path, None, Some("1900"));
}

#[test]
fn a_name_that_is_not_sent_is_read_from_the_whole_name_and_a_long_one_is_cut() {
    let names = |members: Value| {
        let mut body = json!({"userName": "ada@example.com"});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let translated = translate(&body, &AccountSettings::default()).unwrap();
        let part = |path: &str| translated.user.get_str(path).unwrap().to_owned();
        (part("name.givenName"), part("name.familyName"), translated.warnings)
    };
    let (given, family, warnings) = names(json!({"displayName": "Ada King Noel"}));
    assert_eq!((given.as_str(), family.as_str()), ("Ada", "King Noel"));
    assert_eq!(warnings[0], "name.givenName: not sent, taken from displayName");
    let (given, family, _) = names(json!({"name": {"formatted": "Ada"}, "displayName": "x"}));
    assert_eq!((given.as_str(), family.as_str()), ("Ada", "Ada"));
    let (given, family, _) = names(json!({"name": {"familyName": "Lovelace"}}));
    assert_eq!((given.as_str(), family.as_str()), ("ada", "Lovelace"));
    let long = "ä".repeat(31) + " bcd";
    let (given, _, warnings) = names(json!({"name": {"givenName": long, "familyName": "Lovelace"}}));
    assert_eq!(given, "ä".repeat(31), "32 characters, and no space at the end");
    assert!(warnings[0].contains("cut to the 32 characters"), "{warnings:?}");
}
