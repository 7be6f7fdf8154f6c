//! How many expense lines a core decides per second, beside two peers that do less.
//!
//! Peers: Jaro-Winkler of the vendor against every name of the dictionary (what most scripts do), and the plain
//! Aho-Corasick crate over lower-cased names without token boundaries (what the better scripts do). For each the
//! run prints speed and answers: right apps, and apps claimed for lines that pay for none.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench reports, and stops at what must not happen"
)]

use std::sync::Arc;
use std::time::Instant;

use aho_corasick::{AhoCorasick, MatchKind};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fixtures::company::{ExpenseRow, expense_rows};
use fixtures::dictionary::SHIPPED;
use matcher::{Dictionary, ExpenseTexts, Matcher, Scratch, batch};

/// Lines of a run: enough to meet most forms of descriptors, few enough for a quick bench.
const LINES: usize = 20_000;
/// Times that each fast subject reads all lines, in turns; the fastest counts, for others use the machine too.
const ROUNDS: usize = 5;
/// Lines for the scan over all names: it takes milliseconds for each.
const SCANNED_LINES: usize = 100;
/// The generator's seed; any will do, the claims below must hold for it.
const SEED: u64 = 7;
/// Of the lines that pay for an app, the part that must get the right one, in per cent.
const RIGHT_PERCENT_MIN: usize = 95;
/// Of the lines that pay for none, the part that may get one, in per cent.
const FALSE_PERCENT_MAX: usize = 1;
/// Similarity at which the scan claims an app; the usual cut-off of such scripts.
const JARO_WINKLER_MIN: f64 = 0.9;

/// What a subject answered over a set of lines, and how long it took.
struct Answers {
    name: &'static str,
    lines: usize,
    right: usize,
    paying: usize,
    false_claims: usize,
    seconds: f64,
}

impl Answers {
    fn of<'r>(
        name: &'static str,
        rows: &'r [ExpenseRow],
        mut decide: impl FnMut(&'r ExpenseRow) -> Option<String>,
    ) -> Self {
        let started = Instant::now();
        let decided: Vec<Option<String>> = rows.iter().map(&mut decide).collect();
        let seconds = started.elapsed().as_secs_f64();
        let pairs = || rows.iter().zip(&decided);
        Answers {
            name,
            lines: rows.len(),
            right: pairs().filter(|(row, app)| row.pays_for.is_some() && row.pays_for == **app).count(),
            paying: rows.iter().filter(|row| row.pays_for.is_some()).count(),
            false_claims: pairs().filter(|(row, app)| row.pays_for.is_none() && app.is_some()).count(),
            seconds,
        }
    }

    /// Keeps the faster of two runs, which must not differ in what they answered.
    fn or_faster(self, other: Self) -> Self {
        assert_eq!((self.right, self.false_claims), (other.right, other.false_claims), "{}", self.name);
        if other.seconds < self.seconds { other } else { self }
    }

    fn lines_per_second(&self) -> f64 {
        f64::from(u32::try_from(self.lines).unwrap()) / self.seconds
    }

    fn print(&self) {
        println!(
            "{:<28} {:>10.0} lines/s, {:>6.2} us a line, {} of {} right, {} false claims on {}",
            self.name,
            self.lines_per_second(),
            1e6 / self.lines_per_second(),
            self.right,
            self.paying,
            self.false_claims,
            self.lines - self.paying
        );
    }
}

fn texts(row: &ExpenseRow) -> ExpenseTexts<'_> {
    ExpenseTexts {
        vendor_description: &row.vendor_description,
        business_purpose: &row.business_purpose,
        expense_type_name: row.expense_type_name,
        spend_category: row.spend_category,
        expense_type_code: Some(row.expense_type_code),
        spend_category_code: Some(row.spend_category_code),
    }
}

fn decide(matcher: &Matcher, row: &ExpenseRow, scratch: &mut Scratch) -> Option<String> {
    matcher.decide(&texts(row), scratch).app_id.map(|id| id.to_string())
}

/// Lower-cased names, aliases and domains with their app.
fn names(dictionary: &Dictionary) -> Vec<(String, String)> {
    let spelled = |app: &matcher::App| {
        std::iter::once(app.name.clone())
            .chain(app.aliases.clone())
            .chain(app.domain.clone())
            .collect::<Vec<_>>()
    };
    dictionary
        .iter()
        .flat_map(|(_, app)| spelled(app).into_iter().map(|name| (name.to_lowercase(), app.id.clone())))
        .collect()
}

/// The row as a line of JSON. Fixture texts hold no control characters, so two escapes are enough.
fn json_line(id: usize, row: &ExpenseRow) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    format!(
        r#"{{"id":"{id}","VendorDescription":"{}","BusinessPurpose":"{}","ExpenseTypeName":"{}","SpendCategory":"{}","ExpenseTypeCode":"{}","SpendCategoryCode":"{}"}}"#,
        quoted(&row.vendor_description),
        quoted(&row.business_purpose),
        quoted(row.expense_type_name),
        quoted(row.spend_category),
        row.expense_type_code,
        row.spend_category_code
    )
}

