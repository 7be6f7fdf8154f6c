//! How an account's listener stands, as people and their tools see it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use store::Conn;
use store::events;
use store::ids::AccountId;
use utoipa::ToSchema;

/// What became of deliveries that ended here; a refused one is delivered again.
const TAKEN: [&str; 4] = ["noted", "duplicate", "ignored", "foreign"];

/// How an account's listener stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EventsStatus)]
pub struct Status {
    /// Whether this process takes events at all (`events.address`).
    pub switched_on: bool,
    /// Since when the account listens; `None`: it does not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub subscribed_at: Option<Timestamp>,
    /// Its topics.
    pub topics: Vec<String>,
    /// When an event was last taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_event_at: Option<Timestamp>,
    /// How many there were of each kind, since the account was made.
    pub counts: BTreeMap<String, u64>,
    /// Reports that an event named and that have not been read again.
    pub reports_waiting: u64,
    /// When Concur was last asked about the subscriptions.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub checked_at: Option<Timestamp>,
    /// What is wrong with them.
    pub trouble: Option<String>,
    /// The newest span of time whose events are lost.
    pub gap: Option<GapShown>,
}

/// A span of time whose events are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EventsGap)]
pub struct GapShown {
    /// From when on.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// When all that they may have been about had been read again.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
}

/// Reads it.
///
/// # Errors
/// The store's.
pub fn status(conn: &mut Conn, account: AccountId, switched_on: bool) -> Result<Status, store::Error> {
    let listener = events::listener(conn, account)?;
    let counts = events::counts(conn, account)?;
    let taken = counts.iter().filter(|count| TAKEN.contains(&count.outcome.as_str()));
    let last_event_at = taken.map(|count| count.last_at).max();
    let topics = events::subscriptions(conn, account)?.into_iter().map(|it| it.topic).collect();
    Ok(Status {
        switched_on,
        subscribed_at: listener.as_ref().map(|it| it.subscribed_at),
        topics,
        last_event_at,
        counts: counts.into_iter().map(|count| (count.outcome, count.events)).collect(),
        reports_waiting: events::waiting(conn, account)?,
        checked_at: listener.as_ref().and_then(|it| it.checked_at),
        trouble: listener.as_ref().and_then(|it| it.trouble.clone()),
        gap: listener.and_then(|it| it.gap).map(|gap| GapShown {
            from: gap.from,
            to: gap.to,
            closed_at: gap.closed_at,
        }),
    })
}
