//! The bands of confidence: what a score means to the person who reads it.
//!
//! A score is the share of decisions with that score that are right, so the thresholds are the stated meaning itself. They live
//! here and not in `score/weights.rs`: weights say how evidence adds up, bands say what we are willing to claim. Features M08, M10.

use serde::{Deserialize, Serialize};

/// How far a decision may be trusted, from "no app" to "book it without a look".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Band {
    /// No app is claimed. A candidate may still be shown beside it.
    None,
    /// Right in four cases of five or more; a person should look.
    Possible,
    /// Right in 19 cases of 20 or more; worth sampling.
    Likely,
    /// Right in 99 cases of 100 or more: an unambiguous name in the place where names stand; safe to act on.
    Certain,
}

impl Band {
    /// The least score that counts as [`Band::Possible`]. Below it the matcher abstains: a wrong app costs a
    /// reviewer more than a missing one.
    pub const POSSIBLE_MIN: f64 = 0.80;
    /// The least score that counts as [`Band::Likely`].
    pub const LIKELY_MIN: f64 = 0.95;
    /// The least score that counts as [`Band::Certain`].
    pub const CERTAIN_MIN: f64 = 0.99;

    /// The band of a score between 0 and 1. A score that is not a number is [`Band::None`].
    pub fn of_score(score: f64) -> Band {
        if score >= Self::CERTAIN_MIN {
            Band::Certain
        } else if score >= Self::LIKELY_MIN {
            Band::Likely
        } else if score >= Self::POSSIBLE_MIN {
            Band::Possible
        } else {
            Band::None
        }
    }

    /// The word used on every surface: `certain`, `likely`, `possible`, `none`.
    pub fn as_str(self) -> &'static str {
        match self {
            Band::None => "none",
            Band::Possible => "possible",
            Band::Likely => "likely",
            Band::Certain => "certain",
        }
    }
}

impl std::fmt::Display for Band {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_on_a_threshold_belongs_to_the_upper_band() {
        let check = |score: f64, band: Band| assert_eq!(Band::of_score(score), band, "score {score}");
        check(1.0, Band::Certain);
        check(Band::CERTAIN_MIN, Band::Certain);
        check(0.989, Band::Likely);
        check(Band::LIKELY_MIN, Band::Likely);
        check(0.949, Band::Possible);
        check(Band::POSSIBLE_MIN, Band::Possible);
        check(0.799, Band::None);
        check(0.0, Band::None);
        check(f64::NAN, Band::None);
    }

    #[test]
    fn bands_are_ordered_by_trust() {
        assert!(Band::None < Band::Possible && Band::Possible < Band::Likely && Band::Likely < Band::Certain);
    }
}
