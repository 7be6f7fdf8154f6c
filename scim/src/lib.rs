//! SCIM 2.0, RFC 7643 and RFC 7644, as values: schema, resource, filter, path, patch, projection, messages, errors.
//!
//! What a SCIM server has to *decide* is here, as functions from values to values; what it has to *do* is not. This
//! crate opens no socket, reads no clock, waits for nothing, stores nothing, and knows neither Concur nor a database.
//! A server reads bytes with [`json::parse`], turns them into a [`Resource`] or a [`PatchRequest`], stores what comes
//! out, and answers with [`Resource::render`]; every refusal is an [`Error`] that already is the answer.
//!
//! One description of the attributes ([`schema`]) serves reading, comparing, patching, projecting and publishing. One
//! grammar of paths ([`Path`]) serves filters, PATCH and projections. What identity providers do beyond the RFCs is in
//! one module, [`habits`], a function per habit, each naming who has it; [`habits::watch`] tells which ones a request had.
//!
//! ```
//! use scim::{Filter, Meta, PatchRequest, Projection, Resource, ResourceType, json, patch};
//!
//! # fn main() -> Result<(), scim::Error> {
//! let body = json::parse(br#"{
//!     "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
//!     "USERNAME": "Ada@example.com", "active": "True", "password": "dropped", "nickName": ""
//! }"#)?;
//! let ada = Resource::from_client(ResourceType::user(), &body)?;
//! ada.check_required()?;
//! assert!(ada.is_active());
//!
//! let request = PatchRequest::parse(&json::parse(br#"{
//!     "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
//!     "Operations": [{"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "ada@example.com"}]
//! }"#)?)?;
//! let after = patch::apply(&ada, &request)?;
//! assert_ne!(after, ada, "something changed");
//! assert_eq!(patch::apply(&after, &request)?, after, "and now nothing does");
//!
//! let meta = Meta {
//!     id: "2819c223".into(),
//!     resource_type: "User",
//!     created: jiff::Timestamp::UNIX_EPOCH,
//!     last_modified: jiff::Timestamp::UNIX_EPOCH,
//!     version: 1,
//!     location: "https://bridge.example/scim/v2/Users/2819c223".into(),
//! };
//! let answer = after.render(&meta, &Projection::default());
//! assert_eq!(answer["emails"][0]["type"], "work");
//! assert!(Filter::parse("userName eq \"ADA@EXAMPLE.COM\"")?.matches(&answer, ResourceType::user()));
//! # Ok(())
//! # }
//! ```
#![warn(missing_docs)]

pub mod bulk;
pub mod discovery;
mod error;
mod filter;
mod fold;
pub mod habits;
pub mod json;
pub mod message;
pub mod patch;
mod path;
mod precondition;
mod projection;
pub mod query;
mod resource;
pub mod schema;
pub mod shape;
pub mod urn;

pub use error::{Error, ScimType};
pub use filter::{Comparison, Filter, parse_date_time};
pub use fold::fold_user_name;
pub use patch::PatchRequest;
pub use path::Path;
pub use precondition::Precondition;
pub use projection::Projection;
pub use query::{CursorKey, ListQuery, Sort, SortKey, SortOrder};
pub use resource::{Meta, Resource, replace};
pub use schema::ResourceType;
