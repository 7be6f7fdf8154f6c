//! Given and family name: Concur has no user without both, SCIM requires neither.
//!
//! Some providers send a whole name only (extensions for Keycloak), and the RFC allows a user name and nothing else.
//! What is not sent is read from the whole name, else from the login, with a remark in the status extension; a
//! person is never kept out for it. Source: Concur page *Identity v4.1*, `name`.

use super::{Outcome, Source};
use crate::translate::mapping::Row;

/// The given name, or the first word of the whole name.
pub(in crate::translate) fn given_name(source: &Source<'_>, row: &Row) -> Outcome {
    name(source, row, |whole| whole.split_whitespace().next().unwrap_or(whole))
}

/// The family name, or what follows the first word of the whole name.
pub(in crate::translate) fn family_name(source: &Source<'_>, row: &Row) -> Outcome {
    name(source, row, |whole| whole.split_once(char::is_whitespace).map_or(whole, |(_, rest)| rest.trim()))
}

fn name(source: &Source<'_>, row: &Row, part: fn(&str) -> &str) -> Outcome {
    let mut remarks = Vec::new();
    let text = if let Some(text) = source.text(row.scim) {
        text
    } else {
        let Some((from, whole)) = whole_name(source) else { return Outcome::Absent };
        remarks.push(format!("not sent, taken from {from}"));
        part(whole)
    };
    let most = row.limit.chars().unwrap_or(usize::MAX);
    let cut: String = text.chars().take(most).collect();
    if cut.len() < text.len() {
        remarks.push(format!("cut to the {most} characters that Concur holds"));
    }
    Outcome::with(cut.trim_end().into(), remarks)
}

/// The nearest thing to a name that was sent.
fn whole_name<'a>(source: &'a Source<'_>) -> Option<(&'static str, &'a str)> {
    let whole =
        ["name.formatted", "displayName"].into_iter().find_map(|path| Some((path, source.text(path)?)));
    whole.or_else(|| {
        let login = source.text("userName")?;
        Some(("userName", login.split('@').next().filter(|local| !local.is_empty()).unwrap_or(login)))
    })
}
