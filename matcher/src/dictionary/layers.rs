//! Dictionaries laid over one another: the shipped one, packs, one's own.

use std::collections::BTreeMap;

use super::{App, Dictionary, Role};

impl Dictionary {
    /// Lays dictionaries over one another, the first at the bottom. An app of a later layer that is in an earlier one
    /// adds its aliases and negative words and replaces what else it says; all that it does not say stays. An alias stays the
    /// one of the layer that it comes from.
    pub fn layered(layers: impl IntoIterator<Item = Dictionary>) -> Vec<App> {
        let mut apps: BTreeMap<String, App> = BTreeMap::new();
        for layer in layers {
            for (_, above) in layer.iter() {
                match apps.get_mut(&above.id) {
                    Some(below) => lay_over(below, above),
                    None => drop(apps.insert(above.id.clone(), above.clone())),
                }
            }
        }
        apps.into_values().collect()
    }
}

/// The source of an alias whose own layer names none, beside one that does.
const UNKNOWN: &str = "unknown";

fn lay_over(below: &mut App, above: &App) {
    below.alias_sources = alias_sources(below, above);
    for (kept, more) in [
        (&mut below.aliases, &above.aliases),
        (&mut below.ambiguous_aliases, &above.ambiguous_aliases),
        (&mut below.negative_words, &above.negative_words),
    ] {
        for text in more {
            if !kept.contains(text) {
                kept.push(text.clone());
            }
        }
    }
    below.name.clone_from(&above.name);
    // A layer that only adds an alias does not repeat the role.
    if above.role != Role::App {
        below.role = above.role;
    }
    below.ambiguous |= above.ambiguous;
    for (kept, said) in [
        (&mut below.domain, &above.domain),
        (&mut below.category, &above.category),
        (&mut below.parent, &above.parent),
        (&mut below.ambiguity_note, &above.ambiguity_note),
        (&mut below.source, &above.source),
        (&mut below.licence, &above.licence),
    ] {
        if said.is_some() {
            kept.clone_from(said);
        }
    }
}

/// Where the aliases of both come from, as far as it is not the source that the two have as one: who had an alias first
/// brought it, unless the later layer says otherwise of that alias.
fn alias_sources(below: &App, above: &App) -> BTreeMap<String, String> {
    let of_both = above.source.as_deref().or(below.source.as_deref());
    let mut sources = BTreeMap::new();
    for alias in below.aliases.iter().chain(&above.aliases) {
        let first = if below.aliases.contains(alias) { below } else { above };
        let source = above.alias_sources.get(alias).map(String::as_str).or_else(|| first.source_of(alias));
        if source != of_both {
            sources.insert(alias.clone(), source.unwrap_or(UNKNOWN).to_owned());
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Dictionary {
        Dictionary::from_jsonl(text).unwrap()
    }

    #[test]
    fn a_layer_adds_and_replaces_and_the_difference_says_so() {
        let below = read(
            "{\"id\":\"q\",\"name\":\"Quillwork\",\"aliases\":[\"Quill\"],\"domain\":\"quillwork.io\"}\n{\"id\":\"z\",\"name\":\"Zanderly\"}",
        );
        let above = read(
            "{\"id\":\"q\",\"name\":\"Quillwork 2\",\"aliases\":[\"QW Labs\"]}\n{\"id\":\"n\",\"name\":\"Newly\"}",
        );
        let apps = Dictionary::layered([below.clone(), above]);
        assert_eq!(apps.iter().map(|app| app.id.as_str()).collect::<Vec<_>>(), ["n", "q", "z"]);
        assert_eq!(apps[1].aliases, ["Quill", "QW Labs"]);
        assert_eq!(apps[1].domain.as_deref(), Some("quillwork.io"));
        let text: String = apps.iter().map(|app| serde_json::to_string(app).unwrap() + "\n").collect();
        let lines = below.differences(&read(&text));
        assert_eq!(lines, ["+ n (Newly)", "~ q: name Quillwork -> Quillwork 2", "~ q: with \"QW Labs\""]);
        assert_eq!(read(&text).differences(&below).first().map(String::as_str), Some("- n"));
        assert!(below.differences(&below).is_empty());
    }

    #[test]
    fn an_alias_stays_its_layers_and_a_role_that_is_not_said_stays() {
        let shipped = read(
            r#"{"id":"q","name":"Quillwork","aliases":["Quill"],"negative_words":["ink"],"role":"reseller","source":"shipped"}"#,
        );
        let pack = read(
            r#"{"id":"q","name":"Quillwork","aliases":["Quill","QW Labs"],"alias_sources":{"QW Labs":"a letter"},"source":"pack"}"#,
        );
        let own = read(
            r#"{"id":"q","name":"Quillwork","aliases":["QW 4402"],"negative_words":["ink","feathers"],"source":"own"}"#,
        );
        let apps = Dictionary::layered([shipped.clone(), pack, own]);
        let [app] = apps.as_slice() else { panic!("{apps:?}") };
        let sources: Vec<_> =
            app.aliases.iter().map(|alias| (alias.as_str(), app.source_of(alias))).collect();
        assert_eq!(
            sources,
            [("Quill", Some("shipped")), ("QW Labs", Some("a letter")), ("QW 4402", Some("own"))]
        );
        assert_eq!(app.alias_sources.len(), 2, "what is the app's own is not repeated");
        let silent = read(r#"{"id":"q","name":"Quillwork","aliases":["Quill"]}"#);
        let said = read(r#"{"id":"q","name":"Quillwork","aliases":["QW"],"source":"own"}"#);
        let apps = Dictionary::layered([silent, said]);
        assert_eq!(apps[0].source_of("Quill"), Some("unknown"), "it is not the other layer's");
        assert_eq!(app.negative_words, ["ink", "feathers"]);
        assert_eq!(app.role, Role::Reseller);
        let lines = shipped.differences(&read(&serde_json::to_string(app).unwrap()));
        assert!(lines.contains(&"~ q: with \"QW Labs\" (from a letter)".to_owned()), "{lines:?}");
        assert!(lines.contains(&"~ q: with negative word \"feathers\"".to_owned()), "{lines:?}");
    }
}
