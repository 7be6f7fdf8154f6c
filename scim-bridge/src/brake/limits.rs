//! How many deactivations are too many: pure arithmetic over what was counted (reliability B2).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The limits of one account. The defaults are those of the promise: 20 users or 10 % in a day, 10 or 5 % in ten minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BrakeLimits {
    /// In any 24 hours.
    pub day: Limit,
    /// In any ten minutes.
    pub ten_minutes: Limit,
}

/// So many users or this share of those who are active, whichever is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BrakeLimit)]
pub struct Limit {
    /// Users; at most [`Limit::USERS_MAX`].
    pub users: u32,
    /// Per cent of the users who were active; at most [`Limit::PERCENT_MAX`].
    pub percent: u8,
}

impl Default for BrakeLimits {
    fn default() -> Self {
        Self { day: Limit { users: 20, percent: 10 }, ten_minutes: Limit { users: 10, percent: 5 } }
    }
}

impl Limit {
    /// A higher number would be a brake that is switched off, which takes a reason and an end.
    pub const USERS_MAX: u32 = 1_000;
    /// A higher share would be one, too.
    pub const PERCENT_MAX: u8 = 50;

    /// How many may go of so many who were active.
    pub fn of(self, active: u64) -> u64 {
        u64::from(self.users).max(active.saturating_mul(u64::from(self.percent)) / 100)
    }
}

/// Users whose access was ended, the one in question included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    /// In the last 24 hours.
    pub(super) day: u64,
    /// In the last ten minutes.
    pub(super) ten_minutes: u64,
}

impl BrakeLimits {
    /// Everything that is wrong with them, under the name of their setting.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, limit) in [("day", self.day), ("ten_minutes", self.ten_minutes)] {
            if limit.users > Limit::USERS_MAX || limit.percent > Limit::PERCENT_MAX {
                problems.push(format!(
                    "brake.{name}: at most {} users and {} per cent; to do without the brake for a while, \
                     switch it off with a reason and an end (brake settings --off-for)",
                    Limit::USERS_MAX,
                    Limit::PERCENT_MAX
                ));
            }
        }
        problems
    }

    /// Whether so few that no share of anybody matters.
    pub(super) fn surely_allow(&self, counted: Counted) -> bool {
        counted.day <= u64::from(self.day.users) && counted.ten_minutes <= u64::from(self.ten_minutes.users)
    }

    /// Why this is too much, if it is. `active`: users who are active still, those who were counted not among them.
    pub(super) fn exceeded(&self, counted: Counted, active: u64) -> Option<String> {
        let windows =
            [("10 minutes", counted.ten_minutes, self.ten_minutes), ("24 hours", counted.day, self.day)];
        windows.into_iter().find_map(|(window, count, limit)| {
            let may = limit.of(active + count);
            (count > may).then(|| {
                format!(
                    "{count} users would lose access within {window}; at most {may} may \
                     ({} users or {} % of those who were active)",
                    limit.users, limit.percent
                )
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_of_number_and_share_counts_in_each_window() {
        let limits = BrakeLimits::default();
        let check = |day: u64, ten_minutes: u64, active: u64, exceeded: Option<&str>| {
            let found = limits.exceeded(Counted { day, ten_minutes }, active);
            match (&found, exceeded) {
                (None, None) => {}
                (Some(found), Some(window)) => assert!(found.contains(window), "{found}"),
                _ => panic!("{day} {ten_minutes} of {active}: {found:?}"),
            }
        };
        check(10, 10, 30, None);
        check(11, 11, 30, Some("10 minutes"));
        check(20, 0, 30, None);
        check(21, 0, 30, Some("24 hours"));
        // 1,000 users who were active: 50 in ten minutes, 100 in a day.
        check(50, 50, 950, None);
        check(51, 51, 949, Some("10 minutes"));
        check(100, 20, 900, None);
        check(101, 20, 899, Some("24 hours"));
        // Nobody is left at all.
        check(11, 11, 0, Some("10 minutes"));
    }

    #[test]
    fn limits_that_would_never_trip_are_refused() {
        let limits = |users, percent| BrakeLimits { day: Limit { users, percent }, ..BrakeLimits::default() };
        assert_eq!(limits(1_000, 50).problems(), Vec::<String>::new());
        assert!(limits(1_001, 10).problems()[0].contains("brake.day"));
        assert!(limits(20, 51).problems()[0].contains("off-for"));
    }
}
