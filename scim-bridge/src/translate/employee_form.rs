//! Pre-flight: what a company's employee form asks of a spend profile, checked before anything is sent (feature W10).
//!
//! Concur refuses a whole new profile for one missing field of the company's own. Then the profile is not sent, the person
//! is created without it, and the field is named; with the field, the next change sends it. What the form cannot hold of a
//! single field is left out and named. Fields that the form does not know are sent: employee groups may have forms of
//! their own, and the one that is read is the global group's.
//! Source: Concur page *Spend Form Fields v4.1*.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::{ConcurUser, SPEND};
use super::given::is_spend_member;
use super::user::leave_spend_out;
use super::values::is_custom_field;

/// A company's employee form.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmployeeForm {
    /// Its fields.
    pub fields: Vec<Field>,
}

/// A field of the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// As the spend profile spells it: `custom21`, `orgUnit1`, `ledgerCode`.
    pub id: String,
    /// What people see.
    pub label: String,
    /// Longest value in characters.
    pub max_length: Option<u32>,
    /// Must be filled.
    pub required: bool,
    /// Whether a value can be written.
    pub writable: bool,
}

/// What is sent of a wanted user.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fitted {
    /// What the form can hold.
    pub user: ConcurUser,
    /// Why the spend profile is not sent.
    pub withheld: Option<String>,
    /// Fields that are not sent, each with the reason.
    pub left_out: Vec<String>,
}

impl EmployeeForm {
    /// The form that Concur answered.
    pub fn from_concur(fields: &[concur::model::FormField]) -> Self {
        let field = |field: &concur::model::FormField| Field {
            id: lower_first(&field.name),
            label: field.label.clone().unwrap_or_default(),
            max_length: field.max_length.filter(|length| *length > 0),
            required: field.is_required,
            writable: field.access.as_deref().is_none_or(|access| access.eq_ignore_ascii_case("RW")),
        };
        Self { fields: fields.iter().map(field).collect() }
    }

    /// The company's own fields that a new spend profile must fill.
    pub fn required_custom(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.required && field.writable && is_custom_field(&field.id))
    }

    /// What can be sent of `wanted` for somebody who holds `held`.
    pub fn fit(&self, wanted: &ConcurUser, held: &ConcurUser) -> Fitted {
        let mut fitted = Fitted { user: wanted.clone(), ..Fitted::default() };
        if wanted.get(SPEND).is_none() {
            return fitted;
        }
        self.leave_fields_out(&mut fitted, held);
        if held.get(SPEND).is_some() {
            // Whatever is required was filled when the profile was made.
            return fitted;
        }
        let missing: Vec<String> =
            self.fields.iter().filter(|field| field.is_missing_in(&fitted.user)).map(Field::named).collect();
        if !missing.is_empty() {
            let reason = format!(
                "the company's employee form requires {}, and nothing gives it: have the provider send it, or set it in \
                 group_mappings or attribute_mappings",
                missing.join(", ")
            );
            leave_spend_out(&mut fitted.user);
            fitted.withheld = Some(reason);
        }
        fitted
    }

    /// Takes out single values that the form cannot hold; what Concur holds there stays.
    fn leave_fields_out(&self, fitted: &mut Fitted, held: &ConcurUser) {
        let path = format!("{SPEND}:customData");
        let Some(entries) = fitted.user.get(&path).and_then(Value::as_array).cloned() else { return };
        let entries_held = held.get(&path).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut kept = Vec::with_capacity(entries.len());
        for entry in entries {
            let field = self.fields.iter().find(|field| entry["id"] == field.id.as_str());
            let value = entry["value"].as_str().unwrap_or_default();
            match field.and_then(|field| field.refuses(value)) {
                None => kept.push(entry),
                Some(reason) => {
                    kept.extend(entries_held.iter().find(|there| there["id"] == entry["id"]).cloned());
                    fitted.left_out.push(reason);
                }
            }
        }
        if kept.is_empty() {
            fitted.user.remove(&path);
        } else {
            fitted.user.set(&path, Value::Array(kept));
        }
    }
}

impl Field {
    fn named(&self) -> String {
        if self.label.is_empty() { self.id.clone() } else { format!("{} ({})", self.id, self.label) }
    }

    fn is_missing_in(&self, user: &ConcurUser) -> bool {
        if !self.required || !self.writable {
            return false;
        }
        if is_custom_field(&self.id) {
            let entries = user.get(&format!("{SPEND}:customData")).and_then(Value::as_array);
            return !entries.into_iter().flatten().any(|entry| entry["id"] == self.id.as_str());
        }
        is_spend_member(&self.id) && user.get(&format!("{SPEND}:{}", self.id)).is_none()
    }

