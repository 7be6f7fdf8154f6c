//! Another way to carry requests than sockets: for simulations in which time and network are arguments, and nothing
//! waits for the machine. What carries them decides nothing else; limits, tokens and the meaning of answers stay the same.

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use reqwest::{Method, header::HeaderMap};
use url::Url;

/// Carries one request to its answer.
pub trait Transport: Send + Sync {
    /// The answer, or what the sender sees instead of one. Dropping the future is giving up; whether the request had its
    /// effect then stays open.
    fn carry(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, WireError>>;
}

/// A request as it would leave. `Debug` is left out on purpose: it carries the bearer token.
pub struct WireRequest {
    /// HTTP method.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, empty for none.
    pub body: Vec<u8>,
}

impl fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

/// A complete answer.
#[derive(Clone, Debug, Default)]
pub struct WireAnswer {
    /// HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

/// What the sender sees instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Connection or TLS never came about: the request was not sent.
    #[error("no connection")]
    NotConnected,
    /// The connection broke before the answer was complete.
    #[error("the connection broke")]
    Broken,
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
}

/// What carries the requests in place of sockets, as a setting.
#[derive(Clone)]
pub struct Wire(pub Arc<dyn Transport>);

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

/// The cause of a request without an answer, whatever carried it.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The HTTP library's.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    /// A [`Transport`]'s.
    #[error(transparent)]
    Wire(#[from] WireError),
}

impl Cause {
    /// Whether time ran out.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Http(error) => error.is_timeout(),
            Self::Wire(error) => *error == WireError::TimedOut,
        }
    }

    /// Whether the request certainly never left.
    pub(crate) fn is_unsent(&self) -> bool {
        match self {
            Self::Http(error) => error.is_connect() || error.is_builder(),
            Self::Wire(error) => *error == WireError::NotConnected,
        }
    }
}
