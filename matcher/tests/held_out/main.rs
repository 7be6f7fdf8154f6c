//! What lines that nobody has seen would be answered: made-up lines over the shipped dictionary, by class.
//!
//! The development set is small, and whoever works on the matcher reads it; this set can be made anew with any seed,
//! and some apps are left out of the dictionary, so that their lines must get no answer. It guards what is claimed in
//! `DESIGN.md`: quality, false positives, and that a band is worth what it says.
//! `cargo test -p matcher --test held_out -- --nocapture` prints the table.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of an integration test")]

#[path = "make/mod.rs"]
mod make;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use matcher::{App, Band, Dictionary, ExpenseTexts, Matcher};

/// The dictionary that is shipped: what a new installation matches with.
const SHIPPED: &str = include_str!("../../../fixtures/data/dictionary/apps.jsonl");
/// Lines of a class: enough for one in a hundred to show.
const LINES: usize = 200;
/// Seeds that no rule was looked for with.
const SEEDS: [u64; 2] = [20_261_126, 77];

#[derive(Debug, Default, Clone, Copy)]
struct Measured {
    positives: usize,
    negatives: usize,
    right: usize,
    wrong: usize,
    false_claims: usize,
}

impl Measured {
    fn precision(&self) -> f64 {
        ratio(self.right, self.right + self.wrong + self.false_claims)
    }

    fn recall(&self) -> f64 {
        ratio(self.right, self.positives)
    }

    fn f1(&self) -> f64 {
        ratio(2 * self.right, self.right + self.wrong + self.false_claims + self.positives)
    }

    fn false_positive_rate(&self) -> f64 {
        ratio(self.false_claims, self.negatives)
    }
}

/// A part of a whole; nothing of nothing is all that was asked for.
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 1.0;
    }
    f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap())
}

struct Run {
    all: Measured,
    classes: BTreeMap<&'static str, Measured>,
    /// Claims and right ones among them, by band.
    bands: BTreeMap<Band, (usize, usize)>,
}

fn run(vendor_only: bool) -> Run {
    let dictionary = Dictionary::from_jsonl(SHIPPED).unwrap();
    let apps: Vec<App> = dictionary.iter().map(|(_, app)| app.clone()).collect();
    let mut run = Run { all: Measured::default(), classes: BTreeMap::new(), bands: BTreeMap::new() };
    for seed in SEEDS {
        let made = make::make(&apps, LINES, seed);
        let known: String = made.known.iter().fold(String::new(), |mut text, app| {
            writeln!(text, "{}", serde_json::to_string(app).unwrap()).unwrap();
            text
        });
        let matcher = Matcher::new(Arc::new(Dictionary::from_jsonl(&known).unwrap()));
        let mut scratch = matcher.scratch();
        for row in made.rows.iter().filter(|row| !vendor_only || row.decided_by_vendor()) {
            let texts = ExpenseTexts {
                vendor_description: &row.vendor,
                business_purpose: if vendor_only { "" } else { &row.purpose },
                expense_type_name: if vendor_only { "Miscellaneous" } else { &row.expense_type },
                spend_category: if vendor_only { "Other" } else { &row.category },
                spend_category_code: Some(if vendor_only { "OTHER" } else { &row.code }),
                ..ExpenseTexts::default()
            };
            let verdict = matcher.judge(&texts, &mut scratch);
            let app = verdict.app.map(|entry| matcher.dictionary().get(entry).id.clone());
            let right = match &app {
                Some(_) => row.label.is_some() && row.acceptable.contains(&app),
                None => row.label.is_none(),
            };
            for measured in [&mut run.all, run.classes.entry(row.class).or_default()] {
                measured.positives += usize::from(row.label.is_some());
                measured.negatives += usize::from(row.label.is_none());
                measured.right += usize::from(app.is_some() && right);
                measured.wrong += usize::from(app.is_some() && !right && row.label.is_some());
                measured.false_claims += usize::from(app.is_some() && row.label.is_none());
            }
            if app.is_some() {
                let band = run.bands.entry(verdict.band).or_default();
                *band = (band.0 + 1, band.1 + usize::from(right));
            }
        }
    }
    run
}

fn print(title: &str, run: &Run) {
    println!(
        "{title}\n{:<22} {:>6} {:>9} {:>7} {:>7} {:>7}",
        "class", "lines", "precision", "recall", "F1", "FPR"
    );
    for (class, m) in run.classes.iter().chain([(&"all", &run.all)]) {
        println!(
            "{class:<22} {:>6} {:>9.4} {:>7.4} {:>7.4} {:>7.4}",
            m.positives + m.negatives,
            m.precision(),
            m.recall(),
            m.f1(),
            m.false_positive_rate()
        );
    }
    for (band, (claims, right)) in &run.bands {
        println!("{band}: {claims} claims, {:.4} right", ratio(*right, *claims));
    }
}

/// The least that is claimed.
fn check(run: &Run) {
    assert!(run.all.f1() >= 0.97, "F1 {}", run.all.f1());
    assert!(run.all.precision() >= 0.985, "precision {}", run.all.precision());
    assert!(run.all.false_positive_rate() <= 0.01, "false positives {}", run.all.false_positive_rate());
    for (band, least) in [(Band::Certain, 0.99), (Band::Likely, 0.95), (Band::Possible, 0.80)] {
        let (claims, right) = run.bands[&band];
        // A few claims say little: the band may miss its meaning by what chance explains.
        let chance = (least * (1.0 - least) / f64::from(u32::try_from(claims).unwrap())).sqrt();
        assert!(ratio(right, claims) >= least - 2.0 * chance, "{band}: {right} of {claims}");
    }
    for class in ["processor_prefix", "truncated", "suffix_noise", "clean_name"] {
        assert!(run.classes[class].f1() >= 0.97, "{class}: {:?}", run.classes[class]);
    }
    assert!(run.classes["ocr_typo"].recall() >= 0.85, "{:?}", run.classes["ocr_typo"]);
}

#[test]
fn lines_with_all_fields_are_answered_as_claimed() {
    let run = run(false);
    print("all four fields", &run);
    check(&run);
    for class in ["app_store", "product_specific", "purpose_only", "reseller_invoice", "ambiguous_positive"] {
        assert!(run.classes[class].f1() >= 0.97, "{class}: {:?}", run.classes[class]);
    }
    for class in ["vendor_in_purpose", "other_of_the_name"] {
        assert!(run.classes[class].false_positive_rate() <= 0.01, "{class}: {:?}", run.classes[class]);
    }
    // A city that no list holds, without a region behind it, may be the rest of another name.
    assert!(run.classes["line_of_work"].recall() >= 0.9, "{:?}", run.classes["line_of_work"]);
}

#[test]
fn lines_of_a_vendor_alone_are_answered_as_claimed() {
    let run = run(true);
    print("vendor alone", &run);
    check(&run);
}
