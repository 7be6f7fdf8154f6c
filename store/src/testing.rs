//! Databases for tests.
use crate::Store;
/// A migrated, empty store of its own; removed on drop.
#[derive(Debug)]
pub struct TestStore {
    pub store: Store,
    /// "sqlite" or "postgres"
    pub name: &'static str,
    /// as given to `Store::open`
    pub database_url: String,
}
/// One store for each database that can be had.
pub fn stores() -> Vec<TestStore> {
    unimplemented!()
}
/// SQLite only: quick, for tests that are not about the database.
pub fn sqlite() -> TestStore {
    unimplemented!()
}
