//! Series that are found, charges that are none, and laws that hold for any charges.

use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;

/// Charges written as `2026-01-31 12.00`, with their texts as ids.
fn charges<'c>(written: &[&'c str]) -> Vec<Charge<'c>> {
    let read = |text: &&'c str| {
        let (day, amount) = text.split_once(' ').unwrap();
        Charge { id: text, date: day.parse().unwrap(), amount: amount.parse().unwrap(), currency: "EUR" }
    };
    written.iter().map(read).collect()
}

fn only<'c>(written: &[&'c str], as_of: Date) -> Recurrence<'c> {
    let mut found = find(&charges(written), as_of);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

fn names(series: &Recurrence<'_>) -> Vec<&'static str> {
    series.why.iter().map(|why| why.name).collect()
}

const MONTHLY: [&str; 4] = ["2026-01-31 12.00", "2026-02-28 12.00", "2026-03-30 12.00", "2026-05-01 12.00"];

#[test]
fn a_monthly_series_goes_on_is_overdue_and_stops() {
    let on = |as_of| only(&MONTHLY, as_of);
    let expected = date(2026, 6, 1);
    assert_eq!(on(date(2026, 5, 20)).period, Period::Monthly);
    assert_eq!(on(date(2026, 5, 20)).charges, MONTHLY);
    assert_eq!(on(date(2026, 6, 6)).status, Status::Active { next: expected });
    assert_eq!(on(date(2026, 6, 7)).status, Status::Overdue { expected });
    assert_eq!(on(date(2026, 7, 11)).status, Status::Overdue { expected });
    let stopped = on(date(2026, 7, 12));
    assert_eq!(stopped.status, Status::Stopped { expected });
    assert_eq!(names(&stopped), ["regular", "stopped"]);
    assert_eq!(stopped.why[0].text, "4 charges from 2026-01-31 to 2026-05-01, 28 to 32 days apart: monthly");
    assert_eq!(
        stopped.why[1].text,
        "the last one was on 2026-05-01, the next was expected on 2026-06-01, and by 2026-07-12, 41 days later, \
         there is none"
    );
}

#[test]
fn quarters_and_years_are_told_apart() {
    let quarterly = ["2025-11-30 300", "2026-02-27 300", "2026-05-29 300"];
    assert_eq!(only(&quarterly, date(2026, 6, 1)).period, Period::Quarterly);
    let annual = ["2025-03-01 1200", "2026-03-12 1260"];
    let series = only(&annual, date(2026, 6, 1));
    assert_eq!(series.period, Period::Annual);
    assert_eq!(series.price_changes[0].percent.to_string(), "5.0");
    assert!(!series.price_changes[0].confirmed);
}

#[test]
fn a_price_change_lasts_and_a_single_month_is_none() {
    let written = [
        "2026-01-05 10.00",
        "2026-02-05 10.00",
        "2026-03-05 4.00",
        "2026-03-06 7.50",
        "2026-04-05 10.00",
        "2026-05-05 12.00",
        "2026-06-05 12.00",
    ];
    let found = find(&charges(&written), date(2026, 6, 10));
    assert_eq!(found.len(), 1, "{found:#?}");
    let series = &found[0];
    assert_eq!(series.charges.len(), 6);
    assert_eq!(series.price_changes.len(), 1, "{series:#?}");
    let change = &series.price_changes[0];
    assert_eq!((change.charge, change.confirmed), ("2026-05-05 12.00", true));
    assert_eq!(series.why[1].text, "10.00 EUR until then, 12.00 EUR from 2026-05-05 on (+20.0 %)");
    assert_eq!(series.amount, "12.00".parse().unwrap());
}

#[test]
fn two_plans_are_two_series() {
    let written = [
        "2026-01-05 10.00",
        "2026-01-06 14.00",
        "2026-02-05 14.00",
        "2026-02-06 10.00",
        "2026-03-05 10.00",
        "2026-03-05 14.00",
    ];
    let found = find(&charges(&written), date(2026, 3, 10));
    let amounts: Vec<String> = found.iter().map(|series| series.amount.to_string()).collect();
    assert_eq!(amounts, ["10.00", "14.00"]);
    assert!(found.iter().all(|series| series.charges.len() == 3 && series.price_changes.is_empty()));
}

#[test]
fn a_missing_month_is_told() {
    let written = ["2026-01-05 9", "2026-02-05 9", "2026-04-04 9", "2026-05-05 9"];
    let series = only(&written, date(2026, 5, 10));
    assert_eq!(series.missed, [date(2026, 3, 5)]);
    assert_eq!(names(&series), ["regular", "missed", "active"]);
}

#[test]
fn what_is_paid_by_use_has_no_price() {
    let written =
        ["2026-01-03 81.20", "2026-02-03 92.75", "2026-03-03 88.10", "2026-04-03 101.99", "2026-05-03 97.00"];
    let series = only(&written, date(2026, 5, 10));
    assert!(series.varies && series.price_changes.is_empty());
    assert_eq!(series.why[1].text, "most amounts were paid once only, 81.20 to 101.99 EUR");
}

#[test]
fn charges_without_a_period_are_no_series() {
    let none = |written: &[&str]| assert_eq!(find(&charges(written), date(2026, 12, 31)), [], "{written:?}");
    none(&["2026-01-05 10"]);
    none(&["2026-01-05 10", "2026-02-05 10"]);
    none(&["2026-01-05 10", "2026-01-19 10", "2026-03-30 10"]);
    // On time by chance: three dates, no price in common.
    none(&["2026-01-05 10", "2026-02-05 13", "2026-03-05 11"]);
    // A month's distance, but nothing like one price.
    none(&["2026-01-05 10", "2026-02-05 100", "2026-03-05 10"]);
    // Two years apart.
    none(&["2024-01-05 10", "2026-01-05 10"]);
    // Every day: bought, not subscribed.
    let first = date(2026, 1, 1);
    let daily: Vec<String> = (0..60).map(|day| format!("{} 10", first + day.days())).collect();
    none(&daily.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn weeks_are_not_taken_for_months() {
    let first = date(2026, 1, 1);
    for (days, period) in [(7, Period::Weekly), (14, Period::Fortnightly)] {
        let written: Vec<String> = (0..20).map(|n| format!("{} 10", first + (n * days).days())).collect();
        let series = only(&written.iter().map(String::as_str).collect::<Vec<_>>(), date(2026, 12, 31));
        assert_eq!((series.period, series.charges.len()), (period, 20));
    }
}

#[test]
fn currencies_are_not_mixed_and_refunds_do_not_count() {
    let mut lines = charges(&MONTHLY);
    lines[2].currency = "USD";
    assert_eq!(find(&lines, date(2026, 5, 20)).len(), 0);
    let mut lines = charges(&MONTHLY);
    lines.push(Charge { id: "refund", date: date(2026, 5, 2), amount: Decimal::from(-12), currency: "EUR" });
    assert_eq!(find(&lines, date(2026, 5, 20)), [only(&MONTHLY, date(2026, 5, 20))]);
}

/// Days after the first of 2024, and cents of few prices, so that much is alike.
fn any_charges() -> impl Strategy<Value = Vec<(i32, i64)>> {
    prop::collection::vec((0..900_i32, prop::sample::select(vec![-500_i64, 500, 700, 900, 1900])), 0..40)
}

fn made(of: &[(i32, i64)], ids: &[String]) -> Vec<Charge<'static>> {
    of.iter()
        .zip(ids)
        .map(|(&(day, cents), id)| Charge {
            id: id.clone().leak(),
            date: date(2024, 1, 1) + day.days(),
            amount: Decimal::new(cents, 2),
            currency: "EUR",
        })
        .collect()
}

proptest! {
    #[test]
    fn order_makes_no_difference_and_each_charge_is_used_once(of in any_charges(), turn in 0..40_usize) {
        let ids: Vec<String> = (0..of.len()).map(|id| format!("{id:02}")).collect();
        let lines = made(&of, &ids);
        let as_of = date(2026, 9, 1);
        let found = find(&lines, as_of);
        let mut turned = lines.clone();
        turned.reverse();
        turned.rotate_left(turn.min(lines.len()));
        prop_assert_eq!(&find(&turned, as_of), &found);
        let mut used: Vec<&str> = found.iter().flat_map(|series| series.charges.clone()).collect();
        used.sort_unstable();
        let all = used.len();
        used.dedup();
        prop_assert_eq!(used.len(), all);
        for series in &found {
            prop_assert!(series.charges.len() >= series.period.charges_min() && series.first < series.last);
            prop_assert!(!series.why.is_empty() && series.price_changes.len() < series.charges.len());
        }
    }

    #[test]
    fn the_future_is_not_known(of in any_charges(), day in 0..900_i32) {
        let ids: Vec<String> = (0..of.len()).map(|id| format!("{id:02}")).collect();
        let lines = made(&of, &ids);
        let as_of = date(2024, 1, 1) + day.days();
        let known: Vec<Charge<'_>> = lines.iter().filter(|charge| charge.date <= as_of).copied().collect();
        prop_assert_eq!(find(&lines, as_of), find(&known, as_of));
    }

    #[test]
    fn a_series_with_jitter_is_found_whole(
        jitter in prop::collection::vec(-4..=4_i32, 2..24),
        first in 0..365_i32,
        cents in 100..100_000_i64,
    ) {
        let first = date(2024, 1, 1) + first.days();
        let offs = std::iter::once(0).chain(jitter);
        let lines: Vec<Charge<'_>> = (0_i32..)
            .zip(offs)
            .map(|(month, off)| Charge {
                id: format!("{month:02}").leak(),
                date: first.saturating_add(month.months()).saturating_add(off.days()),
                amount: Decimal::new(cents, 2),
                currency: "EUR",
            })
            .collect();
        let last = lines.iter().map(|charge| charge.date).max().unwrap();
        let found = find(&lines, last);
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].charges.len(), lines.len());
        prop_assert_eq!(found[0].period, Period::Monthly);
        let is_active = matches!(found[0].status, Status::Active { .. });
        prop_assert!(is_active);
        let later = find(&lines, last + 200.days());
        let is_stopped = matches!(later[0].status, Status::Stopped { .. });
        prop_assert!(is_stopped);
    }
}
