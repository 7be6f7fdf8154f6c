//! Groups: what they stand for, who is in them, and the roles that were asked for.

use store::ids::{AccountId, ResourceId};
use store::resources::{self, Content, NewResource, ResourceType};
use store::{Conn, Constraint, Error, groups, roles};
use uuid::Uuid;

use crate::{add_account, add_user, at, on_each, read, write};

fn add_group(conn: &mut Conn, account: AccountId, name: &str) -> Result<ResourceId, Error> {
    let content = Content {
        user_name: Some(name.to_owned()),
        user_name_folded: Some(name.to_lowercase()),
        external_id: None,
        employee_number: None,
        active: true,
        body: serde_json::json!({"displayName": name}),
        emails_folded: Vec::new(),
    };
    let (resource_type, scim_id) = (ResourceType::Group, Uuid::new_v4());
    let new = NewResource { account, resource_type, scim_id, content, created_at: at(0) };
    Ok(resources::insert(conn, &new)?.id)
}

#[test]
fn members_are_added_once_removed_alone_and_skipped_once_deleted() {
    on_each(|test, account| {
        write(test, |conn| {
            let users: Vec<ResourceId> = (0..1200)
                .map(|n| add_user(conn, account, &format!("user{n:04}")).map(|user| user.id))
                .collect::<Result<_, _>>()?;
            let (sales, all) = (add_group(conn, account, "Sales")?, add_group(conn, account, "All")?);
            groups::add(conn, all, &users, at(1))?;
            groups::add(conn, all, &users, at(2))?;
            groups::add(conn, sales, &users[..2], at(1))?;
            assert_eq!(groups::members(conn, all)?.len(), 1200);
            groups::remove(conn, all, &users[1..1199])?;
            let names = |conn: &mut Conn, group| -> Result<Vec<String>, Error> {
                let members = groups::members(conn, group)?;
                let mut names: Vec<String> = members.into_iter().filter_map(|it| it.name).collect();
                names.sort();
                Ok(names)
            };
            assert_eq!(names(conn, all)?, ["user0000", "user1199"]);

            let of: Vec<String> = groups::of_user(conn, users[0])?.into_iter().map(|it| it.name).collect();
            assert_eq!(of, ["All", "Sales"]);
            let of_all = groups::of_users(conn, &users)?;
            assert_eq!((of_all.len(), of_all[&users[1]].len()), (3, 1));

            resources::soft_delete(conn, users[0], None, at(3))?;
            assert_eq!(names(conn, all)?, ["user1199"]);
            resources::soft_delete(conn, sales, None, at(3))?;
            assert_eq!(groups::of_user(conn, users[1])?, []);
            Ok(())
        });
    });
}

#[test]
fn a_code_has_one_group_in_each_account_and_a_name_is_unique_among_groups_alone() {
    on_each(|test, account| {
        let other = add_account(test, "Other");
        let group = write(test, |conn| {
            add_user(conn, account, "approvers")?;
            let group = add_group(conn, account, "Approvers")?;
            groups::put_code(conn, account, group, "EXP_APPROVER")?;
            let elsewhere = add_group(conn, other, "Approvers")?;
            groups::put_code(conn, other, elsewhere, "EXP_APPROVER")?;
            Ok(group)
        });
        let twice = test.store.write_blocking(|conn| {
            let second = add_group(conn, account, "Second")?;
            groups::put_code(conn, account, second, "EXP_APPROVER")
        });
        assert!(matches!(twice, Err(Error::Conflict { .. })), "{twice:?}");
        let same_name = test.store.write_blocking(|conn| add_group(conn, account, "APPROVERS"));
        assert!(
            matches!(same_name, Err(Error::Conflict { constraint: Constraint::UserName })),
            "{same_name:?}"
        );
        assert_eq!(read(test, |conn| groups::codes(conn, account)), [("EXP_APPROVER".to_owned(), group)]);
        assert_eq!(read(test, |conn| groups::code(conn, group)).as_deref(), Some("EXP_APPROVER"));
    });
}

#[test]
fn granted_roles_are_kept_once_until_they_are_forgotten() {
    on_each(|test, account| {
        let text = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
        write(test, |conn| {
            let user = add_user(conn, account, "ada")?.id;
            roles::grant(conn, user, &text(&["REQ_APPROVER", "EXP_APPROVER"]), at(0))?;
            roles::grant(conn, user, &text(&["EXP_APPROVER"]), at(1))?;
            assert_eq!(roles::granted(conn, user)?, ["EXP_APPROVER", "REQ_APPROVER"]);
            roles::forget(conn, user, &text(&["EXP_APPROVER", "SHD_TAX_ADMIN"]))?;
            assert_eq!(roles::granted(conn, user)?, ["REQ_APPROVER"]);
            Ok(())
        });
    });
}
