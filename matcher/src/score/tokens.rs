//! How alike two names are: equal, look-alike, misspelt, cut off, or glued to other words.
//!
//! The distance is optimal string alignment (insert, delete, substitute, swap neighbours), the errors that hands
//! and scanners make; `strsim` computes it. Guards keep ordinary words apart: the first letter must be right, and
//! the number of edits grows with the length.

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

/// Compares a folded query with a folded name of the dictionary.
pub(crate) fn compare(query: &str, folded_name: &str, name_as_is: bool) -> Option<Likeness> {
    if query == folded_name {
        return Some(if name_as_is { Likeness::Joined } else { Likeness::LookAlike });
    }
    if query.as_bytes().first() != folded_name.as_bytes().first() {
        return None;
    }
    // "Quillworks" and "Quillwork's" are other names as often as errors.
    if query.strip_suffix('s') == Some(folded_name) {
        return None;
    }
    let limit = edits_max(query.len().min(folded_name.len()));
    if query.len().abs_diff(folded_name.len()) > limit {
        return None;
    }
    let edits = strsim::osa_distance(query, folded_name);
    (edits <= limit).then_some(Likeness::Misspelt(edits))
}

/// Folds characters that scanners and people take for one another.
pub(crate) fn fold_look_alikes(text: &str) -> String {
    let fold = |c: char| match c {
        '0' => 'o',
        '1' | 'i' => 'l',
        '3' => 'e',
        '5' => 's',
        '8' => 'b',
        other => other,
    };
    // Every character keeps its length, so one allocation is enough.
    let mut folded = String::with_capacity(text.len());
    folded.extend(text.chars().map(fold));
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_alike_within_the_edits_their_length_allows() {
        let check = |query: &str, name: &str, expected: Option<Likeness>| {
            let (query_folded, name_folded) = (fold_look_alikes(query), fold_look_alikes(name));
            assert_eq!(compare(&query_folded, &name_folded, query == name), expected, "{query} / {name}");
        };
        check("quillwork", "quillwork", Some(Likeness::Joined));
        check("qu1llw0rk", "quillwork", Some(Likeness::LookAlike));
        check("quilwork", "quillwork", Some(Likeness::Misspelt(1)));
        check("qiullwokr", "quillwork", Some(Likeness::Misspelt(2)));
        check("auillwork", "quillwork", None);
        check("quartz", "quillwork", None);
        check("zend", "zand", None);
        check("quillworks", "quillwork", None);
    }
}
