//! Memory that is reused from line to line, and what it remembers of them.

use std::sync::Arc;

use crate::decide::Candidate;
use crate::dictionary::{Dictionary, EntryId};
use crate::guess::Guesses;
use crate::mention::Mention;
use crate::reading::{Headings, Reading};
use crate::unwrap::Vendor;

/// Memory that a matcher reuses from line to line. One per thread.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Whose readings are remembered. Holding it keeps another dictionary from being taken for it.
    dictionary: Option<Arc<Dictionary>>,
    pub(crate) expense_types: Headings,
    pub(crate) categories: Headings,
    pub(crate) vendor_field: Reading,
    pub(crate) purpose_field: Reading,
    pub(crate) vendor: Vendor,
    pub(crate) mentions: Vec<Mention>,
    pub(crate) named: Vec<bool>,
    pub(crate) guesses: Guesses,
    pub(crate) candidates: Vec<Candidate>,
    /// Apps that the line at hand does not pay for, whatever its texts say.
    pub(crate) never: Vec<EntryId>,
}

impl Scratch {
    /// Forgets what was read for another dictionary.
    pub(crate) fn begin_line(&mut self, dictionary: &Arc<Dictionary>) {
        if !self.dictionary.as_ref().is_some_and(|known| Arc::ptr_eq(known, dictionary)) {
            self.expense_types.forget();
            self.categories.forget();
            self.guesses.forget();
            self.dictionary = Some(Arc::clone(dictionary));
        }
    }
}
