//! Telling Concur where events are to go, that they shall not come any more, and looking whether it still knows.

use concur::model::{WebhookSubscription, WebhookTarget};
use jiff::Timestamp;
use serde_json::json;
use store::accounts::Account;
use store::audit::{self, NewEvent};
use store::events::{self as rows, Subscription};
use store::{Conn, Store};

use super::{address, topics};
use crate::accounts::lifecycle::Act;
use crate::accounts::{ClientError, Clients};
use crate::logging;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// Events are off.
    #[error(
        "events are switched off: set events.address to the https address under which SAP Concur reaches this bridge"
    )]
    Off,
    /// There is no company to hear of.
    #[error("the account is not connected to SAP Concur; connect it first")]
    NotConnected,
    /// The application may hear nothing that is of use.
    #[error(
        "the application may subscribe to none of {wanted}: ask SAP for the scope events.topic.read and those of the \
         topics (expense.report.read, user.provision.read); it opens {opened} now"
    )]
    NoTopics {
        /// What would be of use.
        wanted: String,
        /// What it may subscribe to.
        opened: String,
    },
    /// There is no client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Concur refused, or did not answer.
    #[error("SAP Concur could not be told: {0}")]
    Concur(#[source] concur::Error),
    /// The store is away.
    #[error("the account cannot be changed")]
    Store(#[from] store::Error),
}

/// What a subscription came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribed {
    /// Topics that are subscribed to.
    pub topics: Vec<String>,
    /// Topics of use that the application lacks the scope for.
    pub missing: Vec<String>,
}

/// Subscribes to whatever is of use and allowed, under a new address. An address from before is void then.
///
/// # Errors
/// [`EventsError`]; what was there before stays.
pub async fn subscribe(
    store: &Store,
    clients: &Clients,
    base: Option<&str>,
    account: &Account,
    act: &Act,
) -> Result<Subscribed, EventsError> {
    let base = base.ok_or(EventsError::Off)?;
    if !account.is_connected() {
        return Err(EventsError::NotConnected);
    }
    let client = clients.events(account).await?;
    let opened = client.topics().await.map_err(EventsError::Concur)?;
    let (wanted, missing): (Vec<Subscription>, Vec<Subscription>) =
        topics::of(account).into_iter().partition(|it| opened.contains(&it.topic));
    let names = |of: &[Subscription]| of.iter().map(|it| it.topic.clone()).collect::<Vec<_>>();
    if wanted.is_empty() {
        let opened = if opened.is_empty() { "none".to_owned() } else { opened.join(", ") };
        return Err(EventsError::NoTopics { wanted: names(&missing).join(", "), opened });
    }
    let address_no = act.at.as_microsecond();
    let endpoint = address::of(store, base, account.id, address_no);
    for (done, subscription) in wanted.iter().enumerate() {
        if let Err(error) = client.put_webhook(&webhook(subscription, &endpoint)).await {
            take_back(store, &client, account, &wanted[..done]).await?;
            return Err(EventsError::Concur(error));
        }
    }
    let (topics, missing) = (names(&wanted), names(&missing));
    let (id, act, told) = (account.id, act.clone(), topics.clone());
    let begin = move |conn: &mut Conn| {
        rows::begin(conn, id, address_no, &wanted, act.at)?;
        note(conn, id, "events.subscribe", &json!({"topics": told}), &act)
    };
    store.write(begin).await?;
    Ok(Subscribed { topics, missing })
}

/// Ends subscriptions that were made a moment ago, unless the account listened before: then the next check mends them.
async fn take_back(
    store: &Store,
    client: &concur::api::Events,
    account: &Account,
    made: &[Subscription],
) -> Result<(), store::Error> {
    let id = account.id;
    if store.read(move |conn| rows::listener(conn, id)).await?.is_some() {
        return Ok(());
    }
    for subscription in made {
        if let Err(error) = client.delete(&subscription.id).await {
            tracing::warn!(account = %id, error = %logging::chain(&error), "a subscription could not be taken back");
        }
    }
    Ok(())
}

