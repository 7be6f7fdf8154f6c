//! A SCIM 2.0 server in front of SAP Concur, and the answers to who expenses which app.
//!
//! This crate wires the others: `http` parses and answers, `provision` holds the use cases (one transaction
//! each), `translate` turns a SCIM user into a Concur user, `delivery` is the one road to a change in Concur.
//! It never speaks SQL and never calls Concur itself; those are `store` and `concur`.

pub mod accounts;
pub mod bridge;
pub mod clock;
pub mod commands;
pub mod config;
pub mod delivery;
pub mod demo;
pub mod http;
pub mod logging;
pub mod metrics;
pub mod provision;
pub mod serve;
mod sync_loop;
pub mod translate;
