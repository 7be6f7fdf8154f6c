//! SCIM over HTTP, and lines to be matched: how many requests a second, and how long the slowest hundredth of them takes.
//!
//! The whole bridge runs in this process on a real database: sockets, tokens, limits, SQL, durable commits. Only delivery is
//! switched to accept-only, so that Concur's pace is not what is measured. The load comes from plain threads with
//! plain sockets on the same machine, so the figures hold for both together. Every answer is checked.
//!
//! `cargo bench -p benches --bench http -- [--users 1000,100000] [--database sqlite,postgres] [--seconds 5] [--check]`
//!
//! The figures are those of the machine as it is: its load and the CPU time that a request took, of client and server
//! together (PostgreSQL's own is not in it), stand beside them.
//!
//! `--check` fails when a goal is missed (100,000 users, two cores).

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench reports, and stops at what must not happen"
)]

mod load;
mod machine;
mod stage;

use std::time::Duration;

use load::{Figures, Pace, Request, run};
use stage::Stage;

/// As in the executable.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Clients that read, and clients that write: writers share commits, so more of them are the better case.
const READERS: usize = 16;
const WRITERS: usize = 64;

/// Lines that are decided in a second, one a request, while somebody waits for each.
const LINES_PER_SECOND: u32 = 2_000;

/// What a kind of request shall reach at 100,000 users (issue 4), requests a second.
fn goal(name: &str) -> Option<f64> {
    match name {
        "get" => Some(5_000.0),
        "filter by userName" => Some(3_000.0),
        "create" => Some(1_000.0),
        _ => None,
    }
}

struct Options {
    users: Vec<usize>,
    databases: Vec<String>,
    time: Duration,
    check: bool,
}

fn options() -> Options {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str, default: &str| -> String {
        let place = arguments.iter().position(|argument| argument == name);
        place.and_then(|i| arguments.get(i + 1)).map_or(default, String::as_str).to_owned()
    };
    Options {
        users: value("--users", "1000,100000").split(',').map(|n| n.parse().expect("--users 1000")).collect(),
        databases: value("--database", "sqlite,postgres").split(',').map(str::to_owned).collect(),
        time: Duration::from_secs(value("--seconds", "5").parse().expect("--seconds 5")),
        check: arguments.iter().any(|argument| argument == "--check"),
    }
}

fn main() {
    // `cargo test --benches` asks for a quick look only.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let options = options();
    let mut missed = Vec::new();
    for database in &options.databases {
        for &users in &options.users {
            let Some(stage) = Stage::build(database, users) else {
                println!("skipped: no {database}");
                continue;
            };
            println!("\n{database}, {users} users (built in {:.1} s)", stage.built_in.as_secs_f64());
            println!("load before: {}", machine::load());
            println!(
                "| request | clients | requests/s | p50 ms | p99 ms | worst ms | CPU µs/request, both sides |\n\
                 |---|---|---|---|---|---|---|"
            );
            let mut measure =
                |name: &str, clients: usize, pace: Pace, request: &(dyn Fn(usize) -> Request + Sync)| {
                    let before = machine::cpu_time();
                    let figures: Figures = run(stage.address, clients, pace, options.time, request);
                    let cpu = machine::cpu_time().saturating_sub(before);
                    println!("| {name} | {clients} | {figures} | {:.0} |", figures.each(cpu));
                    let goal = goal(name).filter(|_| users >= 100_000);
                    if goal.is_some_and(|goal| figures.per_second() < goal) {
                        missed.push(format!("{database}, {users} users, {name}: {figures}"));
                    }
                };
            measure("get", READERS, Pace::AsAnswered, &|n| stage.get(n));
            measure("filter by userName", READERS, Pace::AsAnswered, &|n| stage.filter(n));
            let matching = "match a line, 2,000/s";
            measure(matching, READERS, Pace::PerSecond(LINES_PER_SECOND), &|n| stage.match_line(n));
            measure("create", WRITERS, Pace::AsAnswered, &|n| stage.create(n));
            measure("patch", WRITERS, Pace::AsAnswered, &|n| stage.patch(n));
            println!("{}", stage.commits());
            stage.end();
        }
    }
    assert!(!options.check || missed.is_empty(), "goals missed:\n{}", missed.join("\n"));
}
