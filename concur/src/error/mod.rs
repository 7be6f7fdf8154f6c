//! The one error of this crate. Its variants are the cases a caller treats differently; [`Error::advice`] says how.
//! Not here: retrying, which is decided where its cost is known.
//! Source: page "HTTP Status Codes"; User Provisioning v4, "Errors".

mod advice;
mod body;
pub(crate) mod retry_after;

pub use advice::Advice;
pub use body::{ApiMessage, ErrorBody};

use crate::auth::{StoreError, TokenCause};
use crate::http::Cause;
use std::time::Duration;

/// Which call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallContext {
    /// Stable endpoint name, such as `identity.get`.
    pub endpoint: &'static str,
    /// The id Concur's support asks for: the one it answered, else the one that was sent.
    pub correlation_id: String,
    /// The call is a read of the legacy v3 framework, which answers 400 also for rate limits and database deadlocks.
    pub(crate) legacy_read: bool,
}

/// An answer that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The call.
    pub call: CallContext,
    /// HTTP status.
    pub status: u16,
    /// What Concur said, whatever the family of its error body.
    pub body: ErrorBody,
    /// How long Concur asked to wait, at most an hour.
    pub retry_after: Option<Duration>,
}

/// Why an address is not acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostRefusal {
    /// It cannot be read as an address.
    NotAnAddress,
    /// Only https is allowed.
    NotHttps,
    /// Only the standard port is allowed.
    Port,
    /// It carries a user name or password.
    Credentials,
    /// Loopback is allowed in development only.
    Loopback,
    /// The host is under no allowed suffix.
    NotAllowed,
}

/// Why calls are held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Concur asked every call to this company to slow down (429, or 503 with a time).
    Throttled,
    /// This API answered 503, or nothing in time; Concur asks to leave it alone for five minutes then.
    Unavailable,
}

