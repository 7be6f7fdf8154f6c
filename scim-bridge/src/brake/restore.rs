//! The resource of a deactivation that a person has cancelled: shown again as Concur holds it, with access
//! (`docs/decisions/0051-cancelled-deactivations-are-undone.md`).

use jiff::Timestamp;
use scim::{Resource, ResourceType};
use serde_json::Value;
use store::{Conn, Error, groups, links, operations, resources};

use crate::provision::content;
use crate::translate::ConcurUser;

/// Undoes what a cancelled deactivation or deletion showed. False: the user name was taken meanwhile, and the user stays
/// deleted here.
///
/// # Errors
/// The store's.
pub(crate) fn restore(
    conn: &mut Conn,
    operation: &operations::Operation,
    now: Timestamp,
) -> Result<bool, Error> {
    let row = resources::get(conn, operation.resource_id)?;
    let known = links::get(conn, row.id)?.and_then(|link| link.known).map(ConcurUser::from_value);
    let mut user = Resource::from_stored(ResourceType::user(), row.body.clone());
    // Who left the account's scope stays active at the provider, and is.
    if known.is_none_or(|known| known.is_active()) && !user.is_active() {
        user.set("active", Value::Bool(true));
    }
    let content = content(&user);
    if row.deleted_at.is_none() {
        if content.body != row.body {
            resources::update(conn, row.id, row.version, &content, now)?;
        }
        return Ok(true);
    }
    match conn.savepoint(|conn| resources::restore(conn, row.id, Some(&content), now)) {
        Err(Error::Conflict { .. }) => return Ok(false),
        restored => restored?,
    }
    let back: Vec<_> = groups::of_user(conn, row.id)?.into_iter().map(|it| it.group).collect();
    resources::touch(conn, &back, now)?;
    Ok(true)
}
