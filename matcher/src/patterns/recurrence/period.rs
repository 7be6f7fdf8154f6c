//! How often something is paid, and how exact people and banks are about it.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;

/// How often a series is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Every seven days.
    Weekly,
    /// Every 14 days.
    Fortnightly,
    /// Every month.
    Monthly,
    /// Every three months.
    Quarterly,
    /// Every year.
    Annual,
}

impl Period {
    pub(super) const ALL: [Period; 5] =
        [Period::Weekly, Period::Fortnightly, Period::Monthly, Period::Quarterly, Period::Annual];

    /// The day `times` periods after another; the last of a month that is too short. Beyond the calendar it is its last
    /// day.
    pub fn after(self, date: Date, times: i32) -> Date {
        date.saturating_add(match self {
            Period::Weekly => times.saturating_mul(7).days(),
            Period::Fortnightly => times.saturating_mul(14).days(),
            Period::Monthly => times.months(),
            Period::Quarterly => times.saturating_mul(3).months(),
            Period::Annual => times.years(),
        })
    }

    /// Days that lie between two charges at least: half of the period.
    pub(super) fn days_min(self) -> i32 {
        match self {
            Period::Weekly => 4,
            Period::Fortnightly => 7,
            Period::Monthly => 15,
            Period::Quarterly => 45,
            Period::Annual => 180,
        }
    }

    /// Days by which a charge may miss its day. A month: a long weekend, and short months, after which services
    /// charge on the 28th. A year: renewals are paid by invoice.
    pub(super) fn tolerance_days(self) -> i32 {
        match self {
            Period::Weekly => 1,
            Period::Fortnightly => 2,
            Period::Monthly => 5,
            Period::Quarterly => 10,
            Period::Annual => 21,
        }
    }

    /// Days after which a charge is no longer waited for. A report is handed in a month after it was spent, as a rule.
    pub(super) fn patience_days(self) -> i32 {
        match self {
            Period::Weekly => 30,
            Period::Fortnightly => 35,
            Period::Monthly => 40,
            Period::Quarterly => 50,
            Period::Annual => 75,
        }
    }

    /// Charges that make a series. Two in a year's distance are one renewal, and nobody keeps ten years of lines.
    pub(super) fn charges_min(self) -> usize {
        match self {
            Period::Weekly | Period::Fortnightly => 4,
            Period::Monthly | Period::Quarterly => 3,
            Period::Annual => 2,
        }
    }

    /// How many times greater or smaller an amount may be than the one before. Seats are added; but two purchases a
    /// year apart are a renewal only when they cost about the same.
    pub(super) fn ratio_max(self) -> (u32, u32) {
        match self {
            Period::Weekly | Period::Fortnightly | Period::Monthly | Period::Quarterly => (2, 1),
            Period::Annual => (3, 2),
        }
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Period::Weekly => "weekly",
            Period::Fortnightly => "fortnightly",
            Period::Monthly => "monthly",
            Period::Quarterly => "quarterly",
            Period::Annual => "annual",
        })
    }
}
