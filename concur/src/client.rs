//! The client of one connected company: a token, a pace, and one repetition after a refused token. Not here: any
//! other retry, which is decided where its cost is known; the endpoints, which are in `api`.
//! Source: page "HTTP Status Codes": v4 APIs answer 401 for an expired token, v3 answers 403.

use crate::{
    Error, HostPolicy, Http, HttpConfig, Observer,
    api::{ExpenseConfig, ExpenseReports, Expenses, Identity, Provisioning, ReportDetails, Spend, Travel},
    auth::{Credentials, Session, TokenSet, TokenStore},
    http::{Answer, Endpoint, Payload},
    pace::{self, Budget, CurrentPace, Pace},
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

static REVOKE: Endpoint = Endpoint::delete("oauth.revoke");

/// Tells the time; time is an argument here as everywhere.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// An endpoint that answered 403 to a fresh token is not worth another refresh for this long.
const FORBIDDEN_REMEMBERED: SignedDuration = SignedDuration::from_mins(5);

/// How to build a [`Client`]. `Debug` shows no secret.
#[derive(Clone)]
pub struct ClientConfig {
    /// Limits of the HTTP client.
    pub http: HttpConfig,
    /// Hosts that may receive requests.
    pub host_policy: HostPolicy,
    /// The application's client id and secret.
    pub credentials: Credentials,
    /// Requests in flight at once, at least 1.
    pub max_concurrent: usize,
    /// Requests begun per second, at least 1, with a burst of one second's worth.
    pub requests_per_second: u32,
    /// What this company and all others may ask together; `None` for no limit beside the company's own.
    pub budget: Option<Budget>,
    /// How long an API is left alone after a 503 or a time-out; zero for not at all. Concur asks for five minutes.
    pub unavailable_pause: Duration,
    /// The clock.
    pub clock: Clock,
    /// Told about every exchange, for metrics.
    pub observer: Option<Arc<dyn Observer>>,
    /// Allows the deprecated Report Details v2 ([`Client::report_details`]); off by default.
    pub legacy_report_details: bool,
}

impl ClientConfig {
    /// The cautious defaults: 4 requests at once, 5 per second. Concur publishes no numbers.
    pub fn new(host_policy: HostPolicy, credentials: Credentials, clock: Clock) -> Self {
        Self {
            http: HttpConfig::default(),
            host_policy,
            credentials,
            max_concurrent: 4,
            requests_per_second: 5,
            budget: None,
            unavailable_pause: pace::UNAVAILABLE_PAUSE_DEFAULT,
            clock,
            observer: None,
            legacy_report_details: false,
        }
    }
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("http", &self.http)
            .field("host_policy", &self.host_policy)
            .field("max_concurrent", &self.max_concurrent)
            .field("requests_per_second", &self.requests_per_second)
            .finish_non_exhaustive()
    }
}

/// Speaks to Concur for one company. Cheap to clone; all clones share token, pace and connections.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    http: Http,
    session: Arc<Session>,
    pace: Pace,
    clock: Clock,
    legacy_report_details: bool,
    /// Endpoints that answered 403 also to a fresh token, and when.
    forbidden: Mutex<HashMap<&'static str, Timestamp>>,
}

