//! Typed client of the SAP Concur APIs; the only crate that calls Concur.
#![warn(missing_docs)]

pub mod api;
pub mod auth;
mod client;
pub mod error;
mod host;
mod http;
mod ids;
pub mod model;
mod observe;
mod page;

pub use client::{Client, ClientConfig, Clock};
pub use error::{Advice, Error};
pub use host::{HostPolicy, Origin};
pub use http::{Http, HttpConfig, install_crypto};
pub use ids::{EntryId, ItemizationId, ProvisionId, ReportId, UserId};
pub use observe::{Call, Observer};
pub use page::{Cursor, Page, Pages};
