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
