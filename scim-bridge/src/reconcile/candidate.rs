//! Whom here a Concur user without a link could be: told before anything is linked (feature W13). By the rules that
//! delivery adopts by, so that this report says what a create would do.
//!
//! An equal `externalId`, or an equal user name under an `externalId` that does not differ, is an exact match. An equal
//! employee number alone is a conflict: the logins differ, and one of them is wrong.

use concur::model::IdentityUser;
use serde_json::{Value, json};
use store::ids::AccountId;
use store::resources::{self, Lookup, Resource, ResourceType};
use store::{Conn, Error, links, operations};

use crate::translate::ENTERPRISE;

/// What Concur's user name, external id and employee number say together.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Candidate {
    /// Nobody here has any of them.
    None,
    /// One resource, which is linked to nobody.
    Exact(Box<Resource>, Keys),
    /// More than one resource, one that is somebody else, or one that differs where it must not.
    Conflicting(Vec<Resource>, String),
}

/// The keys in which a resource and a Concur user are equal.
pub(super) type Keys = Vec<&'static str>;

/// What a report says of a user without a link: one resource is meant, it is not clear which, none is.
pub const MATCHES: [&str; 3] = ["exact", "conflicting", "none"];

impl Candidate {
    /// Looks for resources with the keys of a Concur user.
    pub(super) fn of(conn: &mut Conn, account: AccountId, user: &IdentityUser) -> Result<Self, Error> {
        let external_id = user.external_id().filter(|id| !id.is_empty());
        let employee_number = user.raw()[ENTERPRISE]["employeeNumber"].as_str().filter(|it| !it.is_empty());
        let keys = [
            ("externalId", external_id.map(|id| Lookup::ExternalId(id.to_owned()))),
            ("userName", user.user_name().map(|name| Lookup::UserName(scim::fold_user_name(name)))),
            ("employeeNumber", employee_number.map(|it| Lookup::EmployeeNumber(scim::fold_user_name(it)))),
        ];
        let mut found: Vec<(Resource, Keys)> = Vec::new();
        for (key, lookup) in keys {
            let Some(lookup) = lookup else { continue };
            for resource in resources::find(conn, account, ResourceType::User, &lookup)? {
                match found.iter_mut().find(|(known, _)| known.id == resource.id) {
                    Some((_, keys)) => keys.push(key),
                    None => found.push((resource, vec![key])),
                }
            }
        }
        if found.len() > 1 {
            let keys: Vec<String> = found.iter().map(|(_, keys)| keys.join(" and ")).collect();
            let reason = format!("{} belong to different resources", keys.join(" / "));
            return Ok(Self::Conflicting(found.into_iter().map(|it| it.0).collect(), reason));
        }
        let Some((resource, keys)) = found.pop() else { return Ok(Self::None) };
        let linked = links::get(conn, resource.id)?.and_then(|link| link.concur_user_id);
        Ok(match objection(&resource, &keys, external_id, linked.as_deref()) {
            Some(reason) => Self::Conflicting(vec![resource], reason),
            None => Self::Exact(Box::new(resource), keys),
        })
    }

    /// The word for it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Exact(..) => MATCHES[0],
            Self::Conflicting(..) => MATCHES[1],
            Self::None => MATCHES[2],
        }
    }

    /// The report's details of a user who is not linked.
    pub(super) fn details(&self, conn: &mut Conn, active: bool) -> Result<Value, Error> {
        let mut details = json!({"active": active, "match": self.word()});
        match self {
            Self::None => {}
            Self::Exact(resource, keys) => {
                details["by"] = json!(keys);
                details["resources"] = json!([resource.scim_id]);
                details["on_its_way"] = operations::has_open(conn, resource.id)?.into();
            }
            Self::Conflicting(resources, reason) => {
                details["resources"] = resources.iter().map(|it| json!(it.scim_id)).collect();
                details["reason"] = reason.as_str().into();
            }
        }
        Ok(details)
    }
}

/// Why a resource with these equal keys is not simply the Concur user.
fn objection(
    resource: &Resource,
    keys: &[&str],
    external_id: Option<&str>,
    linked: Option<&str>,
) -> Option<String> {
    if linked.is_some() {
        return Some(format!("{} belongs to a resource that is another Concur user", keys.join(" and ")));
    }
    if keys.contains(&"externalId") {
        return None;
    }
    if !keys.contains(&"userName") {
        return Some("employeeNumber is equal, userName is not".to_owned());
    }
    match (resource.external_id.as_deref(), external_id) {
        (Some(ours), Some(theirs)) if ours != theirs => {
            Some("userName is equal, externalId is not".to_owned())
        }
        _ => None,
    }
}
