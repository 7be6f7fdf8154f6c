//! Accounts that listen to events, their subscriptions, and spans of time whose events are lost.

use diesel::prelude::*;
use jiff::{SignedDuration, Timestamp};

use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::{event_listeners, event_subscriptions};
use crate::value::{self, micros};
use crate::{Conn, Error};

/// An account that listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Which account.
    pub account: AccountId,
    /// The number that its address is derived from; a new one makes the old address void.
    pub address_no: i64,
    /// Since when it listens.
    pub subscribed_at: Timestamp,
    /// When a process could last take events.
    pub alive_at: Timestamp,
    /// When Concur was last asked whether the subscriptions are as they should be.
    pub checked_at: Option<Timestamp>,
    /// What that found, where it found something.
    pub trouble: Option<String>,
    /// The newest span of time whose events are lost.
    pub gap: Option<Gap>,
}

/// A span of time whose events are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// When everything had been read again that they may have been about.
    pub closed_at: Option<Timestamp>,
}

/// A subscription at Concur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// What it is about.
    pub topic: String,
    /// Concur's key of it, which we chose.
    pub id: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = event_listeners)]
struct Row {
    account_id: String,
    address_no: i64,
    subscribed_at: i64,
    alive_at: i64,
    checked_at: Option<i64>,
    trouble: Option<String>,
    gap_from: Option<i64>,
    gap_to: Option<i64>,
    gap_closed_at: Option<i64>,
}

impl TryFrom<Row> for Listener {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        let gap = match (row.gap_from, row.gap_to) {
            (Some(from), Some(to)) => Some(Gap {
                from: value::time(from, "event_listeners.gap_from")?,
                to: value::time(to, "event_listeners.gap_to")?,
                closed_at: value::time_opt(row.gap_closed_at, "event_listeners.gap_closed_at")?,
            }),
            _ => None,
        };
        Ok(Listener {
            account: value::parse(&row.account_id, "event_listeners.account_id")?,
            address_no: row.address_no,
            subscribed_at: value::time(row.subscribed_at, "event_listeners.subscribed_at")?,
            alive_at: value::time(row.alive_at, "event_listeners.alive_at")?,
            checked_at: value::time_opt(row.checked_at, "event_listeners.checked_at")?,
            trouble: row.trouble,
            gap,
        })
    }
}

/// The account listens from now on, under a new address and with these subscriptions alone.
pub fn begin(
    conn: &mut Conn,
    account: AccountId,
    address_no: i64,
    subscriptions: &[Subscription],
    now: Timestamp,
) -> Result<(), Error> {
    let key = account.to_string();
    let change = (
        event_listeners::address_no.eq(address_no),
        event_listeners::checked_at.eq(micros(now)),
        event_listeners::trouble.eq(None::<String>),
    );
    let changed =
        on!(conn, c => diesel::update(event_listeners::table.find(&key)).set(change.clone()).execute(c))?;
    if changed == 0 {
        let row = (
            event_listeners::account_id.eq(&key),
            event_listeners::subscribed_at.eq(micros(now)),
            event_listeners::alive_at.eq(micros(now)),
            change,
        );
        on!(conn, c => diesel::insert_into(event_listeners::table).values(row).execute(c))?;
    }
    forget_subscriptions(conn, &key)?;
    for Subscription { topic, id } in subscriptions {
        let row = (
            event_subscriptions::account_id.eq(&key),
            event_subscriptions::topic.eq(topic),
            event_subscriptions::subscription_id.eq(id),
        );
        on!(conn, c => diesel::insert_into(event_subscriptions::table).values(row).execute(c))?;
    }
    Ok(())
}

/// The account listens no more; whether it did. What was taken stays.
pub fn end(conn: &mut Conn, account: AccountId) -> Result<bool, Error> {
    let key = account.to_string();
    forget_subscriptions(conn, &key)?;
    let ended = on!(conn, c => diesel::delete(event_listeners::table.find(&key)).execute(c))?;
    Ok(ended == 1)
}

fn forget_subscriptions(conn: &mut Conn, account: &str) -> Result<(), Error> {
    let of_it = event_subscriptions::table.filter(event_subscriptions::account_id.eq(account));
    on!(conn, c => diesel::delete(of_it).execute(c))?;
    Ok(())
}

