//! People as the two halves know them: in the directory (SCIM resources), and in Concur (users as read). For questions that
//! need both, such as who has left and still expenses something.

use std::collections::HashMap;

use diesel::dsl::max;
use diesel::prelude::*;
use jiff::Timestamp;
use serde_json::Value;

use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::{operations, resources, users};
use crate::value;
use crate::{Conn, Error};

/// Kinds of operations by which a person leaves.
const LEAVING: [&str; 2] = ["deactivate", "delete"];

/// A person in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// `userName`, which is the login in Concur too.
    pub user_name: String,
    /// Whether the person is there and active.
    pub active: bool,
    /// When the person was deactivated or deleted last, if not active: as accepted, else when the resource last changed.
    pub left_at: Option<Timestamp>,
}

/// A user as Concur has it.
#[derive(Clone, Debug, PartialEq)]
pub struct InConcur {
    /// Login.
    pub user_name: String,
    /// Active in Concur, and still there.
    pub active: bool,
    /// As read from Identity.
    pub raw: Value,
}

/// Resource, userName, active, deletion, last change.
type Row = (String, Option<String>, bool, Option<i64>, i64);

/// Everybody whom the identity provider ever sent. Of two resources of one userName the living one counts, else the newer.
pub fn directory(conn: &mut Conn, account: AccountId) -> Result<Vec<Member>, Error> {
    let key = account.to_string();
    let rows: Vec<Row> = on!(conn, c => {
        resources::table
            .filter(resources::account_id.eq(&key).and(resources::resource_type.eq("User")))
            .order((resources::created_at, resources::resource_id))
            .select((
                resources::resource_id,
                resources::user_name,
                resources::active,
                resources::deleted_at,
                resources::updated_at,
            ))
            .load(c)
    })?;
    let left: Vec<(String, Option<i64>)> = on!(conn, c => {
        operations::table
            .filter(operations::account_id.eq(&key).and(operations::kind.eq_any(LEAVING)))
            .group_by(operations::resource_id)
            .select((operations::resource_id, max(operations::created_at)))
            .load(c)
    })?;
    let left: HashMap<String, i64> =
        left.into_iter().filter_map(|(resource, at)| Some((resource, at?))).collect();
    let mut members: HashMap<String, Member> = HashMap::with_capacity(rows.len());
    for (resource, user_name, active, deleted_at, updated_at) in rows {
        let Some(user_name) = user_name else { continue };
        let active = active && deleted_at.is_none();
        let at = left.get(&resource).copied().or(deleted_at).unwrap_or(updated_at);
        let left_at = if active { None } else { Some(value::time(at, "operations.created_at")?) };
        let folded = user_name.to_lowercase();
        // Rows come oldest first.
        if active || !members.get(&folded).is_some_and(|known| known.active) {
            members.insert(folded, Member { user_name, active, left_at });
        }
    }
    let mut members: Vec<Member> = members.into_values().collect();
    members.sort_by(|a, b| a.user_name.cmp(&b.user_name));
    Ok(members)
}

/// Everybody whom Concur has shown, by login.
pub fn in_concur(conn: &mut Conn, account: AccountId) -> Result<Vec<InConcur>, Error> {
    let key = account.to_string();
    let rows: Vec<(String, bool, Option<i64>, String)> = on!(conn, c => {
        users::table
            .filter(users::account_id.eq(&key))
            .order((users::user_name, users::concur_user_id))
            .select((users::user_name, users::active, users::removed_at, users::raw))
            .load(c)
    })?;
    rows.into_iter()
        .map(|(user_name, active, removed_at, raw)| {
            Ok(InConcur {
                user_name,
                active: active && removed_at.is_none(),
                raw: value::json(&raw, "users.raw")?,
            })
        })
        .collect()
}
