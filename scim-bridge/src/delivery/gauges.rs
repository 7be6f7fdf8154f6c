//! The figures that describe the outbox, and the deactivations that take too long.

use std::time::Duration;

use store::operations::{self, State};

use super::engine::Engine;
use super::policy::elapsed;

/// How long a deactivation waits behind an operation that is stuck before it is sent all the same (I17).
const PASS_AFTER: Duration = Duration::from_mins(5);

impl Engine {
    /// Sets the gauges that describe the outbox.
    pub(super) async fn measure(&self) {
        let now = self.now();
        let counted = self.store.read(move |conn| {
            let mut all = Vec::new();
            for account in store::accounts::list(conn)? {
                let counts = operations::counts_by_state(conn, Some(account.id))?;
                let oldest = operations::oldest_open(conn, Some(account.id))?;
                let leaver = operations::oldest_deactivation(conn, account.id)?;
                let watched = store::watches::count(conn, account.id)?;
                all.push((account.id, counts, oldest, leaver, watched));
            }
            Ok(all)
        });
        let Ok(all) = counted.await else { return };
        for (id, counts, oldest, leaver, watched) in all {
            let account = id.to_string();
            for state in State::ALL.iter().filter(|state| !state.is_end()) {
                let count =
                    counts.iter().find(|(counted, _)| counted == state).map_or(0, |(_, count)| *count);
                let gauge =
                    self.metrics.ups_operations.with_label_values(&[account.as_str(), state.as_str()]);
                gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
            }
            let age = oldest.map_or(0.0, |oldest| elapsed(oldest, now).as_secs_f64());
            let label = [account.as_str()];
            self.metrics.ups_oldest_seconds.with_label_values(&label).set(age);
            let age = leaver.map_or(Duration::ZERO, |leaver| elapsed(leaver, now));
            self.metrics.ups_oldest_deactivation_seconds.with_label_values(&label).set(age.as_secs_f64());
            self.metrics
                .ups_drift_watches
                .with_label_values(&label)
                .set(i64::try_from(watched).unwrap_or(i64::MAX));
            if self.lateness.is_due(id, age, now) {
                tracing::error!(%account, age_seconds = age.as_secs(), "a deactivation is not done yet: see the operations of this account");
            }
        }
    }

    /// Sends deactivations that have waited too long behind an operation whose outcome does not come.
    pub(super) async fn let_deactivations_pass(&self) {
        let now = self.now();
        let before = now.saturating_sub(jiff::SignedDuration::try_from(PASS_AFTER).unwrap_or_default());
        let before = before.unwrap_or(now);
        let look = move |conn: &mut store::Conn| {
            operations::make_way_for_all(conn, now)?;
            operations::pass_stuck(conn, before, now)
        };
        match self.store.write(look).await {
            Ok(passed) => {
                for operation in passed {
                    tracing::warn!(%operation, "a deactivation passes an operation that is stuck");
                }
            }
            Err(error) => tracing::error!(%error, "deactivations that wait could not be looked at"),
        }
    }
}
