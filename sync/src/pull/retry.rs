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

/// Runs `read` until it succeeds, fails for good, or has failed [`TRIES`] times.
pub(super) async fn read<T, F: Future<Output = Result<T, Error>>>(
    mut read: impl FnMut() -> F,
) -> Result<T, Error> {
    let mut tries = 1;
    loop {
        match read().await {
            Ok(value) => return Ok(value),
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

/// How long to wait before trying again; `None` when that is pointless. An answer that came but could not be decoded
/// would be the same the next time.
fn wait_before_next(error: &Error, tries: u32) -> Option<Duration> {
    if tries >= TRIES || is_unreadable(error) {
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
