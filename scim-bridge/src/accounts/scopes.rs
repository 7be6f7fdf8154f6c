//! The scope planner: which scopes each part of the product asks for, really needs, was granted and has used.
//!
//! Pure. What a scope opens is `concur::scope`'s; which endpoint takes which scopes is `concur::api::endpoint_scopes`'.
//! Source: SAP Concur's set-up guide for this kind of integration (the requested sets, verbatim), and our own calls
//! (the needed ones).

use std::collections::BTreeSet;

use concur::api::endpoint_scopes;
use concur::scope::{self, Standing};
use serde::Serialize;
use store::concur_calls::Calls;
use utoipa::ToSchema;

/// A part of the product with scopes of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Functionality {
    /// Expense reports and their lines.
    Expenses,
    /// Reading users.
    Users,
    /// Creating, changing and deactivating users.
    Management,
}

/// How much a scope matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ScopeNeed)]
pub enum Need {
    /// It does not work without.
    Needed,
    /// It works, with a loss.
    Helps,
    /// Nothing of ours calls what it opens.
    Unneeded,
    /// It opens nothing any more, and no new application is given it.
    Gone,
}

impl Functionality {
    /// All, in the order in which they build on one another.
    pub const ALL: [Self; 3] = [Self::Expenses, Self::Users, Self::Management];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Expenses => "expenses",
            Self::Users => "users",
            Self::Management => "management",
        }
    }

    /// The functionality of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|functionality| functionality.name() == name)
    }

    /// The heading in Concur's set-up guide.
    pub fn title(self) -> &'static str {
        match self {
            Self::Expenses => "expense and transaction data sync",
            Self::Users => "user data sync",
            Self::Management => "user management",
        }
    }

    /// The scopes that set-up guides ask for, verbatim and in their order.
    pub fn requested(self) -> &'static [&'static str] {
        match self {
            Self::Expenses => &[
                "receipts.read",
                "user.read",
                "company.read",
                "creditcardaccount.read",
                "expense.report.read",
                "purchaserequest.read",
                "user_read",
                "EXPRPT",
                "CCARD",
                "BANK",
                "EXTRCT",
                "FOP",
                "GHOST",
                "INVPMT",
                "INVVEN",
                "USER",
                "COMPANY",
            ],
            Self::Users => &[
                "identity.user.core.read",
                "identity.user.coresensitive.read",
                "identity.user.enterprise.read",
                "identity.user.ids.read",
                "spend.user.general.read",
            ],
            Self::Management => &[
                "user.provision.write",
                "user.provision.read",
                "identity.user.core.read",
                "identity.user.coresensitive.read",
                "identity.user.enterprise.read",
                "identity.user.ids.read",
                "identity.user.coreenterprise.writeonly",
                "identity.user.externalID.writeonly",
                "identity.user.emails.verified.writeonly",
                "travel.user.general.read",
                "travel.user.private.read",
                "spend.user.general.read",
                "spend.user.general.writeonly",
            ],
        }
    }

    /// The endpoints without which it does not work.
    fn endpoints(self) -> &'static [&'static str] {
        match self {
            Self::Expenses => &["expenses.reports", "expenses.entries", "expenses.itemizations"],
            Self::Users => &["identity.list"],
            Self::Management => &[
                "provisioning.create",
                "provisioning.patch",
                "provisioning.bulk",
                "provisioning.status",
                "identity.get",
                "identity.find",
                "identity.search",
                "spend.get",
            ],
        }
    }

    /// Scopes that are attributes' own, which no endpoint is closed without.
    fn needed_by_attributes(self) -> &'static [&'static str] {
        match self {
            Self::Expenses | Self::Users => &[],
            Self::Management => &["spend.user.general.writeonly"],
        }
    }

    /// Scopes it can do without, and what is lost then.
    pub fn helpful(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Expenses => &[
                (
                    "expense.report.read",
                    "expenses have no business purpose, and matching sees one field less",
                ),
                (
                    "user.read",
                    "expenses have no business purpose where Concur asks for it beside expense.report.read",
                ),
            ],
            Self::Users => &[("spend.user.general.read", "spend profiles, roles and approvers are not seen")],
            Self::Management => &[
                (
                    "identity.user.externalID.writeonly",
                    "externalId stays in SCIM and is not written to Concur",
                ),
                ("identity.user.emails.verified.writeonly", "mail addresses are not marked as verified"),
                ("travel.user.general.read", "travel profiles are not read back"),
                ("travel.user.private.read", "names for bookings are not read back"),
            ],
        }
    }

    /// The least that our code needs: the scopes of the endpoints it calls, in the order of the catalogue.
    pub fn needed(self) -> Vec<&'static str> {
        let called = endpoint_scopes().filter(|endpoint| self.endpoints().contains(&endpoint.name));
        let mut needed: BTreeSet<&str> = called.flat_map(|endpoint| endpoint.scopes).copied().collect();
        needed.extend(self.needed_by_attributes());
        scope::CATALOGUE.iter().map(|scope| scope.name).filter(|name| needed.contains(name)).collect()
    }

    fn need_of(self, name: &str) -> Need {
        if self.needed().contains(&name) {
            Need::Needed
        } else if self.helpful().iter().any(|(helpful, _)| *helpful == name) {
            Need::Helps
        } else {
            Need::Unneeded
        }
    }
}

