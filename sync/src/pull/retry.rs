//! Reading again what may be read again. Reads are free of effect, so every passing fault is worth another try.

use std::future::Future;
use std::time::Duration;

use concur::{Advice, Error};

/// Tries of one read, the first included.
const TRIES: u32 = 6;
/// Wait after the first failure; doubled each time, unless Concur names a longer one.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// No wait is longer, whatever Concur asks for: the next scheduled run goes on from the stored cursor.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// A pause that the client keeps (the five minutes after a 503, a 429's) is waited for up to this long. It costs no try:
/// nothing was asked.
const LONGEST_PAUSE: Duration = Duration::from_mins(6);

/// Runs `read` until it succeeds, fails for good, or has failed [`TRIES`] times.
pub(super) async fn read<T, F: Future<Output = Result<T, Error>>>(
    mut read: impl FnMut() -> F,
) -> Result<T, Error> {
    let mut tries = 1;
    loop {
        match read().await {
            Ok(value) => return Ok(value),
            Err(Error::Paused { retry_after, .. }) if retry_after <= LONGEST_PAUSE => {
                tracing::debug!(
                    wait_s = retry_after.as_secs(),
                    "reading waits until Concur may be asked again"
                );
                tokio::time::sleep(retry_after).await;
            }
            Err(error) => match wait_before_next(&error, tries) {
                Some(wait) => {
                    tracing::debug!(tries, wait_ms = wait.as_millis(), "reading Concur again");
                    tokio::time::sleep(wait).await;
                    tries += 1;
                }
                None => return Err(error),
            },
        }
    }
}

/// How long to wait before trying again; `None` when that is pointless, or too long for this run. An answer that came but could not be decoded
/// would be the same the next time.
fn wait_before_next(error: &Error, tries: u32) -> Option<Duration> {
    if tries >= TRIES || is_unreadable(error) || matches!(error, Error::Paused { .. }) {
        return None;
    }
    let asked = match error.advice() {
        Advice::CertainlyNotApplied { retry_after } | Advice::Unknown { retry_after } => retry_after,
        Advice::Permanent | Advice::Conflict | Advice::NotFound | Advice::Split | Advice::ReAuthenticate => {
            return None;
        }
    };
    let doubled = FIRST_WAIT * 2_u32.pow(tries - 1);
    Some(asked.unwrap_or_default().max(doubled).min(LONGEST_WAIT))
}

/// Concur answered, and the answer is not what its documentation says: a gap, not a fault that passes.
pub(super) fn is_unreadable(error: &Error) -> bool {
    matches!(error, Error::Decode { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use concur::Held;
    use tokio::time::Instant;

    fn paused(seconds: u64) -> Error {
        let retry_after = Duration::from_secs(seconds);
        Error::Paused { endpoint: "expenses.reports", retry_after, because: Held::Unavailable }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_of_the_client_is_waited_for_and_costs_no_try() {
        let (started, mut asked) = (Instant::now(), 0);
        let outcome = read(|| {
            asked += 1;
            std::future::ready(if asked <= 8 { Err(paused(300)) } else { Ok(asked) })
        });
        assert_eq!(outcome.await.ok(), Some(9));
        assert_eq!(started.elapsed().as_secs(), 8 * 300);
    }

    #[tokio::test(start_paused = true)]
    async fn an_hour_is_left_to_the_next_run() {
        let mut asked = 0;
        let outcome = read(|| {
            asked += 1;
            std::future::ready(Err::<(), _>(paused(3600)))
        });
        assert!(matches!(outcome.await, Err(Error::Paused { .. })));
        assert_eq!(asked, 1, "the next scheduled run asks again");
    }
}
