//! RFC 7643 and RFC 7644 as values: schema, filter, path, patch, messages, errors.
#![warn(missing_docs)]

pub mod discovery;
mod error;
mod filter;
mod fold;
pub mod json;
pub mod message;
pub mod patch;
mod path;
mod projection;
mod query;
mod resource;
pub mod schema;
pub mod urn;

pub use error::{Error, ScimType};
pub use filter::{Comparison, Filter};
pub use fold::fold_user_name;
pub use patch::PatchRequest;
pub use path::Path;
pub use projection::Projection;
pub use query::ListQuery;
pub use resource::{Meta, Resource, replace};
pub use schema::ResourceType;
