//! The main flows against the Concur simulator, which was written from the documentation on its own: what both agree on is
//! not one person's mistake.

use crate::support::MemoryStore;
use concur::{
    Client, ClientConfig, Clock, Error, HostPolicy, Http, HttpConfig, ProvisionId,
    api::{ExpenseUser, ItemizationsOf, LookupAttribute, ReportQuery},
    auth::{Credentials, Grant, TokenCause, TokenSet, exchange},
    model::{BulkOperation, ENTERPRISE, Op, PatchOperation, ProvisionOutcome, Verdict},
};
use fixtures::simulator::{Config, Simulator, Switches};
use futures::TryStreamExt;
use serde_json::{Value, json};
use std::{collections::HashSet, sync::Arc, time::Duration};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// A simulator, and a client that is connected to its company.
pub(crate) struct Stage {
    pub(crate) simulator: Arc<Simulator>,
    pub(crate) client: Client,
    pub(crate) store: Arc<MemoryStore>,
}

impl Stage {
    /// How its client is configured.
    pub(crate) fn config(&self) -> ClientConfig {
        client_config(&self.simulator)
    }
}

fn client_config(simulator: &Arc<Simulator>) -> ClientConfig {
    let time = Arc::clone(simulator);
    let clock: Clock = Arc::new(move || time.now());
    let mut config = ClientConfig::new(HostPolicy::development(), credentials(simulator), clock);
    (config.max_concurrent, config.requests_per_second) = (16, 10_000);
    config
}

pub(crate) async fn stage(switches: Switches) -> Stage {
    let config = Config { switches, provisioning_delay: Duration::from_secs(30), ..Config::default() };
    let simulator = Arc::new(Simulator::start(config).await.unwrap());
    let tokens = company_tokens(&simulator).await.unwrap();
    let store = MemoryStore::with(tokens);
    let client = Client::new(client_config(&simulator), Arc::clone(&store) as _).unwrap();
    Stage { simulator, client, store }
}

fn credentials(simulator: &Simulator) -> Credentials {
    let info = simulator.info();
    Credentials { client_id: info.client_id.clone(), client_secret: info.client_secret.clone().into() }
}

async fn company_tokens(simulator: &Simulator) -> Result<TokenSet, Error> {
    let info = simulator.info();
    let grant = Grant::Company {
        company_uuid: info.company_uuid.clone(),
        company_request_token: info.company_request_token.clone().into(),
    };
    let http = Http::new(&HttpConfig::default(), HostPolicy::development())?;
    let landing = http.host_policy().origin(&info.origins.glz)?;
    exchange(&http, &landing, &credentials(simulator), &grant, simulator.now()).await
}

fn new_user(stage: &Stage, name: &str) -> Value {
    json!({
        "schemas": [CORE, ENTERPRISE],
        "userName": format!("{name}@example.org"), "active": true, "externalId": format!("ext-{name}"),
        "name": {"givenName": "Grace", "familyName": "Hopper"},
        "emails": [{"value": format!("{name}@example.org"), "type": "work"}],
        ENTERPRISE: {"companyId": stage.simulator.info().company_uuid, "employeeNumber": format!("no-{name}")},
    })
}

fn title(value: &str) -> PatchOperation {
    PatchOperation { op: Op::Replace, path: "title".to_owned(), value: Some(json!(value)) }
}

async fn settled(stage: &Stage, id: &ProvisionId) -> Vec<concur::model::OperationOutcome> {
    let provisioning = stage.client.provisioning();
    assert_eq!(provisioning.status_summary(id).await.unwrap().outcome(), ProvisionOutcome::Pending);
    stage.simulator.advance(Duration::from_secs(31));
    match provisioning.status(id).await.unwrap().outcome() {
        ProvisionOutcome::Completed { operations, .. } => operations,
        ProvisionOutcome::Pending => panic!("still pending"),
    }
}

#[tokio::test]
async fn a_company_connects_at_the_landing_zone_and_is_sent_home() {
    let stage = stage(Switches::default()).await;
    let tokens = stage.store.tokens.lock().unwrap().clone().unwrap();
    assert_eq!(tokens.geolocation.as_str(), stage.simulator.info().origins.us2);
    assert!(tokens.scopes.iter().any(|scope| scope == "EXPRPT"));
    assert!(tokens.scopes.iter().any(|scope| scope == "identity.user.core.read"));
}

