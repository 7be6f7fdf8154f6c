//! What the company's employee form requires, and what to do about it. Pure; the reading is `run`'s.
//! Source: page *Spend Form Fields v4.1*.

use concur::Error;

use super::Finding;
use crate::translate::EmployeeForm;

/// The check's name.
pub(super) const CHECK: &str = "employee form";

/// What the form says of new spend profiles.
pub(super) fn finding(form: Result<EmployeeForm, Error>) -> Finding {
    let form = match form {
        Ok(form) => form,
        Err(error) => {
            let found = format!("not read ({error}); spend profiles are sent without a check");
            let fix = "ask SAP Concur to assign spend.user.general.read to the application";
            return Finding::warning(CHECK, found, fix);
        }
    };
    let required: Vec<String> =
        form.required_custom().map(|field| format!("{} ({})", field.id, field.label)).collect();
    if required.is_empty() {
        return Finding::ok(CHECK, "no field of the company's own is required");
    }
    let found = format!("a new spend profile must have {}", required.join(", "));
    let fix = "have the identity provider send them in customData of the spend extension, or set them for groups in \
               group_mappings; without them a person is created without a spend profile";
    Finding::warning(CHECK, found, fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::check::Outcome;
    use serde_json::json;

    #[test]
    fn what_a_company_requires_is_named_with_what_to_do() {
        let form = |required: bool, access: &str| {
            let field =
                json!({"name": "OrgUnit1", "label": "Cost Center", "isRequired": required, "access": access});
            finding(Ok(EmployeeForm::from_concur(&[serde_json::from_value(field).unwrap()])))
        };
        let found = form(true, "RW");
        assert_eq!(found.outcome, Outcome::Warning);
        assert!(found.found.contains("orgUnit1 (Cost Center)") && found.fix.is_some(), "{found:?}");
        assert_eq!(form(false, "RW").outcome, Outcome::Ok);
        assert_eq!(form(true, "HD").outcome, Outcome::Ok, "nobody could fill it");
    }
}
