//! What a SaaS manager waits for: a year of lines imported and matched, and questions about them.
//!
//! A file of made-up lines (`workload`: one in five names an app) goes through the whole import (read, judged, stored durably, a page in
//! a transaction), every line is matched and its decision stored with the reasons, and then the questions of the API are asked.
//! Every answer is compared with what is known of the lines.
//!
//! `cargo bench -p benches --bench answers -- [--lines 1000000] [--database sqlite,postgres] [--check]`
//!
//! `--check` fails when a goal is missed. The peer is the raw speed of the database: the same file inserted as bare rows of one
//! table with two indexes.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a bench reports, and stops at what must not happen"
)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use benches::workload::{Truth, Workload};
use jiff::Timestamp;
use matcher::{Dictionary, Matcher};
use rust_decimal::Decimal;
use store::ids::AccountId;
use store::testing::TestStore;
use sync::import::{Importer, Options, Upload};
use sync::query::{self, Dimensions, Filter, PageRequest};
use sync::rules;

/// As in the executable.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Lines a second of an import with its matching, on two cores (issue 7).
const GOAL_IMPORT: f64 = 100_000.0;
/// Totals over a million lines.
const GOAL_TOTALS: Duration = Duration::from_millis(300);
/// Bytes of the process, however many lines.
const GOAL_RESIDENT: u64 = 300 << 20;

struct Wanted {
    lines: usize,
    databases: Vec<String>,
    check: bool,
}

fn wanted() -> Wanted {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str, default: &str| -> String {
        let place = arguments.iter().position(|argument| argument == name);
        place.and_then(|i| arguments.get(i + 1)).map_or(default, String::as_str).to_owned()
    };
    Wanted {
        lines: value("--lines", "1000000").parse().expect("--lines 1000000"),
        databases: value("--database", "sqlite,postgres").split(',').map(str::to_owned).collect(),
        check: arguments.iter().any(|argument| argument == "--check"),
    }
}

/// A file, and what is known about it.
struct File {
    _held: tempfile::NamedTempFile,
    upload: Upload,
    posted: Decimal,
    /// Lines by month.
    months: BTreeMap<String, u64>,
    matcher: Arc<Matcher>,
    hits: u64,
}

/// Prices of a few plans: subscriptions repeat them.
const PRICES: [&str; 7] = ["8.75", "12.50", "14.99", "45", "99", "249.90", "1200"];

fn file(lines: usize) -> File {
    let workload = Workload::make(3_000, lines, 7);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let mut posted = Decimal::ZERO;
    let mut months: BTreeMap<String, u64> = BTreeMap::new();
    {
        let mut csv = std::io::BufWriter::new(&mut file);
        writeln!(
            csv,
            "TransactionDate,VendorDescription,BusinessPurpose,ExpenseTypeName,SpendCategoryName,PostedAmount,\
             PostedCurrency,OwnerLoginID"
        )
        .unwrap();
        for (n, line) in workload.lines.iter().enumerate() {
            let (month, day) = (n % 12 + 1, n / 12 % 28 + 1);
            let price = PRICES[n % PRICES.len()];
            posted += price.parse::<Decimal>().unwrap();
            *months.entry(format!("2026-{month:02}")).or_default() += 1;
            let quoted = line.each_ref().map(|text| text.replace('"', "\"\""));
            let [vendor, purpose, kind, category] = quoted;
            writeln!(
                csv,
                "2026-{month:02}-{day:02},\"{vendor}\",\"{purpose}\",\"{kind}\",\"{category}\",{price},EUR,u{}@example.com",
                n % 5_000
            )
            .unwrap();
        }
        csv.flush().unwrap();
    }
    let dictionary = Dictionary::from_jsonl(&workload.dictionary).unwrap();
    let hits = workload.truths.iter().filter(|truth| matches!(truth, Truth::Exact(_))).count() as u64;
    let upload = Upload { path: file.path().to_path_buf(), name: "year.csv".to_owned() };
    let matcher = Arc::new(Matcher::new(Arc::new(dictionary)));
    File { _held: file, upload, posted, months, matcher, hits }
}

/// Has the system forget how much memory this process had at the most.
fn forget_peak() {
    // What made the file is in it otherwise; where it cannot be forgotten the figure is too large, and says no less.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Bytes of this process that were in memory at the most since then.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() << 10
}

fn now() -> Timestamp {
    "2026-11-26T12:00:00Z".parse().unwrap()
}