#[tokio::test]
async fn a_user_connects_and_may_read_expenses_but_no_users() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let info = simulator.info();
    let grant = Grant::User { username: info.username.clone(), password: info.password.clone().into() };
    let http = Http::new(&HttpConfig::default(), HostPolicy::development()).unwrap();
    let origin = http.host_policy().origin(&info.origins.us2).unwrap();
    let now = simulator.now();
    let tokens = exchange(&http, &origin, &credentials(&simulator), &grant, now).await.unwrap();
    let config = ClientConfig::new(HostPolicy::development(), credentials(&simulator), Arc::new(move || now));
    let client = Client::new(config, MemoryStore::with(tokens)).unwrap();
    let own = ReportQuery { user: ExpenseUser::TokenOwner, ..ReportQuery::default() };
    client.expenses().reports(&own).page(None).await.unwrap();
    let error = client.identity().list(10, None).await.unwrap_err();
    assert!(matches!(error, Error::Denied(_)), "{error}");

    let wrong = Grant::User { username: info.username.clone(), password: "wrong".to_owned().into() };
    let error = exchange(&http, &origin, &credentials(&simulator), &wrong, now).await.unwrap_err();
    assert!(matches!(error, Error::Token { cause: TokenCause::WrongCredentials, .. }), "{error}");
}

