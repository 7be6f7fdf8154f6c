//! A user as Identity shows it. The whole resource stays as JSON, since a token's scopes decide which attributes
//! are visible and Concur may add more; the accessors name those this product reads.
//! Source: Identity v4.1, "User" schema.

use crate::UserId;
use serde_json::Value;

/// URN of the enterprise extension, with members of Concur's own inside.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A user of the company. `Debug` shows the id alone.
#[derive(Clone, PartialEq)]
pub struct IdentityUser {
    id: UserId,
    raw: Value,
}

impl IdentityUser {
    /// Reads a user from its JSON; `None` when `id` is missing or no UUID.
    pub fn from_json(raw: Value) -> Option<Self> {
        let id = raw.get("id")?.as_str()?.parse().ok()?;
        Some(Self { id, raw })
    }

    /// Concur's id: never changes.
    pub fn id(&self) -> UserId {
        self.id
    }

    /// The login id, unique over all of SAP Concur. Needs the scope `identity.user.ids.read`.
    pub fn user_name(&self) -> Option<&str> {
        self.text("/userName")
    }

    /// The provisioning client's id, unique in the company. Needs the scope `identity.user.ids.read`.
    pub fn external_id(&self) -> Option<&str> {
        self.text("/externalId")
    }

    /// The employee number, unique in the company. Needs the scope `identity.user.enterprise.read`.
    pub fn employee_number(&self) -> Option<&str> {
        self.enterprise()?.get("employeeNumber")?.as_str()
    }

    /// The company's UUID.
    pub fn company_id(&self) -> Option<&str> {
        self.enterprise()?.get("companyId")?.as_str()
    }

    /// Whether the user may log in; `None` when the token may not see it.
    pub fn active(&self) -> Option<bool> {
        self.raw.get("active")?.as_bool()
    }

    /// Given name.
    pub fn given_name(&self) -> Option<&str> {
        self.text("/name/givenName")
    }

    /// Family name.
    pub fn family_name(&self) -> Option<&str> {
        self.text("/name/familyName")
    }

    /// Display name, made by Concur.
    pub fn display_name(&self) -> Option<&str> {
        self.text("/displayName")
    }

    /// All e-mail addresses. Needs the scope `identity.user.coresensitive.read`.
    pub fn emails(&self) -> impl Iterator<Item = &str> {
        let entries = self.raw.get("emails").and_then(Value::as_array);
        entries.into_iter().flatten().filter_map(|email| email.get("value")?.as_str())
    }

    /// The enterprise extension.
    pub fn enterprise(&self) -> Option<&Value> {
        self.raw.get(ENTERPRISE)
    }

    /// The resource as Concur wrote it.
    pub fn raw(&self) -> &Value {
        &self.raw
    }

    /// The resource as Concur wrote it, taken out.
    pub fn into_raw(self) -> Value {
        self.raw
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.raw.pointer(pointer)?.as_str()
    }
}

impl std::fmt::Debug for IdentityUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdentityUser").field("id", &self.id).finish_non_exhaustive()
    }
}
