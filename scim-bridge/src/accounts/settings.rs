//! What an operator can set for one account: defaults for what Concur needs and SCIM does not carry.
//!
//! Stored as JSON in `accounts.settings`; a missing member has its default, an unknown one is refused, so that a
//! typo does not pass for a setting. No secrets in here. Source: the mapping table's defaults and the Concur
//! pages *User Provisioning v4* and *Spend User*.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::brake::BrakeLimits;

/// The settings of one account. `AccountSettings::default()` suits a company in the United States that uses Expense.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is set by itself")]
pub struct AccountSettings {
    /// Appended to a user name without `@`: `jdoe` becomes `jdoe@<login_domain>`. Absent: such names are refused.
    pub login_domain: Option<String>,
    /// Where the employee number comes from when the provider sends none.
    pub employee_number: EmployeeNumber,
    /// Whether `externalId` is written to Concur too; it then makes lost answers easier to settle. Needs the scope
    /// `identity.user.externalID.writeonly`.
    pub forward_external_id: bool,
    /// Products given to users for whom the provider names none: `Expense`, `Request`, `Invoice`, `Travel`.
    pub entitlements: Vec<String>,
    /// Whether spend profiles are written. Without one a user cannot use Expense, Request or Invoice.
    pub spend: bool,
    /// Country (ISO 3166 alpha-2) of a spend profile whose user has no work address with a country.
    pub default_country: String,
    /// Reimbursement currency (ISO 4217) by country; goes before the shipped table.
    pub currency_by_country: BTreeMap<String, String>,
    /// Spend locale (`de-DE`) by country; goes before the shipped table.
    pub locale_by_country: BTreeMap<String, String>,
    /// The locales that the company has configured. Empty: not checked here, Concur decides.
    pub locales: Vec<String>,
    /// `ledgerCode` of spend profiles; must exist in the company.
    pub ledger_code: Option<String>,
    /// `cashAdvanceAccountCode` of spend profiles, where the company insists on one.
    pub cash_advance_account_code: Option<String>,
    /// `reimbursementType` of spend profiles.
    pub reimbursement_type: Option<String>,
    /// Privileged role codes that groups may give all the same: administrators, proxies, processors.
    pub allowed_roles: Vec<String>,
    /// What membership in groups that are no Concur role gives.
    pub group_mappings: Vec<GroupMapping>,
    /// Who is provisioned: a SCIM filter on the user, for example `department eq "Sales"`. Absent: everyone.
    pub scope: Option<String>,
    /// Lists of approvers in Concur that a user's manager is put first on: `report`, `request`, `invoice`,
    /// `purchaseRequest`. The manager must hold the role; until then the part `approvers` waits. Empty: approvers are not touched.
    pub manager_approves: Vec<String>,
    /// What is mapped in another way than `docs/mapping.md` says, in this order.
    pub attribute_mappings: Vec<AttributeMapping>,
    /// Whether a deactivation also writes `terminationDate`. Concur uses it for data retention.
    pub termination_date_on_deactivation: bool,
    /// Whether the company's employee form is asked for what a spend profile must have, before one is sent. Off: where
    /// employee groups have forms of their own, which the global group's says nothing about.
    pub preflight: bool,
    /// How long a SCIM answer waits for Concur's verdict, in milliseconds. Absent: as the server is configured.
    pub confirm_within_ms: Option<u64>,
    /// How many users may lose access in ten minutes and in a day before a person is asked (`docs/brake.md`).
    pub brake: BrakeLimits,
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self {
            login_domain: None,
            employee_number: EmployeeNumber::UserName,
            forward_external_id: true,
            entitlements: vec!["Expense".to_owned()],
            spend: true,
            default_country: "US".to_owned(),
            currency_by_country: BTreeMap::new(),
            locale_by_country: BTreeMap::new(),
            locales: Vec::new(),
            ledger_code: Some("DEFAULT".to_owned()),
            cash_advance_account_code: None,
            reimbursement_type: None,
            allowed_roles: Vec::new(),
            group_mappings: Vec::new(),
            scope: None,
            manager_approves: Vec::new(),
            attribute_mappings: Vec::new(),
            termination_date_on_deactivation: false,
            preflight: true,
            confirm_within_ms: None,
            brake: BrakeLimits::default(),
        }
    }
}

/// What membership in a group that the bridge keeps for the provider gives in Concur.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupMapping {
    /// The group's `displayName`, in any letter case.
    pub group: String,
    /// Products: `Expense`, `Request`, `Invoice`, `Travel`.
    pub entitlements: Vec<String>,
    /// Role codes; privileged ones only beside `allowed_roles`.
    pub roles: Vec<String>,
    /// Spend members for users for whom the provider sends none: `country`, `ledgerCode`, `orgUnit1` … → value. Of two
    /// groups the mapping that stands first goes before.
    pub spend: BTreeMap<String, String>,
}

impl GroupMapping {
    /// Whether it is about the group of that name.
    pub fn is_of(&self, name: &str) -> bool {
        self.group.trim().to_lowercase() == name.trim().to_lowercase()
    }
}

/// An attribute that is mapped in another way. Applied before the mapping table, whose rules hold for what comes out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttributeMapping {
    /// SCIM path, as the first column of the mapping has it.
    pub attribute: String,
    /// SCIM path that the value is taken from instead.
    pub from: Option<String>,
    /// What is done with the text.
    pub transformation: Option<Transformation>,
    /// The value where there is none.
    pub default: Option<String>,
    /// Whether the attribute is not sent at all.
    pub omit: bool,
    /// SCIM filter on the user; the mapping holds where it is met.
    pub when: Option<String>,
}

/// What a mapping can do with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transformation {
    /// All letters small.
    Lowercase,
    /// All letters capital.
    Uppercase,
    /// What stands before the first `@`.
    BeforeAt,
    /// The digits alone.
    Digits,
    /// Cut to what Concur can hold.
    Truncate,
}

/// Where an employee number comes from when the provider sends none. Approver references and flat-file imports
/// need one, so SAP's and Okta's own connectors send the user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmployeeNumber {
    /// The user name.
    UserName,
    /// The provider's `externalId`.
    ExternalId,
    /// Nowhere: none is written.
    None,
}

impl AccountSettings {
    /// Reads the settings stored with an account.
    ///
    /// # Errors
    /// A member that is unknown or has the wrong type; the message names it.
    pub fn from_stored(settings: &serde_json::Value) -> Result<Self, serde_json::Error> {
        match settings {
            serde_json::Value::Null => Ok(Self::default()),
            settings => Self::deserialize(settings),
        }
    }

    /// The form that is stored with an account.
    pub fn to_stored(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::AccountSettings;
    use serde_json::json;

    #[test]
    fn what_is_stored_is_read_back_and_what_is_missing_has_its_default() {
        let settings =
            AccountSettings { login_domain: Some("example.com".to_owned()), ..AccountSettings::default() };
        assert_eq!(AccountSettings::from_stored(&settings.to_stored()).unwrap(), settings);
        assert_eq!(AccountSettings::from_stored(&json!({})).unwrap(), AccountSettings::default());
        assert_eq!(AccountSettings::from_stored(&json!(null)).unwrap(), AccountSettings::default());
    }

    #[test]
    fn a_misspelt_setting_is_refused_by_name() {
        let error = AccountSettings::from_stored(&json!({"default_county": "DE"})).unwrap_err();
        assert!(error.to_string().contains("default_county"), "{error}");
    }
}
