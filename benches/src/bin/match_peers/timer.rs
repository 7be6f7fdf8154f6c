//! Processor time of the calling thread.

use std::time::{Duration, Instant};

/// Runs something and says how long a processor was busy with it. On Linux that is what the scheduler counted for this
/// thread; elsewhere it is the clock, which on a busy machine is too long.
pub(crate) fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let before = scheduled();
    let done = run();
    let busy = match (before, scheduled()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => started.elapsed(),
    };
    (done, busy)
}

/// Time on a processor so far (Linux, `proc_pid_schedstat(5)`: the first number, in nanoseconds).
fn scheduled() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Resident memory of the process at its highest, in bytes (Linux, `proc_pid_status(5)`).
pub(crate) fn resident_peak() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
