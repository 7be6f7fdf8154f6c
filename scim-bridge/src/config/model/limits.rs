//! Limits on what callers may send and ask for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Proxies;
use crate::config::duration;

/// Limits on what callers may send and ask for (reliability, section 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Body of one SCIM request, bytes.
    pub scim_body_bytes: usize,
    /// Body of a request that writes a group, which may have many members, bytes.
    pub group_body_bytes: usize,
    /// Request line and headers together, bytes.
    pub header_bytes: usize,
    /// Headers of one request; at most [`Limits::HEADERS_MAX`].
    pub headers: usize,
    /// Time for the headers of a request.
    #[serde(with = "duration")]
    pub header_time: Duration,
    /// Time for the body of a request.
    #[serde(with = "duration")]
    pub body_time: Duration,
    /// Pace of a body after its first 5 s, bytes a second.
    pub body_pace: usize,
    /// Time for an answer, from the headers on.
    #[serde(with = "duration")]
    pub answer_time: Duration,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once of one address.
    pub connections_per_address: usize,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Proxies,
    /// Requests a second of one token, in the long run; 0: no limit.
    pub token_rate: u32,
    /// Requests at once of one token.
    pub token_burst: u32,
    /// Failed authentications a minute of one address; 0: no limit.
    pub failed_authentications: u32,
    /// Operations of one account that have not ended, beyond which changes are refused.
    pub backlog: usize,
    /// The same for deactivations and deletions.
    pub backlog_leavers: usize,
    /// Body of one Bulk request, bytes.
    pub bulk_body_bytes: usize,
    /// Operations in one Bulk request.
    pub bulk_operations: usize,
    /// A file of expense lines, bytes.
    pub import_bytes: usize,
    /// Time for such a file to arrive and to be judged.
    #[serde(with = "duration")]
    pub import_time: Duration,
    /// Operations in one PATCH.
    pub patch_operations: usize,
    /// Time that a request waits for the database.
    #[serde(with = "duration")]
    pub pool_wait: Duration,
    /// Time that a statement may take.
    #[serde(with = "duration")]
    pub query_time: Duration,
    /// Resources that one filter without an index may look at.
    pub filter_scan: usize,
    /// Lines, apps or operations in one page of `/api/v1`.
    pub api_page: usize,
}

impl Limits {
    /// More headers than this the HTTP library (actix-http 3) refuses by itself, with 431 and an empty body.
    pub const HEADERS_MAX: usize = 96;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            scim_body_bytes: 256 * 1024,
            group_body_bytes: 2 * 1024 * 1024,
            header_bytes: 16 * 1024,
            headers: Limits::HEADERS_MAX,
            header_time: Duration::from_secs(5),
            body_time: Duration::from_secs(15),
            body_pace: 1_024,
            answer_time: Duration::from_secs(30),
            connections: 2_000,
            connections_per_address: 100,
            trusted_proxies: Proxies::default(),
            token_rate: 50,
            token_burst: 200,
            failed_authentications: 10,
            backlog: 100_000,
            backlog_leavers: 200_000,
            bulk_body_bytes: 1024 * 1024,
            bulk_operations: 100,
            import_bytes: 256 * 1024 * 1024,
            import_time: Duration::from_mins(10),
            patch_operations: 100,
            pool_wait: Duration::from_secs(2),
            query_time: Duration::from_secs(5),
            filter_scan: 10_000,
            api_page: 200,
        }
    }
}
