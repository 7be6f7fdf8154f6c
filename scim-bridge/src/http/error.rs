//! The one map from what went wrong to an HTTP answer.
//!
//! SCIM paths answer the Error schema (RFC 7644 §3.12), everything else one problem document (RFC 9457). No stack,
//! SQL, path, library name or upstream body gets out; a bug is a 500 with the request's id and nothing else.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use serde_json::json;
use sync::import::ImportError;

use super::auth::Scope;
use super::oauth::Refusal;
use super::reply;
use crate::logging;
use crate::provision;

/// Everything that ends a request other than in success.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// No credential, or not one of ours.
    #[error("no valid bearer token")]
    Unauthenticated,
    /// No key of the issuer of a JWT is known, and none can be had now.
    #[error("the keys of the token's issuer cannot be had")]
    KeysUnavailable,
    /// The token lacks a scope.
    #[error("the token lacks the scope {0}")]
    Forbidden(Scope),
    /// The token is bound to no account and the address needs one.
    #[error("the token is bound to no account")]
    NoAccount,
    /// The token is bound to an account and the address speaks for all of them.
    #[error("the token is bound to an account")]
    BoundToAccount,
    /// There is no such address, or no such thing at it.
    #[error("nothing at this address")]
    NotFound,
    /// The address exists, for other methods.
    #[error("the method is not allowed here")]
    MethodNotAllowed {
        /// The methods that are, as the `Allow` header lists them.
        allow: String,
    },
    /// The header part is too large.
    #[error("request line and headers exceed {limit} bytes")]
    HeadersTooLarge {
        /// In bytes.
        limit: usize,
    },
    /// There are too many headers.
    #[error("more than {limit} headers")]
    TooManyHeaders {
        /// How many may be.
        limit: usize,
    },
    /// The token has sent too many requests.
    #[error("the token exceeds its rate")]
    RateLimited {
        /// When to come back.
        retry_after_s: u64,
    },
    /// No credential, or not one of ours, once too often from this address.
    #[error("too many failed authentications from one address")]
    TooManyFailures {
        /// When to come back.
        retry_after_s: u64,
    },
    /// Too many changes of the account wait to be delivered.
    #[error("the backlog of the account is full")]
    Backlog,
    /// So many files are imported already.
    #[error("too many files at once")]
    TooManyFiles,
    /// The answer to a read took too long.
    #[error("the answer was not ready in time")]
    AnswerTooSlow,
    /// The answer to a write took too long: it may have been done (reliability P2).
    #[error("the outcome of a write was not known in time")]
    OutcomeUnknown,
    /// The body is too large.
    #[error("the body exceeds {limit} bytes")]
    BodyTooLarge {
        /// In bytes.
        limit: usize,
    },
    /// The body did not arrive in time.
    #[error("the body did not arrive in time")]
    BodyTooSlow,
    /// The connection broke, or the body was not what its headers said.
    #[error("the body could not be read")]
    BodyBroken,
    /// A body that is not JSON by its label, or encoded.
    #[error("{0}")]
    UnsupportedMedia(String),
    /// A query parameter of `/api/v1` that cannot be read.
    #[error("{0}")]
    BadParameter(String),
    /// A token request that gets no token.
    #[error("{}", .0.code())]
    OAuth(Refusal),
    /// What the RFC has a status for.
    #[error(transparent)]
    Scim(#[from] scim::Error),
    /// The database.
    #[error("the store refused")]
    Store(#[from] store::Error),
    /// A bug that did not show as any of the above.
    #[error("{0}")]
    Internal(String),
}

impl From<provision::Error> for Error {
    fn from(error: provision::Error) -> Self {
        match error {
            provision::Error::Scim(error) => Self::Scim(error),
            provision::Error::Store(error) => Self::Store(error),
            provision::Error::Backlog => Self::Backlog,
        }
    }
}

impl From<sync::Error> for Error {
    fn from(error: sync::Error) -> Self {
        match error {
            sync::Error::BadCursor | sync::Error::Rules(_) | sync::Error::NoSuchApp(_) => {
                Self::BadParameter(logging::chain(&error))
            }
            sync::Error::RulesChanged { .. } | sync::Error::StoredRules { .. } => {
                Self::Scim(scim::Error::conflict(logging::chain(&error)))
            }
            sync::Error::Store(error) => Self::Store(error),
            other => Self::Internal(logging::chain(&other)),
        }
    }
}

impl From<ImportError> for Error {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Store(error) => Self::Store(error),
            ImportError::Match(error) | ImportError::Rules(error) => (*error).into(),
            ImportError::Read { .. } | ImportError::Stopped { .. } | ImportError::Changed { .. } => {
                Self::Internal(logging::chain(&error))
            }
            ImportError::UnderWay { .. } => Self::Scim(scim::Error::conflict(error.to_string())),
            // The command line's flags are parameters here.
            other => Self::BadParameter(
                other
                    .to_string()
                    .replace("--map ", "the parameter map=")
                    .replace("--date-order", "date_order")
                    .replace("--decimal", "decimal"),
            ),
        }
    }
}

