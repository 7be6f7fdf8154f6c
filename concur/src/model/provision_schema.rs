//! What User Provisioning says about the attributes it takes. Not here: any decision made from them.
//! Source: User Provisioning v4, "Schemas" and "Resource Types". The sample misspells `multiValued` and `mutability`, and
//! wraps the list in an array; both spellings and both shapes are read.

use super::wire;
use serde::Deserialize;

/// A schema: core, or an extension.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ProvisionSchema {
    /// URN.
    pub id: String,
    /// Name.
    #[serde(default, deserialize_with = "wire::text")]
    pub name: Option<String>,
    /// Attributes.
    #[serde(default)]
    pub attributes: Vec<ProvisionAttribute>,
}

/// An attribute of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionAttribute {
    /// Name.
    pub name: String,
    /// `string`, `boolean`, `complex` and the like.
    #[serde(rename = "type", default, deserialize_with = "wire::text")]
    pub kind: Option<String>,
    /// A list.
    #[serde(default, alias = "multiValue")]
    pub multi_valued: bool,
    /// Must be sent.
    #[serde(default)]
    pub required: bool,
    /// `readOnly`, `readWrite`, `immutable`, `writeOnly`.
    #[serde(default, alias = "mutabbility", deserialize_with = "wire::text")]
    pub mutability: Option<String>,
    /// The values it may have, where they are few.
    #[serde(default)]
    pub canonical_values: Vec<String>,
    /// Members of a complex attribute.
    #[serde(default)]
    pub sub_attributes: Vec<ProvisionAttribute>,
}

/// A kind of resource: there is one, the user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionResourceType {
    /// Name.
    pub name: String,
    /// URN of its core schema.
    pub schema: String,
    /// Its extensions.
    #[serde(default)]
    pub schema_extensions: Vec<SchemaExtension>,
}

/// An extension of a resource type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SchemaExtension {
    /// URN.
    pub schema: String,
    /// Whether every user must have it.
    #[serde(default)]
    pub required: bool,
}
