//! The feed of changes, the history of decisions, and answers as of another time.

use std::collections::BTreeMap;

use store::ids::AccountId;
use store::lines::{self, By, ChangeCursor, Filter};
use store::matches::{self, NewMatch, Outcome, Stored};
use store::rules::{self, Revision};
use store::testing::TestStore;

use crate::lines::{decided, line, line_id as id, outcome, put};
use crate::{add_account, at, on_each, read, write};

fn decide(test: &TestStore, account: AccountId, key: &str, app: Option<&str>, now: i64) -> Stored {
    let new = NewMatch { decided_at: at(now), ..decided(test, account, key, app) };
    write(test, |c| matches::upsert(c, account, &[new]))
}

/// Follows the feed to its end, in pages of two.
fn follow(test: &TestStore, account: AccountId, mut from: ChangeCursor) -> (Vec<String>, ChangeCursor) {
    let mut seen = Vec::new();
    loop {
        let page = read(test, |c| lines::changes(c, account, from, 2));
        let Some(last) = page.last() else { return (seen, from) };
        from = last.at;
        seen.extend(page.into_iter().map(|it| {
            let app = it.decision.and_then(|decision| decision.outcome.app_id);
            let gone = if it.line.removed_at.is_some() { "-" } else { "" };
            format!("{gone}{} {}", it.line.source_key, app.unwrap_or_default())
        }));
    }
}

#[test]
fn each_line_is_told_once_at_its_last_change() {
    on_each(|test, account| {
        let page: Vec<_> = (0..5).map(|n| line(&format!("E{n}"), "1")).collect();
        put(test, account, &page, 0);
        let (mut first, end) = follow(test, account, ChangeCursor::default());
        first.sort();
        assert_eq!(first, ["E0 ", "E1 ", "E2 ", "E3 ", "E4 "]);
        assert_eq!(follow(test, account, end).0, [""; 0], "nothing has happened since");
        put(test, account, &page, 1);
        assert_eq!(follow(test, account, end).0, [""; 0], "reading the same again is no change");

        decide(test, account, "E3", Some("slack"), 2);
        decide(test, account, "E1", Some("zoom"), 3);
        decide(test, account, "E1", Some("zoom"), 4);
        let gone = ["E0", "E1", "E2", "E3"];
        write(test, |c| lines::mark_missing(c, account, "concur_v3", "R1", &gone, at(5)));
        let (told, end) = follow(test, account, end);
        assert_eq!(told, ["E3 slack", "E1 zoom", "-E4 "], "in the order of the last change of each");
        decide(test, account, "E1", None, 6);
        assert_eq!(follow(test, account, end).0, ["E1 "], "an un-match is told too");
        let other = add_account(test, "Other");
        assert_eq!(follow(test, other, ChangeCursor::default()).0, [""; 0]);
    });
}

#[test]
fn a_copy_that_follows_the_feed_equals_the_store_after_any_work() {
    on_each(|test, account| {
        let mut copy: BTreeMap<String, String> = BTreeMap::new();
        let mut cursor = ChangeCursor::default();
        for round in 0_i64..12 {
            let keys: Vec<String> = (0..7).map(|n| format!("E{}", (n * round + round) % 11)).collect();
            let page: Vec<_> = keys.iter().map(|key| line(key, &round.to_string())).collect();
            put(test, account, &page, round);
            for key in &keys {
                decide(test, account, key, (round % 3 > 0).then_some("slack"), round);
            }
            let present: Vec<&str> = keys.iter().map(String::as_str).collect();
            write(test, |c| lines::mark_missing(c, account, "concur_v3", "R1", &present, at(round)));
            if round % 2 == 0 {
                let (told, end) = follow(test, account, cursor);
                cursor = end;
                for entry in told {
                    let (key, app) = entry.split_once(' ').unwrap();
                    let key = key.trim_start_matches('-').to_owned();
                    if entry.starts_with('-') {
                        copy.remove(&key)
                    } else {
                        copy.insert(key, app.to_owned())
                    };
                }
                let page = read(test, |c| lines::page(c, account, &Filter::default(), None, 100));
                let stored: BTreeMap<String, String> = page
                    .rows
                    .into_iter()
                    .map(|(line, it)| {
                        (line.source_key, it.and_then(|it| it.outcome.app_id).unwrap_or_default())
                    })
                    .collect();
                assert_eq!(copy, stored, "round {round}");
            }
        }
    });
}

