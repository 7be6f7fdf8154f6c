//! What the server knows about a resource, RFC 7643 §3.1.

use jiff::Timestamp;
use serde_json::{Value, json};

/// `id` and `meta` of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Meta {
    /// Identifier given by the server.
    pub id: String,
    /// `User` or `Group`.
    pub resource_type: &'static str,
    /// When the resource came to be.
    pub created: Timestamp,
    /// When it last changed.
    pub last_modified: Timestamp,
    /// Counts changes; rendered as the weak entity tag `W/"n"`.
    pub version: u64,
    /// Absolute URI, `https://host/scim/v2/Users/<id>`.
    pub location: String,
}

impl Meta {
    /// The entity tag, `W/"n"` (RFC 7644 §3.14), the same in the header and in `meta.version`.
    pub fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "resourceType": self.resource_type,
            "created": self.created.to_string(),
            "lastModified": self.last_modified.to_string(),
            "location": self.location,
            "version": self.etag(),
        })
    }

    /// The URI of another resource of this server: what stands before `/Users/<id>` in the location, and its own end.
    pub(super) fn sibling(&self, endpoint: &str, id: &str) -> Option<String> {
        let (collection, _) = self.location.rsplit_once('/')?;
        let (base, _) = collection.rsplit_once('/')?;
        Some(format!("{base}{endpoint}/{id}"))
    }
}
