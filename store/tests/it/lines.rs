//! Expense lines, reports, decisions, totals.

use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use serde_json::json;
use store::ids::{AccountId, LineId};
use store::lines::{self, By, Filter, Money, NewLine, Texts, Upserted};
use store::matches::{self, Band, NewMatch, Outcome, Status, Stored};
use store::reports::{self, NewReport};
use store::testing::TestStore;

use crate::{add_account, at, on_each, read, write};

fn money(amount: &str, currency: &str) -> Money {
    Money { amount: Decimal::from_str_exact(amount).unwrap(), currency: currency.to_owned() }
}

pub(crate) fn line(key: &str, posted: &str) -> NewLine {
    NewLine {
        source: "concur_v3".to_owned(),
        source_key: key.to_owned(),
        report_id: Some("R1".to_owned()),
        entry_id: Some(key.to_owned()),
        itemization_id: None,
        owner_login: "zoe@example.com".to_owned(),
        transaction_date: date(2026, 11, 2),
        transaction: money("11.90", "EUR"),
        posted: money(posted, "USD"),
        texts: Texts {
            vendor_description: Some("SLACK T09 DUBLIN".to_owned()),
            expense_type_code: Some("SUBSC".to_owned()),
            ..Texts::default()
        },
        is_personal: false,
        has_itemizations: false,
        raw: json!({"ID": key, "PostedAmount": 12.5}),
    }
}

/// The id of a line made by [`line`].
pub(crate) fn line_id(account: AccountId, key: &str) -> LineId {
    lines::line_id(account, "concur_v3", key)
}

/// A decision about a line that is stored.
pub(crate) fn decided(test: &TestStore, account: AccountId, key: &str, app: Option<&str>) -> NewMatch {
    let stored = read(test, |c| lines::get(c, account, line_id(account, key)));
    NewMatch {
        line: stored.unwrap().0.no,
        line_hash: String::new(),
        outcome: outcome(app),
        explanation: json!({"alias": "slack"}).to_string(),
        dictionary_version: "d1".to_owned(),
        rules_revision: 0,
        decided_at: at(5),
    }
}

pub(crate) fn outcome(app: Option<&str>) -> Outcome {
    Outcome {
        status: if app.is_some() { Status::Matched } else { Status::Unmatched },
        app_id: app.map(str::to_owned),
        score: 0.875,
        band: if app.is_some() { Band::Certain } else { Band::None },
        matched_by: "dictionary".to_owned(),
        rule: None,
        candidate: None,
        pinned: false,
    }
}

pub(crate) fn put(test: &TestStore, account: AccountId, new: &[NewLine], now: i64) -> Upserted {
    write(test, |c| lines::upsert(c, account, new, at(now)))
}

#[test]
fn a_page_read_twice_changes_nothing() {
    on_each(|test, account| {
        let mut page: Vec<_> = (0..2500).map(|n| line(&format!("E{n}"), "12.50")).collect();
        let upserted = |inserted, changed, unchanged| Upserted { inserted, changed, unchanged };
        assert_eq!(put(test, account, &page, 0), upserted(2500, 0, 0));
        assert_eq!(put(test, account, &page, 1), upserted(0, 0, 2500));
        page[3].posted.amount = Decimal::from_str_exact("12.500000").unwrap();
        assert_eq!(put(test, account, &page[..10], 2), upserted(0, 0, 10), "the same amount");
        page[3].texts.business_purpose = Some(String::new());
        page[4].raw = json!({"ID": "E4", "PostedAmount": 12.6});
        assert_eq!(put(test, account, &page[..10], 3), upserted(0, 2, 8));
        let id = line_id(account, "E3");
        let (stored, decision) = read(test, |c| lines::get(c, account, id)).unwrap();
        assert_eq!((stored.updated_at, decision), (at(3), None));
        assert_eq!(stored.texts, page[3].texts);
        assert_eq!((stored.transaction, stored.posted), (money("11.9", "EUR"), money("12.5", "USD")));
        let id = line_id(account, "E4");
        assert_eq!(read(test, |c| lines::raw(c, account, id)), Some(page[4].raw.clone()));
        assert_eq!(put(test, account, &[line("E9999", "1"), line("E9999", "2")], 4).inserted, 1);
        let other = add_account(test, "Other");
        assert_eq!(read(test, |c| lines::get(c, other, id)), None);
        assert_eq!(read(test, |c| lines::raw(c, other, id)), None);
        assert_eq!(put(test, other, &page[..10], 5).inserted, 10, "another account, other lines");
    });
}

