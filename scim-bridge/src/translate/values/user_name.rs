//! The login id: form `user@domain`, unique over all of SAP Concur, with a list of forbidden characters.
//!
//! Never repaired silently: a login that differs from what the provider believes locks a person out.
//! Source: Concur page *Identity v4.1*, `userName`.

use super::{Outcome, Source};
use crate::translate::mapping::Row;

/// Characters that Concur refuses in a user name. So there is no plus addressing, and O'Neil needs another login.
const FORBIDDEN: &str = "%[#!*&()~'{^}\\/?><,;:\"+=]|";

/// The trimmed user name, with the account's domain where it has none.
pub(in crate::translate) fn user_name(source: &Source<'_>, _: &Row) -> Outcome {
    let Some(text) = source.text("userName") else { return Outcome::Absent };
    if let Some(bad) = text.chars().find(|&c| FORBIDDEN.contains(c) || c.is_whitespace() || c.is_control()) {
        return Outcome::Misfit(format!("contains {bad:?}, which Concur does not allow in a login id"));
    }
    let name = match (text.contains('@'), &source.settings.login_domain) {
        (true, _) => text.to_owned(),
        (false, Some(domain)) => format!("{text}@{domain}"),
        (false, None) => {
            return Outcome::Misfit(
                "has no domain: Concur's login ids look like user@domain; send the address, or set login_domain \
                 for this account"
                    .to_owned(),
            );
        }
    };
    match name.split_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() && !domain.contains('@') => {
            Outcome::Fits(name.into())
        }
        _ => Outcome::Misfit("is not of the form user@domain".to_owned()),
    }
}
