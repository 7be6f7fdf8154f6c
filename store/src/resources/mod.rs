//! SCIM resources as accepted from the identity provider, with their version and tombstones. What they hold is `body`,
//! a JSON that only the `scim` side understands; beside it stand the few values that are looked up or must be unique.
//!
//! Uniqueness is the database's (reliability I3): never look before you insert, insert and handle the conflict.

mod condition;
mod explain;
mod list;
mod read;
mod write;

use diesel::prelude::*;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

pub use condition::{Comparison, Condition, EmailTest, TextColumn, TextTest, TimeColumn};
pub use explain::explain_list;
pub use list::{Key, Order, Position, SortColumn, Start, count, list, load};
pub(crate) use read::emails_of;
pub use read::{
    by_scim_ids, content, count_active_users, find, find_by_scim_id, find_deleted, get, get_by_scim_id, page,
};
pub use write::{
    adopt_scim_id, insert, insert_shown, lock, mark_shown, restore, soft_delete, touch, update,
    update_knowing,
};

use crate::Error;
use crate::ids::{AccountId, ResourceId};
use crate::schema::resources;
use crate::value::{self, text_enum};

text_enum!(
    /// Kind of resource (RFC 7643 §6).
    ResourceType {
        /// A person.
        User = "User",
        /// A group, that is a Concur role (design D8).
        Group = "Group",
    }
);

/// A stored resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Internal key; never shown.
    pub id: ResourceId,
    /// Whose.
    pub account: AccountId,
    /// Kind.
    pub resource_type: ResourceType,
    /// The public SCIM `id` (design D7).
    pub scim_id: Uuid,
    /// `userName`, as the identity provider wrote it; of a group its `displayName`, which is as unique.
    pub user_name: Option<String>,
    /// The form that is compared.
    pub user_name_folded: Option<String>,
    /// The identity provider's own id; never ours.
    pub external_id: Option<String>,
    /// Enterprise employee number, in the form that is compared.
    pub employee_number: Option<String>,
    /// SCIM `active`.
    pub active: bool,
    /// All attributes.
    pub body: Value,
    /// Rises with each change, from 1; the `ETag`.
    pub version: i64,
    /// Whether anyone has seen `scim_id`.
    pub shown: bool,
    /// `meta.created`.
    pub created_at: Timestamp,
    /// `meta.lastModified`.
    pub updated_at: Timestamp,
    /// Since when it is a tombstone.
    pub deleted_at: Option<Timestamp>,
}

/// The part of a resource that a write sets.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// As the identity provider wrote it.
    pub user_name: Option<String>,
    /// The form that is compared.
    pub user_name_folded: Option<String>,
    /// The identity provider's own id.
    pub external_id: Option<String>,
    /// Enterprise employee number, in the form that is compared.
    pub employee_number: Option<String>,
    /// SCIM `active`.
    pub active: bool,
    /// All attributes.
    pub body: Value,
    /// E-mail addresses, in the form that is compared.
    pub emails_folded: Vec<String>,
}

impl Content {
    /// What a resource holds.
    pub fn of(resource: Resource, emails_folded: Vec<String>) -> Self {
        Content {
            user_name: resource.user_name,
            user_name_folded: resource.user_name_folded,
            external_id: resource.external_id,
            employee_number: resource.employee_number,
            active: resource.active,
            body: resource.body,
            emails_folded,
        }
    }
}

/// A new resource.
#[derive(Clone, Debug)]
pub struct NewResource {
    /// Whose.
    pub account: AccountId,
    /// Kind.
    pub resource_type: ResourceType,
    /// Public id for now; see [`adopt_scim_id`].
    pub scim_id: Uuid,
    /// What it holds.
    pub content: Content,
    /// The time it is.
    pub created_at: Timestamp,
}

/// How to find resources by one value.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// Folded user name; finds at most one.
    UserName(String),
    /// The identity provider's id.
    ExternalId(String),
    /// Folded e-mail address.
    Email(String),
    /// Folded employee number.
    EmployeeNumber(String),
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = resources, treat_none_as_default_value = false)]
struct Row {
    resource_id: String,
    account_id: String,
    resource_type: String,
    scim_id: String,
    user_name: Option<String>,
    user_name_folded: Option<String>,
    external_id: Option<String>,
    employee_number: Option<String>,
    active: bool,
    body: String,
    version: i64,
    shown: bool,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
}

impl TryFrom<Row> for Resource {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Resource {
            id: value::parse(&row.resource_id, "resources.resource_id")?,
            account: value::parse(&row.account_id, "resources.account_id")?,
            resource_type: value::parse(&row.resource_type, "resources.resource_type")?,
            scim_id: value::parse(&row.scim_id, "resources.scim_id")?,
            user_name: row.user_name,
            user_name_folded: row.user_name_folded,
            external_id: row.external_id,
            employee_number: row.employee_number,
            active: row.active,
            body: value::json(&row.body, "resources.body")?,
            version: row.version,
            shown: row.shown,
            created_at: value::time(row.created_at, "resources.created_at")?,
            updated_at: value::time(row.updated_at, "resources.updated_at")?,
            deleted_at: value::time_opt(row.deleted_at, "resources.deleted_at")?,
        })
    }
}
