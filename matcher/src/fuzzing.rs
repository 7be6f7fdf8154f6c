//! What every input must satisfy, whatever it is: no panic, and the laws that hold for all that is accepted.
//!
//! One function for each fuzz target (`matcher/fuzz`), in here because some stages are private. The tests below run the
//! same functions over the committed corpus with an ordinary toolchain, so that neither the targets nor what they once
//! found can rot. `docs/fuzzing.md` tells how to run them.
#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a law that does not hold ends the run")]

use std::sync::{Arc, LazyLock};

use crate::batch::{Columns, Cut, Format, Predictor, rows_end};
use crate::normalize::Normalized;
use crate::reading::Reading;
use crate::rules::{Facts, Rules};
use crate::unwrap::{Part, Vendor};
use crate::{Band, Dictionary, Engine, ExpenseTexts, Matcher};

/// Names that lie near to one another, in several scripts, with parents, sharing and common words.
const APPS: &str = r#"{"id":"quillwork","name":"Quillwork","aliases":["Quillwork Labs Inc","Quill"],"domain":"quillwork.io","category":"design"}
{"id":"quillwork-board","name":"Quillwork Board","aliases":[],"parent":"quillwork","category":"design"}
{"id":"notion","name":"Notion","aliases":["Notion Labs"],"domain":"notion.so","category":"notes","ambiguous":true}
{"id":"zoomer","name":"Zoomer","aliases":["Zoomer Übersee GmbH"],"domain":"zoomer.io","category":"video"}
{"id":"3lines","name":"3Lines","aliases":["三行"],"domain":"3lines.co","category":"notes"}"#;

/// The parts of an input that stands for several texts: it is cut at line feeds.
fn parts<const N: usize>(bytes: &[u8]) -> Option<[&str; N]> {
    let mut lines = std::str::from_utf8(bytes).ok()?.splitn(N, '\n');
    Some(std::array::from_fn(|_| lines.next().unwrap_or_default()))
}

fn matcher(engine: Engine) -> Matcher {
    let apps = Dictionary::from_jsonl(APPS).expect("the dictionary of the targets is valid");
    Matcher::with_engine(Arc::new(apps), engine)
}

/// Built once: a fuzzer runs some thousand inputs a second.
static OURS: LazyLock<Matcher> = LazyLock::new(|| matcher(Engine::Words));
static REFEREE: LazyLock<Matcher> = LazyLock::new(|| matcher(Engine::Automaton));

/// A text to words: idempotent, in order, on boundaries of characters, and the same whatever memory it is given.
pub fn normalize(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let once = Normalized::of(text);
    assert_eq!(Normalized::of(&once.phrase()).phrase(), once.phrase(), "normalising twice changes nothing");
    let (mut reached, mut written) = (0, 0);
    for (at, token) in once.tokens.iter().enumerate() {
        let (start, end) = (token.source_start as usize, token.source_end as usize);
        assert!(start < end && text.is_char_boundary(start) && text.is_char_boundary(end));
        assert!(start >= reached && token.start >= written && token.end > token.start);
        (reached, written) = (start, token.end);
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        assert!(once.token(at).bytes().all(plain), "{:?}", once.token(at));
    }
    let mut again = Normalized::of("Ärger * mit\tvielen Worten.de #42");
    again.assign(text);
    assert_eq!(again, once, "what memory was used for before makes no difference");
}

/// A vendor field without its wrapping: every token has a part, and only wrapping stands before the seller.
pub fn unwrap(bytes: &[u8]) {
    let Ok(source) = std::str::from_utf8(bytes) else { return };
    let lexicon = OURS.lexicon();
    let (mut reading, mut vendor) = (Reading::default(), Vendor::default());
    for text in ["POS DEBIT 1204 PAYPAL *QUILLWORK BURLINGTON MA", source] {
        reading.read(text, lexicon);
        vendor.read(&reading.text, &reading.marks, &reading.names);
        vendor.read_misread(&reading.text, &reading.words, &lexicon.vocabulary);
    }
    assert_eq!(vendor.parts.len(), reading.text.len());
    assert!(vendor.seller <= vendor.parts.len());
    assert!(vendor.parts[..vendor.seller].iter().all(|part| *part == Part::Wrapping));
    assert!(vendor.parts[vendor.seller..].iter().all(|part| *part != Part::Wrapping));
    assert!(vendor.storefront.end <= vendor.seller || vendor.storefront.is_empty());
    let (mut fresh, mut alone) = (Vendor::default(), Reading::default());
    alone.read(source, lexicon);
    fresh.read(&alone.text, &alone.marks, &alone.names);
    fresh.read_misread(&alone.text, &alone.words, &lexicon.vocabulary);
    assert_eq!(format!("{fresh:?}"), format!("{vendor:?}"), "the line before leaves no trace");
}

