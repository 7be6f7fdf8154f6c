//! SCIM resources and their links to Concur users.

use serde_json::json;
use store::links::{self, ExtensionState, Link};
use store::resources::{self, Lookup, NewResource, ResourceType};
use store::{Constraint, Error};
use uuid::Uuid;

use crate::{add_account, add_user, at, content, new_user, on_each, read, write};

const USER: ResourceType = ResourceType::User;

#[test]
fn a_resource_is_found_by_all_its_names_in_its_own_account_only() {
    on_each(|test, account| {
        let other = add_account(test, "Other");
        let zoe = write(test, |c| add_user(c, account, "Zoe"));
        write(test, |c| add_user(c, account, "Max"));
        let lookups = [
            Lookup::UserName("zoe".to_owned()),
            Lookup::ExternalId("ext-Zoe".to_owned()),
            Lookup::Email("zoe@example.com".to_owned()),
            Lookup::EmployeeNumber("no-Zoe".to_owned()),
        ];
        for lookup in lookups {
            let found = read(test, |c| resources::find(c, account, USER, &lookup));
            assert_eq!(found, std::slice::from_ref(&zoe), "{lookup:?}");
            assert_eq!(read(test, |c| resources::find(c, other, USER, &lookup)), []);
            assert_eq!(read(test, |c| resources::find(c, account, ResourceType::Group, &lookup)), []);
        }
        assert_eq!(
            read(test, |c| resources::get_by_scim_id(c, account, USER, zoe.scim_id)),
            Some(zoe.clone())
        );
        assert_eq!(read(test, |c| resources::get_by_scim_id(c, other, USER, zoe.scim_id)), None);
        assert_eq!(read(test, |c| resources::get(c, zoe.id)), zoe);
        assert_eq!(read(test, |c| resources::content(c, zoe.id)), content("Zoe"));
        assert_eq!(read(test, |c| resources::count_active_users(c, account)), 2);
    });
}

#[test]
fn a_folded_user_name_is_unique_per_account_while_not_deleted() {
    on_each(|test, account| {
        let other = add_account(test, "Other");
        let zoe = write(test, |c| add_user(c, account, "Zoe"));
        let taken = test.store.write_blocking(|c| add_user(c, account, "ZOE"));
        assert!(matches!(taken, Err(Error::Conflict { constraint: Constraint::UserName })), "{taken:?}");
        write(test, |c| add_user(c, other, "Zoe")); // a foreign name is no conflict
        let max = write(test, |c| add_user(c, account, "Max"));
        let renamed = test.store.write_blocking(|c| resources::update(c, max.id, 1, &content("zoe"), at(1)));
        assert!(matches!(renamed, Err(Error::Conflict { constraint: Constraint::UserName })), "{renamed:?}");
        write(test, |c| resources::soft_delete(c, zoe.id, None, at(2)));
        write(test, |c| add_user(c, account, "ZOE"));
        let group = |name: Option<&str>| NewResource {
            resource_type: ResourceType::Group,
            content: resources::Content {
                user_name: None,
                user_name_folded: name.map(str::to_owned),
                ..content("x")
            },
            ..new_user(account, "x")
        };
        write(test, |c| resources::insert(c, &group(None)));
        write(test, |c| resources::insert(c, &group(None))); // groups may go without
        write(test, |c| resources::insert(c, &group(Some("zoe")))); // and share a name with a user
    });
}

