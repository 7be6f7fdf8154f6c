//! Every metric of the bridge, named once.
//!
//! A row of the table below is a metric: its field, its name, its labels and its help. A name that is
//! misspelt elsewhere does not compile. Labels never hold personal data; `account` is the account's id.
//! Names follow `scim_bridge_<area>_<thing>_<unit>`.

use std::sync::Arc;

use prometheus::core::Collector;
use prometheus::{
    GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder,
};

/// One metric as the documentation lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Described {
    /// Full name.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// Label names.
    pub labels: &'static [&'static str],
    /// What it counts.
    pub help: &'static str,
}

/// What a row's type needs to be made and described.
trait Row: Collector + Clone + Sized + 'static {
    const KIND: &'static str;
    fn make(described: &Described) -> prometheus::Result<Self>;
}

impl Row for IntCounterVec {
    const KIND: &'static str = "counter";
    fn make(described: &Described) -> prometheus::Result<Self> {
        Self::new(Opts::new(described.name, described.help), described.labels)
    }
}

impl Row for IntGaugeVec {
    const KIND: &'static str = "gauge";
    fn make(described: &Described) -> prometheus::Result<Self> {
        Self::new(Opts::new(described.name, described.help), described.labels)
    }
}

impl Row for GaugeVec {
    const KIND: &'static str = "gauge";
    fn make(described: &Described) -> prometheus::Result<Self> {
        Self::new(Opts::new(described.name, described.help), described.labels)
    }
}

impl Row for HistogramVec {
    const KIND: &'static str = "histogram";
    fn make(described: &Described) -> prometheus::Result<Self> {
        // From a quick read to the longest wait for a verdict.
        let buckets = vec![0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 70.0];
        Self::new(HistogramOpts::new(described.name, described.help).buckets(buckets), described.labels)
    }
}

macro_rules! metrics {
    ($($field:ident: $kind:ty = $name:literal [$($label:literal),*] $help:literal;)+) => {
        /// The metrics and their registry. Cloning is cheap and shares the numbers.
        #[derive(Debug, Clone)]
        pub struct Metrics {
            registry: Arc<Registry>,
            $(#[doc = $help] pub $field: $kind,)+
        }

        impl Metrics {
            /// Fresh metrics with a registry of their own.
            ///
            /// # Errors
            /// Two rows with one name, or a name that Prometheus does not allow; a test rules both out.
            pub fn new() -> prometheus::Result<Self> {
                let registry = Registry::new();
                let mut rows = Self::catalogue().iter();
                $(let $field = register::<$kind>(&registry, rows.next())?;)+
                Ok(Self { registry: Arc::new(registry), $($field),+ })
            }

            /// All metrics in the order of the documentation.
            pub fn catalogue() -> &'static [Described] {
                const ROWS: &[Described] = &[$(Described {
                    name: $name, kind: <$kind as Row>::KIND, labels: &[$($label),*], help: $help,
                }),+];
                ROWS
            }
        }
    };
}

