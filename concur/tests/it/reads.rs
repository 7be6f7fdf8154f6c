//! The endpoints beside Identity, provisioning and Expense v3: addresses, shapes, and what is said about a stranger.

use crate::support::{MemoryStore, Reply, Server, TestClock, config, connected, json, tokens};
use concur::{
    Client, Error, HostPolicy, UserId,
    api::Events,
    model::{SpendUser, WebhookSubscription, WebhookTarget},
};
use futures::TryStreamExt;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

const ADA: &str = "6f0e2f1c-9a44-4a55-8d0a-0c8f4d3d1a01";
const BOB: &str = "6f0e2f1c-9a44-4a55-8d0a-0c8f4d3d1a02";

async fn answering(body: Value) -> Server {
    Server::start(move |_| json(200, &body)).await
}

fn ada() -> UserId {
    ADA.parse().unwrap()
}

#[tokio::test]
async fn a_travel_user_is_read_by_id_and_a_missing_one_is_none() {
    let travel = "urn:ietf:params:scim:schemas:extension:travel:2.0:User";
    let server = answering(json!({
        "id": ADA,
        travel: {"ruleClass": {"name": "Default", "id": 7}, "orgUnit": "Sales", "manager": {"value": BOB}, "gender": "canary"},
    }))
    .await;
    let user = connected(&server).travel().get_user(&ada()).await.unwrap().unwrap();
    assert_eq!((user.rule_class(), user.org_unit()), (Some("Default"), Some("Sales")));
    assert_eq!(user.manager(), Some(BOB.parse().unwrap()));
    assert!(!format!("{user:?}").contains("canary"));
    assert_eq!(server.requests()[0].target, format!("/profile/travel/v4/Users/{ADA}"));

    let nobody = Server::start(|_| json(404, "")).await;
    assert!(connected(&nobody).travel().get_user(&ada()).await.unwrap().is_none());
    let other = answering(json!({"id": BOB})).await;
    assert!(matches!(connected(&other).travel().get_user(&ada()).await, Err(Error::Decode { .. })));
}

/// A list of `total` spend users that answers by `startIndex` and `count`.
fn spend_users(target: &str, total: usize, tell_total: bool) -> Reply {
    let query = target.split_once('?').unwrap().1;
    let number = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.parse::<usize>().unwrap()).unwrap()
    };
    let (start, count) = (number("startIndex"), number("count"));
    let user = |index: usize| json!({"id": uuid::Uuid::from_u128(index as u128).to_string(), "meta": null});
    let rows: Vec<Value> = (start..=total).take(count).map(user).collect();
    let mut body = json!({"Resources": rows, "startIndex": start});
    if tell_total {
        body["totalResults"] = total.into();
    }
    json(200, body)
}

#[tokio::test]
async fn spend_users_are_listed_by_start_index_to_the_last_one_with_and_without_a_total() {
    async fn check(total: usize, tell_total: bool, calls: usize) {
        let server = Server::start(move |request| spend_users(&request.target, total, tell_total)).await;
        let users = connected(&server).spend().users(None);
        let users: Vec<SpendUser> = users.stream().try_collect().await.unwrap();
        assert_eq!((users.len(), server.requests().len()), (total, calls), "{total} {tell_total}");
    }
    check(0, true, 1).await;
    check(100, true, 1).await;
    check(101, true, 2).await;
    check(250, true, 3).await;
    check(250, false, 3).await;
    check(200, false, 3).await;
}

