//! diesel schema, migrations and queries over SQLite and PostgreSQL; the only crate that speaks SQL.
pub mod accounts;
pub mod audit;
mod conn;
pub mod credentials;
pub mod cursors;
mod error;
pub mod ids;
pub mod lines;
pub mod links;
pub mod matches;
pub mod oauth_tokens;
pub mod operations;
pub mod reports;
pub mod resources;
pub mod runs;
mod seal;
pub mod testing;
pub mod tokens;
pub mod users;

pub use conn::{Conn, Store};
pub use error::{Constraint, Error};
pub use seal::MasterKey;
