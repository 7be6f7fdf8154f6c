//! Deterministic simulation of delivery: the shipped worker, with simulated time, network and upstream (reliability T4).
//!
//! A seed is a run. It draws people and what their identity provider does with them, a network that loses, delays and
//! spoils, and when the process dies; the clock stands still except where everything waits for it. In the end a referee
//! compares what was acknowledged with what Concur holds, and every step of every operation with the rules. One seed gives
//! the same run on every machine, under any load: nothing reads the machine's time, and no other thread takes part.
//!
//! * `world.rs` builds the house, runs the worker, lets it die and starts it again;
//! * `network.rs` carries the requests, or does not;
//! * `people.rs` is what the identity provider does;
//! * `referee.rs` says what was wrong.
//!
//! `cargo xtask simulate --seeds 10000` runs more of them, `--from N --seeds 1` one again, with its story.

mod network;
mod people;
mod random;
mod referee;
mod world;

pub(crate) use self::random::Random;
pub(crate) use self::referee::{order, unfinished, values_go_back};

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Seeds that every change is tried with.
const SEEDS: u64 = 200;

#[test]
fn whatever_the_network_does_nothing_is_lost_doubled_or_reordered() {
    concur::install_crypto();
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (first, count) = (number("SIMULATE_FROM").unwrap_or(1), number("SIMULATE_SEEDS").unwrap_or(SEEDS));
    let next = AtomicU64::new(first);
    let failures = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    let run = std::panic::catch_unwind(|| world::run(seed));
                    let report = run.unwrap_or_else(|_| world::Report::panicked());
                    if count == 1 {
                        println!("{}", report.story);
                    }
                    if !report.wrong.is_empty() {
                        println!("seed {seed}: {}", report.wrong.join("\n    "));
                        failures.lock().unwrap().push((seed, report.wrong));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    let seeds: Vec<u64> = failures.iter().map(|(seed, _)| *seed).collect();
    assert!(
        failures.is_empty(),
        "{} of {count} seeds failed: {seeds:?}; cargo xtask simulate --seeds 1 --from {} tells the first one's story",
        seeds.len(),
        seeds.first().copied().unwrap_or_default(),
    );
}

#[test]
fn a_seed_is_the_same_run_each_time() {
    concur::install_crypto();
    for seed in [3, 8] {
        let (first, second) = (world::run(seed), world::run(seed));
        assert_eq!(first.story, second.story, "seed {seed}");
        assert!(first.story.lines().count() > 20, "{}", first.story);
    }
}