#[test]
fn what_a_decision_replaces_is_kept_with_the_time_for_which_it_stood() {
    on_each(|test, account| {
        put(test, account, &[line("E1", "1")], 0);
        assert_eq!(decide(test, account, "E1", Some("slack"), 1), Stored { written: 1, changed: 1 });
        assert_eq!(decide(test, account, "E1", Some("slack"), 2), Stored { written: 1, changed: 0 });
        assert_eq!(decide(test, account, "E1", None, 3).changed, 1);
        let pinned = Outcome { pinned: true, matched_by: "hand".to_owned(), ..outcome(Some("zoom")) };
        let pin = NewMatch { outcome: pinned, decided_at: at(4), ..decided(test, account, "E1", None) };
        write(test, |c| matches::upsert(c, account, &[pin]));
        assert_eq!(decide(test, account, "E1", Some("slack"), 5), Stored::default(), "a person has spoken");
        let back = NewMatch { decided_at: at(6), ..decided(test, account, "E1", Some("slack")) };
        assert_eq!(write(test, |c| matches::overrule(c, account, &[back])).changed, 1);

        let line = id(account, "E1");
        let stands = read(test, |c| matches::get(c, account, line)).unwrap();
        assert_eq!((stands.outcome, stands.since), (outcome(Some("slack")), at(6)));
        let past = read(test, |c| matches::past(c, account, line, 10));
        let told: Vec<_> = past
            .iter()
            .map(|it| (it.outcome.app_id.as_deref(), it.outcome.pinned, it.since, it.until))
            .collect();
        assert_eq!(
            told,
            [
                (Some("zoom"), true, at(4), at(6)),
                (None, false, at(3), at(4)),
                (Some("slack"), false, at(1), at(3))
            ]
        );
        let other = add_account(test, "Other");
        assert_eq!(read(test, |c| matches::past(c, other, line, 10)), []);
    });
}

#[test]
fn as_of_a_time_lines_and_sums_are_what_they_were() {
    on_each(|test, account| {
        put(test, account, &[line("E1", "10"), line("E2", "5")], 0);
        decide(test, account, "E1", Some("slack"), 1);
        decide(test, account, "E2", Some("zoom"), 1);
        decide(test, account, "E1", Some("zoom"), 10);
        put(test, account, &[line("E3", "2")], 20);
        decide(test, account, "E3", Some("zoom"), 21);
        write(test, |c| lines::mark_missing(c, account, "concur_v3", "R1", &["E1", "E3"], at(30)));

        let lines_at = |time: Option<i64>, app: Option<&str>| {
            let filter = Filter { as_of: time.map(at), app_id: app.map(str::to_owned), ..Filter::default() };
            let page = read(test, |c| lines::page(c, account, &filter, None, 100));
            let count = read(test, |c| lines::count(c, account, &filter));
            let mut told: Vec<String> = page
                .rows
                .into_iter()
                .map(|(line, it)| {
                    format!("{} {}", line.source_key, it.and_then(|it| it.outcome.app_id).unwrap_or_default())
                })
                .collect();
            told.sort();
            assert_eq!(count, told.len(), "{}: {told:?}", test.name);
            told
        };
        assert_eq!(lines_at(Some(-1), None), [""; 0], "nothing was known");
        assert_eq!(lines_at(Some(0), None), ["E1 ", "E2 "], "known, and not decided");
        assert_eq!(lines_at(Some(5), None), ["E1 slack", "E2 zoom"]);
        assert_eq!(lines_at(Some(5), Some("slack")), ["E1 slack"]);
        assert_eq!(lines_at(Some(10), None), ["E1 zoom", "E2 zoom"], "from the moment on");
        assert_eq!(lines_at(Some(25), Some("zoom")), ["E1 zoom", "E2 zoom", "E3 zoom"]);
        assert_eq!(lines_at(Some(30), None), ["E1 zoom", "E3 zoom"], "gone from then on");
        assert_eq!(lines_at(None, None), lines_at(Some(99), None));

        let sums_at = |time: i64| {
            let filter = Filter { as_of: Some(at(time)), ..Filter::default() };
            let sums = read(test, |c| lines::sums(c, account, &filter, By { app: true, ..By::default() }));
            sums.into_iter()
                .map(|sum| format!("{} {}", sum.app_id.unwrap_or_default(), sum.posted.normalize()))
                .collect::<Vec<_>>()
        };
        assert_eq!(sums_at(5), ["slack 10", "zoom 5"]);
        assert_eq!(sums_at(25), ["zoom 17"]);
        assert_eq!(sums_at(30), ["zoom 12"]);
    });
}

#[test]
fn rules_are_kept_by_revision_and_the_last_one_holds() {
    on_each(|test, account| {
        let revision = |revision: i64, text: &str| Revision {
            revision,
            rules: text.to_owned(),
            actor: "ada".to_owned(),
            note: String::new(),
            set_at: at(revision),
            lines_changed: 7,
        };
        assert_eq!(read(test, |c| rules::current(c, account)), None);
        write(test, |c| rules::add(c, account, &revision(1, "a")));
        write(test, |c| rules::add(c, account, &revision(2, "b")));
        assert_eq!(read(test, |c| rules::current(c, account)), Some(revision(2, "b")));
        assert_eq!(read(test, |c| rules::get(c, account, 1)), revision(1, "a"));
        assert_eq!(read(test, |c| rules::list(c, account, 9)), [revision(2, "b"), revision(1, "a")]);
        assert_eq!(read(test, |c| lines::head(c, account)).rules_revision, 2);
        let other = add_account(test, "Other");
        assert!(test.store.read_blocking(|c| rules::get(c, other, 1)).is_err());
        assert!(test.store.write_blocking(|c| rules::add(c, account, &revision(2, "c"))).is_err(), "once");
    });
}
