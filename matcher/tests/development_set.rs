//! The guard against regressions on labelled lines: precision, recall and false positives where the development set
//! lies beside the checkout. The rows are not ours to publish; without them the test says so and passes.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of an integration test")]

use std::path::PathBuf;
use std::sync::Arc;

use matcher::{Dictionary, Matcher, batch};
use serde::Deserialize;

/// The dictionary that is shipped: what a new installation matches with.
const SHIPPED: &str = include_str!("../../fixtures/data/dictionary/apps.jsonl");

/// What a row is labelled with.
#[derive(Debug, Deserialize)]
struct Truth {
    label: Option<String>,
    /// Ids that are not wrong; on a row without a label, ids that are neither right nor wrong.
    acceptable: Vec<Option<String>>,
}

/// Counts as the development set's own scorer defines them: a wrong id on a positive row is a false claim and a miss.
#[derive(Debug, Default)]
struct Measured {
    right: usize,
    claimed: usize,
    positives: usize,
    false_claims_on_negatives: usize,
    negatives: usize,
}

impl Measured {
    fn f1(&self) -> f64 {
        2.0 * ratio(self.right, self.claimed + self.positives)
    }

    fn false_positive_rate(&self) -> f64 {
        ratio(self.false_claims_on_negatives, self.negatives)
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap())
}

fn reference(name: &str) -> Option<String> {
    let directory = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/match"));
    std::fs::read_to_string(directory.join(name)).ok()
}

fn measure(rows: &str, matcher: &Matcher) -> Measured {
    let mut measured = Measured::default();
    let mut scratch = matcher.scratch();
    for line in rows.lines().filter(|line| !line.trim().is_empty()) {
        let row: batch::Row<'_> = serde_json::from_str(line).unwrap();
        let truth: Truth = serde_json::from_str(line).unwrap();
        let app_id = batch::predict(matcher, &row, &mut scratch).app_id.map(|id| id.to_string());
        let acceptable = app_id.is_some() && truth.acceptable.contains(&app_id);
        if truth.label.is_some() {
            measured.positives += 1;
            measured.right += usize::from(acceptable);
            measured.claimed += usize::from(app_id.is_some());
        } else {
            measured.negatives += 1;
            let claimed = usize::from(app_id.is_some() && !acceptable);
            measured.false_claims_on_negatives += claimed;
            measured.claimed += claimed;
        }
    }
    measured
}

fn check(file: &str, f1_min: f64, false_positive_rate_max: f64) {
    let Some(rows) = reference(file) else {
        println!("skipped: the development set is not beside this checkout");
        return;
    };
    let matcher = Matcher::new(Arc::new(Dictionary::from_jsonl(SHIPPED).unwrap()));
    let measured = measure(&rows, &matcher);
    let (f1, rate) = (measured.f1(), measured.false_positive_rate());
    println!("{file}: F1 {f1:.4}, false-positive rate {rate:.4}, {measured:?}");
    assert!(f1 >= f1_min, "F1 {f1:.4} fell below {f1_min}: {measured:?}");
    assert!(
        rate <= false_positive_rate_max,
        "false positives {rate:.4} above {false_positive_rate_max}: {measured:?}"
    );
}

#[test]
fn four_fields_stay_above_the_floor() {
    check("dev.jsonl", 0.97, 0.01);
}

#[test]
fn the_vendor_alone_stays_above_the_floor() {
    check("dev-vendor-only.jsonl", 0.955, 0.01);
}
