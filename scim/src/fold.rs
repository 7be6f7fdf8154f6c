//! The form in which text without `caseExact` is compared.
//!
//! One form for everything: the uniqueness of `userName`, the filter that must find the user behind a 409, and every
//! other comparison without regard to case. Stored text is never rewritten.

use unicode_normalization::UnicodeNormalization;

/// The comparison form of a `userName`: PRECIS `UsernameCaseMapped` (RFC 8265 §3.3) as far as equality needs it:
/// full-width forms narrowed, letters in lower case, NFC.
///
/// It refuses nothing. The profile itself has no place for a space, which login names of old directories contain, and
/// a person shall not be kept out by it; what must not be in a name, control characters, is refused when a resource
/// is read. Names that are equal by the profile have one form here, and that is tested against the published crate.
pub fn fold_user_name(user_name: &str) -> String {
    fold(user_name)
}

/// The comparison form of any text that is not `caseExact`.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Letter by letter, and the final sigma as any other: `str::to_lowercase` picks it by context, and then the form
    // of a part of a text would not be a part of the form of the text, which `co`, `sw` and `ew` need.
    let lower = text.nfc().flat_map(narrow).flat_map(char::to_lowercase);
    lower.map(|c| if c == '\u{3c2}' { '\u{3c3}' } else { c }).nfc().collect()
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
        check("\u{39f}\u{394}\u{39f}\u{3a3}", "\u{3bf}\u{3b4}\u{3bf}\u{3c2}");
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

        #[test]
        fn names_that_precis_calls_equal_have_one_form(
            name in "[\\p{Greek}\\p{Latin}\\p{Cyrillic}\\p{Hangul}\\p{Katakana}\u{ff00}-\u{ffef}\u{300}-\u{30f}0-9.@]{1,8}",
        ) {
            use precis_profiles::{UsernameCaseMapped, precis_core::profile::PrecisFastInvocation as _};
            if let Ok(prepared) = UsernameCaseMapped::enforce(name.as_str()) {
                proptest::prop_assert_eq!(fold_user_name(&prepared), fold_user_name(&name));
            }
        }
    }
}
