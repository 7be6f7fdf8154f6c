//! A create that comes a second time, because its answer was lost on the way (feature B20, reliability P2).
//!
//! It is the same create when the account has a user of this name who has the same `externalId`, holds exactly what is
//! asked for, and was created within `repeat_within`. Then the answer is the answer of the first: the user, nothing new
//! stored, and Concur's verdict on the first operation if that is still to come. Anything else is a conflict: without
//! an `externalId` nobody can tell a repeat from a second person, and a user who was changed since is not what is asked.

use store::resources::{self, Content, Lookup, ResourceType as StoredType};
use store::{Conn, operations};

use super::OnBehalf;
use super::verdict::Accepted;
use crate::bridge::Bridge;

/// What the first create left behind, if this is its repeat.
pub(super) async fn of_create(
    bridge: &Bridge,
    on: &OnBehalf,
    content: Content,
) -> Result<Option<Accepted>, store::Error> {
    let (account, now, within) = (on.account.id, bridge.clock.now(), bridge.config.repeat_within);
    let within = jiff::SignedDuration::try_from(within).unwrap_or(jiff::SignedDuration::MAX);
    let earliest = now.checked_sub(within).unwrap_or(jiff::Timestamp::MIN);
    let Some(folded) = content.user_name_folded.clone().filter(|_| content.external_id.is_some()) else {
        return Ok(None);
    };
    let find = move |conn: &mut Conn| {
        let named = resources::find(conn, account, StoredType::User, &Lookup::UserName(folded))?;
        let same = |row: &resources::Resource| {
            row.external_id == content.external_id && row.body == content.body && row.created_at > earliest
        };
        let Some(row) = named.into_iter().find(same) else { return Ok(None) };
        let operation = operations::latest_for_resource(conn, row.id)?.filter(|it| !it.state.is_end());
        Ok(Some(Accepted {
            resource: row.id,
            operation: operation.map(|operation| operation.id),
            before: None,
            after: content,
            version: row.version,
            view: None,
        }))
    };
    bridge.store.read(find).await
}
