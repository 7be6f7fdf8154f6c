//! Payments that come back: what is paid every month, quarter or year, or oftener (feature M25).
//!
//! Call [`find`] with the charges of one app and one payer. A *series* is a chain in which each charge follows the one
//! before by a period, give or take some days: cards are charged on working days, and people write the day of the
//! receipt. Of two charges on a likely day the one with the amount nearest to the last belongs to the series, so that
//! two seats on different plans are two series. Currencies are never mixed, and refunds (amounts of zero or less) do not count.

mod chain;
mod period;
mod price;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

use super::{Charge, Why, days};
use chain::Chain;
pub use period::Period;
pub use price::PriceChange;

/// Whether a series goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum Status {
    /// The next charge is not late yet.
    Active {
        /// When it is expected.
        next: Date,
    },
    /// A charge should have come. Reports are often handed in late, so nothing more is claimed.
    Overdue {
        /// When it was expected.
        expected: Date,
    },
    /// So late that it will not come: the subscription was ended, or is paid by other means.
    Stopped {
        /// When the first charge that did not come was expected.
        expected: Date,
    },
}

/// A series of charges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recurrence<'c> {
    /// Its charges by their ids, by date.
    pub charges: Vec<&'c str>,
    /// How often it is paid.
    pub period: Period,
    /// The currency of all amounts.
    pub currency: &'c str,
    /// The amount that was last paid.
    pub amount: Decimal,
    /// Day of the first charge.
    pub first: Date,
    /// Day of the last charge.
    pub last: Date,
    /// Days on which a charge should have come between two that did.
    pub missed: Vec<Date>,
    /// Whether most amounts were paid once only: paid by use, or in another currency. Such a series has no price
    /// to change.
    pub varies: bool,
    /// When the price changed, by date.
    pub price_changes: Vec<PriceChange<'c>>,
    /// Whether it goes on.
    #[serde(flatten)]
    pub status: Status,
    /// Why this is a series, and why its status is what it is.
    pub why: Vec<Why>,
}

/// The series in charges of one app and one payer, as it could be known on the day `as_of`: later charges are not looked
/// at. Ordered by first day, amount and id; a charge is in one series at most, and most charges of most apps are in none.
pub fn find<'c>(charges: &[Charge<'c>], as_of: Date) -> Vec<Recurrence<'c>> {
    let counted = |charge: &&Charge<'c>| charge.amount > Decimal::ZERO && charge.date <= as_of;
    let mut left: Vec<Charge<'c>> = charges.iter().filter(counted).copied().collect();
    left.sort_by(|a, b| {
        a.currency
            .cmp(b.currency)
            .then(a.date.cmp(&b.date))
            .then(a.amount.cmp(&b.amount))
            .then(a.id.cmp(b.id))
    });
    let mut found = Vec::new();
    for charges in left.chunk_by(|a, b| a.currency == b.currency) {
        let mut used = vec![false; charges.len()];
        for start in 0..charges.len() {
            if used[start] {
                continue;
            }
            let chains = Period::ALL.map(|period| Chain::from(charges, &used, start, period));
            // The chain that explains the most; of equal ones the shorter period, which comes first.
            let holding = chains.into_iter().filter(|chain| chain.holds(charges, &used));
            let best =
                holding.reduce(|best, chain| if chain.at.len() > best.at.len() { chain } else { best });
            if let Some(chain) = best {
                chain.at.iter().for_each(|&at| used[at] = true);
                found.push(told(&chain, charges, as_of));
            }
        }
    }
    found.sort_by(|a, b| a.first.cmp(&b.first).then(a.amount.cmp(&b.amount)).then(a.charges.cmp(&b.charges)));
    found
}

fn told<'c>(chain: &Chain, charges: &[Charge<'c>], as_of: Date) -> Recurrence<'c> {
    let charges: Vec<Charge<'c>> = chain.at.iter().map(|&at| charges[at]).collect();
    let (first, last) = (charges[0], charges[charges.len() - 1]);
    let varies = price::varies(&charges);
    let price_changes = if varies { Vec::new() } else { price::changes(&charges) };
    let status = status(last.date, chain.period, as_of);
    let gaps = charges.windows(2).map(|pair| days(pair[0].date, pair[1].date));
    let (short, long) = gaps.fold((i32::MAX, 0), |(short, long), gap| (short.min(gap), long.max(gap)));
    let mut why = vec![Why {
        name: "regular",
        text: format!(
            "{} charges from {} to {}, {short} to {long} days apart: {}",
            charges.len(),
            first.date,
            last.date,
            chain.period
        ),
    }];
    if !chain.missed.is_empty() {
        let missed: Vec<String> = chain.missed.iter().map(Date::to_string).collect();
        why.push(Why { name: "missed", text: format!("nothing was found about {}", missed.join(", ")) });
    }
    if varies {
        let (low, high) = price::range(&charges);
        let text = format!("most amounts were paid once only, {low} to {high} {}", first.currency);
        why.push(Why { name: "varies", text });
    }
    why.extend(price_changes.iter().map(|change| change.why(first.currency)));
    why.push(status_told(status, last.date, as_of));
    Recurrence {
        charges: charges.iter().map(|charge| charge.id).collect(),
        period: chain.period,
        currency: first.currency,
        amount: last.amount,
        first: first.date,
        last: last.date,
        missed: chain.missed.clone(),
        varies,
        price_changes,
        status,
        why,
    }
}

fn status(last: Date, period: Period, as_of: Date) -> Status {
    let expected = period.after(last, 1);
    let late = days(expected, as_of);
    if late <= period.tolerance_days() {
        Status::Active { next: expected }
    } else if late <= period.patience_days() {
        Status::Overdue { expected }
    } else {
        Status::Stopped { expected }
    }
}

fn status_told(status: Status, last: Date, as_of: Date) -> Why {
    match status {
        Status::Active { next } => {
            Why { name: "active", text: format!("the next one is expected on {next}") }
        }
        Status::Overdue { expected } => Why {
            name: "overdue",
            text: format!("one was expected on {expected}; by {as_of} it may still be in an open report"),
        },
        Status::Stopped { expected } => Why {
            name: "stopped",
            text: format!(
                "the last one was on {last}, the next was expected on {expected}, and by {as_of}, {} days later, \
                 there is none",
                days(expected, as_of)
            ),
        },
    }
}

#[cfg(test)]
mod tests;
