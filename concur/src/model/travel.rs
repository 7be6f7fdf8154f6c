//! A user's travel data. Read-only here: the extension is written with User Provisioning.
//! Source: page "Travel Extension v4".

use crate::UserId;
use serde_json::Value;

/// URN of the travel extension.
pub const TRAVEL: &str = "urn:ietf:params:scim:schemas:extension:travel:2.0:User";

/// A user's travel data. The traveller's passport name and gender stay in the raw resource: nothing here needs them.
/// `Debug` shows the id alone.
#[derive(Clone, PartialEq)]
pub struct TravelUser {
    id: UserId,
    raw: Value,
}

impl TravelUser {
    /// Reads a travel user from its JSON; `None` when `id` is missing or no UUID.
    pub fn from_json(raw: Value) -> Option<Self> {
        let id = raw.get("id")?.as_str()?.parse().ok()?;
        Some(Self { id, raw })
    }

    /// The user's id: the one Identity uses.
    pub fn id(&self) -> UserId {
        self.id
    }

    /// The travel extension.
    pub fn travel(&self) -> Option<&Value> {
        self.raw.get(TRAVEL)
    }

    /// The name of the one rule class.
    pub fn rule_class(&self) -> Option<&str> {
        self.travel()?.pointer("/ruleClass/name")?.as_str()
    }

    /// The organisational unit.
    pub fn org_unit(&self) -> Option<&str> {
        self.travel()?.get("orgUnit")?.as_str()
    }

    /// The travel approver, who need not be the manager.
    pub fn manager(&self) -> Option<UserId> {
        self.travel()?.pointer("/manager/value")?.as_str()?.parse().ok()
    }

    /// The resource as Concur wrote it.
    pub fn raw(&self) -> &Value {
        &self.raw
    }
}

impl std::fmt::Debug for TravelUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TravelUser").field("id", &self.id).finish_non_exhaustive()
    }
}
