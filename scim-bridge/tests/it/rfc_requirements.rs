//! Every requirement of the RFCs has a test that names it, or a reason why it has none; the page tells which.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use scim_bridge::conformance;

use crate::documents::check;

/// One line of `tests/rfc_requirements.txt`.
struct Requirement {
    number: u16,
    sentence: &'static str,
    /// `reason: …`, or `file::test`.
    further: Vec<&'static str>,
}

fn requirements() -> Vec<Requirement> {
    let lines = include_str!("../rfc_requirements.txt").lines();
    lines
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let mut columns = line.split(" | ");
            Requirement {
                number: columns.next().unwrap().parse().unwrap(),
                sentence: columns.next().unwrap(),
                further: columns.collect(),
            }
        })
        .collect()
}

/// Number → names of the checks that answer for it.
fn checks() -> BTreeMap<u16, Vec<&'static str>> {
    let mut by_number: BTreeMap<u16, Vec<&'static str>> = BTreeMap::new();
    for check in conformance::all() {
        for number in check.covers {
            by_number.entry(*number).or_default().push(check.name);
        }
    }
    by_number
}

#[test]
fn every_requirement_has_a_check_a_test_that_exists_or_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let checks = checks();
    let requirements = requirements();
    for (index, requirement) in requirements.iter().enumerate() {
        let number = requirement.number;
        assert_eq!(usize::from(number), index + 1, "the numbers follow each other");
        let covered = checks.contains_key(&number) || !requirement.further.is_empty();
        assert!(covered, "{number} ({}) has neither check nor test nor reason", requirement.sentence);
        for further in requirement.further.iter().filter(|further| !further.starts_with("reason: ")) {
            let (file, test) = further.rsplit_once("::").unwrap_or_else(|| panic!("{number}: {further}"));
            let source = std::fs::read_to_string(root.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
            assert!(source.contains(&format!("fn {test}(")), "{number}: there is no {test} in {file}");
        }
    }
    let last = u16::try_from(requirements.len()).unwrap();
    assert!(
        checks.keys().all(|number| (1..=last).contains(number)),
        "a check answers for a number without line"
    );
}

#[test]
fn the_numbers_are_those_of_the_checklist() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/scim/rfc-checklist.md");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: the checklist that the numbers come from is not beside the checkout");
        return;
    };
    let rows =
        text.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse::<u16>().ok());
    let listed: Vec<u16> = rows.collect();
    let ours: Vec<u16> = requirements().iter().map(|requirement| requirement.number).collect();
    assert_eq!(ours, listed);
}

#[test]
fn the_conformance_page_says_which_test_covers_what() {
    let checks = checks();
    let mut table = String::from("| # | requirement | covered by |\n|---|---|---|\n");
    for requirement in requirements() {
        let named = checks.get(&requirement.number).into_iter().flatten().map(|name| format!("`{name}`"));
        let further = requirement.further.iter().map(|further| match further.strip_prefix("reason: ") {
            Some(reason) => reason.to_owned(),
            None => format!("`{further}`"),
        });
        let covered: Vec<String> = named.chain(further).collect();
        writeln!(table, "| {} | {} | {} |", requirement.number, requirement.sentence, covered.join(", "))
            .unwrap();
    }
    check("scim-conformance.md", &table);
}
