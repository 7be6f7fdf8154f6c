//! What is written down: log lines, and the log of SCIM requests.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::duration;

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Form of a line.
    pub format: LogFormat,
    /// Least important level that is written.
    pub level: LogLevel,
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Level of a log line, most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something is broken and needs a person.
    Error,
    /// Something went wrong and the bridge deals with it.
    Warn,
    /// What happens, one line per request and per operation.
    Info,
    /// What a developer wants to know.
    Debug,
    /// Everything.
    Trace,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: LogLevel::Info }
    }
}

/// What is remembered of SCIM requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestLog {
    /// Requests of one account that are kept; 0: none.
    pub keep: usize,
    /// How long they are kept.
    #[serde(with = "duration")]
    pub keep_for: Duration,
    /// Whether reads that were answered with success are kept too.
    pub reads: bool,
}

impl Default for RequestLog {
    fn default() -> Self {
        Self { keep: 10_000, keep_for: Duration::from_hours(7 * 24), reads: false }
    }
}
