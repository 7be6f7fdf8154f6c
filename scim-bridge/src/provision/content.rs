//! From a SCIM resource to the row that the store keeps: the body, and what must be found by.

use scim::Resource;
use scim::urn::ENTERPRISE_USER;
use serde_json::Value;
use store::resources::Content;

/// The stored form of a user.
pub fn of(resource: &Resource) -> Content {
    let text = |value: Option<&str>| value.map(str::to_owned);
    Content {
        user_name: text(resource.user_name()),
        user_name_folded: resource.user_name().map(scim::fold_user_name),
        external_id: text(resource.external_id()),
        employee_number: resource.get_str(&employee_number_path()).map(scim::fold_user_name),
        active: resource.is_active(),
        body: resource.to_stored(),
        emails_folded: emails(resource),
    }
}

/// Where the employee number stands in a user.
pub(super) fn employee_number_path() -> String {
    format!("{ENTERPRISE_USER}:employeeNumber")
}

fn emails(resource: &Resource) -> Vec<String> {
    let values = resource.get("emails").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut folded: Vec<String> = values
        .iter()
        .filter_map(|email| email.get("value").and_then(Value::as_str))
        .map(scim::fold_user_name)
        .collect();
    folded.sort();
    folded.dedup();
    folded
}