#[test]
fn lines_absent_on_a_complete_reread_are_removed_and_come_back() {
    on_each(|test, account| {
        let page: Vec<_> = ["E1", "E2", "E3"].map(|key| line(key, "1")).into();
        put(test, account, &page, 0);
        let elsewhere = NewLine { report_id: Some("R2".to_owned()), ..line("E4", "1") };
        put(test, account, &[elsewhere], 0);
        let missing = |present: &[&str], now| {
            write(test, |c| lines::mark_missing(c, account, "concur_v3", "R1", present, at(now)))
        };
        let count = |include_removed| {
            let filter = Filter { include_removed, ..Filter::default() };
            read(test, |c| lines::count(c, account, &filter))
        };
        assert_eq!(missing(&["E1", "E2", "E3"], 1), 0);
        assert_eq!(missing(&["E1", "E3", "E7"], 2), 1);
        assert_eq!(missing(&["E1", "E3", "E7"], 3), 0, "once");
        assert_eq!((count(false), count(true)), (3, 4));
        let gone = line_id(account, "E2");
        assert_eq!(read(test, |c| lines::get(c, account, gone)).unwrap().0.removed_at, Some(at(2)));
        assert_eq!(put(test, account, &page, 4), Upserted { inserted: 0, changed: 1, unchanged: 2 });
        assert_eq!(count(false), 4);
    });
}

#[test]
fn a_report_that_is_gone_takes_its_lines_with_it() {
    on_each(|test, account| {
        let report = |id: &str, payment: Option<&str>| NewReport {
            source: "concur_v3".to_owned(),
            report_id: id.to_owned(),
            name: "November".to_owned(),
            owner_login: "zoe@example.com".to_owned(),
            owner_id: None,
            owner_name: None,
            currency: "USD".to_owned(),
            total: Decimal::from_str_exact("12.50").unwrap(),
            approval_status: Some("A_APPR".to_owned()),
            payment_status: payment.map(str::to_owned),
            last_modified: Some(at(-60)),
            raw: json!({"ID": id}),
        };
        let page = [report("R1", Some("P_NOTP")), report("R2", Some("P_PAID")), report("R3", None)];
        let upsert = |now| write(test, |c| reports::upsert(c, account, &page, at(now)));
        assert_eq!((upsert(0), upsert(1)), (3, 0));
        put(test, account, &[line("E1", "1"), line("E2", "1")], 0);
        let open = || read(test, |c| reports::open_after(c, account, "concur_v3", None, 10));
        assert_eq!(open(), ["R1", "R3"]);
        let remove = |now| write(test, |c| reports::mark_removed(c, account, "concur_v3", "R1", at(now)));
        assert!(remove(2) && !remove(3));
        assert_eq!(open(), ["R3"]);
        assert_eq!(read(test, |c| lines::count(c, account, &Filter::default())), 0);
        let stored = read(test, |c| reports::get(c, account, "concur_v3", "R1")).unwrap();
        assert_eq!((stored.removed_at, stored.total), (Some(at(2)), Decimal::new(125, 1)));
        assert_eq!(upsert(4), 1, "it is back");
    });
}

