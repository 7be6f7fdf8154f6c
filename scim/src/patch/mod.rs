//! PATCH, RFC 7644 §3.5.2: a request as a value, and what it makes of a resource.
//!
//! [`PatchRequest::parse`] knows the message and not the resource type; [`apply`] is the other way round. Where
//! identity providers leave the RFC, `habits` says how far we follow.

mod apply;
mod request;
mod target;

pub use apply::apply;
pub use request::{MAX_OPERATIONS, Op, Operation, PatchRequest};

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
