//! What groups have beside their resource: their members, and which of them stand for something of Concur (design
//! D8). The group itself is a row of `resources`, with its `displayName` where a user has the user name.
//!
//! A deleted user's memberships are skipped by every reader and never removed, so that a deletion which Concur
//! refuses is undone as a whole.

mod members;

pub use members::{Member, Membership, add, members, members_of, of_user, of_users, remove};
pub(crate) use members::{MembershipRow, of_one};

use std::collections::HashMap;

use diesel::prelude::*;

use crate::conn::on;
use crate::ids::{AccountId, ResourceId};
use crate::schema::catalogue_groups;
use crate::value;
use crate::{Conn, Error};

/// Says what a group of the account stands for; [`Error::Conflict`] where another group does already.
pub fn put_code(conn: &mut Conn, account: AccountId, group: ResourceId, code: &str) -> Result<(), Error> {
    let row = (
        catalogue_groups::resource_id.eq(group.to_string()),
        catalogue_groups::account_id.eq(account.to_string()),
        catalogue_groups::code.eq(code),
    );
    on!(conn, c => diesel::insert_into(catalogue_groups::table).values(row).execute(c))?;
    Ok(())
}

/// Every code of the account with its group, in the order of the codes.
pub fn codes(conn: &mut Conn, account: AccountId) -> Result<Vec<(String, ResourceId)>, Error> {
    let account = account.to_string();
    let rows: Vec<(String, String)> = on!(conn, c => {
        catalogue_groups::table
            .filter(catalogue_groups::account_id.eq(&account))
            .order(catalogue_groups::code)
            .select((catalogue_groups::code, catalogue_groups::resource_id))
            .load(c)
    })?;
    let group = |id: &str| value::parse(id, "catalogue_groups.resource_id");
    rows.into_iter().map(|(code, id)| Ok((code, group(&id)?))).collect()
}

/// What a group stands for; nothing for one that is kept for the provider.
pub fn code(conn: &mut Conn, group: ResourceId) -> Result<Option<String>, Error> {
    Ok(codes_of(conn, &[group])?.remove(&group))
}

/// What several groups stand for; those that are kept for the provider are left out.
pub fn codes_of(conn: &mut Conn, groups: &[ResourceId]) -> Result<HashMap<ResourceId, String>, Error> {
    let mut codes = HashMap::with_capacity(groups.len());
    for chunk in groups.chunks(members::CHUNK) {
        let keys: Vec<String> = chunk.iter().map(ToString::to_string).collect();
        let rows: Vec<(String, String)> = on!(conn, c => {
            catalogue_groups::table
                .filter(catalogue_groups::resource_id.eq_any(&keys))
                .select((catalogue_groups::resource_id, catalogue_groups::code))
                .load(c)
        })?;
        for (group, code) in rows {
            codes.insert(value::parse(&group, "catalogue_groups.resource_id")?, code);
        }
    }
    Ok(codes)
}