/// Which form of body an address answers errors with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surface {
    /// `application/scim+json`.
    Scim,
    /// `application/problem+json`.
    Problem,
    /// The JSON of RFC 6749 §5.2.
    OAuth,
}

/// Seconds after which a caller may try again when the database was not available.
const RETRY_AFTER_S: u64 = 5;
/// The same when too many changes wait for Concur (reliability §7), or files to be imported.
const RETRY_AFTER_LONGER_S: u64 = 60;

impl Error {
    /// The error as SCIM has it; its status and detail serve the other surface as well.
    pub(crate) fn to_scim(&self, request_id: &str) -> scim::Error {
        match self {
            Self::Unauthenticated => scim::Error::unauthorized(
                "a valid bearer token is needed: one Authorization header, \"Bearer\" and a token of this bridge",
            ),
            Self::Forbidden(scope) => scim::Error::forbidden(format!("the token lacks the scope {scope}")),
            Self::NoAccount => scim::Error::forbidden("the token is bound to no account; use one that is"),
            Self::BoundToAccount => scim::Error::forbidden(
                "the token is bound to an account; this takes one that was made without --account",
            ),
            Self::NotFound => scim::Error::not_found("there is nothing at this address"),
            Self::MethodNotAllowed { allow } => {
                scim::Error::method_not_allowed(format!("this address allows {allow}"))
            }
            Self::HeadersTooLarge { limit } => {
                plain(431, format!("request line and headers exceed {limit} bytes"))
            }
            Self::TooManyHeaders { limit } => {
                plain(431, format!("a request may have {limit} headers at most"))
            }
            Self::RateLimited { retry_after_s } => scim::Error::too_many_requests(format!(
                "this token sends requests faster than it may; come back in {retry_after_s} s"
            )),
            Self::TooManyFailures { retry_after_s } => scim::Error::too_many_requests(format!(
                "too many requests without a valid bearer token from this address; come back in {retry_after_s} s"
            )),
            Self::KeysUnavailable => scim::Error::unavailable(
                "the keys of the token's issuer cannot be fetched right now, so the token cannot be checked; come back later",
            ),
            Self::Backlog => scim::Error::unavailable(
                "too many changes of this account wait to be delivered to SAP Concur; nothing was changed",
            ),
            Self::TooManyFiles => scim::Error::unavailable(
                "other files are being imported; nothing of this one was stored, send it again later",
            ),
            Self::AnswerTooSlow => {
                scim::Error::unavailable("the answer was not ready in time; try again shortly")
            }
            Self::OutcomeUnknown => outcome_unknown(),
            Self::BodyTooLarge { limit } => {
                scim::Error::payload_too_large(format!("the body exceeds {limit} bytes"))
            }
            Self::BodyTooSlow => plain(408, "the body did not arrive in time".to_owned()),
            Self::BodyBroken => scim::Error::invalid_syntax("the body could not be read to its end"),
            Self::UnsupportedMedia(detail) => scim::Error::unsupported_media_type(detail.clone()),
            Self::BadParameter(detail) => scim::Error::invalid_value(detail.clone()),
            Self::OAuth(Refusal::Client) => scim::Error::unauthorized(Refusal::Client.description()),
            Self::OAuth(refusal) => plain(400, refusal.description().to_owned()),
            Self::Scim(error) => error.clone(),
            Self::Store(error) => from_store(error, request_id),
            Self::Internal(_) => bug(request_id),
        }
    }