#[test]
fn lines_are_decided_once_per_dictionary_and_again_when_they_change() {
    on_each(|test, account| {
        let mut page: Vec<_> = (0..7).map(|n| line(&format!("E{n}"), "1")).collect();
        page[6].has_itemizations = true; // never decided: its itemizations are
        put(test, account, &page, 0);
        let pending = |version: &str| {
            let (mut all, mut after) = (Vec::new(), None);
            loop {
                let chunk = read(test, |c| lines::needs_match(c, account, version, after, 2));
                let Some(last) = chunk.last() else { return all };
                after = Some(last.no);
                all.extend(chunk);
            }
        };
        let all = pending("d1");
        assert_eq!(all.len(), 6);
        let decisions: Vec<_> = all
            .iter()
            .map(|line| NewMatch {
                line_hash: line.content_hash.clone(),
                ..decided(test, account, &line.source_key, Some("slack"))
            })
            .collect();
        let stored = write(test, |c| matches::upsert(c, account, &decisions));
        assert_eq!(stored, Stored { written: 6, changed: 6 });
        assert_eq!(pending("d1"), []);
        assert_eq!(pending("d2").len(), 6, "another dictionary");
        page[2].texts.vendor_description = Some("ZOOM.US".to_owned());
        put(test, account, &page, 1);
        assert_eq!(pending("d1").iter().map(|l| l.source_key.as_str()).collect::<Vec<_>>(), ["E2"]);

        // What a person has said stands, and is asked no more.
        let by_hand = |app| Outcome { pinned: true, matched_by: "hand".to_owned(), ..outcome(Some(app)) };
        let pin = NewMatch { outcome: by_hand("zoom"), ..decided(test, account, "E2", None) };
        write(test, |c| matches::upsert(c, account, std::slice::from_ref(&pin)));
        assert_eq!(pending("d1"), []);
        assert_eq!(pending("d2").len(), 5);
        let machine = decided(test, account, "E2", Some("slack"));
        assert_eq!(write(test, |c| matches::upsert(c, account, &[machine])), Stored::default());
        let stored = read(test, |c| matches::get(c, account, line_id(account, "E2"))).unwrap();
        assert_eq!((stored.outcome.app_id.as_deref(), stored.outcome.pinned), (Some("zoom"), true));
        let again = NewMatch { outcome: by_hand("zoom-phone"), ..pin.clone() };
        write(test, |c| matches::upsert(c, account, &[again]));
        let stored = read(test, |c| matches::get(c, account, line_id(account, "E2"))).unwrap();
        assert_eq!(stored.outcome.app_id.as_deref(), Some("zoom-phone"));
        assert_eq!(
            (stored.outcome.score.to_bits(), stored.explanation),
            (0.875_f64.to_bits(), serde_json::from_str::<serde_json::Value>(&pin.explanation).unwrap())
        );
        assert_eq!(read(test, |c| matches::counts_by_status(c, account)), [(Status::Matched, 6)]);
        let other = add_account(test, "Other");
        assert_eq!(read(test, |c| matches::get(c, other, line_id(account, "E2"))), None);
    });
}

fn dated(key: &str, day: Date, owner: &str) -> NewLine {
    NewLine { transaction_date: day, owner_login: owner.to_owned(), ..line(key, "10") }
}

#[test]
fn lines_are_paged_newest_first_under_every_filter() {
    on_each(|test, account| {
        let days = [date(2026, 11, 3), date(2026, 11, 1), date(2026, 11, 2)];
        let page: Vec<_> =
            (0..9).map(|n| dated(&format!("E{n}"), days[n % 3], if n < 6 { "zoe" } else { "max" })).collect();
        put(test, account, &page, 0);
        let decisions = [
            decided(test, account, "E0", Some("slack")),
            decided(test, account, "E1", Some("slack")),
            NewMatch {
                outcome: Outcome { band: Band::Likely, ..outcome(Some("zoom")) },
                ..decided(test, account, "E2", None)
            },
            decided(test, account, "E3", None),
        ];
        write(test, |c| matches::upsert(c, account, &decisions));
        let keys = |filter: Filter, limit: usize| {
            let (mut keys, mut after) = (Vec::new(), None);
            loop {
                let page = read(test, |c| lines::page(c, account, &filter, after.as_ref(), limit));
                assert!(page.rows.len() <= limit);
                keys.extend(page.rows.into_iter().map(|(line, _)| (line.transaction_date, line.source_key)));
                after = page.next;
                if after.is_none() {
                    return keys;
                }
            }
        };
        let all = keys(Filter::default(), 100);
        assert_eq!(all.len(), 9);
        assert!(all.is_sorted_by(|a, b| a.0 >= b.0), "{all:?}");
        for limit in [1, 2, 3, 9] {
            assert_eq!(keys(Filter::default(), limit), all, "pages of {limit}");
        }
        let check = |filter: Filter, expected: &[&str]| {
            let mut found: Vec<_> = keys(filter.clone(), 2).into_iter().map(|(_, key)| key).collect();
            found.sort();
            assert_eq!(found, expected, "{filter:?}");
            assert_eq!(read(test, |c| lines::count(c, account, &filter)), expected.len());
        };
        let none = Filter::default;
        check(Filter { app_id: Some("slack".into()), ..none() }, &["E0", "E1"]);
        let of_slack: Vec<_> =
            all.iter().filter(|(_, key)| ["E0", "E1"].contains(&key.as_str())).cloned().collect();
        for limit in [1, 2, 9] {
            let found = keys(Filter { app_id: Some("slack".into()), ..none() }, limit);
            assert_eq!(found, of_slack, "newest first, pages of {limit}");
        }
        check(Filter { status: Some(Status::Unmatched), ..none() }, &["E3"]);
        check(Filter { band: Some(Band::Likely), ..none() }, &["E2"]);
        check(Filter { owner_login: Some("max".into()), ..none() }, &["E6", "E7", "E8"]);
        let (from, to) = (Some(date(2026, 11, 2)), Some(date(2026, 11, 2)));
        check(Filter { from, to, ..none() }, &["E2", "E5", "E8"]);
        check(Filter { from: to, owner_login: Some("zoe".into()), ..none() }, &["E0", "E2", "E3", "E5"]);
        check(Filter { report_id: Some("R2".into()), ..none() }, &[]);
        let first = read(test, |c| {
            lines::page(c, account, &Filter { app_id: Some("zoom".into()), ..none() }, None, 5)
        });
        assert_eq!(first.rows[0].1.as_ref().unwrap().outcome.app_id.as_deref(), Some("zoom"));
        assert_eq!(first.next, None);
    });
}

