//! Peers, each given as much as it can use: the fields already normalised and joined, names padded with spaces so that
//! bounds of words are built in. What they are not charged for (reading, splitting, normalising, writing) is said in
//! their names.

use std::time::Duration;

use aho_corasick::{AhoCorasick, MatchKind};
use benches::workload::Workload;
use daachorse::{DoubleArrayAhoCorasick, DoubleArrayAhoCorasickBuilder};
use symspell_rs::{SymSpell, Verbosity};

use crate::answers::Answers;
use crate::timer::timed;

/// Lines that the slow compositions are given.
const COMPOSED_LINES: usize = 20_000;
/// Lines for scans over all names, and the largest dictionary for which they end in reasonable time.
const SCANNED_LINES: usize = 100;
const SCANNED_ALIASES_MAX: usize = 30_000;
/// Words of a window that a peer tries to correct.
const WINDOW: usize = 4;
/// Letters from which one edit, and from which two are allowed.
const EDITS: (usize, usize) = (6, 8);

pub(crate) fn measure(work: &Workload, rounds: usize) -> Vec<Answers> {
    let texts: Vec<String> = work.lines.iter().map(normalised).collect();
    let mut measured = vec![
        automaton(work, &texts, rounds, "aho-corasick 1.1, leftmost-longest, normalised text"),
        double_array(work, &texts, rounds, "daachorse 5, overlapping, normalised text"),
        composition(work, &texts),
    ];
    if work.aliases.len() <= SCANNED_ALIASES_MAX {
        measured.push(scan(
            work,
            "strsim 0.11, Jaro-Winkler of the vendor with every name",
            |vendor, name| Some(strsim::jaro_winkler(vendor, name)).filter(|score| *score >= 0.9),
        ));
        measured.push(scan(
            work,
            "rapidfuzz 0.5, OSA of the vendor with every name, cut-off 2",
            |vendor, name| {
                let arguments = rapidfuzz::distance::osa::Args::default().score_cutoff(2);
                let edits =
                    rapidfuzz::distance::osa::distance_with_args(vendor.bytes(), name.bytes(), &arguments);
                edits.map(|edits| -f64::from(u32::try_from(edits).unwrap_or(u32::MAX)))
            },
        ));
    }
    measured
}

/// The four fields as peers read them: lower case, one space between words, one around all.
fn normalised(line: &[String; 4]) -> String {
    let joined = line.join(" ").to_lowercase();
    let words: Vec<&str> =
        joined.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    format!(" {} ", words.join(" "))
}

fn padded(work: &Workload) -> Vec<String> {
    work.aliases.iter().map(|(name, _)| format!(" {name} ")).collect()
}

fn best<T>(rounds: usize, mut run: impl FnMut() -> T) -> (Option<T>, Duration) {
    let mut fastest = (None, Duration::MAX);
    for _ in 0..rounds {
        let (done, busy) = timed(&mut run);
        if busy < fastest.1 {
            fastest = (Some(done), busy);
        }
    }
    fastest
}

fn automaton(work: &Workload, texts: &[String], rounds: usize, name: &'static str) -> Answers {
    let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(padded(work));
    let (decided, busy) = best(rounds, || {
        let Ok(automaton) = &built else { return Vec::new() };
        let longest = |text: &String| {
            let hit = automaton.find_iter(text).max_by_key(aho_corasick::Match::len)?;
            Some(work.aliases[hit.pattern().as_usize()].1)
        };
        texts.iter().map(longest).collect()
    });
    Answers::of(name, work, busy, false, &decided.unwrap_or_default())
}

fn build_double_array(work: &Workload) -> Option<DoubleArrayAhoCorasick<u32>> {
    DoubleArrayAhoCorasickBuilder::new().build(padded(work)).ok()
}

fn longest(automaton: &DoubleArrayAhoCorasick<u32>, text: &str) -> Option<usize> {
    let hits = automaton.find_overlapping_iter(text);
    hits.max_by_key(|hit| hit.end() - hit.start()).map(|hit| hit.value() as usize)
}

fn double_array(work: &Workload, texts: &[String], rounds: usize, name: &'static str) -> Answers {
    let built = build_double_array(work);
    let (decided, busy) = best(rounds, || {
        let Some(automaton) = &built else { return Vec::new() };
        texts.iter().map(|text| longest(automaton, text).map(|alias| work.aliases[alias].1)).collect()
    });
    Answers::of(name, work, busy, false, &decided.unwrap_or_default())
}

/// The best composition of published crates for the whole task: exact names by daachorse, and for a line without one
/// every window of one to four words through `SymSpell`, common words left alone.
fn composition(work: &Workload, texts: &[String]) -> Answers {
    let built = build_double_array(work);
    let mut symspell = SymSpell::new(2, None, 7, 1);
    for (name, _) in &work.aliases {
        symspell.create_dictionary_entry(name.as_str(), 1);
    }
    let vendors: std::collections::HashMap<&str, usize> =
        work.aliases.iter().map(|(name, vendor)| (name.as_str(), *vendor)).collect();
    let (decided, busy) = timed(|| {
        let Some(automaton) = &built else { return Vec::new() };
        let decide = |text: &String| {
            if let Some(alias) = longest(automaton, text) {
                return Some(work.aliases[alias].1);
            }
            let words: Vec<&str> = text.split_ascii_whitespace().collect();
            let mut nearest: Option<(usize, usize)> = None;
            for start in 0..words.len() {
                for end in start + 1..=(start + WINDOW).min(words.len()) {
                    let window = words[start..end].join(" ");
                    let edits = match window.len() {
                        length if length >= EDITS.1 => 2,
                        length if length >= EDITS.0 => 1,
                        _ => continue,
                    };
                    if end == start + 1 && benches::workload::is_common(&window) {
                        continue;
                    }
                    for found in symspell.lookup(&window, Verbosity::Top, edits, &None, None, false) {
                        if nearest.is_none_or(|(edits, _)| found.distance < edits) {
                            nearest =
                                vendors.get(found.term.as_str()).map(|vendor| (found.distance, *vendor));
                        }
                    }
                }
            }
            nearest.map(|(_, vendor)| vendor)
        };
        texts.iter().take(COMPOSED_LINES).map(decide).collect()
    });
    Answers::of(
        "daachorse 5 + symspell_rs 7 on windows of words, normalised text",
        work,
        busy,
        true,
        &decided,
    )
}

/// Compares the vendor with every name, as most scripts do.
fn scan(work: &Workload, name: &'static str, score: impl Fn(&str, &str) -> Option<f64>) -> Answers {
    let (decided, busy) = timed(|| {
        let decide = |line: &[String; 4]| {
            let vendor = line[0].to_lowercase();
            let scored = work.aliases.iter().filter_map(|(name, app)| Some((score(&vendor, name)?, *app)));
            scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, app)| app)
        };
        work.lines.iter().take(SCANNED_LINES).map(decide).collect::<Vec<_>>()
    });
    Answers::of(name, work, busy, true, &decided)
}
