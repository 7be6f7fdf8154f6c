//! The mapping table: which SCIM attribute becomes which Concur attribute, and by which rule.
//!
//! This table drives [`super::user`] and is what the documentation of the mapping is generated from: one row is one
//! feature, there is no mapping outside of it. Two things are added when an operation is sent and not here: the
//! company id, which comes from the connection alone, and the manager's UUID, which only the store knows.
//! Source: Concur pages *Identity v4.1*, *User Provisioning v4*, *Spend User*; RFC 7643 §4.

use super::values::{self, Transform};

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Path of the SCIM attribute.
    pub scim: &'static str,
    /// Path of the Concur attribute, in Concur's PATCH dialect.
    pub concur: &'static str,
    /// What happens when there is no value, or none that Concur can hold.
    pub need: Need,
    /// What Concur can hold.
    pub limit: Limit,
    /// From one to the other.
    pub transform: Transform,
    /// What a reader of the mapping page should know.
    pub note: &'static str,
}

/// How much Concur needs an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// No user without it: a missing or unfit value refuses the write, naming the attribute.
    Required,
    /// No spend profile without it: where it cannot be had, the profile is left out with a warning.
    RequiredForSpend,
    /// Derived or defaulted when the provider sends nothing; an unfit value is left out with a warning.
    Derived,
    /// Written when sent; an unfit value is left out with a warning.
    Optional,
}

/// What Concur can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// No documented limit.
    Any,
    /// At most so many characters.
    Chars(usize),
    /// A closed list, kept by the transformation.
    Listed,
}

impl Limit {
    /// The most characters, where that is the limit.
    pub fn chars(self) -> Option<usize> {
        match self {
            Self::Chars(max) => Some(max),
            Self::Any | Self::Listed => None,
        }
    }
}

/// Path of the manager, whose value is put in when an operation is sent.
pub(super) const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

macro_rules! enterprise {
    ($name:literal) => {
        concat!("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:", $name)
    };
}
macro_rules! bridge {
    ($name:literal) => {
        concat!("urn:ietf:params:scim:schemas:extension:concurbridge:2.0:User:", $name)
    };
}
macro_rules! spend {
    ($name:literal) => {
        concat!("urn:ietf:params:scim:schemas:extension:spend:2.0:User:", $name)
    };
}

macro_rules! role {
    ($name:literal) => {
        concat!("urn:ietf:params:scim:schemas:extension:spend:2.0:Role:", $name)
    };
}

const fn row(
    scim: &'static str,
    concur: &'static str,
    need: Need,
    limit: Limit,
    transform: Transform,
    note: &'static str,
) -> Row {
    Row { scim, concur, need, limit, transform, note }
}

