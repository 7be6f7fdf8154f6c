//! After an account's settings have changed: what they now mean for everyone, against what was last asked of Concur.
//!
//! A page of users is one transaction; a run that is cut short is run again, since what is as wanted stays as it is.

use scim::{Resource, ResourceType};
use store::accounts::Account;
use store::resources::{self, ResourceType as Kind};
use store::{Conn, Store, groups, operations};

use super::{Error, OnBehalf, scope, users};
use crate::clock::Clock;
use crate::translate::{self, Operation, Translated};

/// Users of one transaction.
const PAGE: usize = 200;

/// What a recomputation did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recomputed {
    /// Users looked at.
    pub users: usize,
    /// Operations that follow.
    pub operations: usize,
    /// Users whose attributes Concur cannot hold under these settings; they stay as they are.
    pub unfit: usize,
}

/// Plans every user of the account anew.
///
/// # Errors
/// The store's, and settings that cannot be read.
pub fn recompute(store: &Store, clock: &Clock, account: Account, actor: &str) -> Result<Recomputed, Error> {
    let on = OnBehalf::new(account, actor.to_owned())?;
    let mut done = Recomputed::default();
    loop {
        let (first, now) = (done.users, clock.now());
        let looked_at = store.write_blocking(|conn| {
            let (_, rows) = resources::page(conn, on.account.id, Kind::User, first, PAGE)?;
            let count = rows.len();
            for row in rows {
                match again(conn, &on, &row, now)? {
                    Outcome::Same => {}
                    Outcome::Enqueued => done.operations += 1,
                    Outcome::Unfit => done.unfit += 1,
                }
            }
            Ok::<_, Error>(count)
        })?;
        done.users += looked_at;
        if looked_at < PAGE {
            return Ok(done);
        }
    }
}

enum Outcome {
    Same,
    Enqueued,
    Unfit,
}

fn again(
    conn: &mut Conn,
    on: &OnBehalf,
    row: &resources::Resource,
    now: jiff::Timestamp,
) -> Result<Outcome, Error> {
    let user = Resource::from_stored(ResourceType::user(), row.body.clone());
    let reason = scope::why_not(&user, &on.settings);
    scope::note(conn, row.id, reason.as_deref(), now)?;
    let latest = operations::latest_for_resource(conn, row.id)?;
    let earlier = latest.and_then(|latest| Operation::from_payload(&latest.payload).ok()).map(|operation| {
        Translated { user: operation.desired, manager: operation.manager, warnings: Vec::new() }
    });
    let wanted = if reason.is_some() {
        match &earlier {
            // Access ends; nothing else of somebody out of scope is written any more.
            Some(earlier) if earlier.user.is_active() => {
                let mut leaver = earlier.clone();
                leaver.user.set("active", false.into());
                leaver
            }
            _ => return Ok(Outcome::Same),
        }
    } else {
        let given = super::groups::given(&groups::of_user(conn, row.id)?, &on.settings);
        match translate::user(&user, &on.settings, &given) {
            Ok(wanted) => wanted,
            Err(_) => return Ok(Outcome::Unfit),
        }
    };
    let Some(kind) = translate::plan(earlier.as_ref(), &wanted) else { return Ok(Outcome::Same) };
    let operation = Operation::new(kind, wanted, Some(row.body.clone()));
    let operation = users::enqueue(conn, on, row.id, &operation, now)?;
    users::record(conn, on, row, kind.as_str(), Some(operation), now)?;
    Ok(Outcome::Enqueued)
}
