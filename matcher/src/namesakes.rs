//! Whoever bears an app's name and is somebody else, as far as the dictionary's negative words tell.

use rustc_hash::FxHashMap;

use crate::dictionary::{Dictionary, EntryId};
use crate::normalize::Normalized;

/// The negative words of the apps that have some.
#[derive(Debug, Default)]
pub(crate) struct Namesakes {
    words: FxHashMap<EntryId, Vec<Normalized>>,
}

impl Namesakes {
    pub(crate) fn of(dictionary: &Dictionary) -> Namesakes {
        let with_some = dictionary.iter().filter(|(_, app)| !app.negative_words.is_empty());
        let words = with_some.map(|(entry, app)| {
            let words = app.negative_words.iter().map(|word| Normalized::of(word));
            // What has no letter says nothing; the linter tells of it.
            (entry, words.filter(|word| word.len() > 0).collect())
        });
        Namesakes { words: words.collect() }
    }

    /// The first of an app's negative words that stands in a text, token for token.
    pub(crate) fn told_by(&self, entry: EntryId, text: &Normalized) -> Option<&Normalized> {
        self.words.get(&entry)?.iter().find(|word| {
            let stands_at = |start: usize| (0..word.len()).all(|at| text.token(start + at) == word.token(at));
            (0..(text.len() + 1).saturating_sub(word.len())).any(stands_at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_tell() {
        let dictionary = Dictionary::from_jsonl(
            r#"{"id":"aldwin","name":"Aldwin","negative_words":["***","Bee Farm","orchard"]}"#,
        );
        let dictionary = dictionary.unwrap();
        let namesakes = Namesakes::of(&dictionary);
        let entry = dictionary.entry_id("aldwin").unwrap();
        let told_by = |text: &str| namesakes.told_by(entry, &Normalized::of(text)).map(Normalized::phrase);
        assert_eq!(told_by("ALDWIN BEE FARM 12").as_deref(), Some("bee farm"));
        assert_eq!(told_by("Aldwin Orchard").as_deref(), Some("orchard"));
        assert_eq!(told_by("Aldwin Orchards, Bees"), None);
        assert_eq!(told_by(""), None);
    }
}
