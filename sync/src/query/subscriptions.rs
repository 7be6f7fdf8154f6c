//! What is paid again and again: subscriptions by app and owner, what a year of them costs, when their price changed, and
//! whether they go on (feature M25).

use std::cmp::Reverse;

use jiff::civil::Date;
use matcher::Dictionary;
use matcher::patterns::recurrence::{self, Period, Recurrence, Status};
use matcher::patterns::{self, Why};
use rust_decimal::Decimal;
use serde::Serialize;
use store::{
    Store,
    ids::AccountId,
    lines::{Charge, Filter},
};
use utoipa::ToSchema;

use super::page::PageRequest;
use crate::Error;

/// Whether a subscription goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SubscriptionState)]
pub enum State {
    /// The next charge is not late yet.
    Active,
    /// A charge should have come; it may stand in an open report.
    Overdue,
    /// So late that it will not come.
    Stopped,
}

impl State {
    /// Every state with its name.
    pub const ALL: [(&'static str, Self); 3] =
        [("active", Self::Active), ("overdue", Self::Overdue), ("stopped", Self::Stopped)];
}

/// When a price changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PriceStep {
    /// Day of the first charge at the new price.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// What was paid before.
    #[schema(value_type = String, format = "decimal", example = "12.50")]
    pub before: Decimal,
    /// What is paid since.
    #[schema(value_type = String, format = "decimal", example = "15.00")]
    pub after: Decimal,
    /// The change in per cent, with one decimal.
    #[schema(value_type = String, format = "decimal", example = "20.0")]
    pub percent: Decimal,
    /// Whether the new price was paid more than once.
    pub confirmed: bool,
}

/// A reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Why)]
pub struct Reason {
    /// A stable short name.
    pub name: &'static str,
    /// In words, with the numbers behind it.
    pub text: String,
}

impl From<Why> for Reason {
    fn from(why: Why) -> Self {
        Self { name: why.name, text: why.text }
    }
}

/// A subscription: an app that somebody pays for at regular intervals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Subscription {
    /// The app's id.
    pub app_id: String,
    /// Its name, where this dictionary still has it.
    pub app_name: Option<String>,
    /// Login of who pays.
    pub owner: String,
    /// `weekly`, `fortnightly`, `monthly`, `quarterly` or `annual`.
    #[schema(value_type = String)]
    pub period: Period,
    /// What was paid last.
    #[schema(value_type = String, format = "decimal", example = "12.50")]
    pub amount: Decimal,
    /// ISO 4217 code.
    pub currency: String,
    /// What a year costs at that price.
    #[schema(value_type = String, format = "decimal", example = "150.00")]
    pub yearly: Decimal,
    /// Whether it goes on.
    pub state: State,
    /// When the next charge is, or was, expected.
    #[schema(value_type = String, format = Date)]
    pub expected: Date,
    /// Day of the first charge.
    #[schema(value_type = String, format = Date)]
    pub first: Date,
    /// Day of the last charge.
    #[schema(value_type = String, format = Date)]
    pub last: Date,
    /// Days on which a charge should have come between two that did.
    #[schema(value_type = Vec<String>)]
    pub missed: Vec<Date>,
    /// Whether most amounts were paid once only: paid by use, or in another currency.
    pub varies: bool,
    /// When the price changed.
    pub price_changes: Vec<PriceStep>,
    /// Why it is one, and why its state is what it is.
    pub why: Vec<Reason>,
    /// Its lines by their ids, by date.
    pub line_ids: Vec<String>,
}

/// A page of subscriptions: those that go on first; in each currency the dearest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Subscriptions {
    /// The subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// On all pages together.
    pub total: usize,
    /// Where the next page begins; absent on the last one.
    pub next_cursor: Option<String>,
}

/// The subscriptions in the lines that pass the filter, as they stand on a day.
///
/// # Errors
/// [`Error::BadCursor`] for a cursor that is not one of ours; otherwise the store refuses.
pub async fn subscriptions(
    store: &Store,
    account: AccountId,
    dictionary: &Dictionary,
    filter: Filter,
    state: Option<State>,
    today: Date,
    request: &PageRequest,
) -> Result<Subscriptions, Error> {
    let charges = store.read(move |conn| store::lines::charges(conn, account, &filter)).await?;
    let mut found = find(&charges, today);
    found.retain(|it| state.is_none_or(|wanted| it.state == wanted));
    let slice = request.slice(found.len())?;
    let named = |mut it: Subscription| {
        it.app_name = dictionary.app(&it.app_id).map(|app| app.name.clone());
        it
    };
    Ok(Subscriptions {
        total: found.len(),
        next_cursor: slice.next_cursor(found.len()),
        subscriptions: slice.of(found).map(named).collect(),
    })
}

