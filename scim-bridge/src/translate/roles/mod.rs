//! Concur's roles and entitlements: what there is, who may be given it through a group, what excludes what.
//!
//! Pure data and rules; which group a user is in is the store's matter, what a group gives is [`super::Given`]'s.
//! Source: Concur pages *Spend User Role Codes*, *User Provisioning v4* (Role extension).

mod catalogue;

pub use catalogue::CATALOGUE;
use serde_json::{Value, json};

use super::document::{ConcurUser, ROLE};

/// A group that stands for something of Concur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Role code, or name of the entitlement.
    pub code: &'static str,
    /// The group's `displayName`.
    pub name: &'static str,
    /// What a member gets.
    pub gives: Gives,
    /// Whether the account's settings must allow the code before anyone gets it.
    pub privileged: bool,
}

/// What membership in a group of the catalogue gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// The role of the entry's code, for the global group.
    Role,
    /// This product.
    Entitlement(&'static str),
}

/// Products that an entitlement can name.
pub const PRODUCTS: [&str; 4] = ["Expense", "Invoice", "Request", "Travel"];

/// The entry of a code.
pub fn by_code(code: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.code == code)
}

/// The entry that a group's name means: its display name or its code, in any letter case.
pub fn by_name(name: &str) -> Option<&'static Entry> {
    let name = name.trim();
    CATALOGUE
        .iter()
        .find(|entry| entry.name.eq_ignore_ascii_case(name) || entry.code.eq_ignore_ascii_case(name))
}

/// Two of the roles that exclude each other, if there are any.
pub fn conflict(roles: &[String]) -> Option<(&str, &str)> {
    catalogue::EXCLUSIVE.iter().find_map(|set| {
        let mut held = roles.iter().map(String::as_str).filter(|role| set.contains(role));
        held.next().zip(held.next())
    })
}

/// Roles that do nothing for want of another one: (role, what it needs).
pub fn without_need(roles: &[String]) -> impl Iterator<Item = (&'static str, &'static str)> {
    let held = |code: &str| roles.iter().any(|role| role == code);
    catalogue::REQUIRES.iter().copied().filter(move |(role, needs)| held(role) && !held(needs))
}

/// Whether a role follows an entitlement, so that Concur shows it and takes no assignment of it.
fn follows_entitlement(code: &str) -> bool {
    by_code(code).is_some_and(|entry| matches!(entry.gives, Gives::Entitlement(_)))
}

/// The roles that were assigned to a user, from a spend user as Concur shows it.
pub(super) fn assigned(spend: &Value) -> Value {
    let roles = spend.get(ROLE).and_then(|role| role.get("roles")).and_then(Value::as_array);
    let assigned = roles.into_iter().flatten().filter_map(|role| {
        let code = role.get("roleName").and_then(Value::as_str).filter(|code| !follows_entitlement(code))?;
        let groups = role.get("roleGroups").filter(|groups| groups.is_array()).cloned();
        Some(json!({"roleName": code, "roleGroups": groups.unwrap_or_else(|| json!([]))}))
    });
    Value::Array(assigned.collect())
}

/// The complete list that Concur shall hold: what it `holds` without what is `revoked`, and what is wanted. Concur
/// replaces a list as a whole, so what an administrator assigned there, and to which groups, has to be in it.
///
/// Nothing while it is not known what Concur holds.
pub fn complete(holds: &ConcurUser, wanted: &[String], revoked: &[String]) -> Option<Value> {
    let held = holds.get(&format!("{ROLE}:roles"))?.as_array()?;
    let code = |role: &Value| role.get("roleName").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut list: Vec<Value> = held.iter().filter(|role| !revoked.contains(&code(role))).cloned().collect();
    for wanted in wanted {
        if !list.iter().any(|role| code(role) == *wanted) {
            list.push(json!({"roleName": wanted, "roleGroups": []}));
        }
    }
    Some(Value::Array(list))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_has_a_code_and_a_name_of_its_own() {
        for (i, entry) in CATALOGUE.iter().enumerate() {
            for other in &CATALOGUE[..i] {
                assert_ne!(other.code, entry.code);
                assert!(!other.name.eq_ignore_ascii_case(entry.name), "{}", entry.name);
                assert!(!other.name.eq_ignore_ascii_case(entry.code), "{}", entry.code);
                assert!(!other.code.eq_ignore_ascii_case(entry.name), "{}", entry.name);
            }
            assert_eq!(by_name(&entry.code.to_lowercase()), Some(entry));
            assert_eq!(by_name(&entry.name.to_uppercase()), Some(entry));
        }
    }

    #[test]
    fn what_opens_the_house_is_privileged_and_what_follows_an_entitlement_is_no_role() {
        for code in ["SHD_WEB_SERVICES_ADMIN", "SHD_ROLE_ADMIN", "EXP_PROXY_USER", "EXP_PROCESSOR"] {
            assert!(by_code(code).unwrap().privileged, "{code}");
        }
        for entry in CATALOGUE.iter().filter(|entry| entry.gives == Gives::Role) {
            let strong = ["ADMIN", "PROXY", "AUDIT", "PAYROLL"].iter().any(|word| entry.code.contains(word));
            assert!(entry.privileged || !strong, "{}", entry.code);
        }
        assert_eq!(by_code("EXP_USER").unwrap().gives, Gives::Entitlement("Expense"));
    }

    #[test]
    fn every_rule_names_roles_of_the_catalogue() {
        let named = catalogue::EXCLUSIVE.iter().flat_map(|set| set.iter().copied());
        for code in named.chain(catalogue::REQUIRES.iter().flat_map(|(role, needs)| [*role, *needs])) {
            assert_eq!(by_code(code).map(|entry| entry.gives), Some(Gives::Role), "{code}");
        }
    }

    #[test]
    fn roles_that_exclude_each_other_are_named() {
        let check = |roles: &[&str], expected| {
            let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
            assert_eq!(conflict(&roles), expected);
        };
        check(&["EXP_APPROVER", "REQ_APPROVER"], None);
        check(
            &["REPORTING_CONSUMER", "REPORTING_PRO_AUTHOR"],
            Some(("REPORTING_CONSUMER", "REPORTING_PRO_AUTHOR")),
        );
        check(&["EXP_PROCESSOR", "EXP_PROCESSOR_AUDIT"], Some(("EXP_PROCESSOR", "EXP_PROCESSOR_AUDIT")));
        check(&["EXP_PROCESSOR", "EXP_PROCESSOR_ADMIN"], None);
    }

    #[test]
    fn the_complete_list_keeps_what_others_assigned_and_takes_only_what_is_revoked() {
        let spend = json!({(ROLE): {"roles": [
            {"roleName": "EXP_USER"},
            {"roleName": "EXP_PROCESSOR", "roleGroups": ["R&D-QA"]},
            {"roleName": "EXP_APPROVER", "roleGroups": []},
        ]}});
        let mut holds = ConcurUser::default();
        let text = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
        assert_eq!(complete(&holds, &text(&["REQ_APPROVER"]), &[]), None, "what is there is not known");
        holds.set(&format!("{ROLE}:roles"), assigned(&spend));
        assert_eq!(
            complete(&holds, &text(&["REQ_APPROVER"]), &text(&["EXP_APPROVER"])),
            Some(json!([
                {"roleName": "EXP_PROCESSOR", "roleGroups": ["R&D-QA"]},
                {"roleName": "REQ_APPROVER", "roleGroups": []},
            ]))
        );
    }
}
