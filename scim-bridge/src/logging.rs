//! Log lines from an allow-list of fields.
//!
//! A field that is not in [`FIELDS`] is not written, whoever emits it: bodies, names, addresses, tokens and
//! query strings have no way into the log. Libraries below us get a line only from `warn` upwards, and
//! without any field. Lines go to standard error; standard output belongs to the commands.

use std::fmt::{self, Write as _};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::clock::Clock;
use crate::config::{LogFormat, LogLevel};

/// The fields that may be written. Ids, counts, codes and our own fixed words; nothing a caller typed.
pub const FIELDS: &[&str] = &[
    "account",
    "address",
    "apps",
    "attempt",
    "correlation_id",
    "count",
    "data_type",
    "database",
    "duration_ms",
    "error",
    "extension",
    "import",
    "kind",
    "lines",
    "message",
    "method",
    "operation",
    "outcome",
    "provision_id",
    "request_id",
    "resource",
    "route",
    "state",
    "status",
    "token",
    "users",
    "verdict",
    "version",
    "wait_ms",
];

/// Targets whose lines carry their fields: our own crates.
const OURS: [&str; 5] = ["scim_bridge", "concur", "store", "sync", "matcher"];

/// Where lines are written to.
pub type Sink = Arc<Mutex<dyn Write + Send>>;

/// Starts logging to standard error for the whole process. A second call changes nothing.
pub fn init(log: &crate::config::Log, clock: &Clock) {
    let sink: Sink = Arc::new(Mutex::new(std::io::stderr()));
    let layer = AllowList::new(log.format, log.level, clock.clone(), sink);
    // An error means that a subscriber is already there (a test's, or an embedder's): it stays.
    drop(tracing_subscriber::registry().with(layer).try_init());
}

/// The layer that writes the lines.
pub struct AllowList {
    format: LogFormat,
    level: Level,
    clock: Clock,
    sink: Sink,
}

impl AllowList {
    /// A layer that writes lines of at least this importance.
    pub fn new(format: LogFormat, level: LogLevel, clock: Clock, sink: Sink) -> Self {
        let level = match level {
            LogLevel::Error => Level::ERROR,
            LogLevel::Warn => Level::WARN,
            LogLevel::Info => Level::INFO,
            LogLevel::Debug => Level::DEBUG,
            LogLevel::Trace => Level::TRACE,
        };
        Self { format, level, clock, sink }
    }
}

impl fmt::Debug for AllowList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllowList")
            .field("format", &self.format)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

impl<S: Subscriber> Layer<S> for AllowList {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let crate_name = metadata.target().split("::").next().unwrap_or_default();
        let ours = OURS.contains(&crate_name);
        if *metadata.level() > self.level || (!ours && *metadata.level() > Level::WARN) {
            return;
        }
        let mut fields = Fields::default();
        if ours {
            event.record(&mut fields);
        } else {
            fields.0.insert("message".to_owned(), "a library reports a problem".into());
        }
        let line = match self.format {
            LogFormat::Text => self.text(*metadata.level(), metadata.target(), &fields.0),
            LogFormat::Json => self.json(*metadata.level(), metadata.target(), fields.0),
        };
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that cannot be written must not stop the work.
        drop(sink.write_all(line.as_bytes()));
    }
}

impl AllowList {
    fn text(&self, level: Level, target: &str, fields: &Map<String, Value>) -> String {
        let mut line = format!("{} {level:<5} {target}", self.clock.now());
        if let Some(Value::String(message)) = fields.get("message") {
            let _ = write!(line, ": {}", one_line(message));
        }
        for (name, value) in fields.iter().filter(|(name, _)| *name != "message") {
            let _ = match value {
                Value::String(text) if !text.is_empty() && !text.contains([' ', '"', '\n']) => {
                    write!(line, " {name}={text}")
                }
                other => write!(line, " {name}={other}"),
            };
        }
        line.push('\n');
        line
    }

    fn json(&self, level: Level, target: &str, fields: Map<String, Value>) -> String {
        let mut object = Map::new();
        object.insert("time".to_owned(), self.clock.now().to_string().into());
        object.insert("level".to_owned(), level.as_str().to_ascii_lowercase().into());
        object.insert("target".to_owned(), target.into());
        object.extend(fields);
        format!("{}\n", Value::Object(object))
    }
}

/// A message cannot forge a second line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The allowed fields of one event.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        if FIELDS.contains(&field.name()) {
            self.0.insert(field.name().to_owned(), value.into());
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, chain(value));
    }
}

/// An error with all its sources on one line, each said once: `outer: inner: innermost`.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let _ = write!(text, ": {inner}");
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(format: LogFormat, level: LogLevel, events: impl FnOnce()) -> String {
        let written = Arc::new(Mutex::new(Vec::<u8>::new()));
        let clock = Clock::fixed("2026-03-01T09:00:00Z".parse().unwrap());
        let sink: Sink = written.clone();
        let subscriber = tracing_subscriber::registry().with(AllowList::new(format, level, clock, sink));
        tracing::subscriber::with_default(subscriber, events);
        let bytes = written.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn only_listed_fields_are_written() {
        let text = lines(LogFormat::Text, LogLevel::Info, || {
            tracing::info!(status = 201, user_name = "ada@example.com", route = "/scim/v2/Users", "answered");
        });
        assert_eq!(
            text,
            "2026-03-01T09:00:00Z INFO  scim_bridge::logging::tests: answered route=/scim/v2/Users status=201\n"
        );
    }

    #[test]
    fn json_lines_are_objects() {
        let text = lines(LogFormat::Json, LogLevel::Info, || {
            tracing::warn!(operation = 7, body = "secret", "try \"again\"");
        });
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["level"], "warn");
        assert_eq!(line["operation"], 7);
        assert_eq!(line["message"], "try \"again\"");
        assert!(line.get("body").is_none());
    }

    #[test]
    fn libraries_speak_only_of_problems_and_without_detail() {
        let text = lines(LogFormat::Text, LogLevel::Trace, || {
            tracing::info!(target: "hyper::client", "connected to ada.example.com");
            tracing::warn!(target: "hyper::client", error = "ada.example.com", "failed for ada");
        });
        assert_eq!(text, "2026-03-01T09:00:00Z WARN  hyper::client: a library reports a problem\n");
    }

    #[test]
    fn less_important_lines_are_left_out_and_none_is_forged() {
        let text = lines(LogFormat::Text, LogLevel::Warn, || {
            tracing::info!("left out");
            tracing::error!("one\ntwo");
        });
        assert_eq!(text.lines().count(), 1);
        assert!(text.contains("one two"));
    }
}
