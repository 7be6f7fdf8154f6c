//! How alike two names are: equal, look-alike, misspelt, cut off, or glued to other words.
//!
//! The distance is optimal string alignment (insert, delete, substitute, swap neighbours), the errors that hands
//! and scanners make; `osa` computes it. How many edits are allowed grows with the length.

/// How a guessed name was spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// The same letters, other spaces.
    Joined,
    /// The same shape: `0` for `o`, `1` for `l`.
    LookAlike,
    /// So many edits.
    Misspelt(usize),
    /// The beginning of the name; the field ended there.
    Cut,
    /// The name with other words run into it.
    Glued,
}

/// Edits that a name of this many letters may have: one in six, never more than two.
pub(crate) fn edits_max(letters: usize) -> usize {
    match letters {
        0..=4 => 0,
        5..=8 => 1,
        _ => 2,
    }
}

/// Edits that one word of a name may have, whatever the name may: a word of seven letters can be twice wrong where the words
/// beside it tell which name is meant.
pub(crate) fn word_edits_max(letters: usize) -> usize {
    match letters {
        0..=6 => 1,
        _ => 2,
    }
}

/// Folds characters that scanners and people take for one another.
pub(crate) fn fold_look_alikes(text: &str) -> String {
    // Every character keeps its length, so one allocation is enough.
    let mut folded = String::with_capacity(text.len());
    folded.extend(text.bytes().map(|letter| char::from(fold_letter(letter))));
    folded
}

/// The same for one letter of a normalised text.
#[inline]
pub(crate) fn fold_letter(letter: u8) -> u8 {
    FOLDED[usize::from(letter)]
}

const FOLDED: [u8; 256] = {
    let mut folded = [0; 256];
    let mut letter: u8 = 0;
    loop {
        folded[letter as usize] = match letter {
            b'0' => b'o',
            b'1' | b'i' => b'l',
            b'3' => b'e',
            b'5' => b's',
            b'8' => b'b',
            b'4' => b'a',
            b'9' => b'g',
            b'2' => b'z',
            b'7' => b't',
            other => other,
        };
        if letter == u8::MAX {
            break folded;
        }
        letter += 1;
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_one_shape_are_folded_to_one() {
        assert_eq!(fold_look_alikes("qu1llw0rk"), fold_look_alikes("quillwork"));
        assert_eq!(fold_look_alikes("8eac0n"), fold_look_alikes("beacon"));
        assert_ne!(fold_look_alikes("beacon"), fold_look_alikes("deacon"));
    }
}
