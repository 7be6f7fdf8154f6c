//! From numbers back to letters.

use super::key::{KEY_LEN, Key};
use super::table::narrow;
use super::{NO_PHRASE, NO_WORD, Node, Phrases, WORD_LEN_MAX};

impl Phrases {
    /// All phrases in the order of their numbers. Of phrases of several words nothing before [`Phrases::shrink`].
    pub(crate) fn spelled(&self) -> Vec<String> {
        let mut texts = vec![String::new(); self.places.len()];
        for (word, &place) in (0..).zip(&self.begins).filter(|&(_, &place)| place != NO_WORD) {
            texts[place as usize].push_str(self.letters(word));
        }
        // A place is younger than the one it is reached from, so that its beginning is always spelled already.
        for place in 0..self.places.len() {
            for &(word, Node(next)) in self.followers(Node(narrow(place))) {
                texts[next as usize] = format!("{} {}", texts[place], self.letters(word));
            }
        }
        let mut spelled = vec![String::new(); self.len];
        for (place, text) in self.places.iter().zip(texts).filter(|(place, _)| place.phrase != NO_PHRASE) {
            spelled[place.phrase as usize] = text;
        }
        spelled
    }

    /// Copies the letters of a word of at most [`WORD_LEN_MAX`] letters, folded by `fold`. A short word's letters are
    /// its key.
    #[inline]
    pub(crate) fn copy_letters<'b>(
        &self,
        word: u32,
        key: Key,
        buffer: &'b mut [u8; WORD_LEN_MAX],
        fold: impl Fn(u8) -> u8,
    ) -> &'b [u8] {
        let Key(first, second) = key;
        buffer[..8].copy_from_slice(&first.to_le_bytes());
        buffer[8..16].copy_from_slice(&second.to_le_bytes());
        let mut length = KEY_LEN - second.leading_zeros() as usize / 8;
        if second == 0 {
            length = 8 - first.leading_zeros() as usize / 8;
        } else if buffer[KEY_LEN - 1] != 0 {
            let letters = self.letters(word).as_bytes();
            length = letters.len().min(WORD_LEN_MAX);
            buffer[..length].copy_from_slice(&letters[..length]);
        }
        buffer[..length].iter_mut().for_each(|letter| *letter = fold(*letter));
        &buffer[..length]
    }
}
