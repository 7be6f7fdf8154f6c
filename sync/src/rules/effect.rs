//! What rules change: how many lines, from what to what, and how much money that is.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::Date;
use matcher::Dictionary;
use rust_decimal::Decimal;
use serde::Serialize;
use store::ids::LineId;
use store::lines::Line;
use store::matches::Status;
use utoipa::ToSchema;

use crate::query::{Amount, CurrencyTotal};

/// Lines that are shown of those that change.
const SAMPLES: usize = 20;

/// Where a line stands: what it pays for, or why it pays for nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[schema(as = LineStanding)]
pub struct Standing {
    /// `matched`, `unmatched`, `ignored` or `archived`.
    #[schema(schema_with = crate::query::schema::status)]
    pub status: Status,
    /// The app.
    pub app_id: Option<String>,
    /// Its name, where this dictionary has it.
    pub app_name: Option<String>,
}

/// Lines that go from one app to another, to none, or from none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Move {
    /// Where they stand now.
    pub from: Standing,
    /// Where they would stand.
    pub to: Standing,
    /// How many.
    pub lines: u64,
    /// Their posted amounts by currency.
    pub totals: Vec<CurrencyTotal>,
}

/// A line that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sample {
    /// The line.
    #[schema(value_type = String, format = "uuid")]
    pub line_id: LineId,
    /// Login of the owner.
    pub owner: String,
    /// Day of the expense.
    #[schema(value_type = String, format = Date)]
    pub transaction_date: Date,
    /// The vendor as on the line.
    pub vendor_description: Option<String>,
    /// The posted amount.
    pub posted: Amount,
    /// Where it stands now.
    pub from: Standing,
    /// Where it would stand.
    pub to: Standing,
    /// The rule that would decide; `null` for the dictionary.
    pub rule: Option<String>,
}

/// What rules change in the stored lines of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Effect {
    /// Lines that were looked at.
    pub lines: u64,
    /// Of them, those about which a person has spoken: they stay as they are.
    pub pinned: u64,
    /// Lines that change their app or status.
    pub changed: u64,
    /// Lines that keep both and have another reason: another rule, another score.
    pub other_reason: u64,
    /// The changes, those of most lines first.
    pub moves: Vec<Move>,
    /// Some of the lines that change.
    pub samples: Vec<Sample>,
}

/// Adds up an effect.
pub(super) struct Tally<'d> {
    dictionary: &'d Dictionary,
    effect: Effect,
    moves: BTreeMap<(Standing, Standing), BTreeMap<String, (Decimal, u64)>>,
}

impl<'d> Tally<'d> {
    pub(super) fn new(dictionary: &'d Dictionary) -> Self {
        Self { dictionary, effect: Effect::default(), moves: BTreeMap::new() }
    }

    pub(super) fn line(&mut self) {
        self.effect.lines += 1;
    }

    pub(super) fn pinned(&mut self) {
        self.effect.pinned += 1;
    }

    pub(super) fn other_reason(&mut self) {
        self.effect.other_reason += 1;
    }

    pub(super) fn changed(
        &mut self,
        line: &Line,
        from: (Status, Option<&str>),
        to: (Status, Option<&str>),
        rule: Option<&str>,
    ) {
        let (from, to) = (self.standing(from), self.standing(to));
        self.effect.changed += 1;
        if self.effect.samples.len() < SAMPLES {
            self.effect.samples.push(Sample {
                line_id: line.id,
                owner: line.owner_login.clone(),
                transaction_date: line.transaction_date,
                vendor_description: line.texts.vendor_description.clone(),
                posted: Amount { amount: line.posted.amount, currency: line.posted.currency.clone() },
                from: from.clone(),
                to: to.clone(),
                rule: rule.map(str::to_owned),
            });
        }
        let sums = self.moves.entry((from, to)).or_default();
        let (posted, lines) = sums.entry(line.posted.currency.clone()).or_default();
        *posted = posted.saturating_add(line.posted.amount);
        *lines += 1;
    }

    fn standing(&self, (status, app_id): (Status, Option<&str>)) -> Standing {
        let app_name = app_id.and_then(|id| self.dictionary.app(id)).map(|app| app.name.clone());
        Standing { status, app_id: app_id.map(str::to_owned), app_name }
    }

    pub(super) fn end(self) -> Effect {
        let mut moves: Vec<Move> = self
            .moves
            .into_iter()
            .map(|((from, to), sums)| {
                let total = |(currency, (posted, lines))| CurrencyTotal { currency, posted, lines };
                let totals: Vec<CurrencyTotal> = sums.into_iter().map(total).collect();
                Move { from, to, lines: totals.iter().map(|total| total.lines).sum(), totals }
            })
            .collect();
        // A stable sort: moves of as many lines stay in the order of what they are from and to.
        moves.sort_by_key(|one| Reverse(one.lines));
        Effect { moves, ..self.effect }
    }
}