/// Lines of JSON in, predictions out; the seconds it takes with a fresh scratch.
fn batch_seconds(matcher: &Matcher, lines: &[String], out: &mut Vec<u8>) -> f64 {
    out.clear();
    let mut scratch = matcher.scratch();
    let started = Instant::now();
    for line in lines {
        batch::predict_json(matcher, line, &mut scratch, out).unwrap();
    }
    started.elapsed().as_secs_f64()
}

/// Compares answers and speed with the peers, and holds the matcher to its claims.
fn compare_with_peers(matcher: &Matcher, rows: &[ExpenseRow]) {
    let names = names(matcher.dictionary());
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(names.iter().map(|(name, _)| name.as_str()))
        .unwrap();
    let decide_all = || {
        // A fresh scratch: what it remembers must be earned in the run.
        let mut scratch = matcher.scratch();
        Answers::of("matcher, decide", rows, |row| decide(matcher, row, &mut scratch))
    };
    let scan_all = || {
        Answers::of("aho-corasick, no boundaries", rows, |row| {
            let text = format!("{} {}", row.vendor_description, row.business_purpose).to_lowercase();
            let longest = automaton.find_iter(&text).max_by_key(aho_corasick::Match::len)?;
            Some(names[longest.pattern().as_usize()].1.clone())
        })
    };
    let lines: Vec<String> = rows.iter().enumerate().map(|(id, row)| json_line(id, row)).collect();
    let mut predictions = Vec::new();
    let (mut ours, mut plain) = (decide_all(), scan_all());
    let mut seconds = batch_seconds(matcher, &lines, &mut predictions);
    for _ in 1..ROUNDS {
        ours = ours.or_faster(decide_all());
        plain = plain.or_faster(scan_all());
        seconds = seconds.min(batch_seconds(matcher, &lines, &mut predictions));
    }
    let claimed = rows.iter().filter(|row| decide(matcher, row, &mut matcher.scratch()).is_some()).count();
    let without = predictions.split(|b| *b == b'\n').filter(|line| holds(line, b"\"app_id\":null")).count();
    assert_eq!(claimed + without, rows.len(), "a row of a file is decided as the same row in memory");
    let scan = Answers::of("jaro-winkler, all names", &rows[..SCANNED_LINES], |row| {
        let vendor = row.vendor_description.to_lowercase();
        let scored = names.iter().map(|(name, app)| (strsim::jaro_winkler(&vendor, name), app));
        let best = scored.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|best| best.0 >= JARO_WINKLER_MIN)?;
        Some(best.1.clone())
    });

    for answers in [&ours, &plain, &scan] {
        answers.print();
    }
    let batch_rate = f64::from(u32::try_from(rows.len()).unwrap()) / seconds;
    println!(
        "{:<28} {batch_rate:>10.0} lines/s, {:>6.2} us a line",
        "matcher, JSON in and out",
        1e6 / batch_rate
    );
    println!(
        "speed of decide: {:.2} x the plain automaton, {:.0} x jaro-winkler",
        ours.lines_per_second() / plain.lines_per_second(),
        ours.lines_per_second() / scan.lines_per_second()
    );
    assert!(ours.right * 100 >= ours.paying * RIGHT_PERCENT_MIN, "{} of {} right", ours.right, ours.paying);
    let paying_none = ours.lines - ours.paying;
    assert!(ours.false_claims * 100 <= paying_none * FALSE_PERCENT_MAX, "{} false claims", ours.false_claims);
    assert!(ours.false_claims < plain.false_claims, "boundaries and context must be worth their time");
}

fn holds(line: &[u8], part: &[u8]) -> bool {
    line.windows(part.len()).any(|window| window == part)
}

fn bench_matcher(criterion: &mut Criterion) {
    let dictionary = Arc::new(Dictionary::from_jsonl(SHIPPED).unwrap());
    let matcher = Matcher::new(Arc::clone(&dictionary));
    let rows: Vec<ExpenseRow> = expense_rows(LINES, SEED).collect();
    compare_with_peers(&matcher, &rows);

    let mut group = criterion.benchmark_group("matcher");
    group.sample_size(10);
    group.throughput(Throughput::Elements(u64::try_from(LINES).unwrap()));
    group.bench_function("decide", |bencher| {
        let mut scratch = matcher.scratch();
        bencher.iter(|| rows.iter().filter(|row| decide(&matcher, row, &mut scratch).is_some()).count());
    });
    group.throughput(Throughput::Elements(u64::try_from(dictionary.len()).unwrap()));
    group.bench_function("build", |bencher| bencher.iter(|| Matcher::new(Arc::clone(&dictionary))));
    group.finish();
}

criterion_group!(benches, bench_matcher);
criterion_main!(benches);
