//! Schemas as data, RFC 7643 §4 to §7.
//!
//! One description serves everyone: reading bodies, comparing values, resolving paths, projecting answers and
//! publishing `/Schemas`. So what is published is what is stored. Attributes that Concur and this server have no use
//! for (`password`, `photos`, `ims`, `x509Certificates`) are not described, and what is not described is dropped.

mod attribute;
mod common;
mod delivery;
mod enterprise;
mod group;
mod spend;
mod user;

pub(crate) use attribute::find;
pub use attribute::{Attribute, Kind, Mutability, Returned, Uniqueness};

use crate::Path;

/// A schema, RFC 7643 §7.
#[derive(Debug, PartialEq, Eq)]
pub struct Schema {
    /// URN.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// For the administrator who maps attributes.
    pub description: &'static str,
    /// In the order in which they are published.
    pub attributes: &'static [Attribute],
}

impl Schema {
    /// The attribute of that name, in any letter case.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        find(self.attributes, name)
    }

    /// Whether the server alone writes all of it.
    pub fn is_read_only(&self) -> bool {
        self.attributes.iter().all(Attribute::is_read_only)
    }
}

/// A resource type, RFC 7643 §6. There are two, and they are equal if they have the same name.
#[derive(Debug)]
pub struct ResourceType {
    /// `User` or `Group`.
    pub name: &'static str,
    /// `/Users` or `/Groups`.
    pub endpoint: &'static str,
    /// For people.
    pub description: &'static str,
    /// The base schema.
    pub schema: &'static Schema,
    /// Extensions, none of them required.
    pub extensions: &'static [&'static Schema],
}

impl PartialEq for ResourceType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ResourceType {}

static USER: ResourceType = ResourceType {
    name: "User",
    endpoint: "/Users",
    description: "User account, provisioned to SAP Concur",
    schema: &user::SCHEMA,
    extensions: &[&enterprise::SCHEMA, &spend::SCHEMA, &enterprise::BRIDGE_SCHEMA, &delivery::SCHEMA],
};

static GROUP: ResourceType = ResourceType {
    name: "Group",
    endpoint: "/Groups",
    description: "Role or entitlement of SAP Concur, or a group kept for the provider",
    schema: &group::SCHEMA,
    extensions: &[&group::BRIDGE_SCHEMA],
};

static ALL: [&Schema; 7] = [
    &user::SCHEMA,
    &group::SCHEMA,
    &enterprise::SCHEMA,
    &spend::SCHEMA,
    &enterprise::BRIDGE_SCHEMA,
    &delivery::SCHEMA,
    &group::BRIDGE_SCHEMA,
];

/// Every schema a resource can have, in the order in which they are published.
pub fn all() -> &'static [&'static Schema] {
    &ALL
}

/// The schema of that URN, in any letter case.
pub fn by_urn(id: &str) -> Option<&'static Schema> {
    all().iter().copied().find(|schema| schema.id.eq_ignore_ascii_case(id))
}

/// What a path means for a resource type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resolved {
    /// The extension that holds the attribute; `None` is the resource itself.
    pub extension: Option<&'static Schema>,
    /// `None`: the path is a bare schema URN.
    pub attribute: Option<&'static Attribute>,
    /// The sub-attribute, if the path names one.
    pub sub: Option<&'static Attribute>,
}

impl ResourceType {
    /// The user.
    pub fn user() -> &'static ResourceType {
        &USER
    }

    /// The group.
    pub fn group() -> &'static ResourceType {
        &GROUP
    }

    /// All resource types.
    pub fn all() -> [&'static ResourceType; 2] {
        [&USER, &GROUP]
    }

    /// The extension of that URN, in any letter case.
    pub fn extension(&self, id: &str) -> Option<&'static Schema> {
        self.extensions.iter().copied().find(|schema| schema.id.eq_ignore_ascii_case(id))
    }

    /// The attribute of the base schema, or the common one, of that name.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.schema.attribute(name).or_else(|| find(common::ATTRIBUTES, name))
    }

    /// What the path means here; `None` if it names nothing. The filter in brackets is not looked at.
    pub(crate) fn resolve(&self, path: &Path) -> Option<Resolved> {
        let extension = match path.schema.as_deref() {
            None => None,
            Some(id) if id.eq_ignore_ascii_case(self.schema.id) => None,
            Some(id) => Some(self.extension(id)?),
        };
        if path.attribute.is_empty() {
            return Some(Resolved { extension, attribute: None, sub: None });
        }
        let attribute = match extension {
            None => self.attribute(&path.attribute)?,
            Some(schema) => schema.attribute(&path.attribute)?,
        };
        let sub = match path.sub.as_deref() {
            None => None,
            Some(name) => Some(attribute.sub_attribute(name)?),
        };
        Some(Resolved { extension, attribute: Some(attribute), sub })
    }
}

