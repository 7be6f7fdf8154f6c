//! The one name nearest to what somebody wrote, remembered: the same sellers are misspelt, and the same strangers
//! looked for, again and again.
//!
//! What is remembered is bounded, and depends on the words and the dictionary only.

use rustc_hash::FxHashMap;

use crate::blocking::{Blocking, Proposals};
use crate::score::tokens::{Likeness, compare, edits_max, fold_look_alikes};

/// Answers that are remembered; then all are forgotten. About one megabyte.
const ANSWERS_MAX: usize = 8_192;
/// Bytes of words whose answer is remembered; longer ones are no names.
const WORDS_BYTES_MAX: usize = 64;

/// How a name is spelled, and its index into `Aliases`.
type Near = (Likeness, usize);

/// Looks for the nearest name, and remembers.
#[derive(Debug, Default)]
pub(crate) struct Nearest {
    answers: FxHashMap<Box<str>, Option<Near>>,
    memory: Proposals,
}

impl Nearest {
    /// Forgets everything, as another dictionary asks for.
    pub(crate) fn forget(&mut self) {
        self.answers.clear();
    }

    /// The name nearest to words run together, of those that blocking proposes; `None` when all are too far.
    pub(crate) fn to(&mut self, joined: &str, blocking: &Blocking) -> Option<Near> {
        if let Some(&answer) = self.answers.get(joined) {
            return answer;
        }
        let answer = find(&fold_look_alikes(joined), blocking, &mut self.memory);
        if joined.len() <= WORDS_BYTES_MAX {
            if self.answers.len() >= ANSWERS_MAX {
                self.answers.clear();
            }
            self.answers.insert(joined.into(), answer);
        }
        answer
    }
}

fn find(folded: &str, blocking: &Blocking, memory: &mut Proposals) -> Option<Near> {
    let limit = edits_max(folded.len());
    if blocking.rules_out(folded, limit, |name| compare(folded, name, false).is_some()) {
        return None;
    }
    blocking
        .similar(folded, limit, memory)
        .filter_map(|(name, phrase)| compare(folded, name, false).map(|likeness| (likeness, phrase)))
        .min_by_key(|&(likeness, phrase)| (edits_of(likeness), phrase))
}

fn edits_of(likeness: Likeness) -> usize {
    if let Likeness::Misspelt(edits) = likeness { edits } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aliases::Aliases;
    use crate::dictionary::Dictionary;
    use crate::vocabulary::Vocabulary;

    #[test]
    fn an_answer_is_the_same_when_it_is_remembered_and_after_it_was_forgotten() {
        let dictionary = Dictionary::from_jsonl("{\"id\":\"quillwork\",\"name\":\"Quillwork\"}").unwrap();
        let aliases = Aliases::of(&dictionary, &Vocabulary::shipped());
        let blocking = Blocking::of(&aliases);
        let expected = Some((Likeness::Misspelt(1), aliases.find("quillwork").unwrap()));
        let mut nearest = Nearest::default();
        for _ in 0..2 {
            assert_eq!(nearest.to("quilwork", &blocking), expected);
            assert_eq!(nearest.to("zanderly", &blocking), None);
        }
        for n in 0..ANSWERS_MAX {
            nearest.to(&format!("stranger {n}"), &blocking);
            assert!(nearest.answers.len() <= ANSWERS_MAX);
        }
        assert_eq!(nearest.to("quilwork", &blocking), expected);
    }
}
