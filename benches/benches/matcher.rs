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
use matcher::{Dictionary, ExpenseTexts, Matcher, Scratch};

/// Lines of a run: enough to meet most forms of descriptors, few enough for a quick bench.
const LINES: usize = 20_000;
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

    fn lines_per_second(&self) -> f64 {
        f64::from(u32::try_from(self.lines).unwrap()) / self.seconds
    }

    fn print(&self) {
        println!(
            "{:<28} {:>10.0} lines/s, {} of {} right, {} false claims on {}",
            self.name,
            self.lines_per_second(),
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

/// Compares answers and speed with the peers, and holds the matcher to its claims.
fn compare_with_peers(matcher: &Matcher, rows: &[ExpenseRow]) {
    let mut scratch = matcher.scratch();
    let ours = Answers::of("matcher", rows, |row| decide(matcher, row, &mut scratch));

    let names = names(matcher.dictionary());
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(names.iter().map(|(name, _)| name.as_str()))
        .unwrap();
    let plain = Answers::of("aho-corasick, no boundaries", rows, |row| {
        let text = format!("{} {}", row.vendor_description, row.business_purpose).to_lowercase();
        let longest = automaton.find_iter(&text).max_by_key(aho_corasick::Match::len)?;
        Some(names[longest.pattern().as_usize()].1.clone())
    });
    let scan = Answers::of("jaro-winkler, all names", &rows[..SCANNED_LINES], |row| {
        let vendor = row.vendor_description.to_lowercase();
        let scored = names.iter().map(|(name, app)| (strsim::jaro_winkler(&vendor, name), app));
        let best = scored.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|best| best.0 >= JARO_WINKLER_MIN)?;
        Some(best.1.clone())
    });

    for answers in [&ours, &plain, &scan] {
        answers.print();
    }
    println!(
        "matcher / aho-corasick without boundaries: {:.2} x; matcher / jaro-winkler: {:.0} x",
        ours.lines_per_second() / plain.lines_per_second(),
        ours.lines_per_second() / scan.lines_per_second()
    );
    assert!(ours.right * 100 >= ours.paying * RIGHT_PERCENT_MIN, "{} of {} right", ours.right, ours.paying);
    let paying_none = ours.lines - ours.paying;
    assert!(ours.false_claims * 100 <= paying_none * FALSE_PERCENT_MAX, "{} false claims", ours.false_claims);
    assert!(ours.false_claims < plain.false_claims, "boundaries and context must be worth their time");
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
