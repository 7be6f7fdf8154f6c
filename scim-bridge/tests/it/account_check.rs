//! The connection test against the simulator: what is right, each thing that can be wrong with its fix, and that
//! nothing is ever written.

use concur::api::ReportQuery;
use concur::auth::Grant;
use fixtures::simulator::{Act, Simulator};
use scim_bridge::accounts::check::{CHECKS, Finding, Outcome, Plan, Report, check_connected, check_new};
use scim_bridge::accounts::scopes::{Functionality, Need};
use scim_bridge::accounts::{AccountSettings, connect};
use scim_bridge::clock::Clock;
use store::accounts::{Account, AuthenticationType};

use crate::delivery_harness::{House, client_settings, connection};

/// What a check of a stored account finds; of everything it can do unless a plan says what is wanted.
async fn check_stored(house: &House, account: &Account, plan: Option<Plan>) -> Report {
    let level = account.authentication_type == AuthenticationType::CompanyLevel;
    let plan = plan.unwrap_or_else(|| Plan::everything(level));
    let clients = house.clients();
    let report =
        check_connected(house.store(), &Clock::system(), &clients, &client_settings(), account, &plan).await;
    report.unwrap()
}

#[track_caller]
fn finding<'a>(report: &'a Report, check: &str) -> &'a Finding {
    let found = report.findings.iter().find(|finding| finding.check == check);
    found.unwrap_or_else(|| panic!("no finding {check} in {report:#?}"))
}

#[track_caller]
fn assert_found(report: &Report, check: &str, outcome: Outcome, words: &[&str]) {
    let found = finding(report, check);
    let text = format!("{} {}", found.found, found.fix.as_deref().unwrap_or_default());
    assert_eq!(found.outcome, outcome, "{check}: {text}");
    for word in words {
        assert!(text.contains(word), "{check}: {word} is missing in: {text}");
    }
}