#[tokio::test]
async fn users_are_listed_read_and_found() {
    let stage = stage(Switches::default()).await;
    let identity = stage.client.identity();
    let users: Vec<_> = identity.users(100).stream().try_collect().await.unwrap();
    let ids: HashSet<_> = users.iter().map(concur::model::IdentityUser::id).collect();
    assert!(users.len() >= 300 && ids.len() == users.len(), "{}", users.len());

    let someone = &users[7];
    let read = identity.get(&someone.id()).await.unwrap();
    assert_eq!(read.user_name(), someone.user_name());
    let name = someone.user_name().unwrap().to_uppercase();
    let number = someone.employee_number().unwrap();
    for (attribute, value) in
        [(LookupAttribute::UserName, name.as_str()), (LookupAttribute::EmployeeNumber, number)]
    {
        let found = identity.find_by(attribute, value).await.unwrap();
        assert_eq!(
            found.iter().map(concur::model::IdentityUser::id).collect::<Vec<_>>(),
            [someone.id()],
            "{attribute:?}"
        );
    }
    assert!(identity.find_by(LookupAttribute::ExternalId, "nobody").await.unwrap().is_empty());
    let nobody = uuid::Uuid::from_u128(1).into();
    assert!(matches!(identity.get(&nobody).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_user_is_created_changed_and_switched_off_and_each_step_is_read_back() {
    let stage = stage(Switches::default()).await;
    let (identity, provisioning) = (stage.client.identity(), stage.client.provisioning());
    let created = provisioning.create_user(&new_user(&stage, "grace")).await.unwrap();
    assert_eq!(identity.get(&created.id).await.unwrap().external_id(), Some("ext-grace"));
    let outcome = settled(&stage, &created.provision_id).await;
    assert_eq!(
        (outcome.len(), &outcome[0].verdict, outcome[0].user_id),
        (1, &Verdict::Success, Some(created.id))
    );

    let off = PatchOperation { op: Op::Replace, path: "active".to_owned(), value: Some(json!(false)) };
    let patched = provisioning.patch_user(&created.id, &[title("Rear Admiral"), off]).await.unwrap();
    let read = identity.get(&created.id).await.unwrap();
    assert_eq!((read.active(), &read.raw()["title"]), (Some(false), &json!("Rear Admiral")));
    assert_eq!(settled(&stage, &patched.provision_id).await[0].verdict, Verdict::Success);

    let again = provisioning.create_user(&new_user(&stage, "grace")).await.unwrap_err();
    assert!(matches!(again, Error::Conflict(_)), "{again}");
    let found = identity.find_by(LookupAttribute::ExternalId, "ext-grace").await.unwrap();
    assert_eq!(found[0].id(), created.id);
    let nameless = provisioning.create_user(&json!({"userName": "x@example.org"})).await.unwrap_err();
    assert!(matches!(nameless, Error::Rejected(_)) && !nameless.messages().is_empty(), "{nameless}");
    assert!(stage.client.spend().get_user(&created.id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_bulk_is_settled_operation_by_operation() {
    let stage = stage(Switches::default()).await;
    let known = stage.client.provisioning().create_user(&new_user(&stage, "known")).await.unwrap();
    let operations = [
        BulkOperation::create("op-1", new_user(&stage, "ada")),
        BulkOperation::create("op-2", json!({"userName": "no domain"})),
        BulkOperation::patch("op-3", &known.id, &[title("Colleague")]),
    ];
    let submitted = stage.client.provisioning().bulk(&operations).await.unwrap();
    let outcomes = settled(&stage, &submitted.provision_id).await;
    let of = |id: &str| outcomes.iter().find(|outcome| outcome.bulk_id.as_deref() == Some(id)).unwrap();
    assert_eq!((&of("op-1").verdict, &of("op-3").verdict), (&Verdict::Success, &Verdict::Success));
    assert!(
        matches!(of("op-2").verdict, Verdict::Failed { .. }) && of("op-2").identity_failed(),
        "{:?}",
        of("op-2")
    );
    let ada = stage.client.identity().get(&of("op-1").user_id.unwrap()).await.unwrap();
    assert_eq!(ada.user_name(), Some("ada@example.org"));
    let changed = stage.client.identity().get(&known.id).await.unwrap();
    assert_eq!(changed.raw()["title"], "Colleague");
}

#[tokio::test]
async fn a_year_of_reports_is_listed_over_a_legacy_next_page_with_entries_and_itemizations() {
    let origin = Some("http://www.concursolutions.com".to_owned());
    let stage = stage(Switches { next_page_origin: origin, ..Switches::default() }).await;
    let expenses = stage.client.expenses();
    let reports: Vec<_> = expenses.reports(&ReportQuery::default()).stream().try_collect().await.unwrap();
    let ids: HashSet<_> = reports.iter().map(|report| &report.id).collect();
    assert!(reports.len() >= 4000 && ids.len() == reports.len(), "{}", reports.len());

    let (mut lines, mut parts) = (0, 0);
    for report in reports.iter().take(40) {
        let entries: Vec<_> = expenses.entries(&report.id).stream().try_collect().await.unwrap();
        lines += entries.len();
        assert!(entries.iter().all(|entry| entry.report_id.as_ref() == Some(&report.id)));
        for entry in entries.iter().filter(|entry| entry.has_itemizations == Some(true)) {
            let of = ItemizationsOf::Entry(entry.id.clone());
            let items: Vec<_> = expenses.itemizations(&of).stream().try_collect().await.unwrap();
            let sum = items.iter().filter_map(|item| item.transaction_amount).sum();
            assert_eq!(entry.transaction_amount, Some(sum), "{}", entry.id);
            parts += items.len();
        }
    }
    assert!(lines > 100 && parts > 0, "{lines} lines, {parts} parts");

    let one = &reports[0];
    let read = expenses.report(&one.id, one.owner_login_id.as_deref()).await.unwrap().unwrap();
    assert_eq!((read.total, read.raw), (one.total, one.raw.clone()));
    assert!(expenses.report(&"00000000000000000000".into(), None).await.unwrap().is_none());
}

#[tokio::test]
async fn an_expired_token_is_renewed_for_v3_and_v4_and_rotation_is_followed() {
    let stage = stage(Switches { rotate_refresh: true, ..Switches::default() }).await;
    for _ in 0..3 {
        stage.simulator.advance(Duration::from_hours(2));
        let (users, reports) =
            (stage.client.identity(), stage.client.expenses().reports(&ReportQuery::default()));
        let (users, reports) = futures::join!(users.list(1, None), reports.page(None));
        assert_eq!((users.unwrap().items.len(), reports.unwrap().items.is_empty()), (1, false));
    }
    assert_eq!(stage.store.saves(), 3);

    // Revoked early: v3 says 403 and v4 says 401, and both calls go through after one refresh.
    stage.simulator.revoke_access_tokens();
    stage.client.expenses().reports(&ReportQuery::default()).page(None).await.unwrap();
    stage.simulator.revoke_access_tokens();
    stage.client.identity().list(1, None).await.unwrap();
    assert_eq!(stage.store.saves(), 5);
}
