//! Pairs that are told, lines that stand alone, and laws that hold for any lines.

use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

/// A line written as `source id day owner`, all for one app and one amount.
fn line(written: &str) -> SourceLine<'_> {
    let parts: Vec<&str> = written.split(' ').collect();
    SourceLine {
        charge: Charge {
            id: parts[1],
            date: date(2026, 3, parts[2].parse().unwrap()),
            amount: Decimal::new(1_200, 2),
            currency: "EUR",
        },
        source: parts[0],
        app: "quillwork",
        owner: Some(parts[3]).filter(|owner| *owner != "-"),
    }
}

fn told(written: &[&str]) -> Vec<(String, Hint)> {
    let lines: Vec<SourceLine<'_>> = written.iter().map(|text| line(text)).collect();
    find(&lines).iter().map(|pair| (pair.lines.join("="), pair.hint)).collect()
}

fn check(written: &[&str], expected: &[(&str, Hint)]) {
    let expected: Vec<(String, Hint)> =
        expected.iter().map(|(pair, hint)| ((*pair).to_owned(), *hint)).collect();
    assert_eq!(told(written), expected, "{written:?}");
}

#[test]
fn the_same_purchase_from_two_sources_is_a_pair() {
    check(&["api a 5 ada", "file f 5 ada"], &[("a=f", Hint::SamePerson)]);
    check(&["api a 5 ada", "file f 5 -"], &[("a=f", Hint::SameDay)]);
    check(&["api a 5 ada", "file f 8 ada"], &[("a=f", Hint::NearDay)]);
}

#[test]
fn what_differs_is_no_pair() {
    check(&["api a 5 ada", "api b 5 ada"], &[]);
    check(&["api a 5 ada", "file f 5 bob"], &[]);
    check(&["api a 5 ada", "file f 9 ada"], &[]);
    check(&["api a 5 -", "file f 6 -"], &[]);
    let (one, mut other) = (line("api a 5 ada"), line("file f 5 ada"));
    other.charge.currency = "USD";
    assert_eq!(find(&[one, other]), []);
    other = SourceLine { app: "zoomer", ..line("file f 5 ada") };
    assert_eq!(find(&[one, other]), []);
    other = line("file f 5 ada");
    other.charge.amount = Decimal::new(1_201, 2);
    assert_eq!(find(&[one, other]), []);
}

#[test]
fn occurrences_are_counted() {
    check(
        &["api a 5 ada", "api b 5 ada", "api c 5 ada", "file f 5 ada", "file g 5 ada"],
        &[("a=f", Hint::SamePerson), ("b=g", Hint::SamePerson)],
    );
    let lines = ["api a 5 ada", "api b 5 ada", "file f 5 ada"].map(line);
    let found = find(&lines);
    assert_eq!(
        found[0].why[0].text,
        "12.00 EUR for quillwork of ada on 2026-03-05, once in api and once in file"
    );
    assert_eq!(
        found[0].why[1].text,
        "there are 2 such lines in api and 1 in file: which belongs to which cannot be told"
    );
}

#[test]
fn the_stronger_hint_comes_first() {
    check(
        &["api a 5 ada", "api b 5 bob", "file f 5 -", "file g 5 ada"],
        &[("a=g", Hint::SamePerson), ("b=f", Hint::SameDay)],
    );
    check(&["api a 5 ada", "file f 4 ada", "file g 5 ada"], &[("a=g", Hint::SamePerson)]);
}

#[test]
fn three_sources_tell_three_pairs() {
    check(
        &["api a 5 ada", "file f 5 ada", "other o 5 ada"],
        &[("a=f", Hint::SamePerson), ("a=o", Hint::SamePerson), ("f=o", Hint::SamePerson)],
    );
}

fn any_lines() -> impl Strategy<Value = Vec<(usize, i32, Option<usize>, i64)>> {
    prop::collection::vec((0..3_usize, 0..6_i32, prop::option::of(0..2_usize), 1..3_i64), 0..30)
}

fn made(of: &[(usize, i32, Option<usize>, i64)]) -> Vec<SourceLine<'static>> {
    of.iter()
        .enumerate()
        .map(|(id, &(source, day, owner, amount))| SourceLine {
            charge: Charge {
                id: format!("{id:02}").leak(),
                date: date(2026, 3, 1) + day.days(),
                amount: Decimal::from(amount),
                currency: "EUR",
            },
            source: ["api", "file", "other"][source],
            app: "quillwork",
            owner: owner.map(|owner| ["ada", "bob"][owner]),
        })
        .collect()
}

proptest! {
    #[test]
    fn order_makes_no_difference(of in any_lines(), turn in 0..30_usize) {
        let lines = made(&of);
        let mut turned = lines.clone();
        turned.reverse();
        turned.rotate_left(turn.min(lines.len()));
        prop_assert_eq!(find(&turned), find(&lines));
    }

    #[test]
    fn pairs_are_of_two_sources_and_a_line_is_in_one_of_them(of in any_lines()) {
        let lines = made(&of);
        let mut used = std::collections::BTreeSet::new();
        for pair in find(&lines) {
            let [one, other] = pair.lines.map(|id| *lines.iter().find(|line| line.charge.id == id).unwrap());
            prop_assert_eq!([one.source, other.source], pair.sources);
            prop_assert_ne!(one.source, other.source);
            prop_assert_eq!(one.charge.amount, other.charge.amount);
            prop_assert!(crate::patterns::days(one.charge.date, other.charge.date).abs() <= NEAR_DAYS);
            prop_assert!(one.owner.is_none() || other.owner.is_none() || one.owner == other.owner);
            let mut sources = pair.sources;
            sources.sort_unstable();
            for id in pair.lines {
                prop_assert!(used.insert((sources, id)), "{} is in two pairs of {:?}", id, sources);
            }
        }
    }

    #[test]
    fn a_copied_source_pairs_every_line(of in any_lines()) {
        let mut lines: Vec<SourceLine<'_>> = made(&of);
        for line in &mut lines {
            line.source = "api";
        }
        let copies = lines.clone();
        lines.extend(copies.iter().map(|line| SourceLine { source: "file", ..*line }));
        let found = find(&lines);
        let sure = found.iter().filter(|pair| pair.hint != Hint::NearDay).count();
        prop_assert_eq!(sure, copies.len(), "{:#?}", found);
    }
}
