//! What a user's groups give: entitlements, roles, spend defaults.
//!
//! A group of the catalogue gives what it stands for; a group that is kept for the provider gives what the account's
//! `group_mappings` say. Several groups add up. What must not be given is left out with a remark and never blocks a
//! person: whoever writes a membership is told before (`provision::groups`). Pure.

use serde_json::{Value, json};

use super::document::SPEND;
use super::mapping::TABLE;
use super::roles::{self, Gives};
use super::values::is_custom_field;
use crate::accounts::AccountSettings;

/// A group, as far as its members are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupOf<'a> {
    /// What it stands for, if it is of the catalogue.
    pub code: Option<&'a str>,
    /// Its `displayName`.
    pub name: &'a str,
}

/// What a user's groups give.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Given {
    /// Products, beside those of the user's own `entitlements` or the account's default.
    pub entitlements: Vec<String>,
    /// Role codes.
    pub roles: Vec<String>,
    /// Spend members, for users for whom the provider sends none: name or id of the custom field → value.
    pub spend: Vec<(String, String)>,
    /// Roles that exclude each other: the one that is given and the one that is not.
    pub conflicts: Vec<(String, String)>,
    /// What was left out, and why.
    pub remarks: Vec<String>,
}

impl Given {
    /// What membership in all of `groups` gives.
    pub fn by<'a>(groups: impl Iterator<Item = GroupOf<'a>>, settings: &AccountSettings) -> Self {
        let mut given = Self::default();
        for group in groups {
            match group.code.map(roles::by_code) {
                Some(Some(entry)) => match entry.gives {
                    Gives::Role => given.add_role(entry.code, settings),
                    Gives::Entitlement(product) => given.entitlements.push(product.to_owned()),
                },
                // A code of a later version: nothing is known of it.
                Some(None) => {}
                None => given.add_mapped(group.name, settings),
            }
        }
        given.entitlements.sort();
        given.entitlements.dedup();
        given.roles.sort();
        given.roles.dedup();
        given.keep_compatible();
        given
    }

    fn add_role(&mut self, code: &str, settings: &AccountSettings) {
        if may_be_given(code, settings) {
            self.roles.push(code.to_owned());
        } else {
            self.remarks.push(format!("roles: {code} left out, it is privileged and not in allowed_roles"));
        }
    }

    fn add_mapped(&mut self, name: &str, settings: &AccountSettings) {
        for mapping in settings.group_mappings.iter().filter(|mapping| mapping.is_of(name)) {
            self.entitlements.extend(mapping.entitlements.iter().cloned());
            for code in &mapping.roles {
                match roles::by_code(code).map(|entry| entry.gives) {
                    Some(Gives::Entitlement(product)) => self.entitlements.push(product.to_owned()),
                    _ => self.add_role(code, settings),
                }
            }
            for (member, value) in &mapping.spend {
                if self.spend.iter().all(|(known, _)| known != member) {
                    self.spend.push((member.clone(), value.clone()));
                }
            }
        }
    }

    /// Of roles that exclude each other the first in alphabetical order stays.
    fn keep_compatible(&mut self) {
        while let Some((kept, left_out)) = roles::conflict(&self.roles) {
            let remark = format!("roles: {left_out} left out, Concur excludes it together with {kept}");
            let (kept, left_out) = (kept.to_owned(), left_out.to_owned());
            self.roles.retain(|role| *role != left_out);
            self.conflicts.push((kept, left_out));
            self.remarks.push(remark);
        }
    }

    /// The user with the spend members of the groups where the provider sent none.
    pub(super) fn complete<'r>(&self, resource: &'r scim::Resource) -> std::borrow::Cow<'r, scim::Resource> {
        let mut resource = std::borrow::Cow::Borrowed(resource);
        for (member, value) in &self.spend {
            if is_custom_field(member) {
                let path = format!("{SPEND}:customData");
                let mut fields = match resource.get(&path) {
                    Some(Value::Array(fields)) => fields.clone(),
                    _ => Vec::new(),
                };
                if fields.iter().all(|field| field.get("id").and_then(Value::as_str) != Some(member)) {
                    fields.push(json!({"id": member, "value": value}));
                    resource.to_mut().set(&path, Value::Array(fields));
                }
                continue;
            }
            let path = format!("{SPEND}:{member}");
            if resource.get(&path).is_none() {
                resource.to_mut().set(&path, value.as_str().into());
            }
        }
        resource
    }
}

