//! Telling people: a tripped brake is an error in the log at once and every half hour, and a metric all the time
//! (reliability B3). Of several replicas one writes the line; all show the metric.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use store::{Store, brakes};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::bridge::Bridge;
use crate::logging;
use crate::metrics::Metrics;

/// How often to look; an alert may be late by so much.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// How often to say it again.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// The running look-out.
#[derive(Debug)]
pub(crate) struct Watch {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Watch {
    pub(crate) fn start(bridge: &Bridge) -> Self {
        let cancel = CancellationToken::new();
        let (bridge, stopped) = (bridge.clone(), cancel.clone());
        let task = tokio::spawn(async move {
            let _ = stopped.run_until_cancelled(run(&bridge)).await;
        });
        Self { cancel, task }
    }

    pub(crate) async fn stop(self) {
        self.cancel.cancel();
        drop(self.task.await);
    }
}

async fn run(bridge: &Bridge) {
    loop {
        if let Err(error) = look(&bridge.store, &bridge.metrics, bridge.clock.now()).await {
            tracing::warn!(error = %logging::chain(&error), "the brakes cannot be read");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Sets the metrics and says what is due; how many alerts were written.
///
/// # Errors
/// The store's.
pub async fn look(store: &Store, metrics: &Metrics, now: Timestamp) -> Result<usize, store::Error> {
    let all = store.read(move |conn| {
        let mut all = Vec::new();
        for account in store::accounts::list(conn)? {
            all.push((brakes::get(conn, account.id)?, brakes::count_held(conn, account.id)?));
        }
        Ok(all)
    });
    let mut alerts = 0;
    for (brake, held) in all.await? {
        let account = brake.account.to_string();
        let labels = [account.as_str()];
        metrics.brake_tripped.with_label_values(&labels).set(i64::from(brake.tripped_at.is_some()));
        metrics.brake_off.with_label_values(&labels).set(i64::from(brake.is_off(now)));
        metrics.brake_held.with_label_values(&labels).set(i64::try_from(held).unwrap_or(i64::MAX));
        let quiet = brake.alerted_at.is_some_and(|at| now.duration_since(at) < AGAIN_AFTER);
        if brake.tripped_at.is_none() || quiet {
            continue;
        }
        let mine = store.write(move |conn| {
            let mut current = brakes::lock(conn, brake.account, now)?;
            let mine = current.tripped_at.is_some() && current.alerted_at == brake.alerted_at;
            if mine {
                current.alerted_at = Some(now);
                brakes::put(conn, &current, now)?;
            }
            Ok(mine)
        });
        if mine.await? {
            alerts += 1;
            metrics.brake_alerts.with_label_values(&labels).inc();
            tracing::error!(
                account = %account,
                count = held,
                "the deprovisioning brake is tripped: deactivations are held until a person decides \
                 (scim-bridge brake status)"
            );
        }
    }
    Ok(alerts)
}
