//! Precision and recall at every threshold, and how far scores are from the truth.

use serde::Serialize;

use super::counts::ratio;
use super::{Case, Outcome, Strictness};

/// Bins of the calibration.
const BINS: usize = 10;

/// A threshold: what would be claimed from this score on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// The least score that counts as a claim.
    pub threshold: f64,
    /// Right claims among all claims.
    pub precision: f64,
    /// Right claims among the lines that pay for an app.
    pub recall: f64,
}

/// Claims of about the same score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// The least score of the bin.
    pub from: f64,
    /// Claims in it.
    pub n: usize,
    /// Their mean score.
    pub score: f64,
    /// Share of right ones.
    pub accuracy: f64,
}

/// All thresholds, the highest first, and the average precision over them.
pub(super) fn curve(cases: &[Case]) -> (Vec<Point>, f64) {
    let positives = cases.iter().filter(|case| case.label.label.is_some()).count();
    let mut claims: Vec<(f64, bool)> = cases
        .iter()
        .filter_map(|case| {
            let claimed = case.prediction.app_id.as_deref().or(case.prediction.candidate.as_deref())?;
            let outcome = case.label.outcome(Some(claimed), Strictness::Lenient);
            (outcome != Outcome::RightlyNone).then_some((case.prediction.score, outcome == Outcome::Right))
        })
        .collect();
    claims.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut points, mut area) = (Vec::new(), 0.0);
    let (mut right, mut claimed, mut recall_before) = (0, 0, 0.0);
    for same in claims.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        right += same.iter().filter(|claim| claim.1).count();
        claimed += same.len();
        let precision = ratio(right, claimed).unwrap_or_default();
        let recall = ratio(right, positives).unwrap_or_default();
        area += precision * (recall - recall_before);
        recall_before = recall;
        points.push(Point { threshold: same[0].0, precision, recall });
    }
    (points, area)
}

/// The calibration error, `None` without claims, and the bins that hold some.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of lines are far below 2^52, and a score lies between 0 and 1"
)]
pub(super) fn calibration(cases: &[Case]) -> (Option<f64>, Vec<Bin>) {
    let mut bins = [(0_usize, 0.0_f64, 0_usize); BINS];
    for case in cases {
        let Some(app) = case.prediction.app_id.as_deref() else { continue };
        let score = case.prediction.score.clamp(0.0, 1.0);
        let bin = &mut bins[((score * BINS as f64) as usize).min(BINS - 1)];
        bin.0 += 1;
        bin.1 += score;
        bin.2 += usize::from(case.label.outcome(Some(app), Strictness::Lenient).is_right());
    }
    let claims: usize = bins.iter().map(|bin| bin.0).sum();
    let distance: f64 = bins.iter().map(|bin| (bin.1 - bin.2 as f64).abs()).sum();
    let error = (claims > 0).then(|| distance / claims as f64);
    let held = bins.iter().enumerate().filter(|(_, bin)| bin.0 > 0).map(|(at, &(n, scores, right))| Bin {
        from: at as f64 / BINS as f64,
        n,
        score: scores / n as f64,
        accuracy: right as f64 / n as f64,
    });
    (error, held.collect())
}
