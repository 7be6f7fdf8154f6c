//! A group as callers see it: the stored attributes, its members, `meta`, and what it is to Concur.

use std::collections::HashMap;

use scim::urn::BRIDGE_GROUP;
use scim::{Meta, Projection, Resource, ResourceType};
use serde_json::{Value, json};
use store::groups::{self, Member};
use store::{Conn, resources};

use crate::accounts::AccountSettings;
use crate::translate::{may_be_given, roles};

/// Whether the members are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::provision) enum Members {
    /// They are shown, changed or filtered on.
    Wanted,
    /// Nobody will see them.
    Left,
}

impl Members {
    /// Whether an answer shows them. Entra leaves them out on purpose (`excludedAttributes=members`).
    pub(in crate::provision) fn of(projection: &Projection) -> Self {
        if projection.wants(ResourceType::group(), "members") { Self::Wanted } else { Self::Left }
    }
}

/// A group, ready to be rendered.
#[derive(Debug, Clone)]
pub struct View {
    resource: Resource,
    row: resources::Resource,
}

impl View {
    /// The view of a row.
    pub(in crate::provision) fn load(
        conn: &mut Conn,
        row: resources::Resource,
        settings: &AccountSettings,
        members: Members,
    ) -> Result<Self, store::Error> {
        let mut views = Self::load_all(conn, vec![row], settings, members)?;
        views.pop().ok_or(store::Error::NotFound { what: "group" })
    }

    /// The views of many rows, in their order, by as many queries as for one.
    pub(in crate::provision) fn load_all(
        conn: &mut Conn,
        rows: Vec<resources::Resource>,
        settings: &AccountSettings,
        members: Members,
    ) -> Result<Vec<Self>, store::Error> {
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let mut codes = groups::codes_of(conn, &ids)?;
        let mut lists = match members {
            Members::Wanted => groups::members_of(conn, &ids)?,
            Members::Left => HashMap::new(),
        };
        let views = rows.into_iter().map(|row| {
            let (code, list) = (codes.remove(&row.id), lists.remove(&row.id));
            Self::assemble(row, code, &list.unwrap_or_default(), settings)
        });
        Ok(views.collect())
    }

    fn assemble(
        row: resources::Resource,
        code: Option<String>,
        list: &[Member],
        settings: &AccountSettings,
    ) -> Self {
        let mut resource = Resource::from_stored(ResourceType::group(), row.body.clone());
        if !list.is_empty() {
            resource.set("members", list.iter().map(shown).collect());
        }
        let kind = match code.as_deref().and_then(roles::by_code) {
            Some(entry) if entry.gives == roles::Gives::Role => "role",
            Some(_) => "entitlement",
            None => "kept",
        };
        resource.set(&format!("{BRIDGE_GROUP}:kind"), kind.into());
        let writable = match &code {
            Some(code) if kind == "role" => may_be_given(code, settings),
            _ => true,
        };
        resource.set(&format!("{BRIDGE_GROUP}:assignable"), writable.into());
        if let Some(code) = code {
            resource.set(&format!("{BRIDGE_GROUP}:code"), code.into());
        }
        Self { resource, row }
    }

    /// The public id.
    pub fn id(&self) -> String {
        self.row.scim_id.to_string()
    }

    /// The resource as SCIM JSON.
    pub fn render(&self, scim_base: &str, projection: &Projection) -> Value {
        self.resource.render(&self.meta(scim_base), projection)
    }

    /// The entity tag, equal to `meta.version`.
    pub fn etag(&self) -> String {
        self.meta("").etag()
    }

    /// The version counter behind the entity tag.
    pub fn version(&self) -> i64 {
        self.row.version
    }

    /// The address of the resource, equal to `meta.location`.
    pub fn location(&self, scim_base: &str) -> String {
        format!("{scim_base}/Groups/{}", self.row.scim_id)
    }

    fn meta(&self, scim_base: &str) -> Meta {
        Meta {
            id: self.row.scim_id.to_string(),
            resource_type: ResourceType::group().name,
            created: self.row.created_at,
            last_modified: self.row.updated_at,
            version: u64::try_from(self.row.version).unwrap_or_default(),
            location: self.location(scim_base),
        }
    }
}

fn shown(member: &Member) -> Value {
    let mut shown = json!({"value": member.scim_id.to_string(), "type": "User"});
    if let Some(name) = &member.name {
        shown["display"] = name.as_str().into();
    }
    shown
}