fn main() -> ExitCode {
    // `cargo test --benches` asks for a quick look only.
    if std::env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let wanted = wanted();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let file = file(wanted.lines);
    let mut missed = Vec::new();
    for name in &wanted.databases {
        let test = match name.as_str() {
            "sqlite" => Some(store::testing::sqlite()),
            _ => store::testing::durable_postgres(),
        };
        let Some(test) = test else {
            println!("skipped: no {name}");
            continue;
        };
        println!("\n{name}, {} lines", wanted.lines);
        missed.extend(run(&test, &file, wanted.lines, &runtime));
    }
    if wanted.check && !missed.is_empty() {
        println!("\nmissed: {}", missed.join("; "));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn run(test: &TestStore, file: &File, lines: usize, runtime: &tokio::runtime::Runtime) -> Vec<String> {
    let mut missed = Vec::new();
    let store = &test.store;
    let account =
        store.write_blocking(|conn| store::accounts::insert_unconnected(conn, "Acme", now())).unwrap().id;

    forget_peak();
    let started = Instant::now();
    let options = Options::default();
    let importer = Importer { store, account, matcher: &file.matcher, actor: "bench", clock: &now };
    let import = || {
        importer
            .run(&file.upload, &options, &mut |_, _| Ok(()), &mut |_, _| ControlFlow::Continue(()))
            .unwrap()
    };
    let done = import();
    let rate = lines as f64 / started.elapsed().as_secs_f64();
    assert_eq!((done.counts.inserted, done.check.rejected), (lines as u64, 0));
    assert_eq!(done.decided, lines);
    let peak = peak();
    println!("  imported   {rate:>9.0} lines/s, matching included; goal {GOAL_IMPORT:.0}");
    println!(
        "  memory     {:>9} MB at the most, idle parts and all; goal {} MB",
        peak >> 20,
        GOAL_RESIDENT >> 20
    );
    if rate < GOAL_IMPORT {
        missed.push(format!("{}: {rate:.0} lines/s imported", test.name));
    }
    if peak > GOAL_RESIDENT {
        missed.push(format!("{}: {} MB", test.name, peak >> 20));
    }

    let started = Instant::now();
    let again = import();
    assert_eq!((again.counts.inserted, again.counts.unchanged), (0, lines as u64));
    println!("  again      {:>9.0} lines/s, nothing changed", lines as f64 / started.elapsed().as_secs_f64());

    // The import of the command line ends with this; a running bridge does it within seconds.
    store.refresh_statistics_blocking().unwrap();
    for (name, took) in runtime.block_on(questions(test, account, file, lines)) {
        println!("  {name:<40} {:>9.1} ms", took.as_secs_f64() * 1e3);
        if name.starts_with("totals") && took > GOAL_TOTALS {
            missed.push(format!("{}: {name} in {took:?}", test.name));
        }
    }
    missed
}

/// Each question with the time of its quickest answer of three.
async fn questions(
    test: &TestStore,
    account: AccountId,
    file: &File,
    lines: usize,
) -> Vec<(&'static str, Duration)> {
    let (store, dictionary) = (&test.store, file.matcher.dictionary());
    let mut took = Vec::new();
    macro_rules! ask {
        ($name:literal, $times:literal, $question:expr) => {{
            let mut best = Duration::MAX;
            let mut answer = None;
            for _ in 0..$times {
                let started = Instant::now();
                answer = Some($question.await.unwrap());
                best = best.min(started.elapsed());
            }
            took.push(($name, best));
            answer.unwrap()
        }};
    }
    let page = PageRequest { cursor: None, limit: Some(1_000) };
    let all = Filter::default;
    let by = |text: &str| Dimensions::parse(text).unwrap();

    let months =
        ask!("totals by month", 3, query::totals(store, account, dictionary, all(), by("month"), &page));
    let told: BTreeMap<String, u64> =
        months.totals.iter().map(|row| (row.month.clone().unwrap(), row.lines)).collect();
    assert_eq!(told, file.months);
    assert_eq!(months.totals.iter().map(|row| row.posted).sum::<Decimal>(), file.posted);
    let apps = ask!("totals by app", 3, query::totals(store, account, dictionary, all(), by("app"), &page));
    assert!(apps.total_rows > 100);
    ask!(
        "totals by app and month",
        3,
        query::totals(store, account, dictionary, all(), by("app,month"), &page)
    );
    let ranked = ask!("apps", 3, query::apps(store, account, dictionary, all(), &page));
    assert_eq!(ranked.matched_lines + ranked.unmatched_lines, lines as u64);
    assert!(ranked.matched_lines * 100 >= file.hits * 95, "{} of {}", ranked.matched_lines, file.hits);
    let one = Filter { app_id: Some(ranked.apps[0].app_id.clone()), ..all() };
    let first = ask!(
        "a page of 1,000 lines of an app",
        3,
        query::lines(store, account, dictionary, one.clone(), &page)
    );
    assert!(!first.lines.is_empty());
    ask!("a page of 1,000 lines", 3, query::lines(store, account, dictionary, all(), &page));
    ask!("a page of 1,000 changes", 3, query::changes(store, account, dictionary, &page));
    let then = || Filter { as_of: Some(now()), ..all() };
    let past = ask!(
        "as of then: by month",
        1,
        query::totals(store, account, dictionary, then(), by("month"), &page)
    );
    assert_eq!(past.totals, months.totals);

    let dear =
        "[[rules]]\nname = \"dear\"\naction = \"ignore\"\nwhen = { amount = { at_least = \"1000\" } }\n";
    let effect = ask!("what-if of a rule", 1, rules::what_if(store, account, &file.matcher, dear.to_owned()));
    assert_eq!(effect.lines, lines as u64);
    let new = || rules::NewRules {
        rules: dear.to_owned(),
        over: None,
        actor: "bench".to_owned(),
        note: String::new(),
    };
    let set =
        ask!("set it, all lines decided by it", 1, rules::set(store, account, &file.matcher, new(), now()));
    assert_eq!(set.lines_changed, effect.changed + effect.other_reason);
    println!("  (the rule changes {} lines)", set.lines_changed);
    took
}
