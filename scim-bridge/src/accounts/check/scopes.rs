//! What the granted scopes allow. Pure. Scopes that nobody can be given any more are no fault (trap 13), and a part of
//! the product of which nothing was granted is one that nobody asked for, unless somebody named it.

use super::{Finding, Plan};
use crate::accounts::scopes::Functionality;

/// A finding for each functionality.
pub(super) fn findings(plan: &Plan, granted: &[String]) -> Vec<Finding> {
    let judged = Functionality::ALL.into_iter();
    judged.map(|functionality| finding(functionality, plan, granted)).collect()
}

pub(super) fn check_name(functionality: Functionality) -> &'static str {
    match functionality {
        Functionality::Expenses => "scopes: expenses",
        Functionality::Users => "scopes: users",
        Functionality::Management => "scopes: management",
    }
}

fn finding(functionality: Functionality, plan: &Plan, granted: &[String]) -> Finding {
    let check = check_name(functionality);
    if !plan.wants(functionality) {
        return Finding::skipped(
            check,
            "not wanted of this connection, or not possible with one at user level",
        );
    }
    if granted.is_empty() {
        let fix = "the reads below tell what is open; for writing users compare the application's page with `scim-bridge account scopes`";
        return Finding::warning(check, "the token does not list its scopes", fix);
    }
    let holds = |name: &&str| granted.iter().any(|held| held == name);
    let needed = functionality.needed();
    let missing: Vec<&str> = needed.iter().copied().filter(|name| !holds(name)).collect();
    let assign = |names: &str| {
        format!(
            "ask SAP Concur to assign {names} to the application (names are case-sensitive); then check again"
        )
    };
    if missing.is_empty() {
        let without: Vec<_> = functionality.helpful().iter().filter(|(name, _)| !holds(name)).collect();
        let [(_, loss), ..] = without.as_slice() else {
            return Finding::ok(check, format!("all {} that are needed, and all that help", needed.len()));
        };
        let names: Vec<&str> = without.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        return Finding::warning(
            check,
            format!("{} needed, all granted; without {names}: {loss}", needed.len()),
            assign(&names),
        );
    }
    // What this functionality shares with another one tells nothing about whether it was wanted.
    let own = |name: &&str| {
        !Functionality::ALL.iter().any(|other| other < &functionality && other.needed().contains(name))
    };
    let nothing_granted = needed.iter().filter(|name| own(name)).all(|name| missing.contains(name));
    let names = missing.join(", ");
    if nothing_granted && !plan.named {
        let fix =
            format!("nothing to do if {} is not wanted; else {}", functionality.title(), assign(&names));
        return Finding::warning(check, "none of the scopes of its own is granted", fix);
    }
    Finding::failed(
        check,
        format!("{} of the {} that are needed are missing", missing.len(), needed.len()),
        assign(&names),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::check::Outcome;

    fn outcomes(granted: &[&str], plan: &Plan) -> Vec<Outcome> {
        let granted: Vec<String> = granted.iter().map(|&name| name.to_owned()).collect();
        findings(plan, &granted).into_iter().map(|finding| finding.outcome).collect()
    }

    #[test]
    fn scopes_that_nobody_can_be_given_any_more_are_not_missed() {
        let gone = ["GHOST", "FOP", "USER", "COMPANY", "user_read"];
        let all = Functionality::ALL.iter().flat_map(|functionality| functionality.requested());
        let granted: Vec<&str> = all.copied().filter(|name| !gone.contains(name)).collect();
        let plan = Plan { wanted: Functionality::ALL.to_vec(), named: true };
        assert_eq!(outcomes(&granted, &plan), [Outcome::Ok; 3]);
    }

    #[test]
    fn what_nobody_asked_for_is_not_missed_and_what_is_half_there_is() {
        use Outcome::{Failed, Skipped, Warning};
        let everything = Plan::everything(true);
        assert_eq!(outcomes(&["EXPRPT"], &everything), [Warning, Warning, Warning]);
        let named = Plan { named: true, ..everything.clone() };
        assert_eq!(outcomes(&["EXPRPT"], &named), [Warning, Failed, Failed]);
        let half = ["EXPRPT", "identity.user.core.read", "user.provision.write"];
        assert_eq!(outcomes(&half, &everything), [Warning, Failed, Failed]);
        assert_eq!(outcomes(&["user.read"], &everything), [Warning; 3]);
        assert_eq!(outcomes(&["EXPRPT"], &Plan::everything(false)), [Warning, Skipped, Skipped]);
        assert_eq!(outcomes(&[], &everything), [Warning; 3], "a token that lists nothing");
    }

    #[test]
    fn a_missing_scope_is_named_with_what_is_lost() {
        let granted = ["EXPRPT", "expense.report.read"].map(str::to_owned);
        let found = &findings(&Plan::everything(false), &granted)[0];
        assert_eq!(found.outcome, Outcome::Warning);
        assert!(found.found.contains("user.read") && found.found.contains("business purpose"), "{found:?}");
        assert!(found.fix.as_ref().unwrap().contains("user.read"), "{found:?}");
    }
}
