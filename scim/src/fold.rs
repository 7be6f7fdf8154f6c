//! The form in which text without `caseExact` is compared.
//!
//! One form for everything: the uniqueness of `userName`, the filter that must find the user behind a 409, and every
//! other comparison without regard to case. Stored text is never rewritten.

use unicode_normalization::UnicodeNormalization;

/// The comparison form of a `userName`: PRECIS `UsernameCaseMapped` (RFC 8265 §3.3.1) as far as equality needs it:
/// full-width forms narrowed, letters in lower case, NFC. It refuses nothing.
pub fn fold_user_name(user_name: &str) -> String {
    fold(user_name)
}

/// The comparison form of any text that is not `caseExact`.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Letter by letter: `str::to_lowercase` picks a final sigma by context, and "ΟΔΟΣ" would then differ from "οδοσ".
    text.nfc().flat_map(narrow).flat_map(char::to_lowercase).nfc().collect()
}

/// Two texts in comparison form, without allocating where both are ASCII.
pub(crate) fn folded_eq(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() { a.eq_ignore_ascii_case(b) } else { fold(a) == fold(b) }
}

/// RFC 8265 §3.3.1 rule 1: full-width and half-width characters become their ordinary form.
fn narrow(c: char) -> impl Iterator<Item = char> {
    let wide = matches!(c, '\u{FF00}'..='\u{FFEF}');
    let (narrowed, kept) = if wide { (Some(c), None) } else { (None, Some(c)) };
    narrowed.into_iter().nfkc().chain(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &str, b: &str) {
        assert_eq!(fold_user_name(a), fold_user_name(b), "{a:?} and {b:?}");
        assert!(folded_eq(a, b));
    }

    #[test]
    fn letter_case_composition_and_width_do_not_matter() {
        check("Ada@Example.com", "ADA@EXAMPLE.COM");
        check("J\u{f6}rg", "JO\u{308}RG");
        check("\u{ff41}da", "ADA");
        check("\u{3a3}\u{3a3}", "\u{3c3}\u{3c2}".replace('\u{3c2}', "\u{3c3}").as_str());
    }

    #[test]
    fn different_letters_stay_different() {
        assert_ne!(fold_user_name("jorg"), fold_user_name("j\u{f6}rg"));
        assert!(!folded_eq("a", "b"));
    }

    proptest::proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,12}") {
            let once = fold_user_name(&text);
            proptest::prop_assert_eq!(fold_user_name(&once), once);
        }
    }
}
