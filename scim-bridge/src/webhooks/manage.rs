//! What an operator does with webhooks: the same for the API and the command line, each act in the audit trail.

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use store::Conn;
use store::audit::{self, NewEvent};
use store::ids::{AccountId, MessageId, WebhookId};
use store::webhooks::{self, Message, Topic, Webhook};
use utoipa::ToSchema;

use super::{address, signature};
use crate::accounts::lifecycle::Act;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The address may not be told.
    #[error("{0}")]
    Address(String),
    /// No topic, or one that there is not.
    #[error("{0}; the topics are {topics}", topics = known_topics())]
    Topic(String),
    /// The message waits already.
    #[error("the message waits to be sent already")]
    Waits,
    /// It is not there, or the store is away.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What a webhook may ask to be told.
fn topics() -> impl Iterator<Item = Topic> {
    Topic::ALL.iter().copied().filter(|topic| *topic != Topic::Test)
}

fn known_topics() -> String {
    topics().map(Topic::as_str).collect::<Vec<_>>().join(", ")
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    /// Its id.
    #[schema(value_type = String)]
    pub id: WebhookId,
    /// Where messages go.
    pub url: String,
    /// What it is told.
    #[schema(value_type = Vec<String>)]
    pub topics: Vec<Topic>,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Since when nothing is sent to it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub disabled_at: Option<Timestamp>,
    /// Why.
    pub disabled_reason: Option<String>,
    /// What messages are signed with; only in the answer to adding it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            topics: webhook.topics,
            created_at: webhook.created_at,
            disabled_at: webhook.disabled_at,
            disabled_reason: webhook.disabled_reason,
            secret: None,
        }
    }
}

/// An account's webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub struct Webhooks {
    /// The oldest first.
    pub webhooks: Vec<WebhookView>,
}

/// A message to a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookMessage)]
pub struct MessageView {
    /// Its id; the receiver sees it as `webhook-id`.
    #[schema(value_type = String)]
    pub id: MessageId,
    /// What it is about.
    pub topic: String,
    /// `waiting`, `delivered` or `failed`.
    #[schema(value_type = String)]
    pub state: webhooks::State,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it is tried next, while it waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// When it was delivered or given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// HTTP status of the last answer.
    pub status: Option<u16>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// What is sent.
    #[schema(value_type = Object)]
    pub body: Value,
}

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        Self {
            id: message.id,
            topic: message.topic,
            state: message.state,
            attempts: message.attempts,
            created_at: message.created_at,
            due_at: message.ended_at.is_none().then_some(message.due_at),
            ended_at: message.ended_at,
            status: message.status,
            error: message.error,
            body: serde_json::from_str(&message.body).unwrap_or_default(),
        }
    }
}

/// A page of messages, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookMessages)]
pub struct Messages {
    /// The messages.
    pub messages: Vec<MessageView>,
    /// Where the next page begins, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

fn tell(
    conn: &mut Conn,
    account: AccountId,
    id: WebhookId,
    action: &str,
    details: Value,
    act: &Act,
) -> Result<(), store::Error> {
    let event = NewEvent {
        account: Some(account),
        actor: act.actor.clone(),
        action: action.to_owned(),
        subject: id.to_string(),
        details,
        at: act.at,
    };
    audit::append(conn, &event).map(drop)
}

/// Adds a webhook. Its secret is in the answer, and nowhere else in the clear.
///
/// # Errors
/// An address that may not be told; no topic, or one that there is not.
pub fn add(
    conn: &mut Conn,
    account: AccountId,
    url: &str,
    topics: &[String],
    private_addresses: bool,
    act: &Act,
) -> Result<WebhookView, WebhookError> {
    let url = address::checked(url, private_addresses).map_err(WebhookError::Address)?;
    let topics = read_topics(topics)?;
    let secret: SecretString = signature::new_secret();
    let webhook = webhooks::insert(conn, account, url.as_str(), &topics, &secret, act.at)?;
    // No more of the address: its path may hold a secret.
    let details = json!({"host": url.host_str(), "topics": topics});
    tell(conn, account, webhook.id, "webhook.add", details, act)?;
    Ok(WebhookView { secret: Some(secret.expose_secret().to_owned()), ..webhook.into() })
}

fn read_topics(given: &[String]) -> Result<Vec<Topic>, WebhookError> {
    let mut wanted: Vec<Topic> = Vec::new();
    for name in given {
        let known = topics().find(|topic| topic.as_str() == name.trim());
        wanted.push(known.ok_or_else(|| WebhookError::Topic(format!("there is no topic {name:?}")))?);
    }
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Err(WebhookError::Topic("a webhook is told of one topic at least".to_owned()));
    }
    Ok(wanted)
}

/// The account's webhooks, without their secrets.
///
/// # Errors
/// A store that is away.
pub fn list(conn: &mut Conn, account: AccountId) -> Result<Webhooks, store::Error> {
    let all = webhooks::list(conn, account)?;
    Ok(Webhooks { webhooks: all.into_iter().map(WebhookView::from).collect() })
}

/// Removes a webhook, with the messages that wait for it.
///
/// # Errors
/// It is not there.
pub fn remove(conn: &mut Conn, account: AccountId, id: WebhookId, act: &Act) -> Result<(), store::Error> {
    if !webhooks::remove(conn, account, id)? {
        return Err(store::Error::NotFound { what: "webhook" });
    }
    tell(conn, account, id, "webhook.remove", json!({}), act)
}

/// Sends to it again, after its receiver has answered 410.
///
/// # Errors
/// It is not there.
pub fn enable(
    conn: &mut Conn,
    account: AccountId,
    id: WebhookId,
    act: &Act,
) -> Result<WebhookView, store::Error> {
    if webhooks::enable(conn, account, id)? {
        tell(conn, account, id, "webhook.enable", json!({}), act)?;
    }
    webhooks::get(conn, account, id).map(WebhookView::from)
}

/// Has a message sent that says nothing, to see that it arrives.
///
/// # Errors
/// It is not there.
pub fn test(
    conn: &mut Conn,
    account: AccountId,
    id: WebhookId,
    act: &Act,
) -> Result<MessageView, store::Error> {
    let webhook = webhooks::get(conn, account, id)?;
    let message = webhooks::publish_to(conn, &webhook, Topic::Test, act.at, &json!({}))?;
    tell(conn, account, id, "webhook.test", json!({}), act)?;
    webhooks::message(conn, account, message).map(MessageView::from)
}

/// What a webhook was sent and what waits for it.
///
/// # Errors
/// It is not there.
pub fn messages(
    conn: &mut Conn,
    account: AccountId,
    id: WebhookId,
    before: Option<MessageId>,
    limit: usize,
) -> Result<Messages, store::Error> {
    webhooks::get(conn, account, id)?;
    let mut found = webhooks::list_messages(conn, id, before, limit.saturating_add(1))?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Messages { messages: found.into_iter().map(MessageView::from).collect(), next_cursor })
}

/// Sends a message once more that was delivered or given up.
///
/// # Errors
/// It is not there, or waits.
pub fn replay(
    conn: &mut Conn,
    account: AccountId,
    id: MessageId,
    act: &Act,
) -> Result<MessageView, WebhookError> {
    if !webhooks::replay(conn, account, id, act.at)? {
        return Err(WebhookError::Waits);
    }
    let message = webhooks::message(conn, account, id)?;
    tell(conn, account, message.webhook, "webhook.replay", json!({"message": id}), act)?;
    Ok(message.into())
}
