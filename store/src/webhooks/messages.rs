//! Messages to webhooks: an outbox. One waits until it was taken or given up; a sender claims it for a while, so that several
//! replicas do not send it at once, and one that dies while it sends leaves it to the next.

use diesel::prelude::*;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Topic, Webhook, place};
use crate::conn::on;
use crate::ids::{AccountId, MessageId, WebhookId};
use crate::lines;
use crate::schema::{line_heads, webhook_messages, webhooks};
use crate::value::{self, micros, text_enum};
use crate::{Conn, Error};

/// Changes of lines are told at most so often: a sync changes many of them.
const LINES_TOLD_EVERY: SignedDuration = SignedDuration::from_mins(1);

text_enum!(
    /// How a message stands.
    State {
        /// It is to be sent, perhaps again.
        Waiting = "waiting",
        /// The receiver has taken it.
        Delivered = "delivered",
        /// It was given up.
        Failed = "failed",
    }
);

/// One message to one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Key; the receiver knows a repetition by it.
    pub id: MessageId,
    /// To whom.
    pub webhook: WebhookId,
    /// Whose.
    pub account: AccountId,
    /// What about.
    pub topic: String,
    /// What is sent: JSON, the same bytes at every attempt.
    pub body: String,
    /// How it stands.
    pub state: State,
    /// How often it was tried since it was written or replayed.
    pub attempts: u32,
    /// When it is tried next, while it waits.
    pub due_at: Timestamp,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was delivered or given up.
    pub ended_at: Option<Timestamp>,
    /// HTTP status of the last answer, if there was one.
    pub status: Option<u16>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_messages)]
struct Row {
    message_id: String,
    webhook_id: String,
    account_id: String,
    topic: String,
    body: String,
    state: String,
    attempts: i32,
    due_at: i64,
    created_at: i64,
    ended_at: Option<i64>,
    status: Option<i32>,
    error: Option<String>,
}

impl TryFrom<Row> for Message {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Message {
            id: value::parse(&row.message_id, "webhook_messages.message_id")?,
            webhook: value::parse(&row.webhook_id, "webhook_messages.webhook_id")?,
            account: value::parse(&row.account_id, "webhook_messages.account_id")?,
            topic: row.topic,
            body: row.body,
            state: value::parse(&row.state, "webhook_messages.state")?,
            attempts: u32::try_from(row.attempts).unwrap_or(0),
            due_at: value::time(row.due_at, "webhook_messages.due_at")?,
            created_at: value::time(row.created_at, "webhook_messages.created_at")?,
            ended_at: value::time_opt(row.ended_at, "webhook_messages.ended_at")?,
            status: row.status.and_then(|status| u16::try_from(status).ok()),
            error: row.error,
        })
    }
}

/// Tells every webhook of the account that wants to know. `data` is asked for only where there is one.
pub fn publish(
    conn: &mut Conn,
    account: AccountId,
    topic: Topic,
    now: Timestamp,
    data: impl FnOnce(&mut Conn) -> Result<Value, Error>,
) -> Result<(), Error> {
    let all = super::list(conn, account)?.into_iter();
    let told: Vec<Webhook> = all.filter(|webhook| webhook.is_told(topic)).collect();
    if told.is_empty() {
        return Ok(());
    }
    let data = data(conn)?;
    told.iter().try_for_each(|webhook| publish_to(conn, webhook, topic, now, &data).map(drop))
}

/// Tells one webhook, whatever it wants to know. The body has the form of Standard Webhooks: type, timestamp, data.
pub fn publish_to(
    conn: &mut Conn,
    webhook: &Webhook,
    topic: Topic,
    now: Timestamp,
    data: &Value,
) -> Result<MessageId, Error> {
    let id = MessageId::generate(now);
    let body = json!({"type": topic, "timestamp": now, "account": webhook.account, "data": data});
    let row = Row {
        message_id: id.to_string(),
        webhook_id: webhook.id.to_string(),
        account_id: webhook.account.to_string(),
        topic: topic.to_string(),
        body: body.to_string(),
        state: State::Waiting.to_string(),
        attempts: 0,
        due_at: micros(now),
        created_at: micros(now),
        ended_at: None,
        status: None,
        error: None,
    };
    on!(conn, c => diesel::insert_into(webhook_messages::table).values(&row).execute(c))?;
    Ok(id)
}

