//! What comes out of the matcher: an answer with its reasons, or the answer alone.

use std::sync::Arc;

use serde::Serialize;

use crate::band::Band;
use crate::decide::Candidate;
use crate::dictionary::EntryId;
use crate::explain::Explanation;
use crate::mention::Mention;

/// What the matcher says about one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// The app, or `None` when the matcher abstains.
    pub app_id: Option<Arc<str>>,
    /// Score of the candidate, 0 to 1; 0 without one.
    pub score: f64,
    /// The score's band; [`Band::None`] exactly when `app_id` is `None`.
    pub band: Band,
    /// The best app seen, also when the matcher abstains.
    pub candidate: Option<Arc<str>>,
    /// Why.
    pub explanation: Explanation,
}

/// What the matcher says about one line, in a few bytes: a [`Decision`] without its reasons.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The app, or `None` when the matcher abstains.
    pub app: Option<EntryId>,
    /// Score of the candidate, 0 to 1; 0 without one.
    pub score: f64,
    /// The score's band; [`Band::None`] exactly when `app` is `None`.
    pub band: Band,
    /// The best app seen, also when the matcher abstains.
    pub candidate: Option<EntryId>,
}

/// The answer that the best candidate gives, when it is sure enough.
pub(crate) fn verdict(candidates: &[Candidate], mentions: &[Mention]) -> Verdict {
    let Some(best) = candidates.first() else {
        return Verdict { app: None, score: 0.0, band: Band::None, candidate: None };
    };
    let entry = mentions[best.mention].entry;
    let band = Band::of_score(best.score);
    Verdict { app: (band != Band::None).then_some(entry), score: best.score, band, candidate: Some(entry) }
}
