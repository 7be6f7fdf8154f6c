//! A SCIM 2.0 server in front of SAP Concur, and the answers to who expenses which app.
//!
//! This crate wires the others: `http` parses and answers, `provision` holds the use cases (one transaction
//! each), `translate` turns a SCIM user into a Concur user, `delivery` is the one road to a change in Concur.
//! It never speaks SQL and never calls Concur itself; those are `store` and `concur`.
//!
//! ```no_run
//! use scim_bridge::{clock::Clock, config::Config, serve};
//!
//! # async fn example() -> Result<(), serve::StartError> {
//! let config = Config { listen: "127.0.0.1:0".to_owned(), ..Config::default() };
//! let running = serve::start(config, Clock::system()).await?;
//! println!("SCIM base address: {}", running.bridge().scim_base());
//! running.stop().await;
//! # Ok(())
//! # }
//! ```

pub mod accounts;
pub mod brake;
pub mod bridge;
pub mod chance;
pub mod clock;
pub mod commands;
pub mod config;
pub mod conformance;
pub mod delivery;
pub mod demo;
pub mod events;
pub mod http;
mod imports;
pub mod installation;
mod journal;
pub mod logging;
pub mod metrics;
pub mod operations;
pub mod provider;
pub mod provision;
pub mod reconcile;
pub mod schedule;
pub mod serve;
pub mod translate;
pub mod upkeep;
pub mod webhooks;
