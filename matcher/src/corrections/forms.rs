//! Forms of a word that words near to it share, and what tells at a glance that two words are far from one another.

use super::{CORRECTED_LEN_MIN, Target};
use crate::phrases::{Phrases, WORD_LEN_MAX};
use crate::score::tokens::{fold_letter, word_edits_max};

/// Letters from which forms are made.
pub(super) const PREFIX: usize = 7;
/// Letters of a word that may be corrected at all; longer ones are no names.
pub(super) const CORRECTED_LEN_MAX: usize = WORD_LEN_MAX;
/// Forms of a word: whole, without one of seven letters, without two.
pub(super) const FORMS_MAX: usize = 1 + 7 + 21;

/// Hands over the forms of a word that may be a correction, each with the word's sketch.
pub(super) fn forms_of(word: u32, phrases: &Phrases, targets: &[Target], mut each: impl FnMut(u64, u32)) {
    let target = targets[word as usize];
    let length = phrases.letters(word).len();
    if target == Target::No || length > CORRECTED_LEN_MAX {
        return;
    }
    let mut buffer = [0; WORD_LEN_MAX];
    let folded = phrases.copy_letters(word, phrases.key(word), &mut buffer, fold_letter);
    let sketch = sketch(folded);
    let mut each = |form| each(form, sketch);
    if target == Target::SameShape {
        // Whole only: what differs in shape alone has the same form.
        let length = folded.len().min(PREFIX);
        each(folded[..length].iter().rev().fold(0_u64, |form, &letter| form << 8 | u64::from(letter)));
    } else if folded.len() >= CORRECTED_LEN_MIN {
        let deletions = if target == Target::Joined { 1 } else { word_edits_max(folded.len()) };
        forms(folded, deletions, &mut each);
    }
}

/// The forms of a word: its first letters, without one or two of them.
pub(super) fn forms(folded: &[u8], deletions: usize, each: &mut impl FnMut(u64)) {
    let length = folded.len().min(PREFIX);
    let whole = folded[..length].iter().rev().fold(0_u64, |form, &letter| form << 8 | u64::from(letter));
    let without = |form: u64, at: usize| {
        let before = (1_u64 << (8 * at)) - 1;
        form & before | form >> 8 & !before
    };
    each(whole);
    for first in 0..length {
        let form = without(whole, first);
        each(form);
        if deletions > 1 {
            for second in first..length - 1 {
                each(without(form, second));
            }
        }
    }
}

/// The place of a form among so many; the number need not be a power of two, so that no memory is left over.
#[inline]
pub(super) fn bucket(form: u64, buckets: usize) -> usize {
    let mixed = form.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let spread = (mixed ^ mixed >> 32) & u64::from(u32::MAX);
    usize::try_from((spread * buckets as u64) >> 32).unwrap_or_default()
}

/// The place of a form in the filter: a word of it, and three bits in there. One read says whether the form is known;
/// of strangers one in 25 passes.
#[inline]
pub(super) fn filter_bits(form: u64, words: usize) -> (usize, u64) {
    let mixed = form.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (bucket(form, words), 1 << (mixed >> 58) | 1 << (mixed >> 52 & 63) | 1 << (mixed >> 46 & 63))
}

/// The place of a beginning among the bits of the beginnings.
pub(super) fn beginning_bit(letters: &[u8], words: usize) -> usize {
    let code =
        letters.iter().fold(0_u64, |code, &letter| code.rotate_left(5) ^ u64::from(fold_letter(letter)));
    bucket(code, words * 64)
}

/// Which letters a word has, and its length.
pub(super) fn sketch(folded: &[u8]) -> u32 {
    // Digits share bits with letters, which only makes a sketch say less.
    let letters = folded.iter().fold(0, |letters, &byte| letters | 1_u32 << (byte.wrapping_sub(b'a') % 26));
    let length = u32::try_from(folded.len().min(63)).unwrap_or(63);
    letters << 6 | length
}

/// An edit adds one letter and takes one away at most, so it changes two bits at most, and the length by one.
#[inline]
pub(super) fn may_be_near(a: u32, b: u32, edits: usize) -> bool {
    ((a ^ b) >> 6).count_ones() as usize <= 2 * edits && ((a & 63).abs_diff(b & 63)) as usize <= edits
}
