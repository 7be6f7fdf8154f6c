//! How good decisions are, measured on labelled lines: precision, recall, false positives, calibration, bands.
//!
//! Pure: labels and decisions in, figures out. The definitions, for they differ from place to place:
//!
//! - A decision is right *leniently* when it is one of the ids that the label accepts, *strictly* when it is the label.
//! - A wrong app on a line that pays for one is both a false claim and a miss. On a line that pays for none, an app that
//!   the label accepts beside nothing is neutral.
//! - The curve counts candidates below the threshold too: it says what other thresholds would give. Its area is the
//!   average precision.
//! - The calibration error is the mean distance between score and share of right claims, over ten bins of claims.

mod counts;
mod curve;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Band, batch::Prediction};
pub use counts::{Counts, Outcome};
pub use curve::{Bin, Point};

/// What is known about a line. Members of a labelled file that are not listed are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Label {
    /// The app that the line pays for; `null` when it pays for none.
    pub label: Option<String>,
    /// The ids that are not wrong; `label` alone when the member is missing.
    #[serde(default)]
    pub acceptable: Option<Vec<Option<String>>>,
    /// The kind of line, to count by.
    #[serde(default)]
    pub class: Option<String>,
    /// Where the text comes from, to count by.
    #[serde(default)]
    pub real: Option<String>,
    /// The language, to count by.
    #[serde(default)]
    pub lang: Option<String>,
}

impl Label {
    /// Whether an app is one of those that are not wrong.
    fn accepts(&self, app: &str) -> bool {
        match &self.acceptable {
            Some(ids) => ids.iter().any(|id| id.as_deref() == Some(app)),
            None => self.label.as_deref() == Some(app),
        }
    }

    /// What a decision is worth.
    pub fn outcome(&self, app: Option<&str>, how: Strictness) -> Outcome {
        let right = |app: &str| match how {
            Strictness::Lenient => self.accepts(app),
            Strictness::Strict => self.label.as_deref() == Some(app),
        };
        match (&self.label, app) {
            (Some(_), None) => Outcome::Missed,
            (Some(_), Some(app)) if right(app) => Outcome::Right,
            (Some(_), Some(_)) => Outcome::Wrong,
            (None, None) => Outcome::RightlyNone,
            (None, Some(app)) if how == Strictness::Lenient && right(app) => Outcome::RightlyNone,
            (None, Some(_)) => Outcome::FalseClaim,
        }
    }
}

/// Which decisions count as right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// Every id that the label accepts.
    Lenient,
    /// The label and nothing else.
    Strict,
}

/// A line: what is known, and what was decided.
#[derive(Debug, Clone)]
pub struct Case {
    /// What is known.
    pub label: Label,
    /// What was decided.
    pub prediction: Prediction,
}

/// All figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Number of lines.
    pub n: usize,
    /// By the acceptable ids.
    pub lenient: Counts,
    /// By the label alone.
    pub strict: Counts,
    /// The average precision over the curve.
    pub pr_auc: f64,
    /// The best precision at a recall of 0.90 or more; `null` when no threshold reaches it.
    #[serde(rename = "precision_at_recall_0.90")]
    pub precision_at_recall_90: Option<f64>,
    /// The best recall at a precision of 0.95 or more.
    #[serde(rename = "recall_at_precision_0.95")]
    pub recall_at_precision_95: f64,
    /// The calibration error.
    pub ece: Option<f64>,
    /// The bins behind it that hold claims.
    pub calibration: Vec<Bin>,
    /// By kind of line.
    pub by_class: BTreeMap<String, Counts>,
    /// By where the text comes from.
    pub by_real: BTreeMap<String, Counts>,
    /// By language.
    pub by_lang: BTreeMap<String, Counts>,
    /// By band.
    pub bands: BTreeMap<Band, BandCounts>,
    /// The curve, the highest threshold first.
    pub curve: Vec<Point>,
}

/// What the claims of a band are worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BandCounts {
    /// Claims.
    pub n: usize,
    /// Share of right ones.
    pub accuracy: f64,
}

/// Measures all lines.
pub fn evaluate(cases: &[Case]) -> Report {
    let counts = |how| Counts::of(cases.iter(), how);
    let (curve, pr_auc) = curve::curve(cases);
    let (ece, calibration) = curve::calibration(cases);
    let at_recall = curve.iter().filter(|point| point.recall >= 0.9).map(|point| point.precision);
    let at_precision = curve.iter().filter(|point| point.precision >= 0.95).map(|point| point.recall);
    Report {
        n: cases.len(),
        lenient: counts(Strictness::Lenient),
        strict: counts(Strictness::Strict),
        pr_auc,
        precision_at_recall_90: at_recall.reduce(f64::max),
        recall_at_precision_95: at_precision.fold(0.0, f64::max),
        ece,
        calibration,
        by_class: by(cases, |label| label.class.as_deref()),
        by_real: by(cases, |label| label.real.as_deref()),
        by_lang: by(cases, |label| label.lang.as_deref()),
        bands: bands(cases),
        curve,
    }
}

/// The counts of each group of lines that a label names; lines without the name are in none.
fn by(cases: &[Case], name: impl Fn(&Label) -> Option<&str>) -> BTreeMap<String, Counts> {
    let mut groups: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
    for case in cases {
        if let Some(name) = name(&case.label) {
            groups.entry(name.to_owned()).or_default().push(case);
        }
    }
    let counted = |(name, cases): (String, Vec<&Case>)| (name, Counts::of(cases, Strictness::Lenient));
    groups.into_iter().map(counted).collect()
}

fn bands(cases: &[Case]) -> BTreeMap<Band, BandCounts> {
    let mut bands: BTreeMap<Band, (usize, usize)> = BTreeMap::new();
    for case in cases {
        if let Some(app) = case.prediction.app_id.as_deref() {
            let band = bands.entry(case.prediction.band).or_default();
            band.0 += 1;
            band.1 += usize::from(case.label.outcome(Some(app), Strictness::Lenient).is_right());
        }
    }
    let share = |(n, right)| BandCounts { n, accuracy: counts::ratio(right, n).unwrap_or_default() };
    bands.into_iter().map(|(band, counted)| (band, share(counted))).collect()
}

#[cfg(test)]
mod tests;
