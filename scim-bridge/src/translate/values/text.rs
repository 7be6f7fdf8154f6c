//! Plain values: text with a length, booleans, identifiers with a fallback.

use serde_json::Value;

use super::{Outcome, Source};
use crate::accounts::EmployeeNumber;
use crate::translate::mapping::Row;

/// The text at the row's SCIM path, within the row's limit. Longer text is a misfit: truncating a name silently
/// would break matching it with the directory.
pub(in crate::translate) fn text(source: &Source<'_>, row: &Row) -> Outcome {
    source.text(row.scim).map_or(Outcome::Absent, |text| fitted(text, row))
}

/// The boolean at the row's SCIM path.
pub(in crate::translate) fn boolean(source: &Source<'_>, row: &Row) -> Outcome {
    source
        .resource
        .get(row.scim)
        .and_then(Value::as_bool)
        .map_or(Outcome::Absent, |flag| Outcome::Fits(flag.into()))
}

/// Whether the user may log in; a provider that says nothing means yes (RFC 7643 §4.1.1).
pub(in crate::translate) fn active(source: &Source<'_>, _: &Row) -> Outcome {
    Outcome::Fits(source.resource.is_active().into())
}

/// The provider's id of the user, where the account forwards it.
pub(in crate::translate) fn external_id(source: &Source<'_>, row: &Row) -> Outcome {
    if source.settings.forward_external_id { text(source, row) } else { Outcome::Absent }
}

/// The HR number with its leading zeros, or the account's fallback.
pub(in crate::translate) fn employee_number(source: &Source<'_>, row: &Row) -> Outcome {
    if source.text(row.scim).is_some() {
        return text(source, row);
    }
    let fallback = match source.settings.employee_number {
        EmployeeNumber::UserName => source.text("userName"),
        EmployeeNumber::ExternalId => source.text("externalId"),
        EmployeeNumber::None => None,
    };
    match fallback.map(|text| fitted(text, row)) {
        None => Outcome::Absent,
        Some(Outcome::Misfit(reason)) => Outcome::Misfit(format!("from the account's fallback {reason}")),
        Some(fits) => fits,
    }
}

/// Nothing yet: who the manager is in Concur is known only when the change is sent.
pub(in crate::translate) fn manager(_: &Source<'_>, _: &Row) -> Outcome {
    Outcome::Absent
}

fn fitted(text: &str, row: &Row) -> Outcome {
    let length = text.chars().count();
    match row.limit.chars() {
        Some(max) if length > max => {
            Outcome::Misfit(format!("has {length} characters and Concur takes at most {max}"))
        }
        _ => Outcome::Fits(text.into()),
    }
}