/// The account's listener, if it listens.
pub fn listener(conn: &mut Conn, account: AccountId) -> Result<Option<Listener>, Error> {
    let key = account.to_string();
    let row: Option<Row> = on!(conn, c => {
        event_listeners::table.find(&key).select(Row::as_select()).first(c).optional()
    })?;
    row.map(Listener::try_from).transpose()
}

/// Every account that listens.
pub fn listeners(conn: &mut Conn) -> Result<Vec<Listener>, Error> {
    let rows: Vec<Row> = on!(conn, c => {
        event_listeners::table.order(event_listeners::account_id).select(Row::as_select()).load(c)
    })?;
    rows.into_iter().map(Listener::try_from).collect()
}

/// The account's subscriptions, by topic.
pub fn subscriptions(conn: &mut Conn, account: AccountId) -> Result<Vec<Subscription>, Error> {
    let key = account.to_string();
    let rows: Vec<(String, String)> = on!(conn, c => {
        event_subscriptions::table
            .filter(event_subscriptions::account_id.eq(&key))
            .order(event_subscriptions::topic)
            .select((event_subscriptions::topic, event_subscriptions::subscription_id))
            .load(c)
    })?;
    Ok(rows.into_iter().map(|(topic, id)| Subscription { topic, id }).collect())
}

/// A process can take events at this moment. Where none could for longer than Concur tries, what was tried first is lost:
/// that span becomes a gap, which is answered.
pub fn beat(
    conn: &mut Conn,
    account: AccountId,
    tried_for: SignedDuration,
    now: Timestamp,
) -> Result<Option<Gap>, Error> {
    let Some(known) = listener(conn, account)? else { return Ok(None) };
    let key = account.to_string();
    on!(conn, c => {
        diesel::update(event_listeners::table.find(&key))
            .set(event_listeners::alive_at.eq(micros(known.alive_at.max(now))))
            .execute(c)
    })?;
    if now.duration_since(known.alive_at) <= tried_for {
        return Ok(None);
    }
    let until = now.checked_sub(tried_for).unwrap_or(now);
    open_gap(conn, account, known.alive_at, until).map(Some)
}

/// What Concur said about the subscriptions: nothing, or what is wrong with them.
pub fn checked(
    conn: &mut Conn,
    account: AccountId,
    trouble: Option<&str>,
    now: Timestamp,
) -> Result<(), Error> {
    let key = account.to_string();
    on!(conn, c => {
        diesel::update(event_listeners::table.find(&key))
            .set((event_listeners::checked_at.eq(micros(now)), event_listeners::trouble.eq(trouble)))
            .execute(c)
    })?;
    Ok(())
}

/// Notes that events of this span are lost. One that is still open becomes longer.
pub fn open_gap(conn: &mut Conn, account: AccountId, from: Timestamp, to: Timestamp) -> Result<Gap, Error> {
    let open = listener(conn, account)?.and_then(|known| known.gap).filter(|gap| gap.closed_at.is_none());
    let gap = Gap {
        from: open.map_or(from, |open| open.from.min(from)),
        to: open.map_or(to, |open| open.to.max(to)),
        closed_at: None,
    };
    let key = account.to_string();
    on!(conn, c => {
        diesel::update(event_listeners::table.find(&key))
            .set((
                event_listeners::gap_from.eq(micros(gap.from)),
                event_listeners::gap_to.eq(micros(gap.to)),
                event_listeners::gap_closed_at.eq(None::<i64>),
            ))
            .execute(c)
    })?;
    Ok(gap)
}

/// Everything was read again by a reading that began at `began`: a gap that was over by then is closed. Whether one was.
pub fn close_gap(
    conn: &mut Conn,
    account: AccountId,
    began: Timestamp,
    now: Timestamp,
) -> Result<bool, Error> {
    let key = account.to_string();
    let open = event_listeners::gap_closed_at.is_null().and(event_listeners::gap_to.le(micros(began)));
    let closed = on!(conn, c => {
        diesel::update(event_listeners::table.find(&key).filter(open))
            .set(event_listeners::gap_closed_at.eq(micros(now)))
            .execute(c)
    })?;
    Ok(closed == 1)
}
