//! What an account listens to, and what its subscriptions are called.

use store::accounts::{Account, AuthenticationType};
use store::events::Subscription;

/// Reports that were created, changed, deleted, or moved on in their approval.
const REPORTS: &str = "public.concur.expense.report";
/// Provision requests that have ended.
const PROVISIONING: &str = "public.concur.user.provisioning";

/// The subscriptions of an account. Users are provisioned by company-level connections alone, so that topic makes no sense
/// for others.
///
/// Ids of subscriptions are unique over all applications of all SAP Concur, and an application may have five.
pub(super) fn of(account: &Account) -> Vec<Subscription> {
    let provisions = account.authentication_type == AuthenticationType::CompanyLevel;
    let topics = [(REPORTS, "reports", true), (PROVISIONING, "provisioning", provisions)];
    let wanted = topics.into_iter().filter(|(_, _, wanted)| *wanted);
    wanted
        .map(|(topic, name, _)| Subscription {
            topic: topic.to_owned(),
            id: format!("scim-bridge-{}-{name}", account.id),
        })
        .collect()
}