impl Client {
    /// Builds the client; opens no connection and reads no token yet.
    ///
    /// # Errors
    /// [`Error::Setup`] when the system's certificates cannot be read.
    pub fn new(config: ClientConfig, tokens: Arc<dyn TokenStore>) -> Result<Self, Error> {
        let http = Http::new(&config.http, config.host_policy)?;
        let http = match config.observer {
            Some(observer) => http.observed_by(observer),
            None => http,
        };
        let (clock, pause) = (Arc::clone(&config.clock), config.unavailable_pause);
        let session = Session::new(http.clone(), config.credentials, tokens, clock, pause);
        let shared = Shared {
            http,
            session: Arc::new(session),
            pace: Pace::new(
                config.max_concurrent,
                config.requests_per_second,
                config.budget,
                config.unavailable_pause,
            ),
            clock: config.clock,
            legacy_report_details: config.legacy_report_details,
            forbidden: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Identity v4.1 and v4: reading users.
    pub fn identity(&self) -> Identity {
        Identity { client: self.clone() }
    }

    /// User Provisioning v4: writing users.
    pub fn provisioning(&self) -> Provisioning {
        Provisioning { client: self.clone() }
    }

    /// Travel v4: reading travel users.
    pub fn travel(&self) -> Travel {
        Travel { client: self.clone() }
    }

    /// Expense v4: reading the expenses of a known report, for the business purpose.
    pub fn expense_reports(&self) -> ExpenseReports {
        ExpenseReports { client: self.clone() }
    }

    /// Expense Configuration v4: policies and expense types.
    pub fn expense_config(&self) -> ExpenseConfig {
        ExpenseConfig { client: self.clone() }
    }

    /// Report Details v2, deprecated and in XML: `None` unless [`ClientConfig::legacy_report_details`] was set.
    pub fn report_details(&self) -> Option<ReportDetails> {
        self.shared.legacy_report_details.then(|| ReportDetails { client: self.clone() })
    }

    /// Spend v4.1: reading spend users.
    pub fn spend(&self) -> Spend {
        Spend { client: self.clone() }
    }

    /// Expense v3: reading reports, entries and itemizations.
    pub fn expenses(&self) -> Expenses {
        Expenses { client: self.clone() }
    }

    /// Refreshes the token now, in any case: for connection tests. The new tokens are
    /// saved and in use already.
    pub async fn refresh(&self) -> Result<TokenSet, Error> {
        self.shared.session.refresh().await.map(|tokens| (*tokens).clone())
    }

    /// Refreshes the token if the last refresh is not after `idle_since`, so that a connection that nothing uses does
    /// not die after six months. Replicas that call it together cause one refresh.
    pub async fn keep_alive(&self, idle_since: Timestamp) -> Result<TokenSet, Error> {
        self.shared.session.keep_alive(idle_since).await.map(|tokens| (*tokens).clone())
    }

    /// How this company is asked at this moment.
    pub fn pace(&self) -> CurrentPace {
        self.shared.pace.current((self.shared.clock)())
    }

    /// Ends the connection at Concur's side: the tokens of this application for this company (or user) stop working.
    /// What the store keeps is the caller's to delete. Whether it works for company tokens is not documented, so a
    /// failure means "delete here and tell the administrator", not "still connected".
    /// Source: Authentication, "Revoking a Token".
    pub async fn revoke(&self) -> Result<(), Error> {
        self.send(&REVOKE, "/app-mgmt/v0/connections", Payload::None).await.map(drop)
    }

    /// A call without a body, answered with success.
    pub(crate) async fn get(&self, endpoint: &'static Endpoint, target: &str) -> Result<Answer, Error> {
        self.send(endpoint, target, Payload::None).await
    }

    /// One call: paced, with a good token, repeated once with another token when that one is refused.
    pub(crate) async fn send(
        &self,
        endpoint: &'static Endpoint,
        target: &str,
        payload: Payload<'_>,
    ) -> Result<Answer, Error> {
        let unsent = |error| Error::NotAuthenticated(Box::new(error));
        let tokens = self.shared.session.token().await.map_err(unsent)?;
        let answer = self.exchange(endpoint, target, payload, &tokens).await?;
        if !self.is_worth_another_token(endpoint, answer.status) {
            return answer.success();
        }
        // A refused token means that nothing was applied, so even a POST may be repeated.
        let tokens = self.shared.session.replace(tokens).await.map_err(unsent)?;
        let answer = self.exchange(endpoint, target, payload, &tokens).await?;
        if answer.status == 403 {
            self.forbidden().insert(endpoint.name, (self.shared.clock)());
        }
        answer.success()
    }

    async fn exchange(
        &self,
        endpoint: &'static Endpoint,
        target: &str,
        payload: Payload<'_>,
        tokens: &TokenSet,
    ) -> Result<Answer, Error> {
        let Shared { http, pace, clock, .. } = &*self.shared;
        let _slot = pace.enter(endpoint, &**clock).await?;
        let origin = &tokens.geolocation;
        let answer =
            http.exchange(endpoint, origin, target, payload, Some(&tokens.access_token), clock()).await;
        pace.learn(endpoint, &answer, clock());
        answer
    }

    /// A missing scope looks like an expired token on v3; remembering it keeps every such call from costing a refresh.
    fn is_worth_another_token(&self, endpoint: &'static Endpoint, status: u16) -> bool {
        match status {
            401 => true,
            403 => {
                let now = (self.shared.clock)();
                let known = self.forbidden().get(endpoint.name).copied();
                known.is_none_or(|since| now.duration_since(since) > FORBIDDEN_REMEMBERED)
            }
            _ => false,
        }
    }

    fn forbidden(&self) -> std::sync::MutexGuard<'_, HashMap<&'static str, Timestamp>> {
        self.shared.forbidden.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("http", &self.shared.http).finish_non_exhaustive()
    }
}
