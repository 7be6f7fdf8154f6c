//! Reading groups by id. Queries are [`super::super::search`]'s.

use scim::Projection;
use store::Conn;
use store::ids::AccountId;
use store::resources::{self, Resource, ResourceType as Kind};
use uuid::Uuid;

use super::super::{Error, OnBehalf};
use super::view::{Members, View};
use crate::bridge::Bridge;

/// The row behind a public id, if it is an id of this account's.
pub(super) fn row(conn: &mut Conn, account: AccountId, id: &str) -> Result<Resource, Error> {
    let found = match Uuid::try_parse(id) {
        Ok(uuid) if uuid.to_string() == id => resources::get_by_scim_id(conn, account, Kind::Group, uuid)?,
        _ => None,
    };
    found.ok_or_else(|| scim::Error::not_found(format!("there is no group with id {id:.64}")).into())
}

/// One group.
pub(super) async fn read(
    bridge: &Bridge,
    on: &OnBehalf,
    id: &str,
    projection: &Projection,
) -> Result<View, Error> {
    let (account, settings, id) = (on.account.id, on.settings.clone(), id.to_owned());
    let members = Members::of(projection);
    let view = bridge.store.try_read(move |conn| {
        let row = row(conn, account, &id)?;
        Ok::<_, Error>(View::load(conn, row, &settings, members)?)
    });
    view.await
}