/// Whether a group mapping can give a value to it: a text of the spend profile, or a custom field.
pub fn is_spend_member(member: &str) -> bool {
    is_custom_field(member)
        || TABLE.iter().any(|row| {
            let name = row.scim.strip_prefix(SPEND).and_then(|rest| rest.strip_prefix(':'));
            name == Some(member) && !["customData", "nonEmployee", "testEmployee"].contains(&member)
        })
}

/// Whether a role may be given at all in this account.
pub fn may_be_given(code: &str, settings: &AccountSettings) -> bool {
    let open = roles::by_code(code).is_some_and(|entry| !entry.privileged);
    open || settings.allowed_roles.iter().any(|allowed| allowed == code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::GroupMapping;

    fn settings() -> AccountSettings {
        let mapping = |group: &str, roles: &[&str], spend: &[(&str, &str)]| GroupMapping {
            group: group.to_owned(),
            entitlements: vec!["Travel".to_owned()],
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            spend: spend.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        };
        AccountSettings {
            allowed_roles: vec!["EXP_PROCESSOR".to_owned()],
            group_mappings: vec![
                mapping(
                    "Sales EMEA",
                    &["REQ_APPROVER", "REQ_USER"],
                    &[("country", "DE"), ("orgUnit1", "EMEA")],
                ),
                mapping("Everyone", &[], &[("country", "US")]),
            ],
            ..AccountSettings::default()
        }
    }

    fn given(groups: &[(Option<&'static str>, &'static str)]) -> Given {
        Given::by(groups.iter().map(|&(code, name)| GroupOf { code, name }), &settings())
    }

    #[test]
    fn groups_of_the_catalogue_give_what_they_stand_for() {
        let given = given(&[
            (Some("EXP_APPROVER"), "Expense Approver"),
            (Some("EXP_USER"), "Expense User"),
            (Some("Travel"), ""),
        ]);
        assert_eq!(given.roles, ["EXP_APPROVER"]);
        assert_eq!(given.entitlements, ["Expense", "Travel"]);
        assert_eq!(given.remarks, Vec::<String>::new());
    }

    #[test]
    fn a_kept_group_gives_what_the_mapping_says_and_the_first_spend_default_wins() {
        let given = given(&[(None, "sales emea"), (None, "Everyone"), (None, "Nobody knows")]);
        assert_eq!(given.roles, ["REQ_APPROVER"]);
        assert_eq!(given.entitlements, ["Request", "Travel"]);
        assert_eq!(
            given.spend,
            [("country".to_owned(), "DE".to_owned()), ("orgUnit1".to_owned(), "EMEA".to_owned())]
        );
    }

    #[test]
    fn what_is_privileged_or_excluded_is_left_out_with_a_remark() {
        let given = given(&[
            (Some("SHD_ROLE_ADMIN"), ""),
            (Some("EXP_PROCESSOR"), ""),
            (Some("REPORTING_PRO_AUTHOR"), ""),
            (Some("REPORTING_CONSUMER"), ""),
        ]);
        assert_eq!(given.roles, ["EXP_PROCESSOR", "REPORTING_CONSUMER"]);
        assert_eq!(given.remarks.len(), 2);
        assert!(
            given.remarks[0].contains("SHD_ROLE_ADMIN") && given.remarks[1].contains("REPORTING_PRO_AUTHOR")
        );
    }

    #[test]
    fn the_providers_own_value_goes_before_the_groups() {
        let given = given(&[(None, "Sales EMEA")]);
        let body = json!({"userName": "a", (SPEND): {"country": "FR", "customData": [{"id": "custom1", "value": "x"}]}});
        let sent = scim::Resource::from_stored(scim::ResourceType::user(), body);
        let complete = given.complete(&sent);
        assert_eq!(complete.get_str(&format!("{SPEND}:country")), Some("FR"));
        assert_eq!(
            complete.get(&format!("{SPEND}:customData")),
            Some(&json!([{"id": "custom1", "value": "x"}, {"id": "orgUnit1", "value": "EMEA"}]))
        );
    }
}
