//! When a message is tried again: soon at first, for three days in all, as Standard Webhooks recommends.

use jiff::{SignedDuration, Timestamp};

/// Between one attempt and the next.
const PAUSES: [SignedDuration; 9] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(14),
    SignedDuration::from_hours(20),
    SignedDuration::from_hours(24),
];

/// A receiver may ask for a longer pause, up to this.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// When to try again after so many attempts, not before what the receiver asked for; `None`: give it up.
pub(super) fn next(attempts: u32, retry_after: Option<SignedDuration>, now: Timestamp) -> Option<Timestamp> {
    let pause = PAUSES.get(usize::try_from(attempts).ok()?.checked_sub(1)?)?;
    let asked = retry_after.unwrap_or_default().min(LONGEST);
    now.checked_add((*pause).max(asked)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_a_receiver_may_ask_for_longer_ones_and_ten_attempts_are_all() {
        let now: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
        let after = |attempts, asked| next(attempts, asked, now).map(|at| at.duration_since(now).as_secs());
        assert_eq!(after(1, None), Some(5));
        assert_eq!(after(1, Some(SignedDuration::from_mins(2))), Some(120));
        assert_eq!(after(2, Some(SignedDuration::from_secs(1))), Some(300));
        assert_eq!(after(9, Some(SignedDuration::from_hours(900))), Some(24 * 3600));
        assert_eq!(after(10, None), None);
        let total: i64 = (1..=9).filter_map(|attempts| after(attempts, None)).sum();
        assert_eq!(total / 3600, 75, "three days in all");
    }
}
