//! One charge after the other, a period apart.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::Period;
use crate::patterns::{Charge, days};

/// Charges in a period up to which one person's subscriptions are told apart. More are a habit.
const CROWD: usize = 3;

/// Charges a period apart, by their places.
pub(super) struct Chain {
    pub(super) period: Period,
    pub(super) at: Vec<usize>,
    /// Expected days between two charges on which there was none.
    pub(super) missed: Vec<Date>,
}

impl Chain {
    /// The longest walk from a charge. Charges are of one currency, by date, and each is used once.
    pub(super) fn from(charges: &[Charge<'_>], used: &[bool], start: usize, period: Period) -> Chain {
        let mut chain = Chain { period, at: vec![start], missed: Vec::new() };
        loop {
            // One may be missing: a report that was never handed in, or a line that names the vendor otherwise.
            let Some((next, times)) = [1, 2]
                .into_iter()
                .find_map(|times| chain.nearest(charges, used, times).map(|next| (next, times)))
            else {
                return chain;
            };
            if times == 2 {
                chain.missed.push(period.after(charges[chain.last()].date, 1));
            }
            chain.at.push(next);
        }
    }

    fn last(&self) -> usize {
        self.at[self.at.len() - 1]
    }

    /// The charge that follows by `times` periods: of those on a likely day the one with the nearest amount, then on the
    /// nearest day, then the first. Days are counted from the last charge and from the first one: a charge that came late
    /// does not move those behind it, and a subscription that was moved stays one.
    fn nearest(&self, charges: &[Charge<'_>], used: &[bool], times: i32) -> Option<usize> {
        let (before, period) = (charges[self.last()], self.period);
        let done = i32::try_from(self.at.len() - 1 + self.missed.len()).unwrap_or(i32::MAX);
        let expected = [
            period.after(before.date, times),
            period.after(charges[self.at[0]].date, done.saturating_add(times)),
        ];
        let off = |charge: &Charge<'_>| {
            let [from_last, from_first] = expected.map(|day| days(day, charge.date).abs());
            from_last.min(from_first)
        };
        let (early, late) = (expected[0].min(expected[1]), expected[0].max(expected[1]));
        let tolerance = period.tolerance_days();
        let from = self.last() + 1;
        let from = from + charges[from..].partition_point(|charge| days(early, charge.date) < -tolerance);
        (from..charges.len())
            .take_while(|&at| days(late, charges[at].date) <= tolerance)
            .filter(|&at| !used[at] && off(&charges[at]) <= tolerance)
            .filter(|&at| days(before.date, charges[at].date) >= period.days_min())
            .filter(|&at| alike(before.amount, charges[at].amount, period))
            .min_by_key(|&at| ((charges[at].amount - before.amount).abs(), off(&charges[at]), at))
    }

    /// Whether this is a series: long enough, most of it there, and not picked out of a crowd.
    pub(super) fn holds(&self, charges: &[Charge<'_>], used: &[bool]) -> bool {
        let steps = self.at.len() - 1;
        self.at.len() >= self.period.charges_min()
            && self.missed.len() * 3 <= steps
            // Three dates alone make no series: somebody who buys often is on time by chance. A price that repeats does.
            && (self.period == Period::Annual || steps > 3 || self.repeats(charges))
            && !self.is_crowded(charges, used)
    }

    /// Whether there are so many charges like these that some are a period apart by chance: rides, advertising, credits.
    fn is_crowded(&self, charges: &[Charge<'_>], used: &[bool]) -> bool {
        let (first, last) = (self.at[0], self.last());
        let amount = charges[last].amount;
        let like = |at: &usize| !used[*at] && alike(amount, charges[*at].amount, self.period);
        (first..=last).filter(like).count() > CROWD * (self.at.len() - 1) + 1
    }

    /// Whether an amount follows itself.
    fn repeats(&self, charges: &[Charge<'_>]) -> bool {
        self.at.windows(2).any(|pair| charges[pair[0]].amount == charges[pair[1]].amount)
    }
}

/// Whether one amount may be the other after a change of price.
fn alike(before: Decimal, after: Decimal, period: Period) -> bool {
    let (more, than) = period.ratio_max();
    let (more, than) = (Decimal::from(more), Decimal::from(than));
    let (low, high) = (before.min(after), before.max(after));
    // Amounts beyond what a decimal can hold are no amounts of money.
    high.checked_mul(than).zip(low.checked_mul(more)).is_some_and(|(high, low)| high <= low)
}
