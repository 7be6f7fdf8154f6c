//! What a caller should do about an error: was the request applied, and does repeating it help? Written from the
//! writer's point of view; for reads every answer but "permanent" simply means "again later".
//! Source: page "HTTP Status Codes"; the rule errs towards "unknown".

use super::{Error, Failure};
use crate::auth::Remedy;
use std::time::Duration;

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Concur has not applied the request; send it again after a pause.
    CertainlyNotApplied {
        /// How long Concur asked to wait, at most an hour.
        retry_after: Option<Duration>,
    },
    /// Nobody knows whether it was applied: look before sending again.
    Unknown {
        /// How long Concur asked to wait, at most an hour.
        retry_after: Option<Duration>,
    },
    /// Not applied, and the same request will never be accepted: a person must change something.
    Permanent,
    /// Not applied: a value is taken, or our own earlier attempt took it. Look the user up.
    Conflict,
    /// Not applied: what it is about does not exist.
    NotFound,
    /// Not applied: too large; split it.
    Split,
    /// Not applied: the connection needs a person (new grant, scope, role) before anything else is sent.
    ReAuthenticate,
}

impl Error {
    /// What to do about this error.
    pub fn advice(&self) -> Advice {
        match self {
            // Never left this process.
            Self::TokenStore(_) | Self::RefreshBusy | Self::NotSent { .. } => {
                Advice::CertainlyNotApplied { retry_after: None }
            }
            Self::Paused { retry_after, .. } => {
                Advice::CertainlyNotApplied { retry_after: Some(*retry_after) }
            }
            Self::NotAuthenticated(source) => match source.advice() {
                Advice::Unknown { retry_after } => Advice::CertainlyNotApplied { retry_after },
                known => known,
            },
            Self::Token { cause, .. } => match cause.remedy() {
                Remedy::Retry | Remedy::Unknown => {
                    Advice::CertainlyNotApplied { retry_after: self.retry_after() }
                }
                Remedy::Operator | Remedy::Configuration => Advice::ReAuthenticate,
                Remedy::Bug => Advice::Permanent,
            },
            // Answered, and for certain not applied.
            Self::NotConnected | Self::Denied(_) => Advice::ReAuthenticate,
            Self::NotFound(_) => Advice::NotFound,
            Self::Conflict(_) => Advice::Conflict,
            Self::Limit { .. } | Self::TooLarge(_) => Advice::Split,
            Self::Throttled(_) => Advice::CertainlyNotApplied { retry_after: self.retry_after() },
            Self::Rejected(failure) if is_passing(failure) => {
                Advice::CertainlyNotApplied { retry_after: failure.retry_after }
            }
            // No request of ours, now or later, will get past these.
            Self::Rejected(_) | Self::Host { .. } | Self::Setup(_) => Advice::Permanent,
            // Everything else without a well-formed answer.
            Self::Server(_)
            | Self::NoAnswer { .. }
            | Self::BodyTooLarge { .. }
            | Self::Decode { .. }
            | Self::Paging { .. } => Advice::Unknown { retry_after: self.retry_after() },
        }
    }

    /// How long Concur asked to wait, at most an hour.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Paused { retry_after, .. } => Some(*retry_after),
            _ => self.failure().and_then(|failure| failure.retry_after),
        }
    }
}

/// The legacy framework answers 400 also for "too many requests" and for a database deadlock.
fn is_passing(failure: &Failure) -> bool {
    failure.status == 400 && failure.call.legacy_read
}
