//! Every endpoint under every fault of the simulator, and what [`concur::Error::advice`] says about it: a table of
//! endpoints times a table of faults. A fault hits a request before it is understood, so also endpoints that the
//! simulator does not serve are tried.

use crate::{
    simulator::{Stage, stage},
    support::{MemoryStore, Reply, Server, TestClock, credentials, http, json, tokens, with_header},
};
use concur::{
    Advice, Client, Error, UserId,
    api::{Events, ItemizationsOf, LookupAttribute, ReportQuery},
    model::{BulkOperation, WebhookSubscription, WebhookTarget},
};
use fixtures::simulator::{Fault, FaultKind, Switches};
use futures::{FutureExt, future::BoxFuture};
use serde_json::{Value, json};
use std::time::Duration;

const UNKNOWN: Advice = Advice::Unknown { retry_after: None };
const SAFE: Advice = Advice::CertainlyNotApplied { retry_after: None };
const SOMEONE: &str = "6f0e2f1c-9a44-4a55-8d0a-0c8f4d3d1a01";

type Called = BoxFuture<'static, Result<(), Error>>;

/// One endpoint: its name in errors, its path, and a call.
struct Endpoint {
    name: &'static str,
    path: &'static str,
    call: fn(Client) -> Called,
    /// Of the v1 to v3 framework, whose 400 may pass.
    legacy: bool,
    /// A 404 means "none" and is no error.
    optional: bool,
    /// Whatever a success says is not read.
    mute: bool,
}

macro_rules! endpoint {
    ($name:literal, $path:literal, $(legacy = $legacy:literal,)? $(optional = $optional:literal,)? $(mute = $mute:literal,)? |$client:ident| $call:expr) => {{
        let (legacy, optional, mute) = (false $(|| $legacy)?, false $(|| $optional)?, false $(|| $mute)?);
        let call: fn(Client) -> Called = |$client| async move { $call.await.map(drop) }.boxed();
        Endpoint { name: $name, path: $path, call, legacy, optional, mute }
    }};
}

fn someone() -> UserId {
    SOMEONE.parse().unwrap()
}

#[rustfmt::skip]
fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint!("identity.get", "/profile/identity/v4.1/Users", |c| async move { c.identity().get(&someone()).await }),
        endpoint!("identity.list", "/profile/identity/v4.1/Users", |c| async move { c.identity().list(5, None).await }),
        endpoint!("identity.search", "/profile/identity/v4.1/Users/.search", |c| async move { c.identity().search("active eq true", 5, None).await }),
        endpoint!("identity.find", "/profile/identity/v4/Users", |c| async move { c.identity().find_by(LookupAttribute::ExternalId, "x").await }),
        endpoint!("provisioning.create", "/profile/v4/Users", |c| async move { c.provisioning().create_user(&Value::Null).await }),
        endpoint!("provisioning.patch", "/profile/v4/Users", |c| async move { c.provisioning().patch_user(&someone(), &[]).await }),
        endpoint!("provisioning.bulk", "/profile/v4/Bulk", |c| async move { c.provisioning().bulk(&[BulkOperation::create("b", Value::Null)]).await }),
        endpoint!("provisioning.status", "/profile/v4/provisions", |c| async move { c.provisioning().status(&SOMEONE.parse().unwrap()).await }),
        endpoint!("provisioning.schemas", "/profile/v4/Schemas", |c| async move { c.provisioning().schemas().await }),
        endpoint!("provisioning.resource_types", "/profile/v4/ResourceTypes", |c| async move { c.provisioning().resource_types().await }),
        endpoint!("spend.get", "/profile/spend/v4.1/Users", optional = true, |c| async move { c.spend().get_user(&someone()).await }),
        endpoint!("spend.list", "/profile/spend/v4.1/Users", |c| async move { c.spend().users(None).page(None).await }),
        endpoint!("spend.form_fields", "/profile/spend/v4.1/FormFields", |c| async move { c.spend().form_fields(None).await }),
        endpoint!("spend.role_codes", "/profile/spend/v4/Users/roleCodes", |c| async move { c.spend().role_codes().await }),
        endpoint!("travel.get", "/profile/travel/v4/Users", optional = true, |c| async move { c.travel().get_user(&someone()).await }),
        endpoint!("expenses.reports", "/api/v3.0/expense/reports", legacy = true, |c| async move { c.expenses().reports(&ReportQuery::default()).page(None).await }),
        endpoint!("expenses.report", "/api/v3.0/expense/reports", legacy = true, optional = true, |c| async move { c.expenses().report(&"R".into(), None).await }),
        endpoint!("expenses.entries", "/api/v3.0/expense/entries", legacy = true, |c| async move { c.expenses().entries(&"R".into()).page(None).await }),
        endpoint!("expenses.itemizations", "/api/v3.0/expense/itemizations", legacy = true, |c| async move { c.expenses().itemizations(&ItemizationsOf::Report("R".into())).page(None).await }),
        endpoint!("expense_reports.report", "/expensereports/v4", optional = true, |c| async move { c.expense_reports().report(&someone(), &"R".into()).await }),
        endpoint!("expense_reports.expenses", "/expensereports/v4", |c| async move { c.expense_reports().expenses(&someone(), &"R".into()).await }),
        endpoint!("expense_reports.expense", "/expensereports/v4", optional = true, |c| async move { c.expense_reports().expense(&someone(), &"R".into(), "E").await }),
        endpoint!("expense_reports.itemizations", "/expensereports/v4", |c| async move { c.expense_reports().itemizations(&someone(), &"R".into(), "E").await }),
        endpoint!("expense_config.policies", "/expenseconfig/v4", |c| async move { c.expense_config().policies(&someone()).await }),
        endpoint!("expense_config.expense_types", "/expenseconfig/v4", |c| async move { c.expense_config().expense_types(&someone(), "P").await }),
        endpoint!("report_details.report", "/api/expense/expensereport/v2.0", legacy = true, optional = true, |c| async move { c.report_details().unwrap().report(&"R".into()).await }),
        endpoint!("oauth.revoke", "/app-mgmt/v0", mute = true, |c| async move { c.revoke().await }),
    ]
}

