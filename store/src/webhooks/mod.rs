//! Webhooks: addresses that are told what happens to an account, and the messages to them.
//!
//! A message is written in the transaction of what it tells of ([`publish`]), so that none is lost and none tells of something
//! that was rolled back. Not here: signing and sending.

mod messages;

pub use messages::{
    Claimed, Message, Outcome, State, claim, end, list_messages, message, prune, publish, publish_to, replay,
    tell_changed_lines, waiting,
};

use diesel::prelude::*;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::conn::on;
use crate::ids::{AccountId, WebhookId};
use crate::lines;
use crate::schema::webhooks;
use crate::seal::Place;
use crate::value::{self, micros, text_enum};
use crate::{Conn, Error};

text_enum!(
    /// What a message is about.
    Topic {
        /// A sync or a comparison has ended, with or without gaps.
        RunFinished = "run.finished",
        /// A sync or a comparison has failed.
        RunFailed = "run.failed",
        /// Lines came, changed, were decided otherwise or went.
        LinesChanged = "lines.changed",
        /// Somebody who has left expenses an app.
        LeaversSpending = "leavers.spending",
        /// A change of a user was refused for good, or given up.
        OperationFailed = "operation.failed",
        /// The deprovisioning brake holds deactivations until a person decides.
        BrakeTripped = "brake.tripped",
        /// Nothing is sent for the account any more.
        AccountPaused = "account.paused",
        /// A pause has ended.
        AccountResumed = "account.resumed",
        /// The connection to Concur could not be kept alive.
        ConnectionFailing = "connection.failing",
        /// Somebody tries the webhook.
        Test = "webhook.test",
    }
);

/// An address that is told what happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Key.
    pub id: WebhookId,
    /// Whose.
    pub account: AccountId,
    /// Where messages go.
    pub url: String,
    /// What it is told.
    pub topics: Vec<Topic>,
    /// When it was added.
    pub created_at: Timestamp,
    /// Since when nothing is sent to it.
    pub disabled_at: Option<Timestamp>,
    /// Why.
    pub disabled_reason: Option<String>,
    /// Number of the last change of lines that it was told of, and when.
    told: (i64, Timestamp),
}

impl Webhook {
    /// Whether it is enabled and wants to know of this topic.
    fn is_told(&self, topic: Topic) -> bool {
        self.disabled_at.is_none() && self.topics.contains(&topic)
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = webhooks)]
struct Row {
    webhook_id: String,
    account_id: String,
    url: String,
    topics: String,
    secret: Vec<u8>,
    created_at: i64,
    disabled_at: Option<i64>,
    disabled_reason: Option<String>,
    told_change: i64,
    told_at: i64,
}

impl TryFrom<Row> for Webhook {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        let topics = value::parse_list(&row.topics, "webhooks.topics")?;
        Ok(Webhook {
            id: value::parse(&row.webhook_id, "webhooks.webhook_id")?,
            account: value::parse(&row.account_id, "webhooks.account_id")?,
            url: row.url,
            topics: topics
                .iter()
                .map(|topic| value::parse(topic, "webhooks.topics"))
                .collect::<Result<_, _>>()?,
            created_at: value::time(row.created_at, "webhooks.created_at")?,
            disabled_at: value::time_opt(row.disabled_at, "webhooks.disabled_at")?,
            disabled_reason: row.disabled_reason,
            told: (row.told_change, value::time(row.told_at, "webhooks.told_at")?),
        })
    }
}

/// Where a secret is sealed.
fn place(id: &str, account: AccountId) -> Place<'_> {
    Place { table: "webhooks", row: id, column: "secret", account }
}

/// Adds a webhook, which is told what happens from now on. The secret is stored sealed (reliability S1).
pub fn insert(
    conn: &mut Conn,
    account: AccountId,
    url: &str,
    topics: &[Topic],
    secret: &SecretString,
    now: Timestamp,
) -> Result<Webhook, Error> {
    let id = WebhookId::generate(now).to_string();
    let topics: Vec<String> = topics.iter().map(ToString::to_string).collect();
    let row = Row {
        account_id: account.to_string(),
        url: url.to_owned(),
        topics: value::list(&topics),
        secret: conn.master_key.seal(&place(&id, account), secret)?,
        created_at: micros(now),
        disabled_at: None,
        disabled_reason: None,
        told_change: lines::head(conn, account)?.change,
        told_at: micros(now),
        webhook_id: id,
    };
    on!(conn, c => diesel::insert_into(webhooks::table).values(&row).execute(c))?;
    row.try_into()
}

/// The account's webhooks, the oldest first.
pub fn list(conn: &mut Conn, account: AccountId) -> Result<Vec<Webhook>, Error> {
    let key = account.to_string();
    let rows: Vec<Row> = on!(conn, c => {
        webhooks::table
            .filter(webhooks::account_id.eq(&key))
            .order(webhooks::webhook_id)
            .select(Row::as_select())
            .load(c)
    })?;
    rows.into_iter().map(Webhook::try_from).collect()
}

/// One of the account's webhooks; [`Error::NotFound`] for another account's.
pub fn get(conn: &mut Conn, account: AccountId, id: WebhookId) -> Result<Webhook, Error> {
    let all = list(conn, account)?;
    all.into_iter().find(|webhook| webhook.id == id).ok_or(Error::NotFound { what: "webhook" })
}

/// Whether there is any webhook at all.
pub fn any(conn: &mut Conn) -> Result<bool, Error> {
    on!(conn, c => diesel::select(diesel::dsl::exists(webhooks::table.select(webhooks::webhook_id))).get_result(c))
}

/// Whether a webhook of the account is to be told of this topic now: for what costs something to find out.
pub fn wanted(conn: &mut Conn, account: AccountId, topic: Topic) -> Result<bool, Error> {
    Ok(list(conn, account)?.iter().any(|webhook| webhook.is_told(topic)))
}

/// Removes it with its messages; whether it was there.
pub fn remove(conn: &mut Conn, account: AccountId, id: WebhookId) -> Result<bool, Error> {
    let (key, of) = (id.to_string(), account.to_string());
    let row = webhooks::table.find(&key).filter(webhooks::account_id.eq(&of));
    Ok(on!(conn, c => diesel::delete(row).execute(c))? == 1)
}

/// Nothing is sent to it until it is enabled; what waits stays. What happens meanwhile it is not told, but for
/// changed lines, which it is told of once it is enabled.
pub fn disable(conn: &mut Conn, id: WebhookId, reason: &str, now: Timestamp) -> Result<(), Error> {
    let key = id.to_string();
    let enabled = webhooks::table.find(&key).filter(webhooks::disabled_at.is_null());
    let change = (webhooks::disabled_at.eq(micros(now)), webhooks::disabled_reason.eq(reason));
    on!(conn, c => diesel::update(enabled).set(change).execute(c))?;
    Ok(())
}

/// Messages are sent again; whether it was disabled.
pub fn enable(conn: &mut Conn, account: AccountId, id: WebhookId) -> Result<bool, Error> {
    let (key, of) = (id.to_string(), account.to_string());
    let disabled = webhooks::table
        .find(&key)
        .filter(webhooks::account_id.eq(&of).and(webhooks::disabled_at.is_not_null()));
    let change = (webhooks::disabled_at.eq(None::<i64>), webhooks::disabled_reason.eq(None::<String>));
    Ok(on!(conn, c => diesel::update(disabled).set(change).execute(c))? == 1)
}
