//! Keeping an eye on listeners: that events can be taken is noted, so that a time when none could is known as a gap; Concur is
//! asked now and then whether it still knows the subscriptions; what cannot come again is forgotten; and the metrics.
//!
//! Several replicas may do all of this at once, and nothing is done twice by it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use store::accounts::Account;
use store::events::{self, Listener};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Status, check, status};
use crate::bridge::Bridge;
use crate::logging;

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// Concur tries to deliver an event for so long.
const TRIED_FOR: SignedDuration = SignedDuration::from_hours(72);
/// An event may come again for as long as Concur tries; after that it need not be remembered.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How often it is noted that events can be taken: what is lost is known to so much.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// How often Concur is asked about the subscriptions, which it deletes after 30 days of failures.
const CHECKED_EVERY: SignedDuration = SignedDuration::from_hours(6);
/// The same after a look that failed.
const CHECKED_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(30);

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
    let mut tried = None;
    loop {
        if let Err(error) = round(bridge, &mut tried).await {
            tracing::warn!(error = %logging::chain(&error), "listeners to Concur's events cannot be read");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// One look at every listener. `tried` is when Concur was last asked by this process.
///
/// # Errors
/// A store that is away.
pub async fn round(bridge: &Bridge, tried: &mut Option<Timestamp>) -> Result<(), store::Error> {
    let (now, on) = (bridge.clock.now(), bridge.config.events.base().is_some());
    let read = move |conn: &mut store::Conn| {
        let mut all = Vec::new();
        for listener in events::listeners(conn)? {
            let account = store::accounts::get(conn, listener.account)?;
            all.push((status(conn, account.id, on)?, listener, account));
        }
        Ok(all)
    };
    let listeners = bridge.store.read(read).await?;
    let may_ask = tried.is_none_or(|at| now.duration_since(at) >= CHECKED_AGAIN_AFTER);
    let mut asked = false;
    for (status, listener, account) in &listeners {
        show(bridge, status, account, now);
        let Some(base) = bridge.config.events.base() else { continue };
        beat(bridge, listener, now).await?;
        let is_due = listener.checked_at.is_none_or(|at| now.duration_since(at) >= CHECKED_EVERY);
        if is_due && may_ask && account.paused_at.is_none() {
            asked = true;
            match check(&bridge.store, &bridge.accounts, base, account, now).await {
                Ok(missing) if missing.is_empty() => {}
                Ok(missing) => {
                    tracing::warn!(account = %account.id, count = missing.len(), "subscriptions were missing: events are lost, and everything is read again");
                }
                Err(error) => {
                    tracing::warn!(account = %account.id, error = %logging::chain(&error), "subscriptions cannot be checked");
                }
            }
        }
    }
    if asked {
        *tried = Some(now);
    }
    if !listeners.is_empty() {
        let before = now.checked_sub(REMEMBERED_FOR).unwrap_or(now);
        bridge.store.write(move |conn| events::prune(conn, before)).await?;
    }
    Ok(())
}

/// Notes that events can be taken, unless that was noted a moment ago.
async fn beat(bridge: &Bridge, listener: &Listener, now: Timestamp) -> Result<(), store::Error> {
    if now.duration_since(listener.alive_at) < NOTED_EVERY {
        return Ok(());
    }
    let account = listener.account;
    let gap = bridge.store.write(move |conn| events::beat(conn, account, TRIED_FOR, now)).await?;
    if gap.is_some() {
        tracing::warn!(
            %account,
            "nobody took events for longer than Concur tries: the oldest are lost, and everything is read again"
        );
    }
    Ok(())
}

fn show(bridge: &Bridge, status: &Status, account: &Account, now: Timestamp) {
    let (id, metrics) = (account.id.to_string(), &bridge.metrics);
    let labels = [id.as_str()];
    metrics.events_trouble.with_label_values(&labels).set(i64::from(status.trouble.is_some()));
    let is_open = status.gap.is_some_and(|gap| gap.closed_at.is_none());
    metrics.events_gap_open.with_label_values(&labels).set(i64::from(is_open));
    let waiting = i64::try_from(status.reports_waiting).unwrap_or(i64::MAX);
    metrics.events_reports_waiting.with_label_values(&labels).set(waiting);
    if let Some(at) = status.last_event_at {
        metrics.events_last_seconds.with_label_values(&labels).set(now.duration_since(at).as_secs_f64());
    }
}