fn status(code: u16, retry_after: Option<&str>, body: Option<&str>) -> FaultKind {
    FaultKind::Status { code, retry_after: retry_after.map(str::to_owned), body: body.map(str::to_owned) }
}

/// The advice an endpoint owes under a fault; `None` when the call succeeds.
type Owed = fn(&Endpoint) -> Option<Advice>;

fn faults() -> Vec<(FaultKind, Owed)> {
    const HTML: &str = "<html><body><h1>Bad Gateway</h1></body></html>";
    vec![
        (status(429, None, None), |_| Some(SAFE)),
        (status(429, Some("0"), None), |_| {
            Some(Advice::CertainlyNotApplied { retry_after: Some(Duration::from_secs(0)) })
        }),
        (status(429, Some("7"), Some("slow")), |_| {
            Some(Advice::CertainlyNotApplied { retry_after: Some(Duration::from_secs(7)) })
        }),
        (status(500, None, None), |_| Some(UNKNOWN)),
        (status(502, None, Some(HTML)), |_| Some(UNKNOWN)),
        (status(503, None, Some("Service Unavailable")), |_| Some(UNKNOWN)),
        (status(503, Some("9"), None), |_| {
            Some(Advice::Unknown { retry_after: Some(Duration::from_secs(9)) })
        }),
        (status(504, None, Some("")), |_| Some(UNKNOWN)),
        (status(408, None, None), |_| Some(UNKNOWN)),
        (status(302, None, Some("")), |_| Some(UNKNOWN)),
        (status(400, None, Some("Transaction was deadlocked")), |endpoint| {
            Some(if endpoint.legacy { SAFE } else { Advice::Permanent })
        }),
        (status(409, None, None), |_| Some(Advice::Conflict)),
        (status(413, None, None), |_| Some(Advice::Split)),
        (status(404, None, None), |endpoint| (!endpoint.optional).then_some(Advice::NotFound)),
        (FaultKind::CloseBefore, |_| Some(UNKNOWN)),
        (FaultKind::CloseAfter, |_| Some(UNKNOWN)),
        // JSON that ends in the middle, and a success that is a page of a gateway.
        (status(200, None, Some("{\"id\": \"6f0e")), |endpoint| (!endpoint.mute).then_some(UNKNOWN)),
        (status(200, None, Some(HTML)), |endpoint| (!endpoint.mute).then_some(UNKNOWN)),
        (status(200, None, Some("")), |endpoint| (!endpoint.mute).then_some(UNKNOWN)),
    ]
}