#[test]
fn totals_are_exact_and_count_nothing_twice() {
    on_each(|test, account| {
        let personal = NewLine { is_personal: true, ..line("E5", "1000") };
        let parent = NewLine { has_itemizations: true, ..line("E6", "30") };
        let part = |n: u32, posted: &str| NewLine {
            itemization_id: Some(format!("I{n}")),
            ..line(&format!("E6/I{n}"), posted)
        };
        let euro = NewLine { posted: money("5.25", "EUR"), ..line("E4", "0") };
        let mut page =
            vec![line("E1", "0.1"), line("E2", "0.2"), line("E3", "-0.05"), euro, personal, parent];
        page.extend([part(1, "10"), part(2, "20")]);
        page.extend((10..40).map(|n| line(&format!("E{n}"), "19.99")));
        put(test, account, &page, 0);
        let mut decisions: Vec<_> =
            ["E1", "E2", "E3", "E4", "E5", "E6"].map(|key| decided(test, account, key, Some("slack"))).into();
        decisions.push(decided(test, account, "E6/I1", Some("zoom")));
        let ignored = Outcome { status: Status::Ignored, ..outcome(Some("zoom")) };
        decisions.push(NewMatch { outcome: ignored, ..decided(test, account, "E6/I2", None) });
        write(test, |c| matches::upsert(c, account, &decisions));
        let sums = |filter: &Filter, by: By| {
            read(test, |c| lines::sums(c, account, filter, by))
                .into_iter()
                .map(|sum| {
                    let app = sum.app_id.unwrap_or_default();
                    (app, sum.month, sum.owner, sum.currency, sum.lines, sum.posted.normalize().to_string())
                })
                .collect::<Vec<_>>()
        };
        let sum = |app: &str, currency: &str, lines: u64, posted: &str| {
            (app.to_owned(), String::new(), String::new(), currency.to_owned(), lines, posted.to_owned())
        };
        let expected = [
            sum("", "USD", 31, "619.7"), // 30 × 19.99, and the ignored 20
            sum("slack", "EUR", 1, "5.25"),
            sum("slack", "USD", 3, "0.25"), // 0.1 + 0.2 - 0.05
            sum("zoom", "USD", 1, "10"),
        ];
        let by_app = By { app: true, ..By::default() };
        assert_eq!(sums(&Filter::default(), by_app), expected, "{}", test.name);
        let slack = Filter { app_id: Some("slack".to_owned()), ..Filter::default() };
        assert_eq!(sums(&slack, by_app), expected[1..3]);
        assert_eq!(
            sums(&Filter::default(), By::default()),
            [sum("", "EUR", 1, "5.25"), sum("", "USD", 35, "629.95")]
        );
        let all = By { app: true, month: true, owner: true };
        let told = sums(&slack, all);
        assert!(told.iter().all(|row| row.1 == "2026-11" && row.2 == "zoe@example.com"), "{told:?}");
    });
}

#[test]
fn a_year_of_a_large_company_is_stored_in_seconds() {
    on_each(|test, account| {
        let page: Vec<_> = (0..30_000).map(|n| line(&format!("E{n}"), &format!("{}.99", n % 100))).collect();
        let started = std::time::Instant::now();
        let stored = put(test, account, &page, 0);
        let took = started.elapsed();
        println!("{}: 30,000 lines stored in {took:?}", test.name);
        assert_eq!(stored.inserted, 30_000);
        let started = std::time::Instant::now();
        assert_eq!(put(test, account, &page, 1).unchanged, 30_000);
        println!("{}: and read again in {:?}", test.name, started.elapsed());
        // Generous: it is to fail when batches become single rows, not on a busy machine.
        assert!(took.as_secs() < 60, "{}: {took:?}", test.name);
    });
}
