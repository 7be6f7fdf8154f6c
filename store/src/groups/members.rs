//! Who is in which group.

use std::collections::HashMap;

use diesel::prelude::*;
use jiff::Timestamp;
use uuid::Uuid;

use crate::conn::on;
use crate::ids::ResourceId;
use crate::schema::{catalogue_groups, group_members, resources};
use crate::value::{self, micros};
use crate::{Conn, Error};

/// Rows of one statement: below the parameters that either database takes.
pub(super) const CHUNK: usize = 500;

/// A user as a group sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Internal key.
    pub id: ResourceId,
    /// Public id.
    pub scim_id: Uuid,
    /// `userName`, as written.
    pub name: Option<String>,
}

/// A group as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Internal key of the group.
    pub group: ResourceId,
    /// Its public id.
    pub scim_id: Uuid,
    /// `displayName`, as written.
    pub name: String,
    /// What the group stands for; nothing for one that is kept for the provider.
    pub code: Option<String>,
}

/// The members of a group that are not deleted, in an order that does not change.
pub fn members(conn: &mut Conn, group: ResourceId) -> Result<Vec<Member>, Error> {
    Ok(members_of(conn, &[group])?.remove(&group).unwrap_or_default())
}

/// The members of several groups at once, each list in an order that does not change; groups without any are left out.
pub fn members_of(conn: &mut Conn, groups: &[ResourceId]) -> Result<HashMap<ResourceId, Vec<Member>>, Error> {
    /// Group, member, its public id, its name.
    type Row = (String, String, String, Option<String>);
    let mut found: HashMap<ResourceId, Vec<Member>> = HashMap::new();
    for chunk in groups.chunks(CHUNK) {
        let keys: Vec<String> = chunk.iter().map(ToString::to_string).collect();
        let rows: Vec<Row> = on!(conn, c => {
            group_members::table
                .inner_join(resources::table.on(resources::resource_id.eq(group_members::member_id)))
                .filter(group_members::group_id.eq_any(&keys).and(resources::deleted_at.is_null()))
                .order((group_members::added_at, group_members::member_id))
                .select((
                    group_members::group_id,
                    resources::resource_id,
                    resources::scim_id,
                    resources::user_name,
                ))
                .load(c)
        })?;
        for (group, id, scim_id, name) in rows {
            let member = Member {
                id: value::parse(&id, "group_members.member_id")?,
                scim_id: value::parse(&scim_id, "resources.scim_id")?,
                name,
            };
            found.entry(value::parse(&group, "group_members.group_id")?).or_default().push(member);
        }
    }
    Ok(found)
}

/// [`Membership`] as it is read: the group, its public id, its name, its code.
pub(crate) type MembershipRow = (String, String, Option<String>, Option<String>);

impl TryFrom<MembershipRow> for Membership {
    type Error = Error;
    fn try_from((group, scim_id, name, code): MembershipRow) -> Result<Self, Error> {
        Ok(Membership {
            group: value::parse(&group, "group_members.group_id")?,
            scim_id: value::parse(&scim_id, "resources.scim_id")?,
            name: name.unwrap_or_default(),
            code,
        })
    }
}

/// The query for the groups that a user is in, not deleted, by their name.
macro_rules! of_one {
    ($key:expr) => {{
        use $crate::schema::{catalogue_groups, group_members, resources};
        group_members::table
            .inner_join(resources::table.on(resources::resource_id.eq(group_members::group_id)))
            .left_join(catalogue_groups::table.on(catalogue_groups::resource_id.eq(group_members::group_id)))
            .filter(group_members::member_id.eq($key).and(resources::deleted_at.is_null()))
            .order((resources::user_name_folded, resources::resource_id))
            .select((
                resources::resource_id,
                resources::scim_id,
                resources::user_name,
                catalogue_groups::code.nullable(),
            ))
    }};
}
pub(crate) use of_one;

/// The groups that a user is in, not deleted, by their name.
pub fn of_user(conn: &mut Conn, user: ResourceId) -> Result<Vec<Membership>, Error> {
    let key = user.to_string();
    let rows: Vec<MembershipRow> = on!(conn, c => of_one!(&key).load(c))?;
    rows.into_iter().map(Membership::try_from).collect()
}

/// The groups of several users at once; users without any are left out.
pub fn of_users(
    conn: &mut Conn,
    users: &[ResourceId],
) -> Result<HashMap<ResourceId, Vec<Membership>>, Error> {
    /// Member, group, its public id, its name, its code.
    type Row = (String, String, String, Option<String>, Option<String>);
    let mut groups: HashMap<ResourceId, Vec<Membership>> = HashMap::new();
    for chunk in users.chunks(CHUNK) {
        let keys: Vec<String> = chunk.iter().map(ToString::to_string).collect();
        let rows: Vec<Row> = on!(conn, c => {
            group_members::table
                .inner_join(resources::table.on(resources::resource_id.eq(group_members::group_id)))
                .left_join(catalogue_groups::table.on(catalogue_groups::resource_id.eq(group_members::group_id)))
                .filter(group_members::member_id.eq_any(&keys).and(resources::deleted_at.is_null()))
                .order((resources::user_name_folded, resources::resource_id))
                .select((
                    group_members::member_id,
                    resources::resource_id,
                    resources::scim_id,
                    resources::user_name,
                    catalogue_groups::code.nullable(),
                ))
                .load(c)
        })?;
        for (user, group, scim_id, name, code) in rows {
            let membership = Membership::try_from((group, scim_id, name, code))?;
            groups.entry(value::parse(&user, "group_members.member_id")?).or_default().push(membership);
        }
    }
    Ok(groups)
}

/// Adds users to a group; who is there already stays.
pub fn add(conn: &mut Conn, group: ResourceId, users: &[ResourceId], now: Timestamp) -> Result<(), Error> {
    let group = group.to_string();
    for chunk in users.chunks(CHUNK) {
        let rows: Vec<_> = chunk
            .iter()
            .map(|user| {
                (
                    group_members::group_id.eq(&group),
                    group_members::member_id.eq(user.to_string()),
                    group_members::added_at.eq(micros(now)),
                )
            })
            .collect();
        match &mut *conn.pooled {
            // diesel's batch insert for SQLite has no ON CONFLICT; one prepared statement for each row is as fast.
            crate::conn::Raw::Sqlite(c) => {
                for row in rows {
                    diesel::insert_into(group_members::table)
                        .values(row)
                        .on_conflict_do_nothing()
                        .execute(&mut **c)?;
                }
            }
            crate::conn::Raw::Postgres(c) => {
                diesel::insert_into(group_members::table)
                    .values(rows)
                    .on_conflict_do_nothing()
                    .execute(&mut ***c)?;
            }
        }
    }
    Ok(())
}

/// Takes users out of a group; who is not there is no error.
pub fn remove(conn: &mut Conn, group: ResourceId, users: &[ResourceId]) -> Result<(), Error> {
    let group = group.to_string();
    for chunk in users.chunks(CHUNK) {
        let keys: Vec<String> = chunk.iter().map(ToString::to_string).collect();
        let gone = group_members::group_id.eq(&group).and(group_members::member_id.eq_any(keys));
        on!(conn, c => diesel::delete(group_members::table.filter(gone)).execute(c))?;
    }
    Ok(())
}
