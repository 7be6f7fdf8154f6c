//! A user as callers see it: the stored attributes, `meta`, and how far delivery to Concur has come.
//!
//! Showing a resource fixes its public id (I5), so a view is only made together with `mark_shown`.

use jiff::Timestamp;
use scim::urn::DELIVERY;
use scim::{Meta, Projection, Resource, ResourceType};
use serde_json::{Map, Value, json};
use store::operations::{self, Operation};
use store::{Conn, facts, groups, links, resources};

use super::scope;
use crate::translate;

/// A user, ready to be rendered.
#[derive(Debug, Clone)]
pub struct View {
    resource: Resource,
    row: resources::Resource,
}

impl View {
    /// The view of a row, with the state of its delivery.
    pub(super) fn load(conn: &mut Conn, row: resources::Resource) -> Result<Self, store::Error> {
        let shown = facts::shown(conn, row.id)?;
        Ok(Self::of(row, &shown))
    }

    /// The view of a row with what is known beside it.
    pub(super) fn of(row: resources::Resource, shown: &facts::Shown) -> Self {
        Self::assemble(row, &shown.groups, &shown.extensions, shown.telling.as_ref())
    }

    /// The views of many rows, in their order, by as many queries as for a few.
    pub(super) fn load_all(
        conn: &mut Conn,
        rows: Vec<resources::Resource>,
    ) -> Result<Vec<Self>, store::Error> {
        if rows.len() == 1 {
            return rows.into_iter().map(|row| Self::load(conn, row)).collect();
        }
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let mut states = links::extensions_of(conn, &ids)?;
        let latest = operations::telling_of(conn, &ids)?;
        let mut groups = groups::of_users(conn, &ids)?;
        let views = rows.into_iter().map(|row| {
            let id = row.id;
            let (states, groups) = (states.remove(&id), groups.remove(&id));
            Self::assemble(row, &groups.unwrap_or_default(), &states.unwrap_or_default(), latest.get(&id))
        });
        Ok(views.collect())
    }

    fn assemble(
        row: resources::Resource,
        groups: &[groups::Membership],
        states: &[links::ExtensionState],
        latest: Option<&Operation>,
    ) -> Self {
        let mut view = Self::without_delivery(row);
        view.set_groups(groups);
        view.set_delivery(states, latest);
        view
    }

    /// The view of a row, for decisions that do not depend on delivery.
    pub(super) fn without_delivery(row: resources::Resource) -> Self {
        let resource = Resource::from_stored(ResourceType::user(), row.body.clone());
        Self { resource, row }
    }

    /// The resource as SCIM JSON.
    pub fn render(&self, scim_base: &str, projection: &Projection) -> Value {
        self.resource.render(&self.meta(scim_base), projection)
    }

    /// The entity tag, equal to `meta.version`.
    pub fn etag(&self) -> String {
        self.meta("").etag()
    }

    /// The public id.
    pub fn id(&self) -> String {
        self.row.scim_id.to_string()
    }

    /// The version counter behind the entity tag.
    pub fn version(&self) -> i64 {
        self.row.version
    }

    /// The address of the resource, equal to `meta.location`.
    pub fn location(&self, scim_base: &str) -> String {
        format!("{scim_base}/Users/{}", self.row.scim_id)
    }

    fn meta(&self, scim_base: &str) -> Meta {
        Meta {
            id: self.row.scim_id.to_string(),
            resource_type: ResourceType::user().name,
            created: self.row.created_at,
            last_modified: self.row.updated_at,
            version: u64::try_from(self.row.version).unwrap_or_default(),
            location: self.location(scim_base),
        }
    }

    /// Groups are changed through the group and shown here (RFC 7643 §4.1.2).
    fn set_groups(&mut self, groups: &[groups::Membership]) {
        if groups.is_empty() {
            return;
        }
        let shown = groups.iter().map(
            |group| json!({"value": group.scim_id.to_string(), "display": group.name, "type": "direct"}),
        );
        self.resource.set("groups", shown.collect());
    }

    fn set_delivery(&mut self, parts: &[links::ExtensionState], latest: Option<&Operation>) {
        for part in parts {
            if part.extension == scope::PART {
                if let Some(reason) = &part.error_message {
                    self.resource.set(&format!("{DELIVERY}:skipReason"), reason.as_str().into());
                }
                continue;
            }
            let error = error_text(part.error_code.as_deref(), part.error_message.as_deref());
            let shown = status(&part.state, part.provision_id.as_deref(), error, part.updated_at);
            self.resource.set(&format!("{DELIVERY}:{}", part.extension), shown);
        }
        let Some(operation) = latest else { return };
        // What is still on its way says more about the identity part than what was last settled.
        if !operation.state.is_end() || parts.is_empty() {
            let error = error_text(operation.error_code.as_deref(), operation.error_message.as_deref());
            let provision_id = operation.provision_id.as_deref();
            let shown = status(operation.state.as_str(), provision_id, error, operation.updated_at);
            self.resource.set(&format!("{DELIVERY}:identity"), shown);
        }
        let warnings = translate::Operation::from_payload(&operation.payload).map(|o| o.warnings);
        if let Ok(warnings) = warnings
            && !warnings.is_empty()
        {
            self.resource.set(&format!("{DELIVERY}:warnings"), json!(warnings));
        }
    }
}

fn status(state: &str, provision_id: Option<&str>, error: Option<String>, updated: Timestamp) -> Value {
    let mut status = Map::new();
    status.insert("state".to_owned(), state.into());
    if let Some(id) = provision_id {
        status.insert("provisionId".to_owned(), id.into());
    }
    if let Some(error) = error {
        status.insert("error".to_owned(), error.into());
    }
    status.insert("updated".to_owned(), updated.to_string().into());
    Value::Object(status)
}

/// Concur's code and words, whichever there are.
fn error_text(code: Option<&str>, message: Option<&str>) -> Option<String> {
    match (code, message) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (code, message) => code.or(message).map(str::to_owned),
    }
}
