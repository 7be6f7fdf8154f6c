//! Everything the bridge remembers, over SQLite and PostgreSQL from one code base: diesel schema, embedded
//! migrations, queries. The only crate that speaks SQL.
//!
//! What it never does: speak HTTP, know SCIM or Concur types (their JSON travels as [`serde_json::Value`]), read a
//! clock (times are arguments), or decide. It keeps what it is told, all of it or nothing.
//!
//! Functions are grouped in modules by table and take `&mut Conn`, so that several compose in one transaction:
//!
//! ```
//! # use store::{MasterKey, Store, accounts, cursors};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let test = store::testing::sqlite();
//! # let store = test.store.clone();
//! # let now: jiff::Timestamp = "2026-11-23T12:00:00Z".parse()?;
//! let account = store.write_blocking(|conn| {
//!     let account = accounts::insert(conn, &accounts::NewAccount {
//!         name: "Acme".to_owned(),
//!         company_uuid: "08bca1e4-0f0c-4a3b-9f3d-c9d2a3c7b001".to_owned(),
//!         authentication_type: accounts::AuthenticationType::CompanyLevel,
//!         base_uri: "https://us2.api.concursolutions.com".to_owned(),
//!         settings: serde_json::json!({}),
//!         now,
//!     })?;
//!     cursors::put(conn, account.id, "expenses", "v3", &serde_json::json!({"window": 0}), now)?;
//!     Ok::<_, store::Error>(account)
//! })?;
//! assert_eq!(store.read_blocking(|conn| accounts::by_name(conn, "Acme"))?, Some(account));
//! # Ok(()) }
//! ```
//!
//! Money is exact: decimals stand as text and are summed as decimals, never as `f64` (see [`lines::sums`]).

pub mod accounts;
pub mod approvers;
pub mod audit;
pub mod brakes;
pub mod concur_calls;
mod conn;
pub mod credentials;
pub mod cursors;
pub mod drift;
pub mod employee_forms;
mod error;
pub mod events;
pub mod facts;
mod flush;
mod group;
pub mod groups;
pub mod habits;
pub mod ids;
pub mod imports;
mod insert;
pub mod installation;
pub mod leases;
pub mod lines;
pub mod links;
pub mod matches;
mod migrate;
pub mod oauth_tokens;
pub mod operations;
pub mod people;
mod pool;
mod postgres;
mod prepared;
pub mod recordings;
mod rehearsal;
pub mod reports;
pub mod request_log;
pub mod resources;
pub mod roles;
pub mod rules;
pub mod runs;
mod schema;
mod seal;
mod statistics;
mod store;
pub mod testing;
pub mod tokens;
pub mod users;
mod value;
pub mod waiting;
pub mod watches;
pub mod webhooks;

pub use conn::Conn;
pub use error::{Constraint, Error};
pub use group::Commits;
pub use seal::MasterKey;
pub use store::{Options, Store};
pub use value::UnknownText;
