//! Whether an account's settings can be used: what a type cannot say is said here, each problem with what to do.
//!
//! Settings are checked where they are set (`account connect`, `account settings`) and by `config check`; what is stored is
//! taken as it is.

use super::AccountSettings;
use crate::translate::approvers;
use crate::translate::roles::{self, Gives, PRODUCTS};
use crate::translate::{country, is_spend_member, may_be_given, override_problem};

/// Everything that is wrong; empty for settings that can be used.
pub fn problems(settings: &AccountSettings) -> Vec<String> {
    let mut problems = Vec::new();
    let mut product = |member: &str, name: &String| {
        if !PRODUCTS.contains(&name.as_str()) {
            problems.push(format!("{member}: {name} is no product; there are {}", PRODUCTS.join(", ")));
        }
    };
    settings.entitlements.iter().for_each(|name| product("entitlements", name));
    for mapping in &settings.group_mappings {
        let place = format!("group_mappings, {}: entitlements", mapping.group);
        mapping.entitlements.iter().for_each(|name| product(&place, name));
    }
    for code in &settings.allowed_roles {
        match roles::by_code(code) {
            Some(entry) if entry.gives == Gives::Role => {}
            Some(_) => {
                problems.push(format!("allowed_roles: {code} follows an entitlement and needs no leave"));
            }
            None => {
                problems.push(format!("allowed_roles: {code} is no role code; docs/groups.md lists them"));
            }
        }
    }
    for mapping in &settings.group_mappings {
        let place = format!("group_mappings, {:?}", mapping.group);
        if mapping.group.trim().is_empty() {
            problems.push("group_mappings: group is missing: the displayName of the group".to_owned());
        }
        if let Some(entry) = roles::by_name(&mapping.group) {
            problems.push(format!("{place}: {} is a group of Concur and gives itself", entry.name));
        }
        for code in &mapping.roles {
            match roles::by_code(code) {
                None => problems.push(format!("{place}: {code} is no role code; docs/groups.md lists them")),
                Some(entry) if entry.gives == Gives::Role && !may_be_given(code, settings) => {
                    problems.push(format!("{place}: {code} is privileged; name it in allowed_roles too"));
                }
                Some(_) => {}
            }
        }
        if let Some((one, other)) = roles::conflict(&mapping.roles) {
            problems.push(format!("{place}: Concur excludes {one} and {other} together"));
        }
        for member in mapping.spend.keys().filter(|member| !is_spend_member(member)) {
            problems.push(format!("{place}: spend: {member} is no member of a spend profile"));
        }
    }
    for name in settings.manager_approves.iter().filter(|name| approvers::list(name).is_none()) {
        let known = approvers::LISTS.map(|list| list.name).join(", ");
        problems.push(format!("manager_approves: {name} is no list of approvers; there are {known}"));
    }
    let codes = settings.currency_by_country.keys().chain(settings.locale_by_country.keys());
    for code in codes.chain([&settings.default_country]) {
        if country(code).is_none_or(|known| known.alpha2 != code) {
            problems.push(format!("{code} is no country code of ISO 3166-1 such as DE"));
        }
    }
    match settings.scope.as_deref().map(scim::Filter::parse) {
        Some(Err(error)) => problems.push(format!("scope: {}", error.detail)),
        // It would hold for nobody, and everybody would be deactivated.
        Some(Ok(scope)) => problems.extend(
            scope
                .unknown_path(scim::ResourceType::user())
                .map(|path| format!("scope: {path} is no attribute of a user; docs/mapping.md lists them")),
        ),
        None => {}
    }
    problems.extend(settings.brake.problems());
    problems.extend(
        settings
            .attribute_mappings
            .iter()
            .filter_map(override_problem)
            .map(|it| format!("attribute_mappings: {it}")),
    );
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "the cases read better")]
    fn check(settings: serde_json::Value, words: &[&str]) {
        let found = problems(&AccountSettings::from_stored(&settings).unwrap());
        assert_eq!(found.len(), words.len(), "{found:?}");
        for (problem, word) in found.iter().zip(words) {
            assert!(problem.contains(word), "{word} is not in {problem}");
        }
    }

    #[test]
    fn every_problem_is_named_with_its_place() {
        check(json!({}), &[]);
        check(json!({"entitlements": ["Expenses"]}), &["Expenses is no product"]);
        check(json!({"allowed_roles": ["EXP_BOSS", "EXP_USER"]}), &["EXP_BOSS", "EXP_USER follows"]);
        check(json!({"manager_approves": ["report", "reports"]}), &["reports is no list"]);
        check(json!({"scope": "department eq"}), &["scope"]);
        check(json!({"scope": "departmnt eq \"Sales\""}), &["departmnt is no attribute"]);
        check(json!({"scope": "active eq true and emails[kind eq \"work\"]"}), &["kind is no attribute"]);
        check(json!({"scope": "department eq \"Sales\" and emails[type eq \"work\"].value ew \"x\""}), &[]);
        check(json!({"default_country": "Germany"}), &["Germany"]);
        check(json!({"brake": {"day": {"users": 20, "percent": 90}}}), &["brake.day"]);
        check(json!({"attribute_mappings": [{"attribute": "shoeSize", "default": "1"}]}), &["shoeSize"]);
        check(
            json!({"group_mappings": [
                {"group": "Expense Approver"},
                {"group": "A", "roles": ["SHD_ROLE_ADMIN", "NONE"], "spend": {"shoeSize": "42", "orgUnit1": "x"}},
                {"group": "B", "roles": ["REPORTING_CONSUMER", "REPORTING_PRO_AUTHOR"], "entitlements": ["Fun"]},
            ]}),
            &["Fun", "gives itself", "allowed_roles too", "NONE", "shoeSize", "excludes"],
        );
    }
}