#[test]
fn an_update_needs_the_version_it_has_seen() {
    on_each(|test, account| {
        let zoe = write(test, |c| add_user(c, account, "Zoe"));
        let changed =
            resources::Content { active: false, emails_folded: vec!["z@new".into()], ..content("Zoe") };
        let updated = write(test, |c| resources::update(c, zoe.id, 1, &changed, at(1)));
        assert_eq!((updated.version, updated.active, updated.updated_at), (2, false, at(1)));
        assert_eq!(updated.created_at, at(0));
        let stale = test.store.write_blocking(|c| resources::update(c, zoe.id, 1, &content("Zoe"), at(2)));
        assert!(matches!(stale, Err(Error::Stale { .. })), "{stale:?}");
        let found =
            |email: &str| read(test, |c| resources::find(c, account, USER, &Lookup::Email(email.into())));
        assert_eq!((found("z@new").len(), found("zoe@example.com").len()), (1, 0));
        let stale = test.store.write_blocking(|c| resources::soft_delete(c, zoe.id, Some(1), at(3)));
        assert!(matches!(stale, Err(Error::Stale { .. })), "{stale:?}");
        let gone = write(test, |c| resources::soft_delete(c, zoe.id, Some(2), at(3)));
        assert_eq!((gone.version, gone.deleted_at), (3, Some(at(3))));
        for version in [2, 3] {
            let gone = test.store.write_blocking(|c| resources::update(c, zoe.id, version, &changed, at(4)));
            assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
        }
        assert_eq!(read(test, |c| resources::get_by_scim_id(c, account, USER, zoe.scim_id)), None);
        assert_eq!(found("z@new"), []);
        assert_eq!(read(test, |c| resources::count_active_users(c, account)), 0);
    });
}

#[test]
fn pages_are_in_a_stable_order_and_tell_the_total() {
    on_each(|test, account| {
        write(test, |c| (0..25).try_for_each(|n| add_user(c, account, &format!("user{n:02}")).map(drop)));
        let mut seen = Vec::new();
        for start in [0, 10, 20, 30] {
            let (total, rows) = read(test, |c| resources::page(c, account, USER, start, 10));
            assert_eq!(total, 25);
            seen.extend(rows.into_iter().map(|row| row.id));
        }
        let mut sorted = seen.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 25);
        assert_eq!(read(test, |c| resources::page(c, account, USER, 0, 0)).1, []);
        assert_eq!(read(test, |c| resources::page(c, account, ResourceType::Group, 0, 10)).0, 0);
    });
}

#[test]
fn the_concur_uuid_becomes_the_public_id_only_while_nobody_has_seen_the_resource() {
    on_each(|test, account| {
        let zoe = write(test, |c| add_user(c, account, "Zoe"));
        let max = write(test, |c| add_user(c, account, "Max"));
        let concur = Uuid::new_v4();
        assert!(write(test, |c| resources::adopt_scim_id(c, zoe.id, concur)));
        assert_eq!(read(test, |c| resources::get(c, zoe.id)).scim_id, concur);
        // Taken: refused, and the transaction around it goes on.
        let taken = write(test, |c| {
            let taken = resources::adopt_scim_id(c, max.id, concur)?;
            resources::mark_shown(c, &[max.id, zoe.id])?;
            Ok(taken)
        });
        assert!(!taken);
        assert!(!write(test, |c| resources::adopt_scim_id(c, max.id, Uuid::new_v4())), "it was shown");
        let max = read(test, |c| resources::get(c, max.id));
        assert!(max.shown && max.scim_id != concur);
    });
}

#[test]
fn a_refused_change_is_taken_back() {
    on_each(|test, account| {
        let zoe = write(test, |c| add_user(c, account, "Zoe"));
        let before = read(test, |c| resources::content(c, zoe.id));
        let after = resources::Content { emails_folded: vec!["other@example.com".into()], ..content("Zora") };
        write(test, |c| resources::update(c, zoe.id, 1, &after, at(1)));
        write(test, |c| resources::restore(c, zoe.id, Some(&before), at(2)));
        assert_eq!(read(test, |c| resources::content(c, zoe.id)), before);
        assert_eq!(read(test, |c| resources::get(c, zoe.id)).version, 3);

        write(test, |c| resources::soft_delete(c, zoe.id, None, at(3)));
        write(test, |c| resources::restore(c, zoe.id, Some(&before), at(4)));
        assert!(read(test, |c| resources::get_by_scim_id(c, account, USER, zoe.scim_id)).is_some());

        // A refused create leaves nothing that could be found, and frees the name.
        write(test, |c| resources::restore(c, zoe.id, None, at(5)));
        write(test, |c| resources::restore(c, zoe.id, None, at(6))); // again: no harm
        let found = read(test, |c| resources::find_deleted(c, account, Some("zoe"), None)).unwrap();
        assert_eq!((found.id, read(test, |c| links::get(c, zoe.id))), (zoe.id, None), "nobody in Concur");
        write(test, |c| add_user(c, account, "Zoe"));
        // And a deletion cannot be taken back when the name has gone to another.
        let taken = test.store.write_blocking(|c| resources::restore(c, zoe.id, Some(&before), at(7)));
        assert!(matches!(taken, Err(Error::Conflict { constraint: Constraint::UserName })), "{taken:?}");
    });
}

