//! Spellings that become one, places that are kept, and laws that hold for any text.

use proptest::prelude::*;

use super::*;

#[test]
fn spellings_of_one_name_normalise_to_one() {
    let check = |source: &str, expected: &str| {
        assert_eq!(Normalized::of(source).phrase(), expected, "source {source:?}");
    };
    check("Quillwork, Inc.", "quillwork inc");
    check("  QUILLWORK  ", "quillwork");
    check("Ｑｕｉｌｌｗｏｒｋ", "quillwork");
    check("Quíllwörk", "quillwork");
    check("QuÃ\u{AD}llwÃ¶rk", "quillwork");
    check("Straße", "strasse");
    check("Lowe's", "lowes");
    check("Lowe’s", "lowes");
    check("l'abonnement", "l abonnement");
    check("Quillworkライセンス更新", "quillwork raisensu geng xin");
    check("ﬁgment", "figment");
    check("!!! ***", "");
    check("", "");
}

#[test]
fn the_gap_before_a_token_is_kept() {
    let gaps = |source: &str| Normalized::of(source).tokens.iter().map(|t| t.before).collect::<Vec<_>>();
    assert_eq!(gaps("PAYPAL *ACME"), [Gap::Start, Gap::Star]);
    assert_eq!(gaps("www.acme.io"), [Gap::Start, Gap::Dot, Gap::Dot]);
    assert_eq!(gaps("Acme Inc. #42"), [Gap::Start, Gap::Space, Gap::Hash]);
    assert_eq!(gaps("Acme更"), [Gap::Start, Gap::Script]);
}

#[test]
fn a_token_points_at_its_source() {
    let source = "für Quíllwörk™ Ｌｔｄ";
    let normalized = Normalized::of(source);
    let words: Vec<&str> =
        normalized.tokens.iter().map(|t| &source[t.source_start as usize..t.source_end as usize]).collect();
    assert_eq!(words, ["für", "Quíllwörk™", "Ｌｔｄ"]);
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing(source in ".{0,80}") {
        let once = Normalized::of(&source);
        let twice = Normalized::of(&once.phrase());
        prop_assert_eq!(once.phrase(), twice.phrase());
    }

    #[test]
    fn ascii_and_unicode_paths_agree(source in "[ -~]{0,80}") {
        let fast = Normalized::of(&source);
        // A soft hyphen changes nothing but sends the text down the other path.
        let slow = Normalized::of(&format!("{source}\u{AD}"));
        prop_assert_eq!(fast.phrase(), slow.phrase());
        prop_assert!(fast.tokens.iter().map(|t| (t.before, t.source_start, t.source_end)).eq(slow.tokens.iter().map(|t| (t.before, t.source_start, t.source_end))));
    }

    #[test]
    fn offsets_are_char_boundaries_in_order(source in ".{0,80}") {
        let normalized = Normalized::of(&source);
        let mut reached = 0;
        for token in &normalized.tokens {
            let (start, end) = (token.source_start as usize, token.source_end as usize);
            prop_assert!(start < end && source.is_char_boundary(start) && source.is_char_boundary(end));
            prop_assert!(start >= reached);
            reached = start;
            prop_assert!(normalized.text.is_char_boundary(token.start as usize));
        }
    }
}
