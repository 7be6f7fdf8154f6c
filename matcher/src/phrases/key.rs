//! The beginning of a word in two machine words: what words are hashed and compared by.

/// The first sixteen letters of a word: most words whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key(pub(super) u64, pub(super) u64);

/// Letters in a [`Key`].
pub(crate) const KEY_LEN: usize = 16;

impl Key {
    /// The first letter.
    pub(crate) fn first(self) -> u8 {
        self.0.to_le_bytes()[0]
    }

    pub(crate) fn of(word: &[u8]) -> Key {
        let mut letters = [0_u8; KEY_LEN];
        let length = word.len().min(KEY_LEN);
        letters[..length].copy_from_slice(&word[..length]);
        let (halves, _) = letters.as_chunks::<8>();
        Key(u64::from_le_bytes(halves[0]), u64::from_le_bytes(halves[1]))
    }

    /// The same for a word inside a padded text, which is quicker.
    #[inline]
    pub(super) fn at(padded: &[u8], start: usize, length: usize) -> Key {
        let eight = |at: usize, length: usize| {
            let letters = padded.get(at..).and_then(|rest| rest.first_chunk::<8>());
            letters.map_or(0, |letters| u64::from_le_bytes(*letters))
                & (u64::MAX >> (64 - 8 * length.clamp(1, 8)))
        };
        Key(eight(start, length), if length > 8 { eight(start + 8, length - 8) } else { 0 })
    }

    #[inline]
    pub(super) fn hash(self, word: &[u8]) -> u64 {
        let mut hash =
            fold(self.0 ^ 0x9E37_79B9_7F4A_7C15, self.1 ^ 0xD1B5_4A32_D192_ED03 ^ word.len() as u64);
        if word.len() > KEY_LEN {
            for rest in word[KEY_LEN..].chunks(8) {
                hash = fold(hash ^ Key::of(rest).0, 0xAEF1_7502_108E_F2D9);
            }
        }
        hash
    }
}

/// A multiplication whose halves are mixed: every bit of both depends on every bit of the result.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default();
    half(product >> 64) ^ half(product)
}
