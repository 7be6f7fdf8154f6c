//! Reading users by id, and showing them. Queries are [`super::search`]'s.

use store::ids::AccountId;
use store::resources::{self, Resource, ResourceType as Kind};
use store::{Conn, Store};
use uuid::Uuid;

use super::view::View;
use super::{Error, OnBehalf};
use crate::bridge::Bridge;

/// The row behind a public id, if it is an id of this account's.
pub(super) fn row(conn: &mut Conn, account: AccountId, id: &str) -> Result<Resource, Error> {
    let found = match Uuid::try_parse(id) {
        Ok(uuid) if uuid.to_string() == id => resources::get_by_scim_id(conn, account, Kind::User, uuid)?,
        // Not one of our ids, whatever else it is: Okta's test asks for one that is no UUID.
        _ => None,
    };
    found.ok_or_else(|| scim::Error::not_found(format!("there is no user with id {id:.64}")).into())
}

/// Views of rows, which are shown from now on.
///
/// A row that nobody has seen may still change its id under our hands; it is read again in the transaction that
/// fixes the id.
pub(super) async fn show(store: &Store, rows: Vec<Resource>) -> Result<Vec<View>, store::Error> {
    if rows.iter().all(|row| row.shown) {
        return store.read(move |conn| View::load_all(conn, rows)).await;
    }
    store
        .write(move |conn| {
            let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
            resources::mark_shown(conn, &ids)?;
            // Whoever was deleted meanwhile is left out.
            let rows = resources::load(conn, &ids)?;
            View::load_all(conn, rows)
        })
        .await
}

/// One user.
pub(super) async fn read(bridge: &Bridge, on: &OnBehalf, id: &str) -> Result<View, Error> {
    let (account, id) = (on.account.id, id.to_owned());
    // Whoever is shown already is read in one go.
    let found = bridge.store.try_read(move |conn| {
        let row = row(conn, account, &id)?;
        if row.shown { View::load(conn, row).map(Ok).map_err(Error::from) } else { Ok(Err(row)) }
    });
    let unseen = match found.await? {
        Ok(view) => return Ok(view),
        Err(row) => row,
    };
    let mut views = show(&bridge.store, vec![unseen]).await?;
    views.pop().ok_or_else(|| store::Error::NotFound { what: "user" }.into())
}
