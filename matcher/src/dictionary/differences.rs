//! How two dictionaries differ, a line for each difference.

use std::collections::BTreeSet;

use super::{App, Dictionary, Role};

impl Dictionary {
    /// How another dictionary differs from this one, a line each.
    pub fn differences(&self, other: &Dictionary) -> Vec<String> {
        let ids: BTreeSet<&str> = self.iter().chain(other.iter()).map(|(_, app)| app.id.as_str()).collect();
        let mut lines = Vec::new();
        for id in ids {
            match (self.app(id), other.app(id)) {
                (Some(_), None) => lines.push(format!("- {id}")),
                (None, Some(app)) => lines.push(format!("+ {id} ({})", app.name)),
                (Some(before), Some(after)) => lines.extend(changes(before, after)),
                (None, None) => {}
            }
        }
        lines
    }
}

fn changes(before: &App, after: &App) -> Vec<String> {
    let id = &before.id;
    let mut lines = Vec::new();
    let mut text = |what: &str, from: Option<&str>, to: Option<&str>| {
        if from != to {
            lines.push(format!("~ {id}: {what} {} -> {}", from.unwrap_or("none"), to.unwrap_or("none")));
        }
    };
    text("name", Some(&before.name), Some(&after.name));
    text("domain", before.domain.as_deref(), after.domain.as_deref());
    text("category", before.category.as_deref(), after.category.as_deref());
    text("parent", before.parent.as_deref(), after.parent.as_deref());
    let flag = |app: &App| if app.ambiguous { "yes" } else { "no" };
    text("ambiguous", Some(flag(before)), Some(flag(after)));
    let role = |app: &App| match app.role {
        Role::App => "app",
        Role::Processor => "processor",
        Role::Reseller => "reseller",
    };
    text("role", Some(role(before)), Some(role(after)));
    for (what, from, to) in [
        ("", &before.aliases, &after.aliases),
        ("ambiguous ", &before.ambiguous_aliases, &after.ambiguous_aliases),
        ("negative word ", &before.negative_words, &after.negative_words),
    ] {
        let gone = from.iter().filter(|text| !to.contains(text));
        lines.extend(gone.map(|text| format!("~ {id}: without {what}{text:?}")));
        for new in to.iter().filter(|text| !from.contains(text)) {
            let source = after.alias_sources.get(new).filter(|_| what.is_empty());
            let source = source.map_or_else(String::new, |source| format!(" (from {source})"));
            lines.push(format!("~ {id}: with {what}{new:?}{source}"));
        }
    }
    lines
}
