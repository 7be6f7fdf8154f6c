//! Events that were taken, each once, and how many there were of each kind.

use diesel::prelude::*;
use jiff::Timestamp;

use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::{event_counts, events};
use crate::value::{self, micros};
use crate::{Conn, Error};

/// An event that is taken.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Whose.
    pub account: AccountId,
    /// Concur's id of it.
    pub id: String,
    /// Its topic.
    pub topic: String,
    /// What happened, in Concur's word.
    pub event_type: String,
    /// The id of what it is about.
    pub subject: Option<String>,
    /// When it happened, as it says.
    pub happened_at: Option<Timestamp>,
    /// The time it is.
    pub now: Timestamp,
}

/// How many there were of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// What became of them.
    pub outcome: String,
    /// How many.
    pub events: u64,
    /// When the last one came.
    pub last_at: Timestamp,
}

/// Takes an event; false if it was taken before.
pub fn put(conn: &mut Conn, new: &NewEvent) -> Result<bool, Error> {
    let row = (
        events::account_id.eq(new.account.to_string()),
        events::event_id.eq(&new.id),
        events::topic.eq(&new.topic),
        events::event_type.eq(&new.event_type),
        events::subject.eq(new.subject.as_deref()),
        events::happened_at.eq(new.happened_at.map(micros)),
        events::received_at.eq(micros(new.now)),
    );
    let taken =
        on!(conn, c => diesel::insert_into(events::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(taken == 1)
}

/// Whether an event about `subject` was taken since then, whoever's it was.
pub fn was_told(conn: &mut Conn, subject: &str, since: Timestamp) -> Result<bool, Error> {
    let about = events::subject.eq(subject).and(events::received_at.ge(micros(since)));
    let found: Option<String> = on!(conn, c => {
        events::table.filter(about).select(events::event_id).first(c).optional()
    })?;
    Ok(found.is_some())
}

/// Counts one event of a kind.
pub fn count(conn: &mut Conn, account: AccountId, outcome: &str, now: Timestamp) -> Result<(), Error> {
    let key = account.to_string();
    let row = (
        event_counts::account_id.eq(&key),
        event_counts::outcome.eq(outcome),
        event_counts::events.eq(1),
        event_counts::last_at.eq(micros(now)),
    );
    on!(conn, c => {
        diesel::insert_into(event_counts::table)
            .values(row)
            .on_conflict((event_counts::account_id, event_counts::outcome))
            .do_update()
            .set((event_counts::events.eq(event_counts::events + 1), event_counts::last_at.eq(micros(now))))
            .execute(c)
    })?;
    Ok(())
}

/// How many events of each kind an account has had.
pub fn counts(conn: &mut Conn, account: AccountId) -> Result<Vec<Count>, Error> {
    let key = account.to_string();
    let rows: Vec<(String, i64, i64)> = on!(conn, c => {
        event_counts::table
            .filter(event_counts::account_id.eq(&key))
            .order(event_counts::outcome)
            .select((event_counts::outcome, event_counts::events, event_counts::last_at))
            .load(c)
    })?;
    let count = |(outcome, events, last_at)| {
        Ok(Count {
            outcome,
            events: value::count(events),
            last_at: value::time(last_at, "event_counts.last_at")?,
        })
    };
    rows.into_iter().map(count).collect()
}

/// Forgets events that were taken before then, which cannot come again; how many.
pub fn prune(conn: &mut Conn, before: Timestamp) -> Result<usize, Error> {
    let old = events::table.filter(events::received_at.lt(micros(before)));
    on!(conn, c => diesel::delete(old).execute(c))
}