impl Resolved {
    /// `emails.value`, `urn:...:User:department`: the canonical spelling without the bracket.
    pub(crate) fn canonical(&self) -> String {
        let name = self.attribute.map_or("", |attribute| attribute.name);
        let mut text = match self.extension {
            Some(schema) if name.is_empty() => schema.id.to_owned(),
            Some(schema) => format!("{}:{name}", schema.id),
            None => name.to_owned(),
        };
        if let Some(sub) = self.sub {
            text.push('.');
            text.push_str(sub.name);
        }
        text
    }

    /// Whether the server alone writes what the path names.
    pub(crate) fn is_read_only(&self) -> bool {
        match self.attribute {
            None => self.extension.is_some_and(Schema::is_read_only),
            Some(attribute) => attribute.is_read_only() || self.sub.is_some_and(Attribute::is_read_only),
        }
    }
}

/// Splits `urn:...:User:manager` into a schema we know (canonical URN) and the rest without its separator.
///
/// The separator may be a dot: Entra once wrote `urn:...:enterprise:2.0:User.manager`.
pub(crate) fn split_known_urn(text: &str) -> Option<(&'static str, &str)> {
    all()
        .iter()
        .map(|schema| schema.id)
        .filter_map(|id| {
            let head = text.get(..id.len())?;
            let rest = &text[id.len()..];
            let separated = rest.is_empty() || rest.starts_with([':', '.']);
            (head.eq_ignore_ascii_case(id) && separated).then(|| (id, rest.get(1..).unwrap_or_default()))
        })
        .max_by_key(|(id, _)| id.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::urn;

    fn walk(attributes: &'static [Attribute], see: &mut dyn FnMut(&'static Attribute)) {
        for attribute in attributes {
            see(attribute);
            walk(attribute.sub_attributes, see);
        }
    }

    #[test]
    fn descriptions_are_consistent() {
        for schema in all() {
            walk(schema.attributes, &mut |a| {
                assert!(!a.description.is_empty(), "{}: {}", schema.id, a.name);
                assert_eq!(a.kind == Kind::Complex, !a.sub_attributes.is_empty(), "{}", a.name);
                assert_eq!(a.kind == Kind::Reference, !a.reference_types.is_empty(), "{}", a.name);
                assert!(!(a.required && a.is_read_only()), "{} cannot be given by a client", a.name);
                let parts_are_simple = a.sub_attributes.iter().all(|part| part.kind != Kind::Complex);
                assert!(parts_are_simple, "{}: RFC 7643 §2.3.8 allows no complex parts", a.name);
                if a.is_read_only() {
                    assert!(a.sub_attributes.iter().all(Attribute::is_read_only), "{}", a.name);
                }
            });
        }
    }

    #[test]
    fn what_we_do_not_store_is_not_described() {
        for name in ["password", "photos", "ims", "x509Certificates"] {
            assert_eq!(ResourceType::user().attribute(name), None);
        }
    }

    #[test]
    fn the_delivery_extension_is_the_servers() {
        assert!(by_urn(urn::DELIVERY).unwrap().is_read_only());
        assert!(!by_urn(urn::ENTERPRISE_USER).unwrap().is_read_only());
    }

    #[test]
    fn the_longest_known_urn_wins_in_any_letter_case() {
        let department = "URN:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:user:department";
        assert_eq!(split_known_urn(department), Some((urn::ENTERPRISE_USER, "department")));
        assert_eq!(split_known_urn(urn::USER), Some((urn::USER, "")));
        assert_eq!(split_known_urn("urn:ietf:params:scim:schemas:core:2.0:Users"), None);
        assert_eq!(split_known_urn("userName"), None);
    }
}