#[test]
fn a_deleted_user_keeps_its_link_so_that_a_returning_name_finds_its_concur_user() {
    on_each(|test, account| {
        let link = |resource_id, concur_user_id: &str, seconds| Link {
            resource_id,
            account,
            concur_user_id: Some(concur_user_id.to_owned()),
            known: Some(json!({"active": true})),
            adopted: false,
            updated_at: at(seconds),
        };
        let first = write(test, |c| add_user(c, account, "Zoe"));
        write(test, |c| links::put(c, &link(first.id, "concur-1", 0)));
        write(test, |c| links::set_known(c, first.id, &json!({"active": false}), at(1)));
        write(test, |c| resources::soft_delete(c, first.id, None, at(2)));
        let found = read(test, |c| resources::find_deleted(c, account, Some("zoe"), None)).unwrap();
        assert_eq!(found.id, first.id);
        let known = read(test, |c| links::get(c, found.id)).unwrap();
        assert_eq!((known.known, known.updated_at), (Some(json!({"active": false})), at(1)));
        let by_id = read(test, |c| resources::find_deleted(c, account, Some("renamed"), Some("ext-Zoe")));
        assert_eq!(by_id.unwrap().id, first.id, "under another name, with the provider's own id");
        assert_eq!(read(test, |c| resources::find_deleted(c, account, None, None)), None);

        let new = NewResource { created_at: at(3), ..new_user(account, "Zoe") };
        let second = write(test, |c| resources::insert(c, &new));
        write(test, |c| links::put(c, &link(second.id, "concur-1", 3)));
        let both = read(test, |c| links::by_concur_user(c, account, "concur-1"));
        assert_eq!(both.iter().map(|link| link.resource_id).collect::<Vec<_>>(), [second.id, first.id]);
        write(test, |c| links::set_known(c, first.id, &json!({"active": "late"}), at(4)));
        let known = read(test, |c| links::get(c, second.id)).unwrap().known;
        assert_eq!(
            known,
            Some(json!({"active": "late"})),
            "what is known of a person is known of all their lives"
        );
        let other = add_account(test, "Other");
        assert_eq!(read(test, |c| links::by_concur_user(c, other, "concur-1")), []);
        assert_eq!(read(test, |c| resources::find_deleted(c, other, Some("zoe"), Some("ext-Zoe"))), None);
        let unlinked = store::ids::ResourceId::generate(at(0));
        let missing = test.store.write_blocking(|c| links::set_known(c, unlinked, &json!({}), at(4)));
        assert!(matches!(missing, Err(Error::NotFound { .. })));
    });
}

#[test]
fn each_extension_of_a_resource_has_its_own_state() {
    on_each(|test, account| {
        let zoe = write(test, |c| add_user(c, account, "Zoe"));
        let state = |extension: &str, state: &str, code: Option<&str>| ExtensionState {
            extension: extension.to_owned(),
            state: state.to_owned(),
            provision_id: Some("p1".to_owned()),
            error_code: code.map(str::to_owned),
            error_message: None,
            updated_at: at(1),
        };
        write(test, |c| links::put_extension(c, zoe.id, &state("spend", "failed", Some("E1"))));
        write(test, |c| links::put_extension(c, zoe.id, &state("identity", "done", None)));
        write(test, |c| links::put_extension(c, zoe.id, &state("spend", "done", None)));
        let states = read(test, |c| links::extensions(c, zoe.id));
        assert_eq!(states, [state("identity", "done", None), state("spend", "done", None)]);
    });
}