metrics! {
    build_info: IntGaugeVec = "scim_bridge_build_info" ["version"]
        "Always 1; the label is the version that runs.";
    read_only: IntGaugeVec = "scim_bridge_read_only" []
        "1 while this process accepts changes and sends none to Concur (delivery.mode).";
    installation_held: IntGaugeVec = "scim_bridge_installation_held" []
        "1 while nothing is delivered because the database is a copy, or a backup that was put back, and nobody has confirmed it.";
    http_requests: IntCounterVec = "scim_bridge_http_requests_total" ["method", "route", "status"]
        "Requests answered, by route pattern.";
    http_request_seconds: HistogramVec = "scim_bridge_http_request_seconds" ["route"]
        "Time from the request's headers to the answer.";
    http_panics: IntCounterVec = "scim_bridge_http_panics_total" ["route"]
        "Requests that ended in a panic. Always a bug.";
    http_limited: IntCounterVec = "scim_bridge_http_limited_total" ["limit"]
        "Requests and connections that met a limit, by its setting.";
    request_log_dropped: IntCounterVec = "scim_bridge_request_log_dropped_total" ["why"]
        "SCIM requests that are missing in the request log, because too many waited or the database was away.";
    scim_requests: IntCounterVec = "scim_bridge_scim_requests_total" ["account", "op", "status"]
        "SCIM requests answered, by account and kind of request.";
    scim_verdict_seconds: HistogramVec = "scim_bridge_scim_verdict_seconds" ["verdict"]
        "Time a SCIM write waited for Concur's word on the identity part.";
    ups_attempts: IntCounterVec = "scim_bridge_ups_attempts_total" ["account", "outcome"]
        "Attempts to deliver an operation to Concur, by the state they led to.";
    ups_requests_inflight: IntGaugeVec = "scim_bridge_ups_requests_inflight" ["account"]
        "Provisioning requests that are on the wire.";
    ups_operations: IntGaugeVec = "scim_bridge_ups_operations" ["account", "state"]
        "Operations in the outbox that have not ended, by state.";
    ups_operations_ended: IntCounterVec = "scim_bridge_ups_operations_ended_total" ["account", "kind", "state"]
        "Operations that came to an end, or failed.";
    ups_oldest_seconds: GaugeVec = "scim_bridge_ups_oldest_open_seconds" ["account"]
        "Age of the oldest operation that has not ended.";
    ups_oldest_deactivation_seconds: GaugeVec = "scim_bridge_ups_oldest_deactivation_seconds" ["account"]
        "Age of the oldest deactivation or deletion that is not done and not held. Alert above 900.";
    ups_breaker_open: IntGaugeVec = "scim_bridge_ups_breaker_open" ["account"]
        "1 while Concur does not answer and only one request in a while tries.";
    ups_drift: IntCounterVec = "scim_bridge_ups_drift_total" ["account"]
        "Users that a late request had changed back, and that were mended. Each is worth a look.";
    ups_drift_watches: IntGaugeVec = "scim_bridge_ups_drift_watches" ["account"]
        "Users who are read again because a request of theirs had an unknown outcome.";
    ups_extension_failures: IntCounterVec = "scim_bridge_ups_extension_failures_total" ["extension", "cause"]
        "Parts of a user that Concur refused, by extension and Concur's code.";
    brake_tripped: IntGaugeVec = "scim_bridge_brake_tripped" ["account"]
        "1 while the deprovisioning brake is tripped: further deactivations are held until a person decides.";
    brake_held: IntGaugeVec = "scim_bridge_brake_held" ["account"]
        "Deactivations and deletions that the brake holds.";
    brake_off: IntGaugeVec = "scim_bridge_brake_off" ["account"]
        "1 while the brake is switched off.";
    brake_alerts: IntCounterVec = "scim_bridge_brake_alerts_total" ["account"]
        "Alerts about a tripped brake: the first within a minute, then every half hour.";
    sync_freshness_seconds: GaugeVec = "scim_bridge_sync_freshness_seconds" ["account", "data_type"]
        "Age of the newest complete data.";
    sync_runs: IntCounterVec = "scim_bridge_sync_runs_total" ["account", "data_type", "outcome"]
        "Sync runs that ended.";
    sync_lines_read: IntCounterVec = "scim_bridge_sync_lines_read_total" ["account"]
        "Expense lines read from Concur.";
    sync_reports_removed: IntCounterVec = "scim_bridge_sync_reports_removed_total" ["account"]
        "Reports that are gone from Concur, with their lines.";
    match_lines: IntGaugeVec = "scim_bridge_match_lines" ["account", "status"]
        "Expense lines by the status of their match.";
    match_lines_decided: IntCounterVec = "scim_bridge_match_lines_decided_total" ["account"]
        "Expense lines for which the app was decided.";
    events: IntCounterVec = "scim_bridge_events_total" ["account", "outcome"]
        "Events of Concur that came to an account's address, by what became of them.";
    events_missed: IntCounterVec = "scim_bridge_events_missed_total" ["account"]
        "Reports that asking has found changed and that no event had named, though the account listens.";
    events_last_seconds: GaugeVec = "scim_bridge_events_last_seconds" ["account"]
        "Age of the newest event that was taken.";
    events_trouble: IntGaugeVec = "scim_bridge_events_trouble" ["account"]
        "1 while a subscription is not as it should be, or Concur cannot be asked about it.";
    events_gap_open: IntGaugeVec = "scim_bridge_events_gap_open" ["account"]
        "1 while events of some time are lost and not all of it has been read again.";
    events_reports_waiting: IntGaugeVec = "scim_bridge_events_reports_waiting" ["account"]
        "Reports that an event named and that have not been read again.";
    webhook_attempts: IntCounterVec = "scim_bridge_webhook_attempts_total" ["account", "outcome"]
        "Attempts to deliver messages to webhooks: delivered, again, failed.";
    webhook_messages_waiting: IntGaugeVec = "scim_bridge_webhook_messages_waiting" ["account"]
        "Messages that no webhook has taken yet.";
    concur_requests: IntCounterVec = "scim_bridge_concur_requests_total" ["account", "endpoint", "status"]
        "Requests to Concur by the client's name of the endpoint; status none is no answer.";
    concur_request_seconds: HistogramVec = "scim_bridge_concur_request_seconds" ["endpoint"]
        "Time from sending a request to Concur to the end of its answer.";
    concur_slots_taken: IntGaugeVec = "scim_bridge_concur_slots_taken" ["account"]
        "Of the slots of an account, what calls under way take now; under strain one call takes several.";
    concur_rate_limit: GaugeVec = "scim_bridge_concur_requests_per_second_limit" ["account"]
        "Requests a second that this account may begin now: as configured, less under strain.";
    concur_paused_seconds: GaugeVec = "scim_bridge_concur_paused_seconds" ["account", "api"]
        "What is left of a pause: api all after a 429, one API after a 503 or no answer in time; 0 is none.";
    cred_refresh_token_days_left: GaugeVec = "scim_bridge_cred_refresh_token_days_left" ["account"]
        "Days until Concur's refresh token ends if it is not used.";
    store_unavailable: IntCounterVec = "scim_bridge_store_unavailable_total" ["surface"]
        "Requests answered 503 because the database was busy, full or gone.";
}

impl Metrics {
    /// The text exposition format of Prometheus.
    pub fn render(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }
}

fn register<T: Row>(registry: &Registry, described: Option<&Described>) -> prometheus::Result<T> {
    let described = described.ok_or_else(|| prometheus::Error::Msg("a metric without a row".to_owned()))?;
    let metric = T::make(described)?;
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_registers_and_renders_under_its_name() {
        let metrics = Metrics::new().unwrap();
        metrics.http_requests.with_label_values(&["GET", "/healthz", "200"]).inc();
        metrics.ups_oldest_seconds.with_label_values(&["a"]).set(1.5);
        let text = metrics.render();
        assert!(
            text.contains(
                "scim_bridge_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 1"
            ),
            "{text}"
        );
        assert!(text.contains("scim_bridge_ups_oldest_open_seconds{account=\"a\"} 1.5"), "{text}");
    }

    #[test]
    fn names_follow_the_pattern() {
        for metric in Metrics::catalogue() {
            assert!(metric.name.starts_with("scim_bridge_"), "{}", metric.name);
            assert_eq!(metric.kind == "counter", metric.name.ends_with("_total"), "{}", metric.name);
            assert!(metric.help.ends_with('.'), "{}", metric.name);
        }
    }
}
