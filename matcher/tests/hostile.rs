//! Texts that nobody would book and a broken file may hold: bounded work, and an answer all the same.

#![expect(clippy::unwrap_used, reason = "an integration test")]

use std::sync::Arc;

use matcher::{Dictionary, ExpenseTexts, Matcher, TEXT_BYTES_MAX};

fn matcher() -> Matcher {
    let apps = r#"{"id":"quillwork","name":"Quillwork","aliases":[],"domain":"quillwork.io","category":"design"}
{"id":"zoomer","name":"Zoomer","aliases":[],"domain":"zoomer.io","category":"video"}"#;
    Matcher::new(Arc::new(Dictionary::from_jsonl(apps).unwrap()))
}

#[test]
fn of_a_text_without_end_only_the_beginning_is_read() {
    let matcher = matcher();
    let mut scratch = matcher.scratch();
    let mut decide = |text: &str| {
        let texts = ExpenseTexts { vendor_description: text, ..ExpenseTexts::default() };
        matcher.decide(&texts, &mut scratch)
    };
    for piece in ["quillwork zoomer x7 ", "q", "Ä", "* ", "a1 "] {
        let endless = piece.repeat(1_000_000 / piece.len());
        let beginning = &endless[..endless.floor_char_boundary(TEXT_BYTES_MAX)];
        assert_eq!(decide(&endless), decide(beginning), "{piece}");
    }
    let late = format!("{} quillwork.io", "-".repeat(TEXT_BYTES_MAX));
    assert_eq!(decide(&late).app_id, None, "what comes too late is not seen");
}
