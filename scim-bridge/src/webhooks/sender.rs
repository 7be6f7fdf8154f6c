//! The loop that delivers messages, and forgets old ones. Several replicas may run it at once.

use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use jiff::SignedDuration;
use store::webhooks::{self, Claimed, Outcome};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Client;
use super::attempt::{ANSWER_WITHIN, attempt};
use crate::bridge::Bridge;
use crate::logging;

/// How often to look for messages.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Messages that are claimed together.
const BATCH: usize = 32;
/// Of those, how many are on their way at once: one receiver that does not answer must not hold up the others for long.
const AT_ONCE: usize = 16;
/// How long an ended message can be looked at and replayed.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The running loop.
#[derive(Debug)]
pub(crate) struct Sender {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Sender {
    pub(crate) fn start(bridge: &Bridge, client: Client) -> Self {
        let cancel = CancellationToken::new();
        let (bridge, stopped) = (bridge.clone(), cancel.clone());
        let task = tokio::spawn(async move { run(&bridge, &client, &stopped).await });
        Self { cancel, task }
    }

    /// Ends the loop once the attempts under way have ended.
    pub(crate) async fn stop(self) {
        self.cancel.cancel();
        drop(self.task.await);
    }
}

async fn run(bridge: &Bridge, client: &Client, stopped: &CancellationToken) {
    while !stopped.is_cancelled() {
        match round(bridge, client).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(error = %logging::chain(&error), "messages to webhooks wait for the database");
            }
        }
        let _ = stopped.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await;
    }
}

/// Tells of changed lines, and tries what is due; how many messages were tried.
///
/// # Errors
/// A store that is away.
pub async fn round(bridge: &Bridge, client: &Client) -> Result<usize, store::Error> {
    if !bridge.store.read(webhooks::any).await? {
        return Ok(0);
    }
    let now = bridge.clock.now();
    let until = now.checked_add(lease()).unwrap_or(now);
    let forgotten = now.checked_sub(KEPT_FOR).unwrap_or(now);
    let take = move |conn: &mut store::Conn| {
        if store::installation::is_held(conn)? {
            // What a copy tells, the original tells too.
            return Ok(Vec::new());
        }
        webhooks::tell_changed_lines(conn, now)?;
        webhooks::prune(conn, forgotten)?;
        webhooks::claim(conn, now, until, BATCH)
    };
    let claimed = bridge.store.write(take).await?;
    let tried = claimed.len();
    let outcomes = stream::iter(claimed).map(|claimed| deliver(bridge, client, claimed));
    let outcomes: Vec<_> = outcomes.buffer_unordered(AT_ONCE).collect().await;
    outcomes.into_iter().collect::<Result<(), _>>()?;
    show_waiting(bridge).await?;
    Ok(tried)
}

/// All of a batch have ended before their claims do.
fn lease() -> SignedDuration {
    let rounds = u32::try_from(BATCH.div_ceil(AT_ONCE)).unwrap_or(u32::MAX);
    SignedDuration::try_from(2 * rounds * ANSWER_WITHIN).unwrap_or(SignedDuration::MAX)
}

async fn deliver(bridge: &Bridge, client: &Client, claimed: Claimed) -> Result<(), store::Error> {
    let (outcome, gone) = attempt(client, &claimed, bridge.clock.now()).await;
    count(bridge, &claimed, &outcome);
    let (message, now) = (claimed.message, bridge.clock.now());
    let record = move |conn: &mut store::Conn| {
        webhooks::end(conn, &message, &outcome, now)?;
        if gone {
            webhooks::disable(conn, message.webhook, "the receiver answered 410 Gone", now)?;
        }
        Ok(())
    };
    bridge.store.write(record).await
}

fn count(bridge: &Bridge, claimed: &Claimed, outcome: &Outcome) {
    let (account, webhook) = (claimed.message.account.to_string(), claimed.message.webhook);
    let outcome = match outcome {
        Outcome::Delivered(_) => "delivered",
        Outcome::Again { error, .. } => {
            tracing::info!(%webhook, message = %claimed.message.id, %error, "a webhook did not take a message; it is tried again");
            "again"
        }
        Outcome::Failed { error, .. } => {
            tracing::warn!(%webhook, message = %claimed.message.id, %error, "a message to a webhook was given up");
            "failed"
        }
    };
    bridge.metrics.webhook_attempts.with_label_values(&[account.as_str(), outcome]).inc();
}

async fn show_waiting(bridge: &Bridge) -> Result<(), store::Error> {
    let waiting = bridge.store.read(webhooks::waiting).await?;
    bridge.metrics.webhook_messages_waiting.reset();
    for (account, count) in waiting {
        let account = account.to_string();
        let gauge = bridge.metrics.webhook_messages_waiting.with_label_values(&[account.as_str()]);
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    Ok(())
}