fn set_scopes(concur: &Simulator, remove: &[&str]) {
    let all = fixtures::simulator::Switches::default().scopes.into_iter();
    let scopes = all.filter(|scope| !remove.contains(&scope.as_str())).collect();
    concur.act(&Act::SetScopes { scopes }).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_connection_passes_every_check_and_nothing_is_written() {
    let house = House::new(AccountSettings::default()).await;
    let before = house.concur.requests().len();
    let report = check_stored(&house, &house.account, None).await;
    assert!(report.passed(), "{report:#?}");
    let names: Vec<&str> = report.findings.iter().map(|finding| finding.check).collect();
    assert_eq!(names, CHECKS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for finding in &report.findings {
        // The simulator speaks no TLS.
        let expected = if finding.check == "tls" { Outcome::Warning } else { Outcome::Ok };
        assert_eq!(finding.outcome, expected, "{finding:?}");
    }
    assert_eq!(house.concur.writes(), [], "no write may be sent");
    for request in &house.concur.requests()[before..] {
        assert!(request.method == "GET" || request.path == "/oauth2/v0/token", "{request:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn used_scopes_are_counted_from_the_calls_that_were_made() {
    for house in House::each().await {
        let clients = house.clients();
        let client = clients.get(house.account.id).await.unwrap();
        client.identity().list(1, None).await.unwrap();
        clients.keep_call_counts().await.unwrap();
        client.identity().list(1, None).await.unwrap();
        client.expenses().reports(&ReportQuery::default()).page(None).await.unwrap();
        client.expenses().report(&"no such report".into(), None).await.unwrap();
        clients.keep_call_counts().await.unwrap();
        clients.keep_call_counts().await.unwrap();
        let report = check_stored(&house, &house.account, None).await;
        let used = |name: &str| report.scopes.iter().find(|row| row.scope == name).unwrap().used;
        assert_eq!((used("identity.user.core.read"), used("EXPRPT")), (Some(2), Some(1)));
        assert_eq!((used("receipts.read"), used("spend.user.general.writeonly")), (Some(0), None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_nobody_can_be_given_any_more_fails_no_check() {
    let house = House::new(AccountSettings::default()).await;
    let plan = Plan { wanted: Functionality::ALL.to_vec(), named: true };
    let report = check_stored(&house, &house.account, Some(plan)).await;
    assert!(report.passed(), "{report:#?}");
    let gone: Vec<&str> =
        report.scopes.iter().filter(|row| row.need == Need::Gone).map(|row| row.scope.as_str()).collect();
    assert_eq!(gone, ["user_read", "FOP", "GHOST", "USER", "COMPANY"]);
    assert!(report.scopes.iter().filter(|row| row.need == Need::Gone).all(|row| row.granted == Some(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn v4_without_user_read_is_told_as_the_scope_that_is_missing() {
    let house = House::new(AccountSettings::default()).await;
    set_scopes(&house.concur, &["user.read"]);
    let report = check_stored(&house, &house.account, None).await;
    assert_found(&report, "read: business purpose", Outcome::Warning, &["403", "user.read", "assign"]);
    assert_found(&report, "scopes: expenses", Outcome::Warning, &["user.read", "business purpose"]);
    assert!(report.passed(), "the sync works without: {report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_missing_scope_is_named_by_its_read_and_fails_only_what_is_wanted() {
    let house = House::new(AccountSettings::default()).await;
    set_scopes(
        &house.concur,
        &["EXPRPT", "user.provision.read", "spend.user.general.read", "travel.user.general.read"],
    );
    let found = check_stored(&house, &house.account, None).await;
    assert!(!found.passed());
    assert_found(
        &found,
        "scopes: management",
        Outcome::Failed,
        &["user.provision.read", "spend.user.general.read"],
    );
    assert_found(&found, "read: provisioning schemas", Outcome::Warning, &["user.provision.read"]);
    assert_found(&found, "read: spend profiles", Outcome::Warning, &["spend.user.general.read"]);
    assert_found(&found, "read: travel profiles", Outcome::Warning, &["travel.user.general.read"]);
    assert_found(&found, "read: expense reports", Outcome::Warning, &["EXPRPT"]);
    assert_found(&found, "role", Outcome::Skipped, &[]);
    let named = Plan { wanted: vec![Functionality::Expenses], named: true };
    let found = check_stored(&house, &house.account, Some(named)).await;
    assert_found(&found, "read: expense reports", Outcome::Failed, &["EXPRPT", "assign"]);
    assert_found(&found, "scopes: expenses", Outcome::Failed, &["EXPRPT"]);
    assert_found(&found, "scopes: management", Outcome::Skipped, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_connection_is_told_once_and_the_rest_is_skipped() {
    let house = House::new(AccountSettings::default()).await;
    house.concur.revoke_all_tokens();
    let report = check_stored(&house, &house.account, None).await;
    assert_found(&report, "token", Outcome::Failed, &["code 108", "connect again", "company request token"]);
    let failed = report.findings.iter().filter(|finding| finding.outcome == Outcome::Failed).count();
    assert_eq!(failed, 1, "{report:#?}");
    assert_found(&report, "read: users", Outcome::Skipped, &["no token"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_is_down_is_not_called_badly_connected() {
    let house = House::new(AccountSettings::default()).await;
    house.concur.set_down(true);
    let report = check_stored(&house, &house.account, None).await;
    assert!(!report.passed());
    assert_found(&report, "token", Outcome::Failed, &["503", "nothing about the credentials"]);
    assert_found(&report, "read: users", Outcome::Skipped, &["no token"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_the_role_is_told_which_one_is_missing() {
    let house = House::new(AccountSettings::default()).await;
    let info = house.concur.info();
    let by_login = |username: &str| {
        let mut new = connection(&house.concur, username, AccountSettings::default());
        let password = house.concur.password_of(username).into();
        new.grant = Grant::User { username: username.to_owned(), password };
        new
    };
    let admin = connect(house.store(), &Clock::system(), &client_settings(), by_login(&info.username)).await;
    let found = check_stored(&house, &admin.unwrap().account, None).await;
    assert!(found.passed(), "{found:#?}");
    assert_found(&found, "role", Outcome::Ok, &[]);
    assert_found(&found, "read: users", Outcome::Skipped, &["company-level"]);
    let users = house.client().await.identity().list(50, None).await.unwrap();
    let mut others =
        users.items.iter().filter(|user| user.active() == Some(true)).filter_map(|user| user.user_name());
    let other = others.find(|name| *name != info.username).unwrap().to_owned();
    let found =
        check_new(&Clock::system(), &client_settings(), &by_login(&other), &Plan::everything(false)).await;
    assert_found(&found, "role", Outcome::Failed, &["Web Services Administrator", "Can Administer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_is_checked_without_being_stored() {
    let house = House::new(AccountSettings::default()).await;
    let plan = Plan::everything(true);
    let check = async |new| check_new(&Clock::system(), &client_settings(), &new, &plan).await;
    let right = connection(&house.concur, "typed", AccountSettings::default());
    let report = check(right.clone()).await;
    assert!(report.passed(), "{report:#?}");

    let mut wrong = right.clone();
    wrong.client_secret = "not the secret".into();
    assert_found(&check(wrong).await, "token", Outcome::Failed, &["code 64", "client secret"]);
    let mut wrong = right.clone();
    wrong.client_id = "my app".into();
    let found = check(wrong).await;
    assert_found(&found, "token", Outcome::Failed, &["code 61"]);
    assert_found(&found, "client id", Outcome::Warning, &["UUID"]);
    let mut elsewhere = right.clone();
    elsewhere.base_uri.clone_from(&house.concur.info().origins.eu2);
    let found = check(elsewhere).await;
    let home = house.concur.info().origins.us2.clone();
    assert_found(&found, "geolocation", Outcome::Warning, &["elsewhere", &home]);
    let mut foreign = right.clone();
    foreign.base_uri = "https://concursolutions.com.example.org".to_owned();
    let found = check(foreign).await;
    assert_found(&found, "base uri", Outcome::Failed, &["no allowed suffix"]);
    assert_found(&found, "dns", Outcome::Skipped, &[]);

    let stored = house.store().read(|conn| store::accounts::by_name(conn, "typed")).await.unwrap();
    assert!(stored.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_for_data_sync_alone_can_be_connected() {
    let house = House::new(AccountSettings::default()).await;
    house.concur.act(&Act::SetScopes { scopes: vec!["EXPRPT".to_owned()] }).unwrap();
    house.concur.renew_request_token();
    let mut new = connection(&house.concur, "data only", AccountSettings::default());
    // As pasted: with spaces and braces.
    let Grant::Company { company_uuid, .. } = &mut new.grant else { panic!("company level") };
    *company_uuid = format!(" {{{company_uuid}}}\n");
    let account = connect(house.store(), &Clock::system(), &client_settings(), new).await.unwrap().account;
    assert_eq!(account.company_uuid, house.concur.info().company_uuid);
    let report = check_stored(&house, &account, None).await;
    assert!(report.passed(), "{report:#?}");
    assert_found(&report, "scopes: management", Outcome::Warning, &["nothing to do if", "user management"]);
}
