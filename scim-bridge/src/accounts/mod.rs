//! Connected companies: how one is connected, what can be set for it, and the Concur client that speaks for it.
//!
//! Not here: the rows themselves (`store::accounts`) and what is synced or delivered for an account.

mod clients;
mod connect;
mod settings;
mod token_store;

pub use clients::{ClientError, ClientSettings, Clients};
pub use connect::{ConnectError, NewConnection, connect};
pub use settings::{AccountSettings, EmployeeNumber};
