//! Reading again, after a backup was put back: whoever was changed in Concur since is known as Concur holds them, before
//! anything is sent. What still waits for such a person from before was overtaken by something that this database does not
//! know; it is held, so that no older value goes over a newer one without a person (reliability I30).

use concur::Cursor;
use concur::model::IdentityUser;
use jiff::{SignedDuration, Timestamp};
use store::operations::{self, Expect, Filter, State, Transition};
use store::{Conn, Error, links, resources};

use super::run::{Parts, ReconcileError};
use super::{compare, one};
use crate::provision;
use crate::translate::ConcurUser;

/// Users of a page.
const PAGE: u16 = 200;
/// The index behind Concur's search lags, and a generation is a minute.
const OVERLAP: SignedDuration = SignedDuration::from_mins(20);
/// Why an operation is held.
const REASON: &str = "the user was changed in Concur after this database was saved: release what is still wanted, cancel the rest";

/// What reading again found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Again {
    /// Users whom Concur has changed since.
    pub changed: usize,
    /// Of these, whom no resource is linked to: made or linked since.
    pub unknown: usize,
    /// Operations that were held.
    pub held: usize,
}

/// Reads everyone whom Concur has changed since a moment.
///
/// # Errors
/// Concur's and the store's; nothing is lost by trying again.
pub async fn read_again(parts: &Parts, since: Timestamp) -> Result<Again, ReconcileError> {
    let since = since.checked_sub(OVERLAP).unwrap_or(since);
    let (mut found, mut cursor): (Again, Option<Cursor>) = (Again::default(), None);
    loop {
        let page = parts.client.identity().changed_since(since, PAGE, cursor.as_ref()).await?;
        let (on, now) = (parts.on.clone(), parts.clock.now());
        let users = page.items;
        let looked = parts.store.write(move |conn| {
            let mut found = Again::default();
            for user in &users {
                found.changed += 1;
                match learn(conn, &on, user, now)? {
                    None => found.unknown += 1,
                    Some(held) => found.held += held,
                }
            }
            Ok(found)
        });
        let looked = looked.await?;
        found.changed += looked.changed;
        found.unknown += looked.unknown;
        found.held += looked.held;
        cursor = page.next;
        if cursor.is_none() {
            return Ok(found);
        }
    }
}

/// Notes what Concur holds of one user, and holds what waits for them; how many that were. `None`: nobody is linked.
fn learn(
    conn: &mut Conn,
    on: &provision::OnBehalf,
    user: &IdentityUser,
    now: Timestamp,
) -> Result<Option<usize>, Error> {
    let Some((link, row)) = one::linked(conn, on.account.id, &user.id().to_string())? else {
        return Ok(None);
    };
    let known = link.known.map(ConcurUser::from_value).unwrap_or_default();
    if let Some(wanted) = provision::wanted(conn, on, &row)? {
        let seen = compare::seen(user.raw(), &known, &wanted.user);
        links::set_known(conn, row.id, &seen.to_value(), now)?;
    }
    hold_waiting(conn, &row, now).map(Some)
}

fn hold_waiting(conn: &mut Conn, row: &resources::Resource, now: Timestamp) -> Result<usize, Error> {
    let states = State::ALL.iter().copied().filter(|state| !steps(*state).is_empty()).collect();
    let filter = Filter { resource_id: Some(row.id), states, ..Filter::default() };
    let mut held = 0;
    // The last ones first: as soon as one is held, the next would be made ready.
    for waiting in operations::list(conn, &filter, usize::from(u8::MAX))? {
        let mut state = waiting.state;
        for to in steps(state) {
            let expect = Expect { state, lease_epoch: waiting.lease_epoch };
            let change = Transition { reason: Some(REASON.to_owned()), ..Transition::to(*to, now) };
            // Where a later one has passed it, it ends instead.
            if !operations::transition(conn, waiting.id, expect, &change)? {
                break;
            }
            state = operations::get(conn, waiting.id)?.state;
            if state != *to {
                break;
            }
        }
        held += usize::from(state == State::Held);
    }
    Ok(held)
}

/// From a state to `held`. What was on its way when the database was saved has come to something that Concur has forgotten or
/// others have changed since: it is not asked for, and not sent again by itself.
fn steps(state: State) -> &'static [State] {
    match state {
        State::Accepted | State::Ready => &[State::Held],
        State::Unknown => &[State::Ready, State::Held],
        State::Sending | State::Submitted | State::Verifying => &[State::Unknown, State::Ready, State::Held],
        _ => &[],
    }
}
