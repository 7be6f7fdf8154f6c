//! Connected companies: how one is connected and checked, what can be set for it, which scopes it needs, and the Concur
//! client that speaks for it.
//!
//! Not here: the rows themselves (`store::accounts`) and what is synced or delivered for an account.

mod calls;
pub mod check;
mod clients;
mod connect;
pub mod forms;
pub mod lifecycle;
mod pasted;
pub mod scopes;
mod settings;
mod settings_check;
mod token_store;
mod view;

pub use clients::{ClientError, ClientSettings, Clients};
pub use connect::{ConnectError, Connection, NewConnection, connect, connect_by};
pub use pasted::{clean_id, is_uuid_v4};
pub use settings::{AccountSettings, AttributeMapping, EmployeeNumber, GroupMapping, Transformation};
pub use settings_check::problems;
pub use view::{AccountView, Tokens, level, view};