/// A line of a four-field report: the same answer from every door, in every state of the memory.
pub fn decide(bytes: &[u8]) {
    let Some([vendor, purpose, booked, category]) = parts::<4>(bytes) else { return };
    let texts = ExpenseTexts {
        vendor_description: vendor,
        business_purpose: purpose,
        expense_type_name: booked,
        spend_category: category,
        ..ExpenseTexts::default()
    };
    let (matcher, referee) = (&*OURS, &*REFEREE);
    let mut scratch = matcher.scratch();
    let decision = matcher.decide(&texts, &mut scratch);
    assert!((0.0..=1.0).contains(&decision.score), "{}", decision.score);
    assert_eq!(decision.app_id.is_none(), decision.band == Band::None);
    assert_eq!(decision.band, Band::of_score(decision.score));
    if let Some(found) = &decision.explanation.found {
        use crate::Field::{BusinessPurpose, ExpenseTypeName, SpendCategory, VendorDescription};
        let field = match found.field {
            VendorDescription => vendor,
            BusinessPurpose => purpose,
            ExpenseTypeName => booked,
            SpendCategory => category,
        };
        assert_eq!(&field[found.start..found.end], found.text, "the words stand where the explanation says");
    }
    let verdict = matcher.judge(&texts, &mut scratch);
    assert_eq!(verdict.app.map(|app| &*matcher.dictionary().get(app).id), decision.app_id.as_deref());
    assert_eq!(verdict.score.to_bits(), decision.score.to_bits());
    assert_eq!(matcher.decide(&texts, &mut matcher.scratch()), decision, "a fresh memory says the same");
    assert_eq!(referee.decide(&texts, &mut referee.scratch()), decision, "and so does the other engine");
    if let Some(change) = matcher.smallest_change(&texts, &mut scratch) {
        assert_ne!(change.app_id, decision.app_id, "a change that changes nothing is none");
    }
}

/// A file of rules: what is accepted can be asked, and a forbidden app is never the answer.
pub fn rules(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let matcher = &*OURS;
    let Ok(rules) = Rules::from_toml(text, matcher.dictionary()) else { return };
    let again = Rules::from_toml(text, matcher.dictionary()).expect("read once, read twice");
    assert_eq!((rules.len(), rules.version()), (again.len(), again.version()));
    let mut scratch = matcher.scratch();
    let lines = [
        ("PAYPAL *QUILLWORK 4029357733", "design seats", "Software", Some(12_050)),
        ("Zoomer Übersee GmbH", "", "Travel", None),
        ("", "", "", Some(-1)),
    ];
    for (vendor_description, business_purpose, expense_type_name, cents) in lines {
        let texts = ExpenseTexts {
            vendor_description,
            business_purpose,
            expense_type_name,
            ..ExpenseTexts::default()
        };
        let facts = Facts {
            texts,
            amount: cents.map(|cents| rust_decimal::Decimal::new(cents, 2)),
            currency: Some("EUR"),
            owner: Some("ada@example.com"),
            ..Facts::default()
        };
        let said = rules.decide(&facts);
        let decision = matcher.decide_with(&facts, &rules, &mut scratch);
        let answer = decision.app_id.as_deref().and_then(|id| matcher.dictionary().entry_id(id));
        assert!(answer.is_none_or(|app| !said.never.contains(&app)), "never means never");
        let (verdict, ruling) = matcher.judge_with(&facts, &rules, &mut scratch);
        assert_eq!((verdict.app, ruling), (answer, decision.explanation.rule));
    }
}