impl Held {
    fn sentence(self) -> &'static str {
        match self {
            Self::Throttled => "asked to wait",
            Self::Unavailable => "was unavailable a moment ago, and asks to wait then",
        }
    }
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An address that must not receive a request.
    #[error("{}", host_sentence(*reason))]
    Host {
        /// What is wrong with it.
        reason: HostRefusal,
    },
    /// The HTTP client could not be built, usually because the system's certificates cannot be read.
    #[error("cannot set up the HTTP client; check that the system's certificate store is installed")]
    Setup(#[source] reqwest::Error),
    /// Nothing is stored for this connection yet.
    #[error("this account is not connected to SAP Concur yet; connect it first")]
    NotConnected,
    /// The token store failed.
    #[error("cannot read or save the tokens of this account")]
    TokenStore(#[source] StoreError),
    /// Another replica is refreshing the token and has not finished in time.
    #[error("another process is refreshing the token of this account; try again shortly")]
    RefreshBusy,
    /// The token endpoint refused.
    #[error("SAP Concur gave no token ({}): {}; {}", code.map_or("no code".to_owned(), |code| format!("code {code}")), cause.meaning(), cause.next_step())]
    Token {
        /// Why, in words.
        cause: TokenCause,
        /// Concur's error code.
        code: Option<u32>,
        /// The answer.
        failure: Box<Failure>,
    },
    /// There is no usable token, so the call itself was never sent.
    #[error("the request was not sent, for lack of a valid token")]
    NotAuthenticated(#[source] Box<Error>),
    /// Calls like this one are held back, for longer than it is worth waiting here: nothing was sent.
    #[error("{endpoint}: SAP Concur {}; not sent, try again in {} seconds", because.sentence(), retry_after.as_secs().max(1))]
    Paused {
        /// Endpoint name.
        endpoint: &'static str,
        /// What is left of the wait.
        retry_after: Duration,
        /// What an earlier answer said.
        because: Held,
    },
    /// Connection or TLS never came about: the request was not sent.
    #[error("{}: cannot connect to SAP Concur", call.endpoint)]
    NotSent {
        /// The call.
        call: CallContext,
        /// The cause.
        #[source]
        source: Cause,
    },
    /// Sent, and no complete answer: reset, time-out, cut body.
    #[error("{}: no complete answer from SAP Concur (correlation id {})", call.endpoint, call.correlation_id)]
    NoAnswer {
        /// The call.
        call: CallContext,
        /// The cause.
        #[source]
        source: Cause,
    },
    /// The answer is larger than the limit.
    #[error("{}: the answer is larger than {limit} bytes (correlation id {})", call.endpoint, call.correlation_id)]
    BodyTooLarge {
        /// The call.
        call: CallContext,
        /// The limit in bytes.
        limit: usize,
    },
    /// 401 or 403, also with a fresh token: a scope, a role or the connection itself is missing.
    #[error("{}", failure_sentence(.0, "is not allowed; check the application's scopes and the token owner's roles"))]
    Denied(Box<Failure>),
    /// 404: what was asked for does not exist, or is not visible to this company.
    #[error("{}", failure_sentence(.0, "found nothing"))]
    NotFound(Box<Failure>),
    /// 409, or 400 with `scimType` uniqueness: a value is taken.
    #[error("{}", failure_sentence(.0, "met a value that is already in use"))]
    Conflict(Box<Failure>),
    /// 413: the request is too large.
    #[error("{}", failure_sentence(.0, "was too large; split it"))]
    TooLarge(Box<Failure>),
    /// 429: too many requests.
    #[error("{}", failure_sentence(.0, "was throttled"))]
    Throttled(Box<Failure>),
    /// Another 4xx: Concur cannot accept the request as it is.
    #[error("{}", failure_sentence(.0, "was refused"))]
    Rejected(Box<Failure>),
    /// 5xx, 408, a redirect or anything else that leaves open what happened.
    #[error("{}", failure_sentence(.0, "failed at SAP Concur's side"))]
    Server(Box<Failure>),
    /// A success whose body cannot be understood.
    #[error("{}: cannot read the answer at {path}: {reason} (status {status}, correlation id {})", call.endpoint, call.correlation_id)]
    Decode {
        /// The call.
        call: CallContext,
        /// HTTP status.
        status: u16,
        /// JSON path, such as `Items[3].PostedAmount`.
        path: String,
        /// What was expected; never a value, which may be personal data.
        reason: String,
    },
    /// A list that does not advance: the same page was named twice, or a page of another list.
    #[error("{endpoint}: {reason}")]
    Paging {
        /// Endpoint name.
        endpoint: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// The request breaks a documented limit and was not sent.
    #[error("{endpoint}: {reason}")]
    Limit {
        /// Endpoint name.
        endpoint: &'static str,
        /// Which limit.
        reason: String,
    },
}

impl Error {
    /// The answer that said no, if there was one.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Token { failure, .. }
            | Self::Denied(failure)
            | Self::NotFound(failure)
            | Self::Conflict(failure)
            | Self::TooLarge(failure)
            | Self::Throttled(failure)
            | Self::Rejected(failure)
            | Self::Server(failure) => Some(failure),
            Self::NotAuthenticated(source) => source.failure(),
            _ => None,
        }
    }

    /// The failed call, if one was made.
    pub fn call(&self) -> Option<&CallContext> {
        match self {
            Self::NotSent { call, .. }
            | Self::NoAnswer { call, .. }
            | Self::BodyTooLarge { call, .. }
            | Self::Decode { call, .. } => Some(call),
            Self::NotAuthenticated(source) => source.call(),
            _ => self.failure().map(|failure| &failure.call),
        }
    }

    /// The correlation id of the failed call.
    pub fn correlation_id(&self) -> Option<&str> {
        self.call().map(|call| call.correlation_id.as_str())
    }

    /// The HTTP status, when there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Decode { status, .. } => Some(*status),
            _ => self.failure().map(|failure| failure.status),
        }
    }

    /// What Concur asks to wait five minutes after: no answer in time, or 503.
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            Self::NoAnswer { source, .. } => source.is_timeout(),
            Self::Server(failure) => failure.status == 503,
            _ => false,
        }
    }

    /// What Concur said, possibly nothing.
    pub fn messages(&self) -> &[ApiMessage] {
        self.failure().map_or(&[], |failure| &failure.body.messages)
    }

    /// The error for an answer that is no success.
    pub(crate) fn from_failure(failure: Failure) -> Self {
        let failure = Box::new(failure);
        match failure.status {
            401 | 403 => Self::Denied(failure),
            404 | 410 => Self::NotFound(failure),
            409 => Self::Conflict(failure),
            400 if failure.body.scim_type.as_deref() == Some("uniqueness") => Self::Conflict(failure),
            413 => Self::TooLarge(failure),
            429 => Self::Throttled(failure),
            400 | 402 | 405..=407 | 411..=499 => Self::Rejected(failure),
            _ => Self::Server(failure),
        }
    }
}

fn failure_sentence(failure: &Failure, what: &str) -> String {
    let Failure { call, status, body, .. } = failure;
    let mut sentence =
        format!("{} {what} (status {status}, correlation id {})", call.endpoint, call.correlation_id);
    if let Some(first) = body.messages.first() {
        sentence.push_str(": ");
        sentence.push_str(&first.message);
    }
    sentence
}

fn host_sentence(reason: HostRefusal) -> &'static str {
    match reason {
        HostRefusal::NotAnAddress => {
            "the address cannot be read; write it like https://us2.api.concursolutions.com"
        }
        HostRefusal::NotHttps => "the address is refused: only https is allowed",
        HostRefusal::Port => "the address is refused: only the standard port is allowed",
        HostRefusal::Credentials => "the address is refused: it carries a user name",
        HostRefusal::Loopback => "the address is refused: this machine itself is allowed in development only",
        HostRefusal::NotAllowed => "the address is refused: its host is under no allowed suffix",
    }
}
