//! Words that are no misspellings: common words and names of persons, as they are spelled.
//!
//! `data/words.txt` says where they come from. They name nothing and mean nothing here; a seller whose name is one of
//! them is taken at its word, however near it is to the name of an app. The list is asked only about words that
//! something is near to, so a search in the text of the file is quick enough and needs no memory.

const SHIPPED: &str = include_str!("../data/words.txt");

/// Whether a word in lower case is in common use, in the singular or as it stands.
pub(crate) fn is_common(word: &str) -> bool {
    contains(word) || word.len() > 4 && word.strip_suffix('s').is_some_and(contains)
}

fn contains(word: &str) -> bool {
    let text = SHIPPED.as_bytes();
    let (mut low, mut high) = (0, text.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = text[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = text[middle..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| middle + at);
        match text[start..end].cmp(word.as_bytes()) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_list_is_found_and_none_other() {
        let words: Vec<&str> = SHIPPED.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(words.len() > 30_000 && words.is_sorted_by(|a, b| a < b));
        for word in &words {
            assert!(contains(word), "{word}");
        }
        for word in ["", "quillwork", "zzz", "informatica", "#", "aaaa"] {
            assert!(!contains(word), "{word}");
        }
        assert!(is_common("conferences") && !is_common("quillworks"));
    }
}