/// The table.
#[rustfmt::skip]
pub const TABLE: &[Row] = {
    use Limit::{Any, Chars, Listed};
    use Need::{Derived, Optional, Required, RequiredForSpend};
    &[
    row("userName", "userName", Required, Any, values::user_name, "user@domain; the account's login_domain is appended to a bare login; forbidden characters are refused"),
    row("externalId", "externalId", Optional, Any, values::external_id, "unless the account switches it off"),
    row("active", "active", Required, Any, values::active, "absent means true"),
    row("name.givenName", "name.givenName", Required, Chars(32), values::given_name, "else the first word of name.formatted, displayName or the login; longer ones are cut"),
    row("name.familyName", "name.familyName", Required, Chars(32), values::family_name, "else what follows the first word; longer ones are cut"),
    row("name.middleName", "name.middleName", Optional, Chars(60), values::text, ""),
    row("name.honorificPrefix", "name.honorificPrefix", Optional, Chars(60), values::text, ""),
    row("name.honorificSuffix", "name.honorificSuffix", Optional, Chars(60), values::text, ""),
    row("nickName", "nickName", Optional, Chars(60), values::text, "changes the display name that Concur makes"),
    row("title", "title", Optional, Chars(255), values::text, ""),
    row("emails", "emails", Required, Chars(255), values::emails, "one per type, the primary one first; without any, the user name"),
    row("phoneNumbers", "phoneNumbers", Optional, Any, values::phone_numbers, "digits and a leading plus; one per type, mobiles excepted"),
    row("addresses", "addresses", Optional, Any, values::addresses, "one per type; country as alpha-2"),
    row("preferredLanguage", "preferredLanguage", Optional, Listed, values::language, "nearest of Concur's languages"),
    row("timezone", "timezone", Optional, Listed, values::time_zone, "nearest of Concur's zones, which have old spellings only"),
    row("entitlements", "entitlements", Derived, Listed, values::entitlements, "the complete list; the account's default where none is sent"),
    row(enterprise!("employeeNumber"), enterprise!("employeeNumber"), Derived, Chars(48), values::employee_number, "the account's fallback where none is sent"),
    row(enterprise!("costCenter"), enterprise!("costCenter"), Optional, Chars(25), values::text, "informational; accounting wants customData"),
    row(enterprise!("division"), enterprise!("division"), Optional, Chars(48), values::text, ""),
    row(enterprise!("department"), enterprise!("department"), Optional, Any, values::text, "informational; accounting wants customData"),
    row(enterprise!("manager.value"), MANAGER, Optional, Any, values::manager, "the manager's SCIM id; becomes Concur's UUID when the change is sent"),
    row(bridge!("startDate"), enterprise!("startDate"), Optional, Any, values::date_time, ""),
    row(bridge!("terminationDate"), enterprise!("terminationDate"), Optional, Any, values::date_time, ""),
    row(spend!("country"), spend!("country"), RequiredForSpend, Chars(2), values::spend_country, "from the work address, else the account's default"),
    row(spend!("locale"), spend!("locale"), RequiredForSpend, Chars(6), values::locale, "from locale, else by country"),
    row(spend!("reimbursementCurrency"), spend!("reimbursementCurrency"), RequiredForSpend, Chars(3), values::currency, "by country"),
    row(spend!("ledgerCode"), spend!("ledgerCode"), Derived, Chars(20), values::from_settings, "the account's default"),
    row(spend!("cashAdvanceAccountCode"), spend!("cashAdvanceAccountCode"), Derived, Chars(20), values::from_settings, "the account's default"),
    row(spend!("reimbursementType"), spend!("reimbursementType"), Derived, Listed, values::reimbursement_type, "the account's default"),
    row(spend!("stateProvince"), spend!("stateProvince"), Derived, Chars(2), values::state_province, "from the work address's region"),
    row(spend!("budgetCountryCode"), spend!("budgetCountryCode"), Optional, Chars(2), values::text, ""),
    row(spend!("nonEmployee"), spend!("nonEmployee"), Optional, Any, values::boolean, ""),
    row(spend!("testEmployee"), spend!("testEmployee"), Optional, Any, values::boolean, "at creation only"),
    row(spend!("customData"), spend!("customData"), Optional, Chars(48), values::custom_data, "list fields take the code of the list item"),
    row("groups", role!("roles"), Optional, Listed, values::roles, "from role groups and group mappings, after the spend profile exists; written with the roles that Concur holds already"),
    ]
};

#[cfg(test)]
mod tests {
    use super::TABLE;
    use crate::translate::document::{ENTERPRISE, ROLE, SPEND};

    #[test]
    fn every_concur_attribute_has_one_row_and_every_path_its_schema() {
        for (i, row) in TABLE.iter().enumerate() {
            assert!(TABLE[..i].iter().all(|other| other.concur != row.concur), "{} twice", row.concur);
            let urn = row.concur.strip_suffix(row.concur.rsplit(':').next().unwrap_or_default());
            let known = ["", &format!("{ENTERPRISE}:"), &format!("{SPEND}:"), &format!("{ROLE}:")];
            assert!(known.contains(&urn.unwrap_or_default()), "{}", row.concur);
        }
    }
}
