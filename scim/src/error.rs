//! The error table of RFC 7644 §3.12 as constructors: one per row we use, so that no caller has to remember which
//! status goes with which keyword. Headers (`Retry-After`, `WWW-Authenticate`, `Allow`) are the HTTP layer's business.

use serde_json::{Value, json};

use crate::urn;

/// An answer that is not a success, RFC 7644 §3.12.
///
/// `detail` is read by an administrator in the provisioning log of the identity provider: it says what was wrong,
/// where, and what would be accepted. It never carries the values of a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Error {
    /// HTTP status code.
    pub status: u16,
    /// Keyword of Table 9, where the RFC has one for the case.
    pub scim_type: Option<ScimType>,
    /// A sentence for the administrator who reads the provisioning log.
    pub detail: String,
}

/// Detail error keywords of RFC 7644 §3.12, Table 9, and of RFC 9865 §2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScimType {
    /// The filter is malformed, or compares what cannot be compared.
    InvalidFilter,
    /// The filter yields more results than the server is willing to compute.
    TooMany,
    /// A value that must be unique is taken.
    Uniqueness,
    /// A read-only or immutable attribute was to be changed, or a required one removed.
    Mutability,
    /// The body is not JSON, or not the message it should be.
    InvalidSyntax,
    /// The path of a PATCH operation is malformed or names nothing.
    InvalidPath,
    /// The path of a PATCH operation selects nothing it could work on.
    NoTarget,
    /// A required value is missing, or a value has the wrong type.
    InvalidValue,
    /// The protocol version is not supported.
    InvalidVersion,
    /// The request carries personal data in its URI.
    Sensitive,
    /// The cursor was not made for this query (RFC 9865 §2.1).
    InvalidCursor,
    /// The cursor is too old (RFC 9865 §2.1).
    ExpiredCursor,
    /// `count` is no count, or not that of the query the cursor came from (RFC 9865 §2.1).
    InvalidCount,
}

impl ScimType {
    /// The keyword as it crosses the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            ScimType::InvalidFilter => "invalidFilter",
            ScimType::TooMany => "tooMany",
            ScimType::Uniqueness => "uniqueness",
            ScimType::Mutability => "mutability",
            ScimType::InvalidSyntax => "invalidSyntax",
            ScimType::InvalidPath => "invalidPath",
            ScimType::NoTarget => "noTarget",
            ScimType::InvalidValue => "invalidValue",
            ScimType::InvalidVersion => "invalidVers",
            ScimType::Sensitive => "sensitive",
            ScimType::InvalidCursor => "invalidCursor",
            ScimType::ExpiredCursor => "expiredCursor",
            ScimType::InvalidCount => "invalidCount",
        }
    }
}

/// Rows of Table 9 (with keyword) and of Table 8 (without): name, status, keyword.
macro_rules! rows {
    ($($(#[$doc:meta])+ $name:ident = $status:literal $(, $scim_type:ident)?;)+) => {
        impl Error {
            $(
                $(#[$doc])+
                pub fn $name(detail: impl Into<String>) -> Self {
                    let keyword: &[ScimType] = &[$(ScimType::$scim_type)?];
                    let scim_type = keyword.first().copied();
                    Self { status: $status, scim_type, detail: detail.into() }
                }
            )+
        }
    };
}

rows! {
    /// 400 `invalidFilter`.
    invalid_filter = 400, InvalidFilter;
    /// 400 `tooMany`.
    too_many = 400, TooMany;
    /// 409 `uniqueness`: the status is that of RFC 7644 §3.3.
    uniqueness = 409, Uniqueness;
    /// 400 `mutability`.
    mutability = 400, Mutability;
    /// 400 `invalidSyntax`.
    invalid_syntax = 400, InvalidSyntax;
    /// 400 `invalidPath`.
    invalid_path = 400, InvalidPath;
    /// 400 `noTarget`.
    no_target = 400, NoTarget;
    /// 400 `invalidValue`.
    invalid_value = 400, InvalidValue;
    /// 400 `invalidVers`.
    invalid_version = 400, InvalidVersion;
    /// 403 `sensitive`.
    sensitive = 403, Sensitive;
    /// 400 `invalidCursor`.
    invalid_cursor = 400, InvalidCursor;
    /// 400 `expiredCursor`.
    expired_cursor = 400, ExpiredCursor;
    /// 400 `invalidCount`.
    invalid_count = 400, InvalidCount;
    /// 401: no valid credentials.
    unauthorized = 401;
    /// 403: valid credentials without the right.
    forbidden = 403;
    /// 404: no such resource, or no such end point.
    not_found = 404;
    /// 405: the end point does not know the method.
    method_not_allowed = 405;
    /// 409 without a keyword: the resource changed in between.
    conflict = 409;
    /// 412: the entity tag is stale.
    precondition_failed = 412;
    /// 413: more than we take in one request.
    payload_too_large = 413;
    /// 415: a body in a media type we do not read.
    unsupported_media_type = 415;
    /// 429: too many requests.
    too_many_requests = 429;
    /// 500: our fault; `detail` says nothing about internals.
    internal = 500;
    /// 501: not offered.
    not_implemented = 501;
    /// 503: try again later.
    unavailable = 503;
}

impl Error {
    /// The error body: `status` as a string, `scimType` only where there is one.
    pub fn to_json(&self) -> Value {
        let mut body = json!({
            "schemas": [urn::ERROR],
            "status": self.status.to_string(),
            "detail": self.detail,
        });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.as_str().into();
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_crosses_the_wire_as_a_string() {
        assert_eq!(
            Error::uniqueness("taken").to_json(),
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                "status": "409", "scimType": "uniqueness", "detail": "taken"})
        );
    }

    #[test]
    fn a_row_without_keyword_has_no_scim_type() {
        assert_eq!(Error::not_found("no").to_json().get("scimType"), None);
    }
}
