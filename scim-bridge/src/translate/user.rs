//! A SCIM user through the mapping table.
//!
//! Refuses only what would leave a person without a Concur user; everything else is left out with a warning that
//! stands in the status extension (design: an optional value never blocks a person).

use scim::Error;
use serde_json::{Value, json};

use super::document::{ConcurUser, ROLE, SPEND};
use super::given::Given;
use super::mapping::{MANAGER, Need, Row, TABLE};
use super::overrides;
use super::values::{Outcome, Source};
use crate::accounts::AccountSettings;

/// A SCIM user in Concur's form.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Translated {
    /// What Concur shall hold; without company id and manager.
    pub user: ConcurUser,
    /// The SCIM id of the manager.
    pub manager: Option<String>,
    /// What was left out or changed, each naming its attribute.
    pub warnings: Vec<String>,
}

/// Products that do not work without a spend profile.
const NEED_SPEND: &[&str] = &["Expense", "Request", "Invoice"];

/// Translates a SCIM user, who has what the groups give.
///
/// # Errors
/// 400 `invalidValue` naming the attribute, where Concur requires one and what was sent cannot be made valid.
pub fn user(
    resource: &scim::Resource,
    settings: &AccountSettings,
    given: &Given,
) -> Result<Translated, Error> {
    let mapped = overrides::apply(resource, &settings.attribute_mappings);
    let complete = given.complete(&mapped);
    let source = Source { resource: &complete, settings, given };
    let mut translated = Translated { manager: manager_of(resource), ..Translated::default() };
    let mut no_spend: Option<String> = (!settings.spend).then(String::new);
    for row in TABLE {
        if row.concur.starts_with(SPEND) && no_spend.is_some() {
            continue;
        }
        let leftover = source.resource.get(row.scim).and_then(overrides::leftover);
        let outcome = match leftover {
            Some(text) => Outcome::Misfit(format!("is {text:.64}, a template that was not filled in")),
            None => (row.transform)(&source, row),
        };
        match outcome {
            Outcome::Fits(value) => translated.user.set(row.concur, value),
            Outcome::Nearest(value, remarks) => {
                translated.user.set(row.concur, value);
                translated.warnings.extend(remarks.iter().map(|remark| format!("{}: {remark}", row.scim)));
            }
            Outcome::Absent if row.need == Need::Required => return Err(missing(row)),
            Outcome::Misfit(reason) if row.need == Need::Required => {
                return Err(Error::invalid_value(format!("{} {reason}", row.scim)));
            }
            Outcome::Absent if row.need == Need::RequiredForSpend => no_spend = Some("is missing".to_owned()),
            Outcome::Misfit(reason) if row.need == Need::RequiredForSpend => {
                no_spend = Some(format!("{}: {reason}", row.scim));
            }
            Outcome::Absent => {}
            Outcome::Misfit(reason) => {
                translated.warnings.push(format!("{}: left out, {reason}", row.scim));
            }
        }
    }
    if let Some(reason) = no_spend {
        let lost = leave_spend_out(&mut translated.user);
        if !reason.is_empty() {
            translated.warnings.push(format!("the spend profile is left out, {reason}"));
        }
        translated.warnings.extend(lost);
    }
    Ok(translated)
}

/// Without a spend profile no product that needs one: an entitlement without function would look like access. And no
/// role: Concur keeps them with the spend user. Answers what else is lost with it.
pub(super) fn leave_spend_out(user: &mut ConcurUser) -> Vec<String> {
    let mut also_lost = Vec::new();
    user.remove(SPEND);
    if user.remove(ROLE).is_some() {
        also_lost.push("roles: left out for want of a spend profile".to_owned());
    }
    let products = user.get("entitlements").and_then(Value::as_array).cloned().unwrap_or_default();
    let (lost, kept): (Vec<Value>, Vec<Value>) =
        products.into_iter().partition(|product| NEED_SPEND.iter().any(|name| product == name));
    if lost.is_empty() {
        return also_lost;
    }
    let names: Vec<&str> = lost.iter().filter_map(Value::as_str).collect();
    also_lost.push(format!("entitlements: {} left out for want of a spend profile", names.join(", ")));
    if kept.is_empty() {
        user.remove("entitlements");
    } else {
        user.set("entitlements", json!(kept));
    }
    also_lost
}

fn manager_of(resource: &scim::Resource) -> Option<String> {
    let value = resource.get(&format!("{MANAGER}.value")).or_else(|| resource.get(MANAGER))?;
    value.as_str().map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned)
}

fn missing(row: &Row) -> Error {
    Error::invalid_value(format!("{} is required: Concur creates no user without it", row.scim))
}