/// One line of the table "needed, granted, used".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ScopeOfConnection)]
pub struct ScopeRow {
    /// The scope.
    pub scope: String,
    /// What it opens.
    pub opens: &'static str,
    /// How much it matters to what was planned.
    pub need: Need,
    /// For what it is needed or helpful.
    pub needed_by: Vec<Functionality>,
    /// Whether a token carries it; `None` when the token does not say.
    pub granted: Option<bool>,
    /// Successful calls that took it, as far as this database counted; `None` for scopes of single attributes, of which
    /// no call tells whether it used them.
    pub used: Option<u64>,
}

/// Needed, granted, used: a row for each scope that the plan asks for or the token carries.
pub fn table(plan: &[Functionality], granted: &[String], calls: &[Calls]) -> Vec<ScopeRow> {
    let mut names: Vec<&str> = Vec::new();
    let requested = plan.iter().flat_map(|functionality| functionality.requested()).copied();
    for name in requested.chain(granted.iter().map(String::as_str)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().map(|name| row(name, plan, granted, calls)).collect()
}

fn row(name: &str, plan: &[Functionality], granted: &[String], calls: &[Calls]) -> ScopeRow {
    let known = scope::find(name);
    let wanting = plan.iter().map(|functionality| (*functionality, functionality.need_of(name)));
    let needed_by: Vec<_> = wanting.filter(|(_, need)| *need < Need::Unneeded).collect();
    let gone = known.is_some_and(|scope| scope.standing == Standing::Gone);
    let least = if gone { Need::Gone } else { Need::Unneeded };
    ScopeRow {
        scope: name.to_owned(),
        opens: known.map_or("not in this version's catalogue", |scope| scope.opens),
        need: needed_by.iter().map(|(_, need)| *need).min().unwrap_or(least),
        needed_by: needed_by.into_iter().map(|(functionality, _)| functionality).collect(),
        granted: (!granted.is_empty()).then(|| granted.iter().any(|held| held == name)),
        used: used(name, calls),
    }
}

/// Calls of the endpoints that take the scope.
fn used(name: &str, calls: &[Calls]) -> Option<u64> {
    let attribute = Functionality::ALL.iter().any(|functionality| {
        functionality.needed_by_attributes().contains(&name)
            || functionality.helpful().iter().any(|(helpful, _)| *helpful == name)
    });
    let taking: Vec<&str> = endpoint_scopes()
        .filter(|endpoint| endpoint.scopes.contains(&name))
        .map(|endpoint| endpoint.name)
        .collect();
    if attribute && taking.is_empty() {
        return None;
    }
    let counted = calls.iter().filter(|calls| taking.contains(&calls.endpoint.as_str()));
    Some(counted.map(|calls| calls.succeeded).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requested_sets_are_whole_and_hold_what_is_needed() {
        let sizes = Functionality::ALL.map(|functionality| functionality.requested().len());
        assert_eq!(sizes, [17, 5, 13]);
        for functionality in Functionality::ALL {
            let helpful = functionality.helpful().iter().map(|(name, _)| *name);
            for name in functionality.needed().into_iter().chain(helpful) {
                assert!(functionality.requested().contains(&name), "{name}");
            }
            for name in functionality.requested() {
                assert!(scope::find(name).is_some(), "{name} has no meaning");
            }
            for name in functionality.endpoints() {
                assert!(endpoint_scopes().any(|endpoint| endpoint.name == *name), "{name} is no endpoint");
            }
        }
        assert_eq!(Functionality::Expenses.needed(), ["EXPRPT"]);
        assert_eq!(Functionality::Users.needed().len(), 4);
        assert_eq!(Functionality::Management.needed().len(), 9);
    }

    #[test]
    fn a_data_sync_never_asks_for_a_write_scope() {
        for functionality in [Functionality::Expenses, Functionality::Users] {
            let names = functionality.requested().iter().copied().chain(functionality.needed());
            assert_eq!(names.filter(|name| name.contains("write")).count(), 0);
        }
    }

    #[test]
    fn the_table_tells_needed_granted_and_used_apart() {
        let granted = ["EXPRPT", "identity.user.core.read", "new.scope"].map(str::to_owned);
        let at = "2026-11-24T08:00:00Z".parse().unwrap();
        let calls =
            |endpoint: &str, succeeded| Calls { endpoint: endpoint.to_owned(), succeeded, last_at: at };
        let calls = [calls("expenses.reports", 3), calls("expenses.entries", 4), calls("identity.get", 9)];
        let rows = table(&[Functionality::Expenses], &granted, &calls);
        let row = |name: &str| rows.iter().find(|row| row.scope == name).unwrap();
        let seen = |name| (row(name).need, row(name).granted, row(name).used);
        assert_eq!(seen("EXPRPT"), (Need::Needed, Some(true), Some(7)));
        assert_eq!(seen("expense.report.read"), (Need::Helps, Some(false), Some(0)));
        assert_eq!(seen("BANK"), (Need::Unneeded, Some(false), Some(0)));
        assert_eq!(seen("GHOST"), (Need::Gone, Some(false), Some(0)));
        assert_eq!(seen("identity.user.core.read"), (Need::Unneeded, Some(true), Some(9)));
        assert_eq!(seen("new.scope"), (Need::Unneeded, Some(true), Some(0)));
        assert_eq!(rows.len(), 19);
        let silent = table(&[Functionality::Management], &[], &[]);
        assert!(silent.iter().all(|row| row.granted.is_none()));
        let attribute = silent.iter().find(|row| row.scope == "spend.user.general.writeonly").unwrap();
        assert_eq!(attribute.used, None, "no call tells whether it used it");
    }
}
