//! What User Provisioning says about itself: its schemas and resource types. Not here: writing users.
//! Source: User Provisioning v4, "Schemas" and "Resource Types".

use super::Provisioning;
use crate::{
    Error,
    http::{Answer, Endpoint},
    model::{ProvisionResourceType, ProvisionSchema},
};
use serde::{Deserialize, de::DeserializeOwned};

static SCHEMAS: Endpoint = Endpoint::get("provisioning.schemas").needing(&["user.provision.read"]);
static RESOURCE_TYPES: Endpoint =
    Endpoint::get("provisioning.resource_types").needing(&["user.provision.read"]);

pub(super) static ENDPOINTS: &[&Endpoint] = &[&SCHEMAS, &RESOURCE_TYPES];

impl Provisioning {
    /// The schemas of everything that can be written. Needs the scope `user.provision.read`.
    pub async fn schemas(&self) -> Result<Vec<ProvisionSchema>, Error> {
        listed(&self.client.get(&SCHEMAS, "/profile/v4/Schemas").await?)
    }

    /// The resource types with the extensions this company's users can have.
    pub async fn resource_types(&self) -> Result<Vec<ProvisionResourceType>, Error> {
        listed(&self.client.get(&RESOURCE_TYPES, "/profile/v4/ResourceTypes").await?)
    }
}

#[derive(Deserialize)]
struct ListResponse<T> {
    #[serde(rename = "Resources")]
    resources: Vec<T>,
}

/// A `ListResponse`, an array with one in it, or a bare array: the page and its samples show all three.
fn listed<T: DeserializeOwned>(answer: &Answer) -> Result<Vec<T>, Error> {
    if let Ok(list) = answer.decode::<ListResponse<T>>() {
        return Ok(list.resources);
    }
    match answer.decode::<Vec<ListResponse<T>>>() {
        Ok(lists) => Ok(lists.into_iter().flat_map(|list| list.resources).collect()),
        Err(_) => answer.decode(),
    }
}