#[tokio::test]
async fn a_spend_filter_travels_with_every_page_and_a_foreign_cursor_is_refused() {
    let server = Server::start(|request| spend_users(&request.target, 150, true)).await;
    let pages = connected(&server).spend().users(Some(r#"x:country eq "DE""#));
    let first = pages.page(None).await.unwrap();
    let next = first.next.unwrap();
    assert_eq!((next.as_str(), first.total), ("101", Some(150)));
    assert_eq!(pages.page(Some(&next)).await.unwrap().items.len(), 50);
    let filter = "filter=x%3Acountry+eq+%22DE%22";
    assert!(server.requests().iter().all(|request| request.target.contains(filter)));
    let foreign = concur::Cursor::from_stored("/api/v3.0/expense/reports?offset=1");
    assert!(matches!(pages.page(Some(&foreign)).await, Err(Error::Paging { .. })));
}

#[tokio::test]
async fn form_fields_role_codes_and_schemas_are_read_from_the_shapes_of_their_pages() {
    let server = Server::start(|request| {
        let field = json!({"name": "Custom3", "isRequired": true, "access": "RW", "dataType": "List"});
        let schema = json!({"id": "urn:x", "attributes": [{"name": "a", "multiValue": true, "mutabbility": "readOnly"}]});
        let extension = json!({"schema": "urn:y", "required": true});
        match request.target.split('?').next().unwrap() {
            "/profile/spend/v4.1/FormFields" => json(200, json!({"totalResults": 1, "Resources": [field]})),
            "/profile/spend/v4/Users/roleCodes" => json(200, json!(["EXP_APPROVER"])),
            "/profile/v4/Schemas" => json(200, json!([{"schemas": ["urn:list"], "Resources": [schema]}])),
            "/profile/v4/ResourceTypes" => {
                json(200, json!([{"name": "User", "schema": "urn:core", "schemaExtensions": [extension]}]))
            }
            other => panic!("{other}"),
        }
    })
    .await;
    let client = connected(&server);
    let fields = client.spend().form_fields(Some(&ada())).await.unwrap();
    assert_eq!((fields[0].custom_data_id().as_deref(), fields[0].is_mandatory()), (Some("custom3"), true));
    assert_eq!(server.requests()[0].target, format!("/profile/spend/v4.1/FormFields?userId={ADA}"));
    assert_eq!(client.spend().role_codes().await.unwrap(), ["EXP_APPROVER"]);
    let schemas = client.provisioning().schemas().await.unwrap();
    let attribute = &schemas[0].attributes[0];
    assert_eq!((attribute.multi_valued, attribute.mutability.as_deref()), (true, Some("readOnly")));
    let types = client.provisioning().resource_types().await.unwrap();
    assert!(types[0].schema_extensions[0].required);
}

#[tokio::test]
async fn a_v4_report_and_its_expenses_are_read_in_two_calls_by_the_owners_uuid() {
    let server = Server::start(|request| {
        let expense = json!({
            "expenseId": "84FCBB92BD4E5342B849DAC29FD163A1", "businessPurpose": "Design tool", "transactionDate": "2026-03-11",
            "transactionAmount": {"value": 25.10, "currencyCode": "USD"}, "vendor": {"description": "FIGMA"},
            "expenseType": {"id": "SOFTW", "code": "OTHER"}, "parentExpenseId": null,
        });
        if request.target.ends_with("/expenses") {
            json(200, json!([expense, {"businessPurpose": "no id"}]))
        } else {
            json(200, json!({"reportId": "764428DD6A664AF0BFCB", "businessPurpose": "Q1", "policyId": "P"}))
        }
    })
    .await;
    let reports = connected(&server).expense_reports();
    let id = "764428DD6A664AF0BFCB".into();
    let report = reports.report(&ada(), &id).await.unwrap().unwrap();
    assert_eq!((report.business_purpose.as_deref(), report.policy_id.as_deref()), (Some("Q1"), Some("P")));
    let page = reports.expenses(&ada(), &id).await.unwrap();
    let expense = &page.items[0];
    assert_eq!(expense.business_purpose.as_deref(), Some("Design tool"));
    assert_eq!(expense.vendor.as_ref().unwrap().description.as_deref(), Some("FIGMA"));
    let amount = expense.transaction_amount.as_ref().unwrap();
    assert_eq!(
        (amount.value.unwrap().to_string(), amount.currency_code.as_deref()),
        ("25.1".to_owned(), Some("USD"))
    );
    assert_eq!(expense.key(), "84fcbb92bd4e5342b849dac29fd163a1");
    assert_eq!((page.unreadable[0].path.as_str(), page.next.is_none()), ("[1]", true));
    let base = format!("/expensereports/v4/users/{ADA}/context/TRAVELER/reports/764428DD6A664AF0BFCB");
    let targets: Vec<_> = server.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, [base.clone(), format!("{base}/expenses")]);
}

#[tokio::test]
async fn expense_types_bring_the_spend_category_of_a_v4_expense() {
    let server = Server::start(|request| {
        if request.target.ends_with("/expensetypes") {
            json(200, json!([{"expenseTypeId": "SOFTW", "spendCategoryCode": "COMPU", "isCategory": false}]))
        } else {
            json(200, json!([{"policyId": "P/1", "isDefault": true}]))
        }
    })
    .await;
    let config = connected(&server).expense_config();
    let policies = config.policies(&ada()).await.unwrap().items;
    let types = config.expense_types(&ada(), &policies[0].policy_id).await.unwrap().items;
    assert_eq!(types[0].spend_category_code.as_deref(), Some("COMPU"));
    let expected = format!("/expenseconfig/v4/users/{ADA}/policies/P%2F1/expensetypes");
    assert_eq!(server.requests()[1].target, expected);
}

#[tokio::test]
async fn the_deprecated_report_details_need_a_switch_and_ask_for_xml() {
    let xml = "<ReportDetails><ReportID>R1</ReportID><Purpose>Sales</Purpose></ReportDetails>";
    let server = Server::start(move |_| json(200, xml)).await;
    assert!(connected(&server).report_details().is_none());

    let clock = TestClock::new();
    let mut config = config(&clock);
    config.legacy_report_details = true;
    let store = MemoryStore::with(tokens(&server.origin(), clock.now()));
    let details = Client::new(config, store).unwrap().report_details().unwrap();
    let report = details.report(&"R1".into()).await.unwrap().unwrap();
    assert_eq!(report.purpose.as_deref(), Some("Sales"));
    assert_eq!(server.requests()[0].header("accept"), Some("application/xml"));
    assert!(matches!(details.report(&"R2".into()).await, Err(Error::Decode { .. })));
}

#[tokio::test]
async fn revoking_deletes_the_connection_with_the_token_in_use() {
    let server = Server::start(|_| json(200, "")).await;
    connected(&server).revoke().await.unwrap();
    let request = &server.requests()[0];
    assert_eq!((request.method.as_str(), request.target.as_str()), ("DELETE", "/app-mgmt/v0/connections"));
    assert_eq!(request.header("authorization"), Some("Bearer access-0"));
}

#[tokio::test]
async fn subscriptions_are_managed_with_the_applications_own_token() {
    let tokens = AtomicUsize::new(0);
    let server = Server::start(move |request| {
        let first = request.header("authorization") == Some("Bearer app-0");
        match (request.method.as_str(), request.target.as_str()) {
            ("POST", "/oauth2/v0/token") => {
                let access = format!("app-{}", tokens.fetch_add(1, Ordering::SeqCst));
                json(200, json!({"access_token": access, "expires_in": 3600, "scope": "events.topic.read"}))
            }
            _ if first => json(401, ""),
            ("GET", "/events/v4/topics") => json(200, json!(["public.concur.expense.report"])),
            ("GET", "/events/v4/subscriptions") => json(200, "[]"),
            ("PUT", "/events/v4/subscriptions/webhook") => json(200, json!({"message": "saved"})),
            _ => json(404, ""),
        }
    })
    .await;
    let clock = TestClock::new();
    let events =
        Events::new(crate::support::http(), server.origin(), crate::support::credentials(), clock.as_clock());
    assert_eq!(events.topics().await.unwrap(), ["public.concur.expense.report"]);
    let subscription = WebhookSubscription {
        id: "bridge/1".to_owned(),
        topic: "public.concur.expense.report".to_owned(),
        filter: None,
        web_hook_config: WebhookTarget { endpoint: "https://bridge.example/events".to_owned() },
    };
    events.put_webhook(&subscription).await.unwrap();
    assert!(events.subscriptions().await.unwrap().is_empty());
    assert!(events.subscription("bridge/1").await.unwrap().is_none());
    events.delete("bridge/1").await.unwrap();

    let asked = server.token_requests();
    assert_eq!(asked.len(), 2, "one refused token is replaced once, and the next serves all calls");
    assert_eq!(asked[0].form("grant_type").as_deref(), Some("client_credentials"));
    assert!(asked[0].form("username").is_none() && asked[0].form("scope").is_none());
    let put = server.requests().into_iter().find(|request| request.method == "PUT").unwrap();
    let expected = json!({"id": "bridge/1", "topic": "public.concur.expense.report",
                          "webHookConfig": {"endpoint": "https://bridge.example/events"}});
    assert_eq!(put.json(), expected);
    assert!(server.requests().iter().any(|request| request.target.ends_with("/subscriptions/bridge%2F1")));
    assert!(HostPolicy::production().origin(&server.origin).is_err());
}
