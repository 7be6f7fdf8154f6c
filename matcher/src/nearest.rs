//! The one name nearest to what somebody wrote, remembered: the same sellers are misspelt, and the same strangers
//! looked for, again and again.
//!
//! What is remembered is bounded, and depends on the words and the dictionary only.

use rustc_hash::FxHashMap;

use crate::blocking::{Blocking, Name, Proposals};
use crate::score::tokens::{Likeness, compare, edits_max, fold_look_alikes};

/// Answers that are remembered of each kind; then all are forgotten. About one megabyte each.
const ANSWERS_MAX: usize = 8_192;
/// Bytes of words whose answer is remembered; longer ones are no names.
const WORDS_BYTES_MAX: usize = 64;

/// How a name is spelled, and its index into `Aliases`.
type Near = (Likeness, usize);

/// Answers by the words they were given for.
#[derive(Debug)]
struct Remembered<A>(FxHashMap<Box<str>, A>);

impl<A> Default for Remembered<A> {
    fn default() -> Self {
        Remembered(FxHashMap::default())
    }
}

impl<A: Copy> Remembered<A> {
    fn get_or(&mut self, joined: &str, find: impl FnOnce(&str) -> A) -> A {
        if let Some(&answer) = self.0.get(joined) {
            return answer;
        }
        let answer = find(&fold_look_alikes(joined));
        if joined.len() <= WORDS_BYTES_MAX {
            if self.0.len() >= ANSWERS_MAX {
                self.0.clear();
            }
            self.0.insert(joined.into(), answer);
        }
        answer
    }
}

/// Looks for the nearest name, and remembers.
#[derive(Debug, Default)]
pub(crate) struct Nearest {
    answers: Remembered<Option<Near>>,
    cut: Remembered<Option<usize>>,
    memory: Proposals,
}

impl Nearest {
    /// Forgets everything, as another dictionary asks for.
    pub(crate) fn forget(&mut self) {
        *self = Nearest::default();
    }

    /// The name nearest to words run together, of those that blocking proposes; `None` when all are too far.
    pub(crate) fn to(&mut self, joined: &str, blocking: &Blocking) -> Option<Near> {
        let Nearest { answers, memory, .. } = self;
        answers.get_or(joined, |folded| find(folded, blocking, memory))
    }

    /// The name, as index into `Aliases`, that words run together are the beginning of.
    pub(crate) fn cut_to(&mut self, joined: &str, blocking: &Blocking) -> Option<usize> {
        // The beginning must belong to one name, and be most of it.
        let most = |folded: &str, name: &Name| folded.len() * 3 >= name.folded.len() * 2;
        self.cut.get_or(joined, |folded| {
            blocking.continuing(folded).iter().find(|name| most(folded, name)).map(|name| name.phrase)
        })
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
            assert_eq!(nearest.cut_to("quillwo", &blocking), aliases.find("quillwork"));
            assert_eq!(nearest.cut_to("quillworks", &blocking), None);
        }
        for n in 0..ANSWERS_MAX {
            nearest.to(&format!("stranger {n}"), &blocking);
            assert!(nearest.answers.0.len() <= ANSWERS_MAX);
        }
        assert_eq!(nearest.to("quilwork", &blocking), expected);
    }
}