/// Ends the subscriptions, here and at Concur; whether there were any. Polling goes on.
///
/// # Errors
/// [`EventsError`]; what Concur has not ended stays.
pub async fn unsubscribe(
    store: &Store,
    clients: &Clients,
    account: &Account,
    act: &Act,
) -> Result<bool, EventsError> {
    let id = account.id;
    let known = store
        .read(move |conn| match rows::listener(conn, id)? {
            Some(_) => rows::subscriptions(conn, id).map(Some),
            None => Ok(None),
        })
        .await?;
    let Some(subscriptions) = known else { return Ok(false) };
    let client = clients.events(account).await?;
    for subscription in &subscriptions {
        client.delete(&subscription.id).await.map_err(EventsError::Concur)?;
    }
    let act = act.clone();
    let end = move |conn: &mut Conn| {
        rows::end(conn, id)?;
        note(conn, id, "events.unsubscribe", &json!({}), &act)
    };
    store.write(end).await?;
    Ok(true)
}

/// Asks Concur whether it still knows the subscriptions as they should be, and makes anew what is not. The topics that
/// were missing; events of theirs are lost since the last look, which becomes a gap.
///
/// # Errors
/// [`EventsError`]; it is noted as the listener's trouble.
pub async fn check(
    store: &Store,
    clients: &Clients,
    base: &str,
    account: &Account,
    now: Timestamp,
) -> Result<Vec<String>, EventsError> {
    let id = account.id;
    let outcome = mend(store, clients, base, account).await;
    let trouble = match &outcome {
        Ok(_) => None,
        Err(EventsError::Store(_)) => return outcome,
        Err(error) => Some(logging::chain(error)),
    };
    let lost = outcome.as_ref().is_ok_and(|missing| !missing.is_empty());
    let written = store.write(move |conn| {
        let Some(listener) = rows::listener(conn, id)? else { return Ok(()) };
        if lost {
            let from = listener.checked_at.unwrap_or(listener.subscribed_at);
            rows::open_gap(conn, id, from, now)?;
        }
        // A look that failed proves nothing: should the subscription be gone, the gap begins with the last one that did not.
        let at = if trouble.is_none() { now } else { listener.checked_at.unwrap_or(listener.subscribed_at) };
        rows::checked(conn, id, trouble.as_deref(), at)
    });
    written.await?;
    outcome
}

async fn mend(
    store: &Store,
    clients: &Clients,
    base: &str,
    account: &Account,
) -> Result<Vec<String>, EventsError> {
    let id = account.id;
    let (listener, subscriptions) =
        store.read(move |conn| Ok((rows::listener(conn, id)?, rows::subscriptions(conn, id)?))).await?;
    let Some(listener) = listener else { return Ok(Vec::new()) };
    let client = clients.events(account).await?;
    let endpoint = address::of(store, base, id, listener.address_no);
    let mut missing = Vec::new();
    for subscription in subscriptions {
        let expected = webhook(&subscription, &endpoint);
        let found = client.subscription(&subscription.id).await.map_err(EventsError::Concur)?;
        let is_right = |it: &WebhookSubscription| {
            it.topic == expected.topic && it.web_hook_config == expected.web_hook_config
        };
        if found.as_ref().is_some_and(is_right) {
            continue;
        }
        tracing::warn!(account = %id, "a subscription was not as it should be; it is made anew");
        client.put_webhook(&expected).await.map_err(EventsError::Concur)?;
        missing.push(subscription.topic);
    }
    Ok(missing)
}

fn webhook(subscription: &Subscription, endpoint: &str) -> WebhookSubscription {
    WebhookSubscription {
        id: subscription.id.clone(),
        topic: subscription.topic.clone(),
        filter: Some(".*".to_owned()),
        web_hook_config: WebhookTarget { endpoint: endpoint.to_owned() },
    }
}

fn note(
    conn: &mut Conn,
    account: store::ids::AccountId,
    action: &str,
    details: &serde_json::Value,
    act: &Act,
) -> Result<(), store::Error> {
    let event = NewEvent {
        account: Some(account),
        at: act.at,
        actor: act.actor.clone(),
        action: action.to_owned(),
        subject: format!("account:{account}"),
        details: details.clone(),
    };
    audit::append(conn, &event).map(drop)
}
