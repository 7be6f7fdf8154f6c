//! A name seen in a field: what `automaton` and `guess` hand to `score`.

use std::ops::Range;

use crate::aliases::{Spelling, Strength};
use crate::dictionary::EntryId;
use crate::explain::Field;
use crate::score::tokens::Likeness;

/// One owner of one name in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) entry: EntryId,
    /// Number of the phrase.
    pub(crate) phrase: usize,
    /// The spelling of the app's name that stands there.
    pub(crate) spelling: Spelling,
    pub(crate) strength: Strength,
    pub(crate) field: Field,
    pub(crate) tokens: Range<usize>,
    /// `None` for an exact alias.
    pub(crate) guess: Option<Likeness>,
}
