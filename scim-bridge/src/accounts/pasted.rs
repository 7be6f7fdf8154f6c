//! Ids as people paste them: with spaces, braces, quotes, a word before them. Not here: secrets, which are taken as
//! they are.

/// The id without what copying brought along: spaces, line ends, braces, brackets, quotes, a trailing comma.
pub fn clean_id(pasted: &str) -> String {
    let around = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '{' | '}'
                    | '('
                    | ')'
                    | '['
                    | ']'
                    | '<'
                    | '>'
                    | '"'
                    | '\''
                    | '`'
                    | ','
                    | ';'
                    | '\u{feff}'
                    | '\u{200b}'
            )
    };
    pasted.trim_matches(around).to_owned()
}

/// Whether it is a UUID of version 4, as Concur's client ids are. A reason to warn, not to refuse.
pub fn is_uuid_v4(id: &str) -> bool {
    id.len() == 36 && uuid::Uuid::try_parse(id).is_ok_and(|id| id.get_version_num() == 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_copying_brought_along_is_dropped() {
        let id = "5bb8f7f4-9f6a-4d9b-8a6a-2a1f0e6a1c11";
        for pasted in [
            id.to_owned(),
            format!("  {id}\r\n"),
            format!("{{{id}}}"),
            format!("\"{id}\","),
            format!("\u{feff}{id}\u{200b}"),
        ] {
            assert_eq!(clean_id(&pasted), id, "{pasted:?}");
        }
        assert_eq!(clean_id("not an id"), "not an id");
    }

    #[test]
    fn a_client_id_is_a_uuid_of_version_4() {
        assert!(is_uuid_v4("5bb8f7f4-9f6a-4d9b-8a6a-2a1f0e6a1c11"));
        for other in [
            "5bb8f7f4-9f6a-1d9b-8a6a-2a1f0e6a1c11",
            "5bb8f7f49f6a4d9b8a6a2a1f0e6a1c11",
            "urn:uuid:5bb8f7f4-9f6a-4d9b-8a6a-2a1f0e6a1c11",
            "my-app",
            "",
        ] {
            assert!(!is_uuid_v4(other), "{other}");
        }
    }
}
