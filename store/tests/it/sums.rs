//! Sums of months that are kept beside the lines.

use std::collections::BTreeMap;

use jiff::civil::date;
use store::ids::AccountId;
use store::lines::{self, By, Filter, NewLine, Sum};
use store::matches::{self, NewMatch, Outcome, Status};
use store::testing::{self, TestStore};

use crate::lines::{decided, line, outcome, put};
use crate::{add_account, at, on_each, read, write};

fn sums(test: &TestStore, account: AccountId, filter: &Filter, by: By) -> Vec<Sum> {
    read(test, |c| lines::sums(c, account, filter, by))
}

fn unkept(test: &TestStore, account: AccountId) -> Vec<String> {
    read(test, |c| lines::unkept_months(c, account))
}

fn keep(test: &TestStore, account: AccountId, month: &str) {
    write(test, |c| lines::keep_sums(c, account, month));
}

/// Small numbers that look like chance, and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

fn any_line(dice: &mut Dice) -> NewLine {
    let month = i8::try_from(1 + dice.below(4)).unwrap();
    let mut line = line(
        &format!("E{}", dice.below(40)),
        ["0", "2.5", "10", "3.25", "99.95"][usize::try_from(dice.below(5)).unwrap()],
    );
    line.transaction_date = date(2026, month, i8::try_from(1 + dice.below(28)).unwrap());
    line.is_personal = dice.below(6) == 0;
    if dice.below(3) == 0 {
        "EUR".clone_into(&mut line.posted.currency);
    }
    line
}

/// Lines come, change, move, go and are decided; at any time kept sums answer as the lines do.
#[test]
fn kept_sums_answer_as_the_lines_do_after_any_work() {
    on_each(|test, account| {
        let mut dice = Dice(7);
        let mut months = BTreeMap::from([("kept", 0), ("held", 0), ("at once", 0), ("too late", 0)]);
        for round in 0_i64..60 {
            let page: Vec<NewLine> = (0..=dice.below(6)).map(|_| any_line(&mut dice)).collect();
            put(test, account, &page, round);
            let key = page[0].source_key.as_str();
            match dice.below(4) {
                0 => {
                    let app = ["slack", "zoom"][usize::from(dice.below(2) == 0)];
                    let status = if dice.below(3) == 0 { Status::Ignored } else { Status::Matched };
                    let outcome = Outcome { status, ..outcome(Some(app)) };
                    let new =
                        NewMatch { outcome, decided_at: at(round), ..decided(test, account, key, None) };
                    write(test, |c| matches::upsert(c, account, &[new]));
                }
                1 => {
                    let present: Vec<String> = (0..30).map(|n| format!("E{n}")).collect();
                    let present: Vec<&str> = present.iter().map(String::as_str).collect();
                    write(test, |c| lines::mark_missing(c, account, "concur_v3", "R1", &present, at(round)));
                }
                _ => {}
            }
            let stale = unkept(test, account);
            if dice.below(5) == 0 {
                write(test, |c| lines::confirm_sums(c, account));
            }
            let how = dice.below(4);
            if how == 2 {
                let summed = read(test, |c| lines::sum_at_once(c, account, stale.clone()));
                let somebody_wrote = dice.below(2) == 0
                    && write(test, |c| {
                        let changed = lines::upsert(c, account, &[any_line(&mut dice)], at(round))?;
                        Ok(changed.unchanged == 0)
                    });
                let kept = write(test, |c| lines::keep_at_once(c, account, summed));
                assert_eq!(kept, !somebody_wrote, "{}, round {round}", test.name);
                *months.get_mut(if kept { "at once" } else { "too late" }).unwrap() += 1;
            } else if how < 2 {
                for month in stale.iter().take(1 + usize::try_from(dice.below(3)).unwrap()) {
                    keep(test, account, month);
                    *months.get_mut("kept").unwrap() += 1;
                }
            }
            *months.get_mut("held").unwrap() += usize::from(unkept(test, account).len() < 4);
            let days = [
                (None, None),
                (Some(date(2026, 1, 20)), None),
                (Some(date(2026, 2, 1)), Some(date(2026, 3, 31))),
            ];
            for (from, to) in days {
                for (app, month) in [(true, true), (true, false), (false, true), (false, false)] {
                    let by = By { app, month, owner: false };
                    let kept = Filter { from, to, ..Filter::default() };
                    // As of a time, every line is looked at.
                    let scanned = Filter { as_of: Some(at(1_000)), ..kept.clone() };
                    // As they are shown, for 1.0 equals 1.00.
                    assert_eq!(
                        format!("{:?}", sums(test, account, &kept, by)),
                        format!("{:?}", sums(test, account, &scanned, by)),
                        "{}, round {round}, {from:?} to {to:?}, {by:?}",
                        test.name
                    );
                }
            }
        }
        assert!(months.values().all(|n| *n >= 4), "{months:?}");
    });
}

#[test]
fn a_month_holds_until_a_line_of_it_changes_or_leaves_it() {
    on_each(|test, account| {
        let of = |key: &str, month: i8| NewLine { transaction_date: date(2026, month, 5), ..line(key, "10") };
        put(test, account, &[of("E1", 1), of("E2", 2), of("E3", 3)], 0);
        assert_eq!(unkept(test, account), ["2026-01", "2026-02", "2026-03"]);
        keep(test, account, "2026-02");
        assert_eq!(unkept(test, account), ["2026-01", "2026-03"], "who was interrupted goes on");
        for month in unkept(test, account) {
            keep(test, account, &month);
        }
        assert_eq!(unkept(test, account), [""; 0]);
        put(test, account, &[of("E1", 1)], 1);
        assert_eq!(unkept(test, account), [""; 0], "read again and the same");
        let new = decided(test, account, "E2", Some("slack"));
        write(test, |c| matches::upsert(c, account, &[new]));
        assert_eq!(unkept(test, account), ["2026-02"], "another app");
        keep(test, account, "2026-02");
        put(test, account, &[of("E3", 1)], 2);
        assert_eq!(unkept(test, account), ["2026-01", "2026-03"], "where it went, and where it was");
        let by_month = By { month: true, ..By::default() };
        let told: Vec<_> = sums(test, account, &Filter::default(), by_month)
            .into_iter()
            .map(|sum| (sum.month, sum.lines))
            .collect();
        assert_eq!(told, [("2026-01".to_owned(), 2), ("2026-02".to_owned(), 1)]);
        for month in unkept(test, account) {
            keep(test, account, &month);
        }
        put(test, account, &[of("E4", 2)], 3);
        write(test, |c| lines::confirm_sums(c, account));
        let head = read(test, |c| lines::head(c, account)).change;
        let as_of = "SELECT month || CASE WHEN change = (SELECT change FROM line_heads) THEN ' now' ELSE '' END AS line \
                     FROM kept_months ORDER BY month";
        let as_of = read(test, |c| testing::lines(c, as_of));
        assert_eq!(as_of, ["2026-01 now", "2026-02", "2026-03 now"], "{head}: what changed is not confirmed");
        assert_eq!(unkept(test, account), ["2026-02"]);
        let other = add_account(test, "Other");
        assert_eq!(sums(test, other, &Filter::default(), by_month), []);
    });
}