/// Accounts with a webhook that was not told of all changes of lines, and of none in the last minute.
fn behind(conn: &mut Conn, now: Timestamp) -> Result<Vec<String>, Error> {
    let long_ago = micros(now.saturating_sub(LINES_TOLD_EVERY).unwrap_or(now));
    on!(conn, c => {
        webhooks::table
            .inner_join(line_heads::table.on(line_heads::account_id.eq(webhooks::account_id)))
            .filter(line_heads::change.gt(webhooks::told_change))
            .filter(webhooks::told_at.le(long_ago).and(webhooks::disabled_at.is_null()))
            .filter(webhooks::topics.like(format!("%\"{}\"%", Topic::LinesChanged)))
            .select(webhooks::account_id)
            .distinct()
            .load(c)
    })
}

/// Tells of lines that changed since a webhook was last told: where to go on in the feed of changes, not the lines. How
/// many webhooks were told.
pub fn tell_changed_lines(conn: &mut Conn, now: Timestamp) -> Result<usize, Error> {
    let mut told = 0;
    for account in behind(conn, now)? {
        let account: AccountId = value::parse(&account, "webhooks.account_id")?;
        let head = lines::head(conn, account)?.change;
        for webhook in super::list(conn, account)? {
            let (before, at) = webhook.told;
            let wants = webhook.disabled_at.is_none() && webhook.topics.contains(&Topic::LinesChanged);
            if !wants || before >= head || now.duration_since(at) < LINES_TOLD_EVERY {
                continue;
            }
            let key = webhook.id.to_string();
            let same = webhooks::table.find(&key).filter(webhooks::told_change.eq(before));
            let change = (webhooks::told_change.eq(head), webhooks::told_at.eq(micros(now)));
            if on!(conn, c => diesel::update(same).set(change).execute(c))? == 1 {
                let data = json!({"changes_after": before, "last_change": head});
                publish_to(conn, &webhook, Topic::LinesChanged, now, &data)?;
                told += 1;
            }
        }
    }
    Ok(told)
}

/// A message that the caller may send, with what it needs for that.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The message, this attempt counted.
    pub message: Message,
    /// Where it goes.
    pub url: String,
    /// What it is signed with.
    pub secret: SecretString,
}

/// Takes up to `limit` messages that are due, the longest waiting first. Nobody else gets them before `until`. A webhook whose
/// secret does not open is disabled, with the reason.
pub fn claim(conn: &mut Conn, now: Timestamp, until: Timestamp, limit: usize) -> Result<Vec<Claimed>, Error> {
    let rows: Vec<(Row, String, Vec<u8>)> = on!(conn, c => {
        webhook_messages::table
            .inner_join(webhooks::table)
            .filter(webhook_messages::ended_at.is_null())
            .filter(webhook_messages::due_at.le(micros(now)).and(webhooks::disabled_at.is_null()))
            .order((webhook_messages::due_at, webhook_messages::message_id))
            .limit(value::limit(limit))
            .select((Row::as_select(), webhooks::url, webhooks::secret))
            .load(c)
    })?;
    let mut claimed = Vec::new();
    for (mut row, url, sealed) in rows {
        let unclaimed = webhook_messages::table
            .find(&row.message_id)
            .filter(webhook_messages::state.eq(State::Waiting.as_str()))
            .filter(webhook_messages::due_at.eq(row.due_at));
        row.attempts += 1;
        row.due_at = micros(until);
        let change = (webhook_messages::due_at.eq(row.due_at), webhook_messages::attempts.eq(row.attempts));
        if on!(conn, c => diesel::update(unclaimed).set(change).execute(c))? == 1 {
            let message = Message::try_from(row)?;
            let webhook = message.webhook.to_string();
            match conn.master_key.open(&place(&webhook, message.account), &sealed) {
                Ok(secret) => claimed.push(Claimed { message, url, secret }),
                // One secret that does not open must not keep the others waiting.
                Err(error) => super::disable(conn, message.webhook, &error.to_string(), now)?,
            }
        }
    }
    Ok(claimed)
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has taken it, with this status.
    Delivered(u16),
    /// It is tried again.
    Again {
        /// When.
        at: Timestamp,
        /// Status of the answer, if there was one.
        status: Option<u16>,
        /// Why.
        error: String,
    },
    /// It is given up.
    Failed {
        /// Status of the answer, if there was one.
        status: Option<u16>,
        /// Why.
        error: String,
    },
}

