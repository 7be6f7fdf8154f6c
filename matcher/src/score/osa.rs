//! The optimal string alignment distance, all rows of a column at once (Hyyrö, "A bit-vector algorithm for computing
//! Levenshtein and Damerau edit distances", Nordic Journal of Computing 10, 2003).
//!
//! One pattern is compared with many words. `strsim::osa_distance` is its referee in the tests, and computes what
//! does not fit into a machine word.

/// A word prepared for comparisons.
#[derive(Debug)]
pub(crate) struct Pattern {
    letters: Vec<u8>,
    /// By letter, where it stands.
    places: [u64; 256],
}

impl Default for Pattern {
    fn default() -> Self {
        Pattern { letters: Vec::new(), places: [0; 256] }
    }
}

impl Pattern {
    /// Prepares a word of ASCII letters and digits.
    pub(crate) fn assign(&mut self, word: &[u8]) {
        for &letter in &self.letters {
            self.places[usize::from(letter)] = 0;
        }
        self.letters.clear();
        self.letters.extend_from_slice(word);
        for (at, &letter) in word.iter().enumerate().take(64) {
            self.places[usize::from(letter)] |= 1 << at;
        }
    }

    /// Edits between the pattern and a word: insertions, deletions, substitutions, swaps of neighbours.
    pub(crate) fn distance(&self, word: &[u8]) -> usize {
        let length = self.letters.len();
        if length == 0 {
            return word.len();
        }
        if length > 64 {
            let text = |letters: &[u8]| letters.iter().map(|&b| char::from(b)).collect::<String>();
            return strsim::osa_distance(&text(&self.letters), &text(word));
        }
        let last = 1_u64 << (length - 1);
        let (mut up, mut down, mut same, mut before) = (u64::MAX, 0_u64, 0_u64, 0_u64);
        let mut distance = length;
        for &letter in word {
            let here = self.places[usize::from(letter)];
            let swapped = ((!same & here) << 1) & before;
            same = (((here & up).wrapping_add(up)) ^ up) | here | down | swapped;
            let rises = down | !(same | up);
            let falls = same & up;
            distance += usize::from(rises & last != 0);
            distance -= usize::from(falls & last != 0);
            let rises = rises << 1 | 1;
            up = falls << 1 | !(same | rises);
            down = rises & same;
            before = here;
        }
        distance
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_distance_is_that_of_strsim(a in "[a-d]{0,70}", b in "[a-d]{0,70}", c in "[a-d]{0,9}", d in "[a-d]{0,9}") {
            let mut pattern = Pattern::default();
            for (a, b) in [(&a, &b), (&c, &d), (&a, &d)] {
                pattern.assign(a.as_bytes());
                prop_assert_eq!(pattern.distance(b.as_bytes()), strsim::osa_distance(a, b));
            }
        }
    }
}
