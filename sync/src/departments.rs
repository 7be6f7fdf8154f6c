//! In which department people work, as far as Concur says so.

use std::collections::HashMap;

use serde_json::Value;
use store::people::InConcur;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Departments by folded login. People without one are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Departments(HashMap<String, String>);

impl Departments {
    pub(crate) fn of(people: Vec<InConcur>) -> Self {
        let department = |raw: &Value| {
            let text = raw.get(ENTERPRISE)?.get("department")?.as_str()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let known = |person: InConcur| Some((person.user_name.to_lowercase(), department(&person.raw)?));
        Self(people.into_iter().filter_map(known).collect())
    }

    /// The department of whoever has this login.
    pub(crate) fn get(&self, login: &str) -> Option<&str> {
        self.0.get(&login.to_lowercase()).map(String::as_str)
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Departments {
    fn from(known: [(&str, &str); N]) -> Self {
        Self(known.into_iter().map(|(login, name)| (login.to_owned(), name.to_owned())).collect())
    }
}
