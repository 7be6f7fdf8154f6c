//! A user in the form Concur has it: core members at the top, each extension an object under its URN.
//!
//! Paths are those of Concur's PATCH dialect (User Provisioning v4): `title`, `name.givenName`,
//! `urn:...:enterprise:2.0:User:department`. `Debug` names members and never shows values: they are personal data.

use std::fmt;

use serde_json::{Map, Value};

/// URN of Concur's core user.
pub const CORE: &str = scim::urn::USER;
/// URN of the enterprise extension. It is RFC 7643's, with members of Concur's own inside.
pub const ENTERPRISE: &str = scim::urn::ENTERPRISE_USER;
/// URN of the spend profile.
pub const SPEND: &str = scim::urn::SPEND_USER;
/// URN of the roles of a spend user. Wanted ones stand as codes, those that Concur holds as it shows them.
pub const ROLE: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:Role";

/// URN of the approvers of a spend user, one list for each product.
pub const APPROVER: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:Approver";

/// Extensions that a path may name.
pub(super) const EXTENSIONS: [&str; 4] = [ENTERPRISE, SPEND, ROLE, APPROVER];

/// A user as Concur has it, or shall have it.
#[derive(Clone, PartialEq, Default)]
pub struct ConcurUser(Map<String, Value>);

impl ConcurUser {
    /// The document as stored in an operation or a link; anything but an object is an empty user.
    pub fn from_value(value: Value) -> Self {
        match value {
            Value::Object(members) => Self(members),
            _ => Self::default(),
        }
    }

    /// The document as JSON, without `schemas`.
    pub fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// The members at the top, extensions under their URN.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The value at a path.
    pub fn get(&self, path: &str) -> Option<&Value> {
        let (urn, rest) = split(path);
        let mut value = match urn {
            Some(urn) => self.0.get(urn)?,
            None => return walk(&self.0, rest),
        };
        if !rest.is_empty() {
            value = walk(value.as_object()?, rest)?;
        }
        Some(value)
    }

    /// The text at a path.
    pub fn get_str(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(Value::as_str)
    }

    /// Puts a value at a path, with the objects on the way.
    pub fn set(&mut self, path: &str, value: Value) {
        let (urn, rest) = split(path);
        let mut members = &mut self.0;
        if let Some(urn) = urn {
            if rest.is_empty() {
                members.insert(urn.to_owned(), value);
                return;
            }
            members = object_at(members, urn);
        }
        match rest.split_once('.') {
            Some((parent, child)) => object_at(members, parent).insert(child.to_owned(), value),
            None => members.insert(rest.to_owned(), value),
        };
    }

    /// Takes the value at a path away; an object that becomes empty goes too.
    pub fn remove(&mut self, path: &str) -> Option<Value> {
        let (urn, rest) = split(path);
        let Some(urn) = urn else { return take(&mut self.0, rest) };
        if rest.is_empty() {
            return self.0.remove(urn);
        }
        let extension = self.0.get_mut(urn)?.as_object_mut()?;
        let taken = take(extension, rest);
        if extension.is_empty() {
            self.0.remove(urn);
        }
        taken
    }

    /// Whether the user may log in. Concur requires the member; absent counts as active, as SCIM has it.
    pub fn is_active(&self) -> bool {
        self.get("active").and_then(Value::as_bool).unwrap_or(true)
    }

    /// The document with `schemas`, as the body of a POST.
    pub fn to_body(&self) -> Value {
        let mut body = self.0.clone();
        let extensions = EXTENSIONS.into_iter().filter(|urn| self.0.contains_key(*urn));
        let schemas = std::iter::once(CORE).chain(extensions).map(Value::from).collect();
        body.insert("schemas".to_owned(), Value::Array(schemas));
        Value::Object(body)
    }
}

impl fmt::Debug for ConcurUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConcurUser").field(&self.0.keys().collect::<Vec<_>>()).finish()
    }
}

/// A path's extension, if it names one, and the rest.
fn split(path: &str) -> (Option<&'static str>, &str) {
    for urn in EXTENSIONS {
        if let Some(rest) = path.strip_prefix(urn) {
            return (Some(urn), rest.trim_start_matches(':'));
        }
    }
    (None, path)
}

fn walk<'a>(members: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        Some((parent, child)) => members.get(parent)?.get(child),
        None => members.get(path),
    }
}

fn take(members: &mut Map<String, Value>, path: &str) -> Option<Value> {
    let Some((parent, child)) = path.split_once('.') else { return members.remove(path) };
    let object = members.get_mut(parent)?.as_object_mut()?;
    let taken = object.remove(child);
    if object.is_empty() {
        members.remove(parent);
    }
    taken
}

/// The object under `key`; what is there and is no object is replaced by one.
fn object_at<'a>(members: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let slot = members.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    match slot {
        Value::Object(object) => object,
        _ => unreachable!("an object was put there above"),
    }
}

#[cfg(test)]
mod tests {
    use super::{ConcurUser, ENTERPRISE};
    use serde_json::json;

    #[test]
    fn a_path_reaches_core_members_sub_attributes_and_extension_members() {
        let department = format!("{ENTERPRISE}:department");
        let mut user = ConcurUser::default();
        user.set("title", json!("Engineer"));
        user.set("name.givenName", json!("Ada"));
        user.set(&department, json!("R&D"));
        assert_eq!(
            user.to_value(),
            json!({"title": "Engineer", "name": {"givenName": "Ada"}, (ENTERPRISE): {"department": "R&D"}})
        );
        assert_eq!(user.get_str(&department), Some("R&D"));
        assert_eq!(user.get_str("name.givenName"), Some("Ada"));
        assert_eq!(user.remove(&department), Some(json!("R&D")));
        assert_eq!(user.get(ENTERPRISE), None, "an empty extension object is not supported by Concur");
    }

    #[test]
    fn debug_shows_no_values() {
        let mut user = ConcurUser::default();
        user.set("userName", json!("canary@example.com"));
        assert!(!format!("{user:?}").contains("canary"));
    }

    #[test]
    fn a_body_lists_the_schemas_it_uses() {
        let mut user = ConcurUser::default();
        user.set(&format!("{ENTERPRISE}:division"), json!("EMEA"));
        assert_eq!(
            user.to_body()["schemas"],
            json!(["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE])
        );
    }
}
