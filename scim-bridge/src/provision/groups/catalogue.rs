//! The catalogue's groups in the store: one row for each entry, the same public ids for the same company.
//!
//! They come to be when someone first asks for groups, and again when a later version knows more roles. A group of the
//! catalogue that a provider deleted stays hidden until one creates it again.

use jiff::Timestamp;
use serde_json::json;
use store::accounts::Account;
use store::resources::{Content, NewResource, ResourceType as Kind};
use store::{Conn, groups, resources};
use uuid::Uuid;

use super::super::Error;
use crate::bridge::Bridge;
use crate::translate::roles::{CATALOGUE, Entry};

/// Sees to it that every entry has its group.
pub(super) async fn ensure(bridge: &Bridge, account: &Account) -> Result<(), Error> {
    let id = account.id;
    let there = bridge.store.read(move |conn| groups::codes(conn, id)).await?;
    let is_missing = |entry: &&Entry| !there.iter().any(|(code, _)| code == entry.code);
    let missing: Vec<&'static Entry> = CATALOGUE.iter().filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let (account, now) = (account.clone(), bridge.clock.now());
    let added = bridge.store.write(move |conn| {
        for entry in missing {
            add(conn, &account, entry, now)?;
        }
        Ok(())
    });
    match added.await {
        // Someone else was faster; nothing of ours was written.
        Err(store::Error::Conflict { .. }) => Ok(()),
        added => Ok(added?),
    }
}

fn add(conn: &mut Conn, account: &Account, entry: &Entry, now: Timestamp) -> Result<(), store::Error> {
    let new = NewResource {
        account: account.id,
        resource_type: Kind::Group,
        scim_id: public_id(&account.company_uuid, entry.code),
        content: content(entry.name, None),
        created_at: now,
    };
    let row = resources::insert(conn, &new)?;
    groups::put_code(conn, account.id, row.id, entry.code)
}

/// The stored form of a group; its members are kept beside it.
pub(super) fn content(name: &str, external_id: Option<&str>) -> Content {
    let mut body = json!({"displayName": name});
    if let Some(id) = external_id {
        body["externalId"] = id.into();
    }
    Content {
        user_name: Some(name.to_owned()),
        user_name_folded: Some(scim::fold_user_name(name)),
        external_id: external_id.map(str::to_owned),
        employee_number: None,
        active: true,
        body,
        emails_folded: Vec::new(),
    }
}

/// Made of the company and the code, so that a lost database comes back with the ids that providers hold (design D7).
fn public_id(company_uuid: &str, code: &str) -> Uuid {
    let hash = blake3::hash(format!("scim-bridge group {company_uuid} {code}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    Uuid::new_v8(bytes)
}

#[cfg(test)]
mod tests {
    use super::public_id;

    #[test]
    fn the_id_of_a_role_depends_on_the_company_and_on_nothing_else() {
        let id = public_id("08bca1e4-0f0c-4a3b-9f3d-c9d2a3c7b001", "EXP_APPROVER");
        assert_eq!(id.to_string(), "04c939e2-c7be-89b0-b79c-c1d3d7800e9f");
        assert_ne!(id, public_id("08bca1e4-0f0c-4a3b-9f3d-c9d2a3c7b002", "EXP_APPROVER"));
        assert_ne!(id, public_id("08bca1e4-0f0c-4a3b-9f3d-c9d2a3c7b001", "REQ_APPROVER"));
    }
}