    /// When to come back: every 429 and 503 says so.
    fn retry_after_s(&self, status: u16) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_s } | Self::TooManyFailures { retry_after_s } => {
                Some(*retry_after_s)
            }
            Self::Backlog | Self::TooManyFiles => Some(RETRY_AFTER_LONGER_S),
            _ => matches!(status, 429 | 503).then_some(RETRY_AFTER_S),
        }
    }

    /// Which limit was met, as the metric names it.
    pub(crate) fn limit(&self) -> Option<&'static str> {
        match self {
            Self::HeadersTooLarge { .. } => Some("header_bytes"),
            Self::TooManyHeaders { .. } => Some("headers"),
            Self::BodyTooLarge { .. } => Some("body_bytes"),
            Self::BodyTooSlow => Some("body_time"),
            Self::AnswerTooSlow | Self::OutcomeUnknown => Some("answer_time"),
            Self::RateLimited { .. } => Some("token_rate"),
            Self::TooManyFailures { .. } => Some("failed_authentications"),
            Self::Backlog => Some("backlog"),
            _ => None,
        }
    }

    /// The error as RFC 6749 §5.2 names it; where it has no name, the nearest of its other names.
    fn oauth_code(&self, status: u16) -> &'static str {
        match self {
            Self::OAuth(refusal) => refusal.code(),
            _ if status == 503 || status == 429 => "temporarily_unavailable",
            _ if status >= 500 => "server_error",
            _ => "invalid_request",
        }
    }

    /// The answer. Bugs and an unavailable database are logged here, once, with the whole chain.
    pub(crate) fn respond(&self, surface: Surface, request_id: &str) -> HttpResponse {
        let error = self.to_scim(request_id);
        match error.status {
            500 => {
                tracing::error!(request_id, error = self as &dyn std::error::Error, "request failed: a bug");
            }
            503 | 504 => {
                tracing::error!(request_id, error = %logging::chain(self), "request refused for now");
            }
            _ => tracing::debug!(request_id, status = error.status, "request refused"),
        }
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = HttpResponse::build(status);
        if matches!(self, Self::Unauthenticated) {
            answer.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"scim-bridge\""));
        }
        if matches!(self, Self::OAuth(Refusal::Client)) {
            answer.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"scim-bridge\""));
        }
        if let Self::MethodNotAllowed { allow } = self {
            answer.insert_header((header::ALLOW, allow.as_str()));
        }
        if let Some(seconds) = self.retry_after_s(error.status) {
            answer.insert_header((header::RETRY_AFTER, seconds));
        }
        if error.status == 408 || error.status == 413 || error.status == 431 {
            // What is left of the request is not worth reading.
            answer.force_close();
        }
        match surface {
            Surface::Scim => reply::json(&mut answer, reply::SCIM_JSON, &error.to_json()),
            Surface::Problem => {
                let problem = json!({
                    "type": "about:blank",
                    "title": status.canonical_reason().unwrap_or("Error"),
                    "status": error.status,
                    "detail": error.detail,
                    "request_id": request_id,
                });
                reply::json(&mut answer, "application/problem+json", &problem)
            }
            Surface::OAuth => {
                let body = json!({"error": self.oauth_code(error.status), "error_description": error.detail});
                reply::json(&mut answer, reply::JSON, &body)
            }
        }
    }
}

/// A database error as callers may see it.
fn from_store(error: &store::Error, request_id: &str) -> scim::Error {
    use store::Error as S;
    match error {
        S::NotFound { .. } => scim::Error::not_found("there is nothing with this id"),
        S::Stale { .. } => {
            scim::Error::precondition_failed("the resource was changed meanwhile; read it again")
        }
        S::Conflict { constraint: store::Constraint::UserName } => {
            scim::Error::uniqueness("a user with this userName exists already")
        }
        S::OutcomeUnknown { .. } => outcome_unknown(),
        S::Unavailable { .. } => scim::Error::unavailable("the database is not available; try again shortly"),
        // Everything else, also what a later store adds, is ours to repair: settings, keys, or a statement that
        // should not have failed.
        _ => bug(request_id),
    }
}

fn outcome_unknown() -> scim::Error {
    plain(
        504,
        "whether the change was made could not be found out; to repeat the request does no harm".to_owned(),
    )
}

fn bug(request_id: &str) -> scim::Error {
    scim::Error::internal(format!("an error inside the bridge; its log has it under request id {request_id}"))
}

/// A status that RFC 7644 Table 8 does not list.
fn plain(status: u16, detail: String) -> scim::Error {
    scim::Error { status, scim_type: None, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_inside_stays_inside() {
        let error = Error::Store(store::Error::Corrupt { what: "canary", reason: "canary".into() });
        let shown = error.to_scim("r-1");
        assert_eq!(shown.status, 500);
        assert!(shown.detail.contains("r-1") && !shown.detail.contains("canary"), "{}", shown.detail);
    }

    #[test]
    fn the_database_decides_between_conflict_stale_absent_and_later() {
        let check = |error: store::Error, status: u16| {
            assert_eq!(Error::Store(error).to_scim("r").status, status);
        };
        check(store::Error::Conflict { constraint: store::Constraint::UserName }, 409);
        check(store::Error::Stale { what: "resource" }, 412);
        check(store::Error::NotFound { what: "resource" }, 404);
        check(store::Error::Unavailable { reason: "disk full".into() }, 503);
    }

    #[test]
    fn unavailable_tells_when_to_come_back_and_unauthenticated_what_to_present() {
        let unavailable = Error::Store(store::Error::Unavailable { reason: "x".into() });
        let answer = unavailable.respond(Surface::Scim, "r");
        assert_eq!(answer.headers().get(header::RETRY_AFTER).unwrap(), "5");
        let answer = Error::Backlog.respond(Surface::Scim, "r");
        assert_eq!(
            (answer.status().as_u16(), answer.headers().get(header::RETRY_AFTER).unwrap().as_bytes()),
            (503, &b"60"[..])
        );
        let answer = Error::RateLimited { retry_after_s: 3 }.respond(Surface::Problem, "r");
        assert_eq!(
            (answer.status().as_u16(), answer.headers().get(header::RETRY_AFTER).unwrap().as_bytes()),
            (429, &b"3"[..])
        );
        let answer = Error::Unauthenticated.respond(Surface::Problem, "r");
        assert_eq!(answer.status(), 401);
        assert!(answer.headers().contains_key(header::WWW_AUTHENTICATE));
        assert_eq!(answer.headers().get(header::CONTENT_TYPE).unwrap(), "application/problem+json");
    }
}
