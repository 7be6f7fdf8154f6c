//! Living beside other processes on the same queue: each says again and again that it lives, and takes for dead who has said
//! nothing for a while, so that what a killed one had claimed goes on within half a minute and not when its lease runs out.
//!
//! Nobody's clock counts, only how often each has spoken, seen by one's own monotonic time. A process that could not speak
//! for half that while (the database is away, the machine was paused) sends nothing until it has spoken again: the others
//! may have taken it for dead. What it had on the wire by then has an unknown outcome to them, and is looked up (I8, I11).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store::operations::{self, Worker};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::engine::Engine;

/// Beats of silence after which a process is taken for dead by the others.
const DEAD_AFTER: u32 = 6;
/// Beats of silence after which a process sends nothing any more.
const MUTE_AFTER: u32 = 3;

/// Whether this process may send: always where it is alone on its database.
#[derive(Debug, Clone)]
pub(super) struct Presence {
    every: Option<Duration>,
    spoken: Arc<Mutex<Option<Instant>>>,
}

impl Presence {
    /// `every`: how often to speak; `None`: nobody else is there.
    pub(super) fn new(every: Option<Duration>) -> Self {
        Self { every, spoken: Arc::default() }
    }

    /// Whether no other process can have taken this one for dead.
    pub(super) fn is_certain(&self) -> bool {
        let Some(every) = self.every else { return true };
        let spoken = *self.spoken.lock().unwrap_or_else(PoisonError::into_inner);
        spoken.is_some_and(|at| at.elapsed() < every * MUTE_AFTER)
    }

    /// Speaks and listens until it is dropped.
    pub(super) async fn keep(&self, engine: &Engine, bell: &Notify) {
        let Some(every) = self.every else { return std::future::pending().await };
        let (mut peers, mut is_known) = (Peers::default(), false);
        loop {
            // The moment before it is said: by the time the others see it, it is older.
            let now = Instant::now();
            let owner = engine.owner.to_string();
            let spoken = engine.store.write(move |conn| {
                if is_known {
                    // A word that is under way when this process takes its leave must not bring it back.
                    return operations::beat_again(conn, &owner);
                }
                operations::beat(conn, &owner).map(Some)
            });
            match spoken.await {
                Ok(None) => {
                    is_known = false;
                    continue;
                }
                Ok(Some(others)) => {
                    is_known = true;
                    let was_certain = self.is_certain();
                    *self.spoken.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
                    if !was_certain {
                        bell.notify_one();
                    }
                    for worker in peers.silent(others, Instant::now(), every * DEAD_AFTER) {
                        bury(engine, worker, bell).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "this process cannot say that it lives, and sends nothing meanwhile");
                }
            }
            tokio::time::sleep(every).await;
        }
    }

    /// Says that this process ends, so that nobody waits for it.
    pub(super) async fn leave(&self, engine: &Engine) {
        let owner = engine.owner.to_string();
        if self.every.is_some()
            && let Err(error) = engine.store.write(move |conn| operations::leave(conn, &owner)).await
        {
            tracing::warn!(%error, "this process could not take its leave; its leases run out by themselves");
        }
    }
}

async fn bury(engine: &Engine, worker: Worker, bell: &Notify) {
    let owner = worker.owner.clone();
    match engine.store.write(move |conn| operations::bury(conn, &worker)).await {
        Ok(Some(leases)) => {
            tracing::warn!(owner, leases, "a process has fallen silent; what it had claimed goes on here");
            bell.notify_one();
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, owner, "what a silent process had claimed could not be freed"),
    }
}

/// What was heard of the others, and when it was new.
#[derive(Default)]
struct Peers(HashMap<String, (i64, Instant)>);

impl Peers {
    /// Those who have said nothing new for `patience`, as seen from here.
    fn silent(&mut self, others: Vec<Worker>, now: Instant, patience: Duration) -> Vec<Worker> {
        self.0.retain(|owner, _| others.iter().any(|other| other.owner == *owner));
        let mut silent = Vec::new();
        for other in others {
            let heard = self.0.entry(other.owner.clone()).or_insert((other.beats, now));
            if heard.0 != other.beats {
                *heard = (other.beats, now);
            } else if now.duration_since(heard.1) >= patience {
                silent.push(other);
            }
        }
        silent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn who_says_nothing_new_for_half_a_minute_is_silent_whatever_the_clocks_say() {
        let start = Instant::now();
        let mut peers = Peers::default();
        let mut silent = |seconds: u64, heard: &[(&str, i64)]| -> Vec<String> {
            let others =
                heard.iter().map(|(owner, beats)| Worker { owner: (*owner).to_owned(), beats: *beats });
            let found = peers.silent(others.collect(), start + Duration::from_secs(seconds), PATIENCE);
            found.into_iter().map(|worker| worker.owner).collect()
        };
        assert!(silent(0, &[("one", 7), ("two", 1)]).is_empty(), "nothing is known of them yet");
        assert!(silent(25, &[("one", 8), ("two", 1)]).is_empty());
        assert_eq!(silent(30, &[("one", 8), ("two", 1)]), ["two"]);
        assert!(silent(31, &[("one", 8), ("two", 2)]).is_empty(), "it speaks again");
        assert!(silent(56, &[("two", 2)]).is_empty());
        assert!(silent(57, &[("one", 8), ("two", 3)]).is_empty(), "who comes back is new");
    }

    #[tokio::test(start_paused = true)]
    async fn who_could_not_speak_sends_nothing_long_before_the_others_take_it_for_dead() {
        assert!(Presence::new(None).is_certain());
        let presence = Presence::new(Some(Duration::from_secs(5)));
        assert!(!presence.is_certain(), "not before it has spoken");
        *presence.spoken.lock().unwrap() = Some(Instant::now());
        tokio::time::advance(Duration::from_secs(14)).await;
        assert!(presence.is_certain());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!presence.is_certain());
    }
}
