//! Bulk, RFC 7644 §3.7: many requests in one body, as values.
//!
//! [`BulkRequest::parse`] reads the message; what is wrong with one operation is kept with that operation and hurts no
//! other. [`Run`] then says which request is to be carried out next, with every `bulkId:` replaced by the id that the
//! server has given, and is told what came of it; at its end it is the `BulkResponse`. Whoever drives it needs to know
//! neither about order nor about references, cycles or `failOnErrors`:
//!
//! ```
//! use scim::bulk::{BulkRequest, DEFAULT_LIMITS, Run, Success};
//! # use serde_json::json;
//! # fn main() -> Result<(), scim::Error> {
//! # let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
//! #     {"method": "POST", "path": "/Groups", "bulkId": "tours",
//! #      "data": {"displayName": "Tour Guides", "members": [{"value": "bulkId:alice"}]}},
//! #     {"method": "POST", "path": "/Users", "bulkId": "alice", "data": {"userName": "Alice"}}]});
//! let mut run = Run::new(BulkRequest::parse(body, &DEFAULT_LIMITS)?);
//! let mut order = Vec::new();
//! while let Some(call) = run.next_call() {
//!     // Here a server does what it does for a single request.
//!     let id = format!("id-{}", call.operation);
//!     let location = format!("https://bridge.example/scim/v2{}/{id}", call.resource_type.endpoint);
//!     order.push((call.resource_type.name, call.data));
//!     run.settle(Ok(Success { status: 201, id, location, version: None }));
//! }
//! assert_eq!(order[0].0, "User", "Alice is needed first");
//! assert_eq!(order[1].1["members"][0]["value"], "id-1");
//! let response = run.into_response("https://bridge.example/scim/v2");
//! assert_eq!(response["Operations"][0]["bulkId"], "tours", "answered in the order of the request");
//! # Ok(())
//! # }
//! ```

mod reference;
mod request;
mod response;
mod run;

pub use request::{BulkRequest, DEFAULT_LIMITS, Limits, Method};
pub use run::{Call, Run, Success};

#[cfg(test)]
mod tests;