/// Charges come by app and owner, so that each chunk is one app and one payer.
fn find(charges: &[Charge], today: Date) -> Vec<Subscription> {
    let mut found = Vec::new();
    for of_one in charges.chunk_by(|a, b| (&a.app_id, &a.owner) == (&b.app_id, &b.owner)) {
        let ids: Vec<String> = of_one.iter().map(|it| it.line_id.to_string()).collect();
        let plain: Vec<patterns::Charge<'_>> = of_one
            .iter()
            .zip(&ids)
            .map(|(it, id)| patterns::Charge { id, date: it.date, amount: it.amount, currency: &it.currency })
            .collect();
        found.extend(recurrence::find(&plain, today).into_iter().map(|it| told(it, &of_one[0])));
    }
    // Amounts of two currencies are not compared. A stable sort: equal ones stay in the order of app and owner.
    found.sort_by_cached_key(|it| (it.state, it.currency.clone(), Reverse(it.yearly)));
    found
}

fn told(it: Recurrence<'_>, of: &Charge) -> Subscription {
    let (state, expected) = match it.status {
        Status::Active { next } => (State::Active, next),
        Status::Overdue { expected } => (State::Overdue, expected),
        Status::Stopped { expected } => (State::Stopped, expected),
    };
    let step = |change: &recurrence::PriceChange<'_>| PriceStep {
        date: change.date,
        before: change.before,
        after: change.after,
        percent: change.percent,
        confirmed: change.confirmed,
    };
    Subscription {
        app_id: of.app_id.clone(),
        app_name: None,
        owner: of.owner.clone(),
        period: it.period,
        amount: it.amount,
        currency: it.currency.to_owned(),
        yearly: it.amount.saturating_mul(Decimal::from(times_a_year(it.period))),
        state,
        expected,
        first: it.first,
        last: it.last,
        missed: it.missed,
        varies: it.varies,
        price_changes: it.price_changes.iter().map(step).collect(),
        why: it.why.into_iter().map(Reason::from).collect(),
        line_ids: it.charges.into_iter().map(str::to_owned).collect(),
    }
}

fn times_a_year(period: Period) -> u32 {
    match period {
        Period::Weekly => 52,
        Period::Fortnightly => 26,
        Period::Monthly => 12,
        Period::Quarterly => 4,
        Period::Annual => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn charge(app: &str, owner: &str, day: Date, amount: &str) -> Charge {
        let id = u128::from(day.day_of_year().unsigned_abs()) << 8 | owner.len() as u128;
        Charge {
            line_id: store::ids::LineId::from_uuid(uuid::Uuid::from_u128(id)),
            source: "test".to_owned(),
            app_id: app.to_owned(),
            owner: owner.to_owned(),
            date: day,
            amount: amount.parse().unwrap(),
            currency: "EUR".to_owned(),
        }
    }

    #[test]
    fn a_cheap_yen_is_no_dear_dollar() {
        let of = |owner: &str, currency: &str, amount: &str| {
            let charges = (6..=11).map(|month| charge("figma", owner, date(2026, month, 3), amount));
            charges.map(|it| Charge { currency: currency.to_owned(), ..it }).collect::<Vec<_>>()
        };
        let mut charges = of("ada", "JPY", "1500");
        charges.extend(of("grace", "EUR", "10"));
        charges.extend(of("linus", "EUR", "45"));
        let order: Vec<_> = find(&charges, date(2026, 11, 20)).into_iter().map(|it| it.owner).collect();
        assert_eq!(order, ["linus", "grace", "ada"], "each currency by itself");
    }

    #[test]
    fn each_payer_has_a_subscription_and_the_dearest_that_goes_on_comes_first() {
        let monthly = |app: &str, owner: &str, months: std::ops::RangeInclusive<i8>, amount: &str| {
            months.map(|month| charge(app, owner, date(2026, month, 3), amount)).collect::<Vec<_>>()
        };
        let mut charges = monthly("figma", "ada", 1..=6, "12.50");
        charges.extend(monthly("figma", "grace", 5..=11, "45"));
        charges.extend(monthly("slack", "ada", 6..=11, "8.75"));
        let found = find(&charges, date(2026, 11, 20));
        let told: Vec<_> = found
            .iter()
            .map(|it| {
                (it.app_id.as_str(), it.owner.as_str(), it.state, it.yearly.to_string(), it.line_ids.len())
            })
            .collect();
        assert_eq!(
            told,
            [
                ("figma", "grace", State::Active, "540".to_owned(), 7),
                ("slack", "ada", State::Active, "105.00".to_owned(), 6),
                ("figma", "ada", State::Stopped, "150.00".to_owned(), 6),
            ]
        );
        assert_eq!(found[0].expected, date(2026, 12, 3));
        assert!(found[2].why.iter().any(|it| it.name == "stopped"), "{:?}", found[2].why);
    }
}
