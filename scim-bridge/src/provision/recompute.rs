//! After an account's settings have changed: what they now mean for everyone, against what was last asked of Concur.
//!
//! A page of users is one transaction; a run that is cut short is run again, since what is as wanted stays as it is.

use scim::{Resource, ResourceType};
use serde_json::json;
use store::accounts::{self, Account};
use store::audit::{self, NewEvent};
use store::ids::AccountId;
use store::resources::{self, ResourceType as Kind};
use store::{Conn, Store, groups, operations};

use super::{Error, OnBehalf, outbox, scope};
use crate::accounts::AccountSettings;
use crate::accounts::lifecycle::Act;
use crate::brake::{self, Grip};
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
    /// Of these, deactivations that the brake holds.
    pub held: usize,
    /// Users whose attributes Concur cannot hold under these settings; they stay as they are.
    pub unfit: usize,
}

/// Replaces the settings of an account, on the record, and plans every user anew.
///
/// # Errors
/// As [`recompute`].
pub fn replace_settings(
    store: &Store,
    clock: &Clock,
    account: AccountId,
    settings: &AccountSettings,
    act: &Act,
) -> Result<Recomputed, Error> {
    let stored = settings.to_stored();
    let changed = store.write_blocking(|conn| {
        let before = accounts::get(conn, account)?.settings;
        accounts::set_settings(conn, account, &stored, act.at)?;
        let event = NewEvent {
            account: Some(account),
            at: act.at,
            actor: act.actor.clone(),
            action: "account.settings".to_owned(),
            subject: format!("account:{account}"),
            details: json!({"before": before, "after": stored}),
        };
        audit::append(conn, &event)?;
        accounts::get(conn, account)
    })?;
    recompute(store, clock, changed, &act.actor)
}

/// Plans every user of the account anew. Deactivations go through the brake, and all of them are held where nobody
/// would be left with access: a source that had users and suddenly has none is a mistake until a person says otherwise
/// (reliability B2).
///
/// # Errors
/// The store's, and settings that cannot be read.
pub fn recompute(store: &Store, clock: &Clock, account: Account, actor: &str) -> Result<Recomputed, Error> {
    let on = OnBehalf::new(account, actor.to_owned())?;
    if leaves_nobody(store, &on)? {
        let reason = "the new settings would leave nobody with access";
        store.write_blocking(|conn| brake::trip_for(conn, on.account.id, reason, clock.now()))?;
    }
    let mut done = Recomputed::default();
    loop {
        let (first, now) = (done.users, clock.now());
        let looked_at = store.write_blocking(|conn| {
            // Before any row of a user: see the store's brakes.
            store::brakes::lock(conn, on.account.id, now)?;
            let (_, rows) = resources::page(conn, on.account.id, Kind::User, first, PAGE)?;
            let count = rows.len();
            for row in rows {
                match again(conn, &on, &row, now)? {
                    Outcome::Same => {}
                    Outcome::Enqueued => done.operations += 1,
                    Outcome::Held => {
                        done.operations += 1;
                        done.held += 1;
                    }
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

/// Whether somebody would lose access and nobody would keep it.
fn leaves_nobody(store: &Store, on: &OnBehalf) -> Result<bool, Error> {
    let (mut first, mut leave) = (0, false);
    loop {
        let rows = store.read_blocking(|conn| {
            let (_, rows) = resources::page(conn, on.account.id, Kind::User, first, PAGE)?;
            let mut planned = Vec::with_capacity(rows.len());
            for row in &rows {
                planned.push(plan_again(conn, on, row)?);
            }
            Ok(planned)
        })?;
        for planned in &rows {
            match planned {
                Planned::Change(translate::Kind::Deactivate, _) => leave = true,
                Planned::Stays { active: true } => return Ok(false),
                Planned::Change(_, wanted) if wanted.user.is_active() => return Ok(false),
                Planned::Stays { .. } | Planned::Change(..) | Planned::Unfit => {}
            }
        }
        first += rows.len();
        if rows.len() < PAGE {
            return Ok(leave);
        }
    }
}

enum Outcome {
    Same,
    Enqueued,
    Held,
    Unfit,
}

fn again(
    conn: &mut Conn,
    on: &OnBehalf,
    row: &resources::Resource,
    now: jiff::Timestamp,
) -> Result<Outcome, Error> {
    let user = Resource::from_stored(ResourceType::user(), row.body.clone());
    scope::note(conn, row.id, scope::why_not(&user, &on.settings).as_deref(), now)?;
    let (kind, wanted) = match plan_again(conn, on, row)? {
        Planned::Stays { .. } => return Ok(Outcome::Same),
        Planned::Unfit => return Ok(Outcome::Unfit),
        Planned::Change(kind, wanted) => (kind, wanted),
    };
    let grip = outbox::admit(conn, on, row.id, kind, now)?;
    let operation = Operation::new(kind, wanted, Some(row.body.clone()));
    let operation = outbox::enqueue(conn, on, row.id, &operation, &grip, now)?;
    outbox::record(conn, on, row, kind.as_str(), Some(operation), now)?;
    Ok(if grip == Grip::Free { Outcome::Enqueued } else { Outcome::Held })
}

/// What the settings mean for a user, against what was last asked of Concur.
enum Planned {
    /// Nothing changes.
    Stays {
        /// Whether the user has access.
        active: bool,
    },
    /// This follows.
    Change(translate::Kind, Translated),
    /// Concur cannot hold the user.
    Unfit,
}

fn plan_again(conn: &mut Conn, on: &OnBehalf, row: &resources::Resource) -> Result<Planned, store::Error> {
    let user = Resource::from_stored(ResourceType::user(), row.body.clone());
    let asked = operations::last_asked(conn, row.id)?;
    let earlier = asked.and_then(|asked| Operation::from_payload(&asked.payload).ok()).map(|operation| {
        Translated { user: operation.desired, manager: operation.manager, warnings: Vec::new() }
    });
    let wanted = if scope::why_not(&user, &on.settings).is_some() {
        match &earlier {
            // Access ends; nothing else of somebody out of scope is written any more.
            Some(earlier) if earlier.user.is_active() => {
                let mut leaver = earlier.clone();
                leaver.user.set("active", false.into());
                leaver
            }
            _ => return Ok(Planned::Stays { active: false }),
        }
    } else {
        let given = super::groups::given(&groups::of_user(conn, row.id)?, &on.settings);
        match translate::user(&user, &on.settings, &given) {
            Ok(wanted) => wanted,
            Err(_) => return Ok(Planned::Unfit),
        }
    };
    Ok(match translate::plan(earlier.as_ref(), &wanted) {
        None => Planned::Stays { active: wanted.user.is_active() },
        Some(kind) => Planned::Change(kind, wanted),
    })
}