/// A dictionary: the order of its lines makes no difference, what it says survives writing, and its names are found.
pub fn dictionary(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(dictionary) = Dictionary::from_jsonl(text) else { return };
    let turned: Vec<&str> = text.lines().rev().collect();
    let turned = Dictionary::from_jsonl(&turned.join("\n")).expect("the order of lines does not matter");
    assert_eq!(turned.version(), dictionary.version());
    let written: Vec<String> =
        dictionary.iter().map(|(_, app)| serde_json::to_string(app).expect("strings only")).collect();
    let read = Dictionary::from_jsonl(&written.join("\n")).expect("what was written can be read");
    assert_eq!(read.version(), dictionary.version());
    assert!(dictionary.differences(&read).is_empty());
    dictionary.lint();
    let names: Vec<String> = dictionary.iter().map(|(_, app)| app.name.clone()).collect();
    let matcher = Matcher::new(Arc::new(dictionary));
    let mut scratch = matcher.scratch();
    for name in names {
        let texts = ExpenseTexts { vendor_description: &name, ..ExpenseTexts::default() };
        let decision = matcher.decide(&texts, &mut scratch);
        assert!((0.0..=1.0).contains(&decision.score));
    }
}

/// A file of rows, as CSV and as JSON lines: however it is cut into blocks, the same bytes come out.
pub fn rows(bytes: &[u8]) {
    let matcher = &*OURS;
    let header = b"id,VendorDescription,BusinessPurpose,ExpenseTypeName,Amount";
    let columns = Columns::of_header(header).expect("a header of ours");
    let whole = |cut: Cut, block: &[u8], out: &mut Vec<u8>| {
        let mut predictor = Predictor::new(matcher, Format::Csv);
        let counts = match cut {
            Cut::Csv => predictor.csv(&columns, block, (2, 1), out),
            Cut::Lines => predictor.json_lines(block, 2, out),
        };
        counts.map(|counts| counts.rows)
    };
    for cut in [Cut::Csv, Cut::Lines] {
        let mut at_once = Vec::new();
        let Ok(rows) = whole(cut, bytes, &mut at_once) else { continue };
        let end = rows_end(&bytes[..bytes.len() / 2], cut);
        let mut in_blocks = Vec::new();
        let halves = [&bytes[..end], &bytes[end..]];
        let sum: u64 =
            halves.iter().map(|block| whole(cut, block, &mut in_blocks).expect("read at once")).sum();
        assert_eq!((sum, &in_blocks), (rows, &at_once), "cut at {end}");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    /// Bytes that open, close, escape or end something.
    const STUMBLING_BLOCKS: &[u8] = b"\"\\]=*#, \n\xff";
    /// Places of an input at which it is cut and changed: every one of short inputs, some of long ones.
    const PLACES: usize = 60;

    type Target = (&'static str, fn(&[u8]));

    const TARGETS: [Target; 6] = [
        ("normalize", super::normalize),
        ("unwrap", super::unwrap),
        ("decide", super::decide),
        ("rules", super::rules),
        ("dictionary", super::dictionary),
        ("rows", super::rows),
    ];

    fn folder(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
    }

    fn names(folder: &Path) -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
        entries.map(|entry| stem(entry.unwrap().path())).collect()
    }

    #[test]
    fn the_corpus_keeps_the_laws() {
        for (target, run) in TARGETS {
            let mut inputs = 0;
            for entry in std::fs::read_dir(folder("corpus").join(target)).unwrap() {
                let input = std::fs::read(entry.unwrap().path()).unwrap();
                inputs += 1;
                run(&input);
                for i in (0..input.len()).step_by(input.len().div_ceil(PLACES)) {
                    run(&input[..i]);
                    let mut changed = input.clone();
                    changed[i] = STUMBLING_BLOCKS[i % STUMBLING_BLOCKS.len()];
                    run(&changed);
                }
            }
            assert!(inputs >= 3, "{inputs} inputs for {target}");
        }
    }

    #[test]
    fn every_target_is_replayed() {
        let ours: BTreeSet<String> = TARGETS.iter().map(|(target, _)| (*target).to_owned()).collect();
        assert_eq!(names(&folder("fuzz_targets")), ours);
        assert_eq!(names(&folder("corpus")), ours);
    }
}
