//! Broken dictionaries: every message names the line, the reason and the way out.

#![expect(clippy::unwrap_used, reason = "an integration test")]

use matcher::{Dictionary, limits};

fn check(text: &str, line: usize, words: &[&str]) {
    let error = Dictionary::from_jsonl(text).unwrap_err();
    assert_eq!(error.line, line, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{word:?} is not in: {error}");
    }
}

#[test]
fn a_broken_line_is_named_with_reason_and_remedy() {
    check("{\"id\":\"a\",\"name\":\"Aldwin\"}\nnot json", 2, &["line 2", "expected", "column 2"]);
    check("\n\n{\"id\":\"a\"}", 3, &["missing field `name`"]);
    check("{\"id\":\"a\",\"name\":\"Aldwin\",\"alias\":[]}", 1, &["unknown field `alias`"]);
    check("{\"id\":\"a\",\"name\":\"Aldwin\",\"role\":\"bank\"}", 1, &["unknown variant `bank`"]);
    check("{\"id\":\"\",\"name\":\"Aldwin\"}", 1, &["empty id", "give it a value"]);
    check("{\"id\":\"a\",\"name\":\" \"}", 1, &["empty name"]);
    check("{\"id\":\"a\",\"name\":\"Aldwin\",\"aliases\":[\"\"]}", 1, &["empty alias"]);
    check("{\"id\":\"a\",\"name\":\"Aldwin\",\"parent\":\"b\"}", 1, &["parent \"b\"", "add it"]);
}

#[test]
fn an_id_used_twice_names_both_lines() {
    check(
        "{\"id\":\"b\",\"name\":\"Brindle\"}\n{\"id\":\"a\",\"name\":\"Aldwin\"}\n{\"id\":\"b\",\"name\":\"Brin\"}",
        3,
        &["already used on line 1", "merge"],
    );
}

#[test]
fn limits_hold_at_the_limit_and_one_past_it() {
    let with_aliases = |count: usize| {
        let aliases: Vec<String> = (0..count).map(|i| format!("\"alias {i}\"")).collect();
        format!("{{\"id\":\"a\",\"name\":\"Aldwin\",\"aliases\":[{}]}}", aliases.join(","))
    };
    assert!(Dictionary::from_jsonl(&with_aliases(limits::ALIASES_MAX)).is_ok());
    check(&with_aliases(limits::ALIASES_MAX + 1), 1, &["257 aliases", "split the app"]);

    let with_name = |length: usize| format!("{{\"id\":\"a\",\"name\":\"{}\"}}", "n".repeat(length));
    assert!(Dictionary::from_jsonl(&with_name(limits::ALIAS_BYTES_MAX)).is_ok());
    check(&with_name(limits::ALIAS_BYTES_MAX + 1), 1, &["name of 257 bytes", "shorten"]);

    let with_negative_words = |count: usize| {
        let words: Vec<String> = (0..count).map(|i| format!("\"word {i}\"")).collect();
        format!("{{\"id\":\"a\",\"name\":\"Aldwin\",\"negative_words\":[{}]}}", words.join(","))
    };
    assert!(Dictionary::from_jsonl(&with_negative_words(limits::NEGATIVE_WORDS_MAX)).is_ok());
    check(&with_negative_words(limits::NEGATIVE_WORDS_MAX + 1), 1, &["65 negative words", "keep those"]);

    check(&with_name(limits::LINE_BYTES_MAX), 1, &["more than 65536", "one app a line"]);
}

#[test]
fn a_long_file_is_read_by_several_threads_and_its_lines_are_still_its_lines() {
    let line =
        |n: usize| format!("{{\"id\":\"a{n:06}\",\"name\":\"Äldwin {n} of the long, long street\"}}\n");
    let mut text: String = (1..=80_000).map(line).collect();
    assert!(text.len() > 4 * 1024 * 1024, "long enough for several: {}", text.len());
    let dictionary = Dictionary::from_jsonl(&text).unwrap();
    assert_eq!(dictionary.len(), 80_000);
    assert_eq!(dictionary.app("a079999").unwrap().name, "Äldwin 79999 of the long, long street");
    text.push_str("\n{\"id\":\"b\"}\nnot json\n");
    check(&text, 80_002, &["missing field `name`"]);
    let early = format!("not json\n{text}");
    check(&early, 1, &["line 1"]);
}

#[test]
fn the_version_is_that_of_the_content_and_not_of_the_layout() {
    let version = |text: &str| Dictionary::from_jsonl(text).unwrap().version().to_owned();
    let plain = version("{\"id\":\"a\",\"name\":\"Aldwin\"}\n{\"id\":\"b\",\"name\":\"Brindle\"}");
    assert_eq!(
        plain,
        version(
            "{ \"name\":\"Brindle\", \"id\":\"b\" }\n\n{\"id\":\"a\",\"name\":\"Aldwin\",\"aliases\":[]}\n"
        )
    );
    assert_ne!(plain, version("{\"id\":\"a\",\"name\":\"Aldwin\"}\n{\"id\":\"b\",\"name\":\"Brindles\"}"));
}

#[test]
fn entries_are_found_by_id_and_by_number() {
    let dictionary = Dictionary::from_jsonl(
        "{\"id\":\"b\",\"name\":\"Brindle\",\"category\":\"crm\"}\n{\"id\":\"a\",\"name\":\"Aldwin\"}",
    )
    .unwrap();
    assert_eq!(dictionary.len(), 2);
    assert_eq!(dictionary.app("b").unwrap().category.as_deref(), Some("crm"));
    assert!(dictionary.app("c").is_none());
    let entry = dictionary.entry_id("a").unwrap();
    assert_eq!(dictionary.get(entry).name, "Aldwin");
    assert_eq!(dictionary.iter().map(|(_, app)| app.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}
