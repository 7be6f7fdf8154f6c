//! The error table of RFC 7644 §3.12 as constructors.
use serde_json::Value;

/// An answer that is not a success, RFC 7644 §3.12.
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

/// Detail error keywords of RFC 7644 §3.12 Table 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum ScimType {
    InvalidFilter,
    TooMany,
    Uniqueness,
    Mutability,
    InvalidSyntax,
    InvalidPath,
    NoTarget,
    InvalidValue,
    InvalidVersion,
    Sensitive,
}

macro_rules! ctor { ($($name:ident)*) => { impl Error { $(
    /// Constructor.
    pub fn $name(_detail: impl Into<String>) -> Self { unimplemented!() } )* } } }
ctor! { invalid_filter too_many uniqueness mutability invalid_syntax invalid_path no_target invalid_value invalid_version sensitive
unauthorized forbidden not_found method_not_allowed precondition_failed payload_too_large unsupported_media_type too_many_requests
internal not_implemented unavailable }
impl Error {
    /// The error body, `status` as a string.
    pub fn to_json(&self) -> Value {
        unimplemented!()
    }
}
