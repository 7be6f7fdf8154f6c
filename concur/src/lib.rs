//! Typed client of the SAP Concur APIs; the only crate that calls Concur.
//!
//! It turns what the documentation of SAP Concur says into values: OAuth2 with both kinds of authentication and a
//! refresh that happens once for everybody; Identity v4.1 for reading users, User Provisioning v4 for writing them,
//! Spend v4.1 and Travel v4 for what else is known of them; Expense v3 as pages and streams, Expense v4 and Expense
//! Configuration v4 for what v3 lacks, Report Details v2 behind a switch; event subscriptions with the application's
//! own token. Every error says what to do about it ([`Error::advice`]), a 429 holds back every call to its company, and an
//! API that answered 503 or nothing is left alone for five minutes.
//!
//! What it never does: send a token to a host that its [`HostPolicy`] does not allow, follow a redirect, use a token
//! that is not stored yet, PUT or DELETE a user, retry anything but once after a refused token, read a clock of its
//! own, log a body, or know SCIM, the database or any other crate of this workspace.
//!
//! ```no_run
//! use concur::{Client, ClientConfig, HostPolicy, api::ReportQuery, auth::{Credentials, TokenStore}};
//! use futures::{StreamExt, pin_mut};
//! use std::sync::Arc;
//!
//! # async fn example(clock: concur::Clock, tokens: Arc<dyn TokenStore>, secret: String) -> Result<(), concur::Error> {
//! let credentials = Credentials { client_id: "an id".to_owned(), client_secret: secret.into() };
//! let client = Client::new(ClientConfig::new(HostPolicy::production(), credentials, clock), tokens)?;
//!
//! let reports = client.expenses().reports(&ReportQuery::default()).stream();
//! pin_mut!(reports);
//! while let Some(report) = reports.next().await {
//!     let report = report?;
//!     println!("{} {:?} {:?}", report.id, report.total, report.currency_code);
//! }
//! # Ok(())
//! # }
//! ```
#![warn(missing_docs)]

pub mod api;
pub mod auth;
mod client;
mod data_center;
pub mod error;
mod host;
mod http;
mod ids;
pub mod model;
mod observe;
mod pace;
mod page;
pub mod scope;
pub mod signature;

pub use client::{Client, ClientConfig, Clock};
pub use data_center::{DATA_CENTERS, DataCenter, Environment};
pub use error::{Advice, Error, Held};
pub use host::{HostPolicy, Origin};
pub use http::{
    Addresses, Cause, Http, HttpConfig, NotAProxy, Proxy, PublicOnly, Transport, Unreached, Wire, WireAnswer,
    WireError, WireRequest, install_crypto, is_public,
};
pub use ids::{EntryId, ItemizationId, ProvisionId, ReportId, UserId};
pub use observe::{Call, Notice, Observer};
pub use pace::{Budget, CurrentPace};
pub use page::{Cursor, Page, Pages, UnreadableRow};
