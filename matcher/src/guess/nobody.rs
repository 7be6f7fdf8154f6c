//! Sellers that are like nobody, remembered: of the lines that name no app, half repeat a seller, as it is written.
//!
//! What is remembered is the question whole, so that no two are taken for one another, and it is bounded: each has one
//! place, and takes it from another.

use std::hash::Hasher as _;
use std::ops::Range;

use rustc_hash::FxHasher;

use crate::normalize::{Gap, Normalized};

/// Sellers that are remembered; a power of two. About a megabyte.
const PLACES: usize = 16_384;
/// Bytes of a seller that is remembered.
const BYTES_MAX: usize = 64;

/// All that an answer of nobody depends on: the words as they are written, and whether anything follows that could
/// belong to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked<'t> {
    written: &'t str,
    ends: bool,
    goes_on_as_host: bool,
}

impl<'t> Asked<'t> {
    pub(super) fn of(
        source: &'t str,
        text: &Normalized,
        words: &Range<usize>,
        seller: &Range<usize>,
    ) -> Asked<'t> {
        let (start, end) = text.source_span(words);
        Asked {
            written: source.get(start..end).unwrap_or_default(),
            ends: words.end == seller.end,
            goes_on_as_host: text.tokens.get(words.end).is_some_and(|next| next.before == Gap::Dot),
        }
    }

    fn flags(self) -> u8 {
        1 | u8::from(self.ends) << 1 | u8::from(self.goes_on_as_host) << 2
    }

    fn place(self) -> usize {
        let mut hasher = FxHasher::default();
        hasher.write(self.written.as_bytes());
        hasher.write_u8(self.flags());
        usize::try_from(hasher.finish() >> 32).unwrap_or_default() % PLACES
    }
}

/// The memory. Flags are 0 where nothing is remembered.
#[derive(Debug, Default)]
pub(super) struct Nobody {
    places: Vec<(u8, String)>,
}

impl Nobody {
    pub(super) fn forget(&mut self) {
        self.places.clear();
    }

    pub(super) fn knows(&self, asked: &Asked<'_>) -> bool {
        let known = self.places.get(asked.place());
        known.is_some_and(|(flags, written)| *flags == asked.flags() && written == asked.written)
    }

    pub(super) fn note(&mut self, asked: &Asked<'_>) {
        if asked.written.len() > BYTES_MAX {
            return;
        }
        if self.places.is_empty() {
            self.places.resize_with(PLACES, Default::default);
        }
        let (flags, written) = &mut self.places[asked.place()];
        *flags = asked.flags();
        written.clear();
        written.push_str(asked.written);
    }
}
