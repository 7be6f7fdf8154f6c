//! The store against real databases: every test runs on SQLite and, where it can be had, on PostgreSQL.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod account_ends;
mod accounts;
mod audit;
mod chains;
mod changes;
mod conversations;
mod database;
mod events;
mod group;
mod groups;
mod lines;
mod operations;
mod race;
mod resource_lists;
mod resources;
mod sums;
mod tokens;
mod webhooks;
mod workers;

use jiff::{Timestamp, ToSpan as _};
use serde_json::json;
use store::ids::AccountId;
use store::resources::{Content, NewResource, Resource, ResourceType};
use store::testing::TestStore;
use store::{Conn, Error, accounts as table};
use uuid::Uuid;

/// Noon of a Monday, plus seconds.
fn at(seconds: i64) -> Timestamp {
    "2026-11-23T12:00:00Z".parse::<Timestamp>().unwrap() + seconds.seconds()
}

/// Runs a test on every database, each with one account.
fn on_each(test: impl Fn(&TestStore, AccountId)) {
    for each in store::testing::stores() {
        let account = add_account(&each, "Acme");
        test(&each, account);
    }
}

fn add_account(test: &TestStore, name: &str) -> AccountId {
    test.store.write_blocking(|conn| table::insert(conn, &new_account(name))).unwrap().id
}

fn new_account(name: &str) -> table::NewAccount {
    table::NewAccount {
        name: name.to_owned(),
        company_uuid: "08bca1e4-0f0c-4a3b-9f3d-c9d2a3c7b001".to_owned(),
        authentication_type: table::AuthenticationType::CompanyLevel,
        base_uri: "https://us2.api.concursolutions.com".to_owned(),
        settings: json!({"confirm_within": 8}),
        now: at(0),
    }
}

/// A user with everything that can be looked up.
fn content(user_name: &str) -> Content {
    Content {
        user_name: Some(user_name.to_owned()),
        user_name_folded: Some(user_name.to_lowercase()),
        external_id: Some(format!("ext-{user_name}")),
        employee_number: Some(format!("no-{user_name}")),
        active: true,
        body: json!({"userName": user_name, "name": {"givenName": "Zoë"}}),
        emails_folded: vec![format!("{}@example.com", user_name.to_lowercase())],
    }
}

fn new_user(account: AccountId, user_name: &str) -> NewResource {
    NewResource {
        account,
        resource_type: ResourceType::User,
        scim_id: Uuid::new_v4(),
        content: content(user_name),
        created_at: at(0),
    }
}

fn add_user(conn: &mut Conn, account: AccountId, user_name: &str) -> Result<Resource, Error> {
    store::resources::insert(conn, &new_user(account, user_name))
}

/// Writes, and expects it to work.
fn write<T>(test: &TestStore, f: impl FnOnce(&mut Conn) -> Result<T, Error>) -> T {
    test.store.write_blocking(f).unwrap_or_else(|e| panic!("{}: {e:?}", test.name))
}

/// Reads, and expects it to work.
fn read<T>(test: &TestStore, f: impl FnOnce(&mut Conn) -> Result<T, Error>) -> T {
    test.store.read_blocking(f).unwrap_or_else(|e| panic!("{}: {e:?}", test.name))
}
