//! A refresh token that Concur has refused for good, so that it is not shown again and again: repeated refusals lock
//! accounts (code 14). Not here: the renewal itself (`session`).
//! Source: Authentication, error codes 14 and 108.

use super::{Remedy, TokenCause, TokenSet};
use crate::{Error, error::Failure};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

/// It is not shown to Concur again for this long.
const REFUSAL_REMEMBERED: SignedDuration = SignedDuration::from_mins(5);

/// A refresh token that Concur has refused, and its words.
pub(super) struct Refused {
    refresh_token: SecretString,
    until: Timestamp,
    cause: TokenCause,
    code: Option<u32>,
    failure: Box<Failure>,
}

impl Refused {
    /// The refusal, if `error` is one that a repetition cannot mend.
    pub(super) fn of(error: &Error, tokens: &TokenSet, now: Timestamp) -> Option<Self> {
        match error {
            Error::Token { cause, code, failure } if cause.remedy() != Remedy::Retry => Some(Self {
                refresh_token: tokens.refresh_token.clone(),
                until: now.saturating_add(REFUSAL_REMEMBERED).unwrap_or(now),
                cause: *cause,
                code: *code,
                failure: failure.clone(),
            }),
            _ => None,
        }
    }

    /// Whether it still speaks for these tokens; a new grant brings others.
    pub(super) fn holds_for(&self, tokens: &TokenSet, now: Timestamp) -> bool {
        now < self.until && self.refresh_token.expose_secret() == tokens.refresh_token.expose_secret()
    }

    pub(super) fn error(&self) -> Error {
        Error::Token { cause: self.cause, code: self.code, failure: self.failure.clone() }
    }
}
