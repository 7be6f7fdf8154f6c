//! Counting outcomes.

use serde::Serialize;

use super::{Case, Strictness};

/// What a decision is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The right app.
    Right,
    /// An app on a line that pays for another one.
    Wrong,
    /// No app on a line that pays for one.
    Missed,
    /// An app on a line that pays for none.
    FalseClaim,
    /// No app, or a neutral one, on a line that pays for none.
    RightlyNone,
}

impl Outcome {
    /// Whether nobody would complain.
    pub fn is_right(self) -> bool {
        matches!(self, Outcome::Right | Outcome::RightlyNone)
    }
}

/// Outcomes counted, and the usual shares of them. A share of nothing is `null`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Counts {
    /// Right claims among all claims.
    pub precision: Option<f64>,
    /// Right claims among the lines that pay for an app.
    pub recall: Option<f64>,
    /// The harmonic mean of both.
    pub f1: f64,
    /// Right apps.
    pub tp: usize,
    /// Apps on lines that pay for none.
    pub fp: usize,
    /// Wrong apps on lines that pay for another.
    pub wrong: usize,
    /// Lines that pay for an app and got none.
    pub missed: usize,
    /// Lines that pay for none and got none.
    pub tn: usize,
    /// Lines that pay for an app.
    pub pos: usize,
    /// Lines that pay for none.
    pub neg: usize,
    /// False claims among the lines that pay for none.
    pub fpr: Option<f64>,
}

impl Counts {
    /// Counts the outcomes of some lines.
    pub(super) fn of<'c>(cases: impl IntoIterator<Item = &'c Case>, how: Strictness) -> Counts {
        let mut counts = Counts::default();
        for case in cases {
            let slot = match case.label.outcome(case.prediction.app_id.as_deref(), how) {
                Outcome::Right => &mut counts.tp,
                Outcome::Wrong => &mut counts.wrong,
                Outcome::Missed => &mut counts.missed,
                Outcome::FalseClaim => &mut counts.fp,
                Outcome::RightlyNone => &mut counts.tn,
            };
            *slot += 1;
        }
        counts.pos = counts.tp + counts.wrong + counts.missed;
        counts.neg = counts.fp + counts.tn;
        counts.precision = ratio(counts.tp, counts.tp + counts.fp + counts.wrong);
        counts.recall = ratio(counts.tp, counts.pos);
        counts.fpr = ratio(counts.fp, counts.neg);
        counts.f1 = match (counts.precision, counts.recall) {
            (Some(precision), Some(recall)) if precision + recall > 0.0 => {
                2.0 * precision * recall / (precision + recall)
            }
            _ => 0.0,
        };
        counts
    }
}

/// A part of a whole; `None` of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts of lines are far below 2^52")]
pub(super) fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
