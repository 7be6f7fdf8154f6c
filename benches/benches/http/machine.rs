//! What the machine does besides: Linux says so, other systems say nothing.

use std::time::Duration;

/// Clock ticks in a second, as Linux reports them to programs.
const TICKS: u64 = 100;

/// Processes that wanted to run, on average over 1, 5 and 15 minutes; and how many processors there are.
pub(crate) fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_else(|_| "unknown".to_owned());
    let processors = std::thread::available_parallelism().map_or(0, std::num::NonZeroUsize::get);
    let average: Vec<&str> = load.split_whitespace().take(3).collect();
    format!("{} on {processors} processors", average.join(" "))
}

/// CPU time of this process so far.
pub(crate) fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in brackets may hold spaces; user and system time are the 14th and 15th field.
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 =
        rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1_000 / TICKS)
}