    fn refuses(&self, value: &str) -> Option<String> {
        if !self.writable {
            return Some(format!("{} cannot be written in the company's employee form", self.named()));
        }
        let max = self.max_length?;
        (value.chars().count() > max as usize)
            .then(|| format!("{} takes {max} characters at most", self.named()))
    }
}

/// Concur spells a form's fields with a capital, and the profile's members without.
fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::ROLE;
    use serde_json::json;

    fn form() -> EmployeeForm {
        let field = |id: &str, label: &str, max_length, required, writable| Field {
            id: id.to_owned(),
            label: label.to_owned(),
            max_length,
            required,
            writable,
        };
        EmployeeForm {
            fields: vec![
                field("orgUnit1", "Cost Center", Some(4), true, true),
                field("custom1", "Grade", Some(48), false, false),
                field("custom2", "", None, true, false),
                field("cashAdvanceAccountCode", "Cash Advance", None, true, true),
                field("firstName", "First Name", Some(32), true, true),
            ],
        }
    }

    fn wanted(spend: &Value) -> ConcurUser {
        ConcurUser::from_value(
            json!({"userName": "a@b.c", "entitlements": ["Expense", "Travel"], (SPEND): spend,
            (ROLE): {"roles": ["EXP_APPROVER"]}}),
        )
    }

    #[test]
    fn a_new_profile_without_a_required_field_is_withheld_with_what_needs_it() {
        let wanted = wanted(&json!({"country": "US"}));
        let fitted = form().fit(&wanted, &ConcurUser::default());
        let reason = fitted.withheld.unwrap();
        assert!(reason.contains("orgUnit1 (Cost Center), cashAdvanceAccountCode (Cash Advance)"), "{reason}");
        assert!(!reason.contains("firstName") && !reason.contains("custom2"), "{reason}");
        assert_eq!(fitted.user.to_value(), json!({"userName": "a@b.c", "entitlements": ["Travel"]}));
    }

    #[test]
    fn a_profile_that_is_there_is_changed_whatever_the_form_requires() {
        let wanted = wanted(&json!({"country": "US"}));
        let fitted = form().fit(&wanted, &ConcurUser::from_value(json!({(SPEND): {"country": "DE"}})));
        assert_eq!(fitted, Fitted { user: wanted, ..Fitted::default() });
    }

    #[test]
    fn a_value_that_the_form_cannot_hold_is_left_out_and_what_is_there_stays() {
        let held = json!({(SPEND): {"customData": [{"id": "custom1", "value": "old"}]}});
        let data = json!([{"id": "custom1", "value": "new"}, {"id": "orgUnit1", "value": "12345"},
            {"id": "custom9", "value": "a field of another form"}]);
        let fitted = form().fit(&wanted(&json!({"customData": data})), &ConcurUser::from_value(held));
        assert_eq!(
            fitted.user.get(&format!("{SPEND}:customData")),
            Some(
                &json!([{"id": "custom1", "value": "old"}, {"id": "custom9", "value": "a field of another form"}])
            )
        );
        assert_eq!(
            fitted.left_out,
            [
                "custom1 (Grade) cannot be written in the company's employee form",
                "orgUnit1 (Cost Center) takes 4 characters at most"
            ]
        );
    }

    #[test]
    fn who_has_everything_is_sent_as_wanted() {
        let spend = json!({"cashAdvanceAccountCode": "C", "customData": [{"id": "orgUnit1", "value": "1"}]});
        let fitted = form().fit(&wanted(&spend), &ConcurUser::default());
        assert_eq!(fitted, Fitted { user: wanted(&spend), ..Fitted::default() });
    }

    #[test]
    fn concurs_spelling_becomes_the_profiles() {
        let field = json!({"name": "OrgUnit1", "label": "Cost Center", "maxLength": 0, "isRequired": true, "access": "HD"});
        let form = EmployeeForm::from_concur(&[serde_json::from_value(field).unwrap()]);
        let expected = Field {
            id: "orgUnit1".to_owned(),
            label: "Cost Center".to_owned(),
            max_length: None,
            required: true,
            writable: false,
        };
        assert_eq!(form.fields, [expected]);
        let stored = serde_json::to_value(&form).unwrap();
        assert_eq!(serde_json::from_value::<EmployeeForm>(stored).unwrap(), form);
    }
}
