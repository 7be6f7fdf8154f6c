//! Managing event subscriptions, with the application's own token. Not here: receiving events (`model::Event` reads
//! them), and a company's tokens, which this API does not take.
//! Source: page "Event Subscription Service v4".

use super::target::segment;
use crate::{
    Clock, Error, Http, Origin,
    auth::{ApplicationToken, Credentials, application_token},
    http::{Answer, Endpoint, Payload},
    model::WebhookSubscription,
};
use std::{fmt, sync::Arc};
use tokio::sync::Mutex;

static TOPICS: Endpoint = Endpoint::get("events.topics");
static LIST: Endpoint = Endpoint::get("events.list");
static GET: Endpoint = Endpoint::get("events.get");
static PUT: Endpoint = Endpoint::put("events.put_webhook");
static DELETE: Endpoint = Endpoint::delete("events.delete");

pub(super) static ENDPOINTS: &[&Endpoint] = &[&TOPICS, &LIST, &GET, &PUT, &DELETE];

const SUBSCRIPTIONS: &str = "/events/v4/subscriptions";

/// Manages the subscriptions of an application in one data centre. Cheap to clone; clones share the token.
#[derive(Clone)]
pub struct Events {
    http: Http,
    origin: Origin,
    credentials: Credentials,
    clock: Clock,
    token: Arc<Mutex<Option<ApplicationToken>>>,
}

impl Events {
    /// For the data centre at `origin`; nothing is asked yet. A subscription hears of companies of its own data centre
    /// only.
    pub fn new(http: Http, origin: Origin, credentials: Credentials, clock: Clock) -> Self {
        Self { http, origin, credentials, clock, token: Arc::default() }
    }

    /// The topics the application's scopes open.
    pub async fn topics(&self) -> Result<Vec<String>, Error> {
        self.send(&TOPICS, "/events/v4/topics", Payload::None).await?.decode()
    }

    /// All subscriptions of the application.
    pub async fn subscriptions(&self) -> Result<Vec<WebhookSubscription>, Error> {
        self.send(&LIST, SUBSCRIPTIONS, Payload::None).await?.decode()
    }

    /// One subscription; `None` when there is none, which is also what is left of one that failed for 30 days.
    pub async fn subscription(&self, id: &str) -> Result<Option<WebhookSubscription>, Error> {
        match self.send(&GET, &format!("{SUBSCRIPTIONS}/{}", segment(id)), Payload::None).await {
            Ok(answer) => answer.decode().map(Some),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates the subscription, or changes the one with this id. Repeating it is harmless.
    pub async fn put_webhook(&self, subscription: &WebhookSubscription) -> Result<(), Error> {
        let body = serde_json::to_vec(subscription)
            .map_err(|error| Error::Limit { endpoint: PUT.name, reason: error.to_string() })?;
        self.send(&PUT, &format!("{SUBSCRIPTIONS}/webhook"), Payload::Json(&body)).await.map(drop)
    }

    /// Deletes a subscription; one that does not exist is deleted already.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        match self.send(&DELETE, &format!("{SUBSCRIPTIONS}/{}", segment(id)), Payload::None).await {
            Ok(_) | Err(Error::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// One call, repeated once with a new token when the first is refused.
    async fn send(
        &self,
        endpoint: &'static Endpoint,
        target: &str,
        payload: Payload<'_>,
    ) -> Result<Answer, Error> {
        let token = self.token(false).await?;
        let answer = self.exchange(endpoint, target, payload, &token).await?;
        if answer.status != 401 {
            return answer.success();
        }
        let token = self.token(true).await?;
        self.exchange(endpoint, target, payload, &token).await?.success()
    }

    async fn exchange(
        &self,
        endpoint: &'static Endpoint,
        target: &str,
        payload: Payload<'_>,
        token: &ApplicationToken,
    ) -> Result<Answer, Error> {
        let now = (self.clock)();
        self.http.exchange(endpoint, &self.origin, target, payload, Some(&token.access_token), now).await
    }

    async fn token(&self, fresh: bool) -> Result<ApplicationToken, Error> {
        let mut held = self.token.lock().await;
        let now = (self.clock)();
        if let Some(token) = held.as_ref().filter(|token| !fresh && now < token.renewal_due_at()) {
            return Ok(token.clone());
        }
        let token = application_token(&self.http, &self.origin, &self.credentials, now)
            .await
            .map_err(|error| Error::NotAuthenticated(Box::new(error)))?;
        *held = Some(token.clone());
        Ok(token)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("origin", &self.origin).finish_non_exhaustive()
    }
}