/// A client that has met no trouble yet, with the tokens of the stage.
fn fresh(stage: &Stage) -> Client {
    let tokens = stage.store.tokens.lock().unwrap().clone().unwrap();
    let mut config = stage.config();
    config.legacy_report_details = true;
    Client::new(config, MemoryStore::with(tokens)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_says_what_to_do_about_every_fault() {
    let stage = stage(Switches::default()).await;
    let untroubled = fresh(&stage);
    for endpoint in endpoints() {
        for (kind, owed) in faults() {
            // What asks for a pause would hold back the calls after it.
            let client = match kind {
                FaultKind::Status { code: 429 | 503, .. } => fresh(&stage),
                _ => untroubled.clone(),
            };
            let what = format!("{} under {kind:?}", endpoint.name);
            stage.simulator.inject(Fault::once(endpoint.path, kind));
            let found = (endpoint.call)(client).await;
            stage.simulator.clear_faults();
            match owed(&endpoint) {
                None => assert!(found.is_ok(), "{what}: {found:?}"),
                Some(advice) => {
                    let error = found.expect_err(&what);
                    assert_eq!(error.advice(), advice, "{what}: {error}");
                    assert_eq!(error.call().unwrap().endpoint, endpoint.name, "{what}");
                    assert!(error.correlation_id().is_some_and(|id| !id.is_empty()), "{what}");
                }
            }
        }
    }
}

/// The simulator sends half of the JSON as if it were all; the small server breaks the connection in the body.
#[tokio::test(flavor = "multi_thread")]
async fn half_of_an_answer_is_no_answer() {
    let stage = stage(Switches::default()).await;
    let reads = ["identity.list", "identity.search", "identity.find", "spend.list", "expenses.reports"];
    for endpoint in endpoints().into_iter().filter(|endpoint| reads.contains(&endpoint.name)) {
        stage.simulator.inject(Fault::once(endpoint.path, FaultKind::Truncate));
        let error = (endpoint.call)(fresh(&stage)).await.expect_err(endpoint.name);
        assert!(matches!(error, Error::Decode { .. }), "{}: {error}", endpoint.name);
        assert_eq!(error.advice(), UNKNOWN, "{}", endpoint.name);
    }

    let server = Server::start(|_| Reply::Cut).await;
    let clock = TestClock::new();
    let mut config = crate::support::config(&clock);
    config.legacy_report_details = true;
    let client = Client::new(config, MemoryStore::with(tokens(&server.origin(), clock.now()))).unwrap();
    for endpoint in endpoints() {
        let error = (endpoint.call)(client.clone()).await.expect_err(endpoint.name);
        assert!(matches!(error, Error::NoAnswer { .. }), "{}: {error}", endpoint.name);
        assert_eq!(error.advice(), UNKNOWN, "{}", endpoint.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_got_no_token_was_not_sent_whatever_befell_the_token_request() {
    let stage = stage(Switches::default()).await;
    stage.simulator.advance(Duration::from_hours(2));
    for (kind, _) in faults() {
        let what = format!("{kind:?}");
        stage.simulator.inject(Fault::once("/oauth2", kind));
        let error = fresh(&stage).provisioning().create_user(&Value::Null).await.expect_err(&what);
        stage.simulator.clear_faults();
        assert!(matches!(error, Error::NotAuthenticated(_)), "{what}: {error}");
        // Only a code that the documentation lists ends a connection; everything else may pass.
        let advice = error.advice();
        assert!(matches!(advice, Advice::CertainlyNotApplied { .. }), "{what}: {advice:?}");
        assert_eq!(stage.simulator.writes().len(), 0, "{what}");
    }
}

#[tokio::test]
async fn subscriptions_say_what_to_do_about_every_fault_too() {
    async fn check(reply: fn() -> Reply, advice: Advice) {
        let server = Server::start(move |request| {
            let token = json!({"access_token": "a", "expires_in": 3600});
            if request.is_token() { json(200, token) } else { reply() }
        })
        .await;
        let events = Events::new(http(), server.origin(), credentials(), TestClock::new().as_clock());
        let subscription = WebhookSubscription {
            id: "s".to_owned(),
            topic: "t".to_owned(),
            filter: None,
            web_hook_config: WebhookTarget { endpoint: "https://bridge.example".to_owned() },
        };
        let found = [
            events.topics().await.err(),
            events.subscriptions().await.err(),
            events.subscription("s").await.err(),
            events.put_webhook(&subscription).await.err(),
            events.delete("s").await.err(),
        ];
        for error in found {
            assert_eq!(error.map(|error| error.advice()), Some(advice));
        }
    }
    check(|| json(429, ""), SAFE).await;
    let wait = Some(Duration::from_secs(7));
    check(|| with_header(json(429, ""), "Retry-After", 7), Advice::CertainlyNotApplied { retry_after: wait })
        .await;
    check(|| json(500, ""), UNKNOWN).await;
    check(|| json(502, "<html>"), UNKNOWN).await;
    check(|| json(503, "Service Unavailable"), UNKNOWN).await;
    check(|| json(400, "{}"), Advice::Permanent).await;
    check(|| json(403, "{}"), Advice::ReAuthenticate).await;
    check(|| Reply::Close, UNKNOWN).await;
    check(|| Reply::Cut, UNKNOWN).await;
}
