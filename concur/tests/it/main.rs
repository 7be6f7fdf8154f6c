//! The client against real sockets: a small server that plays recorded shapes, and the Concur simulator.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "helpers outside of #[test] functions may fail loudly too"
)]

mod connection;
mod errors;
mod events;
mod faults;
mod pace;
mod pages;
mod provisioning;
mod reads;
mod refresh_answers;
mod samples;
mod simulator;
mod support;
mod tokens;
mod users;
