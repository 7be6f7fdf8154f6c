//! The bridge as its neighbours meet it: real sockets, real databases, the Concur simulator.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on must stop"
)]

mod account_check;
mod account_sequences;
mod accounts;
mod brake;
mod brake_decisions;
mod canary;
mod commands;
mod conformance;
mod contract;
mod conversations;
mod delivery;
mod delivery_approvers;
mod delivery_crashes;
mod delivery_drift;
mod delivery_faults;
mod delivery_harness;
mod delivery_line;
mod delivery_preflight;
mod delivery_returns;
mod demo;
mod documents;
mod events;
mod harness;
mod http_access;
mod http_account;
mod http_api;
mod http_bad_input;
mod http_bulk;
mod http_discovery;
mod http_groups;
mod http_imports;
mod http_jwt;
mod http_limits;
mod http_oauth;
mod http_openapi;
mod http_operations;
mod http_repeat;
mod http_routes;
mod http_rules;
mod http_scope;
mod http_users;
mod http_verdict;
mod idp_conversations;
mod import;
mod installation;
mod process;
mod reconcile;
mod rfc_requirements;
mod scim2_tester;
mod simulation;
mod thirty_days;
mod torture;
mod upkeep;
mod webhooks;