/// Records an attempt. False: another attempt has begun meanwhile, whose outcome counts.
pub fn end(conn: &mut Conn, claimed: &Message, outcome: &Outcome, now: Timestamp) -> Result<bool, Error> {
    let (state, due_at, status, error) = match outcome {
        Outcome::Delivered(status) => (State::Delivered, now, Some(*status), None),
        Outcome::Again { at, status, error } => (State::Waiting, *at, *status, Some(error.as_str())),
        Outcome::Failed { status, error } => (State::Failed, now, *status, Some(error.as_str())),
    };
    let key = claimed.id.to_string();
    let mine = webhook_messages::table
        .find(&key)
        .filter(webhook_messages::state.eq(State::Waiting.as_str()))
        .filter(webhook_messages::due_at.eq(micros(claimed.due_at)));
    let change = (
        webhook_messages::state.eq(state.as_str()),
        webhook_messages::due_at.eq(micros(due_at)),
        webhook_messages::ended_at.eq((state != State::Waiting).then(|| micros(now))),
        webhook_messages::status.eq(status.map(i32::from)),
        webhook_messages::error.eq(error),
    );
    Ok(on!(conn, c => diesel::update(mine).set(change).execute(c))? == 1)
}

/// One message of an account.
pub fn message(conn: &mut Conn, account: AccountId, id: MessageId) -> Result<Message, Error> {
    let (key, of) = (id.to_string(), account.to_string());
    let row = webhook_messages::table.find(&key).filter(webhook_messages::account_id.eq(&of));
    let row: Option<Row> = on!(conn, c => row.select(Row::as_select()).first(c).optional())?;
    row.ok_or(Error::NotFound { what: "message" })?.try_into()
}

/// Sends an ended message once more, at once, with all its attempts. False: it waits already. [`Error::NotFound`] for one that is
/// not there or another account's.
pub fn replay(conn: &mut Conn, account: AccountId, id: MessageId, now: Timestamp) -> Result<bool, Error> {
    if message(conn, account, id)?.state == State::Waiting {
        return Ok(false);
    }
    let key = id.to_string();
    let row = webhook_messages::table.find(&key);
    let change = (
        webhook_messages::state.eq(State::Waiting.as_str()),
        webhook_messages::attempts.eq(0),
        webhook_messages::due_at.eq(micros(now)),
        webhook_messages::ended_at.eq(None::<i64>),
    );
    on!(conn, c => diesel::update(row).set(change).execute(c))?;
    Ok(true)
}

/// What a webhook was sent, the newest first; those before `before`, if given.
pub fn list_messages(
    conn: &mut Conn,
    webhook: WebhookId,
    before: Option<MessageId>,
    limit: usize,
) -> Result<Vec<Message>, Error> {
    let key = webhook.to_string();
    // Ids are hexadecimal, so "~" is behind all of them.
    let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
    let rows: Vec<Row> = on!(conn, c => {
        webhook_messages::table
            .filter(webhook_messages::webhook_id.eq(&key).and(webhook_messages::message_id.lt(&before)))
            .order(webhook_messages::message_id.desc())
            .limit(value::limit(limit))
            .select(Row::as_select())
            .load(c)
    })?;
    rows.into_iter().map(Message::try_from).collect()
}

/// How many messages of each account wait.
pub fn waiting(conn: &mut Conn) -> Result<Vec<(AccountId, u64)>, Error> {
    let rows: Vec<(String, i64)> = on!(conn, c => {
        webhook_messages::table
            .filter(webhook_messages::ended_at.is_null())
            .group_by(webhook_messages::account_id)
            .select((webhook_messages::account_id, diesel::dsl::count_star()))
            .load(c)
    })?;
    let parsed = rows.into_iter().map(|(account, count)| {
        Ok((value::parse(&account, "webhook_messages.account_id")?, value::count(count)))
    });
    parsed.collect()
}

/// Forgets messages that ended before; how many.
pub fn prune(conn: &mut Conn, before: Timestamp) -> Result<usize, Error> {
    let ended = webhook_messages::table.filter(webhook_messages::ended_at.lt(micros(before)));
    on!(conn, c => diesel::delete(ended).execute(c))
}
