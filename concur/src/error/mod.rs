//! The one error of this crate.

use std::time::Duration;

/// Concur's own message.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ApiMessage {
    /// Opaque code.
    pub code: Option<String>,
    /// Text.
    pub message: String,
    /// Attribute the message is about.
    pub schema_path: Option<String>,
}

/// Which call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallContext {
    /// Stable endpoint name, such as `identity.get`.
    pub endpoint: &'static str,
    /// Correlation id.
    pub correlation_id: String,
}

/// What a caller should do about an error (reliability I10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Concur has not applied the request; it may be sent again.
    CertainlyNotApplied {
        /// How long Concur asked to wait.
        retry_after: Option<Duration>,
    },
    /// Nobody knows whether it was applied: look before sending again.
    Unknown {
        /// How long Concur asked to wait.
        retry_after: Option<Duration>,
    },
    /// Concur refused it for good; it was not applied and repeating it will not help.
    Permanent,
    /// A value is taken already, or may be: look the user up.
    Conflict,
    /// What was asked for does not exist.
    NotFound,
    /// Not applied: the request is too large; split it.
    Split,
    /// Not applied: the connection needs an operator (new grant, scope, role).
    ReAuthenticate,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not final.
    #[error("not implemented")]
    Placeholder,
}

impl Error {
    /// What to do about it.
    pub fn advice(&self) -> Advice {
        unimplemented!()
    }
    /// The correlation id of the failed call.
    pub fn correlation_id(&self) -> Option<&str> {
        unimplemented!()
    }
    /// The HTTP status, when there was an answer.
    pub fn status(&self) -> Option<u16> {
        unimplemented!()
    }
    /// What Concur said.
    pub fn messages(&self) -> &[ApiMessage] {
        unimplemented!()
    }
}
