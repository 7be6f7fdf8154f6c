//! What the outbox keeps of a change: a versioned document that a later version of this program can still read.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ConcurUser, ROLE, Translated};

/// What a change is to the person concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A user who is to be there.
    Create,
    /// Changed attributes.
    Update,
    /// Access ends; goes before everything else.
    Deactivate,
    /// Access comes back.
    Reactivate,
    /// Removed at the provider: deactivated in Concur, which keeps the person's history. Goes before everything else.
    Delete,
}

impl Kind {
    /// As stored with the operation, where the store knows the urgent ones by name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Deactivate => "deactivate",
            Self::Reactivate => "reactivate",
            Self::Delete => "delete",
        }
    }

    /// Whether it ends access, and so goes before all other work.
    pub fn is_urgent(self) -> bool {
        matches!(self, Self::Deactivate | Self::Delete)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kind of a change, or `None` where Concur would notice nothing. A delete is never planned: it is asked for.
pub fn plan(before: Option<&Translated>, after: &Translated) -> Option<Kind> {
    let Some(before) = before else { return Some(Kind::Create) };
    match (before.user.is_active(), after.user.is_active()) {
        (true, false) => Some(Kind::Deactivate),
        (false, true) => Some(Kind::Reactivate),
        _ if before.user != after.user || before.manager != after.manager => Some(Kind::Update),
        _ => None,
    }
}

/// A change on its way to Concur.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What it is.
    pub kind: Kind,
    /// What Concur shall hold, whole; without company id and manager.
    pub desired: ConcurUser,
    /// The SCIM id of the manager.
    pub manager: Option<String>,
    /// The stored SCIM content before the change, to put back if Concur refuses it; `None` for a new resource.
    pub before: Option<Value>,
    /// What was left out or changed on the way.
    pub warnings: Vec<String>,
    /// Roles that this bridge gave and that are no longer wanted.
    pub revoked: Vec<String>,
    /// Lists of approvers that the manager is to be first on ([`super::approvers::LISTS`]), where that is known to be possible.
    pub approves: Vec<String>,
}

/// The stored form. Members may be added; a change of meaning takes a new version.
#[derive(Serialize, Deserialize)]
struct Payload {
    version: u32,
    kind: Kind,
    desired: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manager: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    revoked: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    approves: Vec<String>,
}

/// The version written by this program.
const VERSION: u32 = 1;

/// A stored payload that this program cannot read.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// Written by a newer program.
    #[error(
        "the operation was stored in version {0}, this program knows up to {VERSION}: use the newer program"
    )]
    Version(u32),
    /// Not a payload at all.
    #[error("the stored operation cannot be read")]
    Malformed(#[from] serde_json::Error),
}

impl Operation {
    /// An operation for a change that [`plan`] found, or for a delete.
    pub fn new(kind: Kind, after: Translated, before: Option<Value>) -> Self {
        let Translated { user, manager, warnings } = after;
        Self { kind, desired: user, manager, before, warnings, revoked: Vec::new(), approves: Vec::new() }
    }

    /// The role codes that are wanted.
    pub fn roles(&self) -> Vec<String> {
        let wanted = self.desired.get(&format!("{ROLE}:roles")).and_then(Value::as_array);
        wanted.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Whether roles are to be given or taken away.
    pub fn concerns_roles(&self) -> bool {
        !self.revoked.is_empty() || self.desired.get(ROLE).is_some()
    }

    /// The form the outbox keeps.
    pub fn to_payload(&self) -> Value {
        let payload = Payload {
            version: VERSION,
            kind: self.kind,
            desired: self.desired.to_value(),
            manager: self.manager.clone(),
            before: self.before.clone(),
            warnings: self.warnings.clone(),
            revoked: self.revoked.clone(),
            approves: self.approves.clone(),
        };
        serde_json::to_value(payload).unwrap_or_default()
    }

    /// Reads what the outbox kept.
    ///
    /// # Errors
    /// A newer version, or something that was never an operation.
    pub fn from_payload(payload: &Value) -> Result<Self, PayloadError> {
        let version = payload.get("version").and_then(Value::as_u64).unwrap_or(0);
        if version > u64::from(VERSION) {
            return Err(PayloadError::Version(u32::try_from(version).unwrap_or(u32::MAX)));
        }
        let payload = Payload::deserialize(payload)?;
        Ok(Self {
            kind: payload.kind,
            desired: ConcurUser::from_value(payload.desired),
            manager: payload.manager,
            before: payload.before,
            warnings: payload.warnings,
            revoked: payload.revoked,
            approves: payload.approves,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Operation, PayloadError, plan};
    use crate::translate::{ConcurUser, Translated};
    use serde_json::json;

    fn translated(active: bool, title: &str) -> Translated {
        let user = ConcurUser::from_value(json!({"active": active, "title": title}));
        Translated { user, ..Translated::default() }
    }

    #[test]
    fn a_plan_names_what_the_change_is_to_the_person() {
        let here = translated(true, "Engineer");
        let gone = translated(false, "Engineer");
        assert_eq!(plan(None, &here), Some(Kind::Create));
        assert_eq!(plan(Some(&here), &here), None);
        assert_eq!(plan(Some(&here), &translated(true, "Lead")), Some(Kind::Update));
        assert_eq!(plan(Some(&here), &translated(false, "Lead")), Some(Kind::Deactivate));
        assert_eq!(plan(Some(&gone), &here), Some(Kind::Reactivate));
        let managed = Translated { manager: Some("m1".to_owned()), ..here.clone() };
        assert_eq!(plan(Some(&here), &managed), Some(Kind::Update));
    }

    #[test]
    fn a_payload_is_read_back_as_it_was_written() {
        let after = Translated { manager: Some("m1".to_owned()), ..translated(true, "Lead") };
        let operation = Operation::new(Kind::Update, after, Some(json!({"title": "Engineer"})));
        assert_eq!(Operation::from_payload(&operation.to_payload()).unwrap(), operation);
    }

    #[test]
    fn a_payload_of_a_newer_program_is_refused_by_version() {
        let mut payload = Operation::new(Kind::Update, translated(true, ""), None).to_payload();
        payload["version"] = json!(2);
        assert!(matches!(Operation::from_payload(&payload), Err(PayloadError::Version(2))));
    }

    #[test]
    fn the_store_and_the_bridge_agree_on_what_is_urgent() {
        for kind in [Kind::Create, Kind::Update, Kind::Deactivate, Kind::Reactivate, Kind::Delete] {
            assert_eq!(store::operations::URGENT_KINDS.contains(&kind.as_str()), kind.is_urgent(), "{kind}");
        }
    }
}
