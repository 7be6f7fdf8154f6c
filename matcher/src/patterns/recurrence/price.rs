//! What a series costs, and when that changed.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::patterns::{Charge, Why};

/// A price that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PriceChange<'c> {
    /// The first charge at the new price.
    pub charge: &'c str,
    /// Its day.
    pub date: Date,
    /// What was paid before.
    pub before: Decimal,
    /// What is paid since.
    pub after: Decimal,
    /// The change in per cent of the price before, with one decimal.
    pub percent: Decimal,
    /// Whether the new price was paid more than once. A change in the last charge may be a single one.
    pub confirmed: bool,
}

impl PriceChange<'_> {
    pub(super) fn why(&self, currency: &str) -> Why {
        let PriceChange { date, before, after, percent, .. } = self;
        let sign = if percent.is_sign_positive() { "+" } else { "" };
        let once = if self.confirmed { "" } else { ", seen once so far" };
        Why {
            name: "price_change",
            text: format!(
                "{before} {currency} until then, {after} {currency} from {date} on ({sign}{percent} %){once}"
            ),
        }
    }
}

/// Whether most of at least four amounts were paid once only.
pub(super) fn varies(charges: &[Charge<'_>]) -> bool {
    let mut amounts: Vec<Decimal> = charges.iter().map(|charge| charge.amount).collect();
    amounts.sort_unstable();
    let once = amounts.chunk_by(|a, b| a == b).filter(|same| same.len() == 1).count();
    charges.len() >= 4 && once * 2 > charges.len()
}

/// The changes that lasted, or may: a single month at another amount (a part of a month, a credit) is no new price.
pub(super) fn changes<'c>(charges: &[Charge<'c>]) -> Vec<PriceChange<'c>> {
    let Some(first) = charges.first() else { return Vec::new() };
    let mut price = first.amount;
    let mut found = Vec::new();
    for (at, charge) in charges.iter().enumerate().skip(1) {
        let next = charges.get(at + 1);
        if charge.amount == price || next.is_some_and(|next| next.amount == price) {
            continue;
        }
        found.push(PriceChange {
            charge: charge.id,
            date: charge.date,
            before: price,
            after: charge.amount,
            percent: percent(price, charge.amount),
            confirmed: next.is_some_and(|next| next.amount == charge.amount),
        });
        price = charge.amount;
    }
    found
}

/// The least and the greatest amount.
pub(super) fn range(charges: &[Charge<'_>]) -> (Decimal, Decimal) {
    let first = charges.first().map_or(Decimal::ZERO, |charge| charge.amount);
    charges
        .iter()
        .fold((first, first), |(low, high), charge| (low.min(charge.amount), high.max(charge.amount)))
}

fn percent(before: Decimal, after: Decimal) -> Decimal {
    let part = (after - before).checked_div(before).and_then(|part| part.checked_mul(Decimal::ONE_HUNDRED));
    let mut percent = part.unwrap_or_default().round_dp(1);
    percent.rescale(1);
    percent
}
