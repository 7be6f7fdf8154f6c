//! What lines tell together: payments that come back, and lines that may be one purchase told twice.
//!
//! Both detectors take plain values and give findings that say why. They guess nothing: the same lines in any order
//! give the same findings, a line belongs to one finding at most, and the day on which is looked is an argument. What to
//! do about a finding is the caller's: neither leaves a line out of a total.
//!
//! * [`recurrence`]: what is paid every month, quarter or year, when its price changed, and whether it has stopped.
//! * [`duplicates`]: the same purchase from two sources. Two lines of one source are two purchases, however alike.
//!
//! ```
//! use matcher::patterns::{Charge, recurrence};
//! use jiff::civil::date;
//!
//! let amounts = [(1, "12.00"), (2, "12.00"), (3, "15.00"), (4, "15.00")];
//! let charges: Vec<Charge<'_>> = amounts
//!     .iter()
//!     .map(|(month, amount)| Charge {
//!         id: amount,
//!         date: date(2026, *month, 28),
//!         amount: amount.parse().unwrap(),
//!         currency: "EUR",
//!     })
//!     .collect();
//! let found = recurrence::find(&charges, date(2026, 5, 20));
//! assert_eq!(found[0].period, recurrence::Period::Monthly);
//! assert_eq!(found[0].price_changes[0].percent.to_string(), "25.0");
//! assert_eq!(found[0].status, recurrence::Status::Active { next: date(2026, 5, 28) });
//! ```

pub mod duplicates;
pub mod recurrence;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

/// A payment, as far as patterns go. Lines are compared as they are given: the caller chooses which amount it compares,
/// the transaction's or the posted one, and stays with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge<'c> {
    /// The caller's id of the line, given back in findings. It decides between lines that are alike otherwise.
    pub id: &'c str,
    /// The day of the transaction.
    pub date: Date,
    /// The amount in the currency; negative for a refund.
    pub amount: Decimal,
    /// The currency by its code (ISO 4217).
    pub currency: &'c str,
}

/// A reason of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Why {
    /// A stable short name, for counting and filtering.
    pub name: &'static str,
    /// The reason in words, with the numbers behind it.
    pub text: String,
}

/// Days from one date to another; negative when the other is earlier.
fn days(from: Date, to: Date) -> i32 {
    // Within the calendar of `Date`, years -9999 to 9999, days always fit.
    from.until(to).map_or(0, |span| span.get_days())
}
