//! A Concur user as a SCIM user: for people who were in Concur before the bridge, or whose resource was lost.
//!
//! Only attributes that the mapping table writes back under the same name are taken, so that the first change by a provider
//! changes nothing else. What Concur makes itself (display name, formatted name) stays out, or a provider would
//! compare it for ever. Pure. Source: Concur pages *Identity v4.1*, *Spend User Retrieval v4.1*.

use serde_json::{Map, Value, json};

use super::document::{ENTERPRISE, SPEND};
use super::values::canonical;

/// Members of the core user that mean the same on both sides.
const CORE: [&str; 7] =
    ["userName", "externalId", "active", "nickName", "title", "preferredLanguage", "timezone"];
/// Parts of the name.
const NAME: [&str; 5] = ["givenName", "familyName", "middleName", "honorificPrefix", "honorificSuffix"];
/// Members of the enterprise extension.
const ENTERPRISE_MEMBERS: [&str; 4] = ["employeeNumber", "costCenter", "department", "division"];
/// Members of the spend extension.
const SPEND_MEMBERS: [&str; 7] = [
    "reimbursementCurrency",
    "country",
    "locale",
    "stateProvince",
    "ledgerCode",
    "cashAdvanceAccountCode",
    "reimbursementType",
];

/// The SCIM body of a Concur user: its identity, and its spend profile if there is one.
pub fn from_concur(identity: &Value, spend: Option<&Value>) -> Value {
    let mut user = Map::new();
    let mut schemas = vec![scim::urn::USER];
    copy(identity, &CORE, &mut user);
    let mut name = Map::new();
    copy(&identity["name"], &NAME, &mut name);
    put(&mut user, "name", name);
    list(identity, "emails", &mut user, |entry| {
        let mut email = json!({"value": entry["value"], "type": entry["type"]});
        if entry["type"] == "work" {
            // Concur has no such member on addresses, and providers expect one.
            email["primary"] = json!(true);
        }
        email
    });
    list(identity, "phoneNumbers", &mut user, |entry| {
        let mut phone = json!({"value": entry["value"], "type": entry["type"]});
        if entry["primary"] == true {
            phone["primary"] = json!(true);
        }
        phone
    });
    list(identity, "addresses", &mut user, |entry| {
        let parts = ["streetAddress", "locality", "region", "postalCode", "country", "type"];
        let mut address = Map::new();
        copy(entry, &parts, &mut address);
        Value::Object(address)
    });
    list(identity, "entitlements", &mut user, |entry| json!({"value": entry}));
    let mut enterprise = Map::new();
    copy(&identity[ENTERPRISE], &ENTERPRISE_MEMBERS, &mut enterprise);
    if let Some(manager) = identity[ENTERPRISE]["manager"]["value"].as_str() {
        // The manager's public id is Concur's id, for whoever was imported too.
        enterprise.insert("manager".to_owned(), json!({"value": manager}));
    }
    if put(&mut user, ENTERPRISE, enterprise) {
        schemas.push(ENTERPRISE);
    }
    let mut dates = Map::new();
    for date in ["startDate", "terminationDate"] {
        if let Some(at) = identity[ENTERPRISE][date].as_str().and_then(canonical) {
            dates.insert(date.to_owned(), at.into());
        }
    }
    if put(&mut user, scim::urn::BRIDGE_USER, dates) {
        schemas.push(scim::urn::BRIDGE_USER);
    }
    if let Some(profile) = spend.and_then(|spend| spend.get(SPEND)) {
        let mut members = Map::new();
        copy(profile, &SPEND_MEMBERS, &mut members);
        list(
            profile,
            "customData",
            &mut members,
            |entry| json!({"id": entry["id"], "value": entry["value"]}),
        );
        if put(&mut user, SPEND, members) {
            schemas.push(SPEND);
        }
    }
    user.insert("schemas".to_owned(), json!(schemas));
    Value::Object(user)
}

/// Takes members that have a value.
fn copy(from: &Value, names: &[&str], to: &mut Map<String, Value>) {
    for name in names {
        match from.get(*name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.is_empty() => {}
            Some(value) => drop(to.insert((*name).to_owned(), value.clone())),
        }
    }
}

/// Puts an object that is not empty; whether it is not.
fn put(user: &mut Map<String, Value>, name: &str, members: Map<String, Value>) -> bool {
    let any = !members.is_empty();
    if any {
        user.insert(name.to_owned(), Value::Object(members));
    }
    any
}

/// Takes a list's entries that have a value.
fn list(from: &Value, name: &str, to: &mut Map<String, Value>, entry: impl Fn(&Value) -> Value) {
    let entries = from.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let filled = |it: &&Value| match it.get("value") {
        None => !it.is_null(),
        Some(value) => value.as_str().is_some_and(|text| !text.is_empty()),
    };
    let taken: Vec<Value> = entries.iter().filter(filled).map(entry).collect();
    if !taken.is_empty() {
        to.insert(name.to_owned(), taken.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::AccountSettings;
    use crate::translate::{Given, diff, observe, user};

    fn concur() -> Value {
        json!({
            "id": "5f3b", "userName": "ada@example.com", "externalId": null, "active": true, "title": "Engineer",
            "displayName": "Ada Lovelace", "timezone": "Europe/Berlin", "nickName": null,
            "name": {"givenName": "Ada", "familyName": "Lovelace", "formatted": "Lovelace, Ada ", "middleName": ""},
            "emails": [{"value": "ada@example.com", "type": "work", "verified": false, "notifications": true}],
            "phoneNumbers": [], "addresses": [], "entitlements": ["Expense", "Travel"],
            (ENTERPRISE): {"companyId": "c1", "employeeNumber": "007", "costCenter": null,
                "startDate": "2021-11-17T00:00:00.000", "manager": {"value": "aa6f", "employeeNumber": "1"}},
        })
    }

    #[test]
    fn what_is_taken_over_translates_back_to_what_concur_holds() {
        let spend = json!({(SPEND): {"country": "DE", "locale": "de-DE", "reimbursementCurrency": "EUR",
            "ledgerCode": "L7", "customData": [{"id": "orgUnit1", "value": "x"}, {"id": "custom5", "value": ""}]}});
        let body = from_concur(&concur(), Some(&spend));
        assert_eq!(body["emails"], json!([{"value": "ada@example.com", "type": "work", "primary": true}]));
        assert_eq!(body[SPEND]["customData"], json!([{"id": "orgUnit1", "value": "x"}]));
        assert!(body.get("displayName").is_none() && body["name"].get("formatted").is_none(), "{body}");
        let resource = scim::Resource::from_client(scim::ResourceType::user(), &body).unwrap();
        let wanted = user(&resource, &AccountSettings::default(), &Given::default()).unwrap();
        assert_eq!(wanted.manager.as_deref(), Some("aa6f"));
        let held = observe(&concur(), Some(&spend), &[&wanted.user]);
        let mut wanted = wanted.user;
        wanted.remove(&format!("{ENTERPRISE}:manager"));
        let changes: Vec<String> = diff(&held, &wanted).into_iter().map(|it| it.path).collect();
        assert_eq!(changes, Vec::<String>::new());
    }

    #[test]
    fn a_user_without_a_spend_profile_has_none_here() {
        let body = from_concur(&concur(), None);
        assert!(body.get(SPEND).is_none(), "{body}");
        assert_eq!(body["schemas"], json!([scim::urn::USER, ENTERPRISE, scim::urn::BRIDGE_USER]));
    }
}
