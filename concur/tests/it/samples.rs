//! The payloads SAP publishes, through this client. They are not part of this project; where they do not lie beside the
//! checkout, the tests say so and end.

use crate::support::{MemoryStore, Server, TestClock, config, json, tokens};
use concur::{
    Client, UserId,
    api::{ItemizationsOf, ReportQuery},
    model::{Event, EventSubject},
};
use std::path::PathBuf;

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn samples() -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/concur/examples"));
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: SAP's published payloads do not lie beside the checkout");
    None
}

fn sample(name: &str) -> Option<String> {
    let text = std::fs::read_to_string(samples()?.join(name)).unwrap();
    // Ids that were made unreadable before publication.
    Some(text.replace("xxxx", "0000").replace("zzzz", "0000"))
}

/// A client whose every call is answered with the sample.
async fn answered_with(name: &str) -> Option<Client> {
    let body = sample(name)?;
    let server = Server::start(move |_| json(200, &body)).await;
    let clock = TestClock::new();
    let mut config = config(&clock);
    config.legacy_report_details = true;
    let store = MemoryStore::with(tokens(&server.origin(), clock.now()));
    Some(Client::new(config, store).unwrap())
}

fn someone() -> UserId {
    "2d2f6adc-c8cf-4ae1-9416-38cda16761a1".parse().unwrap()
}

#[tokio::test]
async fn published_profiles_are_read() {
    let Some(client) = answered_with("travel-v4/user-get.response-200.json").await else { return };
    let travel = client.travel().get_user(&someone()).await.unwrap().unwrap();
    assert_eq!((travel.rule_class(), travel.org_unit()), (Some("Test Rule Class"), Some("OrgUnit1")));

    let client = answered_with("spend-v4.1/users-list.response-200.json").await.unwrap();
    let page = client.spend().users(None).page(None).await.unwrap();
    assert!(!page.items.is_empty() && page.unreadable.is_empty(), "{page:?}");
    assert!(page.items.iter().all(|user| user.spend().is_some()));

    let client = answered_with("spend-v4.1/form-fields.response-200.json").await.unwrap();
    let fields = client.spend().form_fields(None).await.unwrap();
    let custom = fields.iter().find(|field| field.name == "Custom1").unwrap();
    assert!(custom.list.as_ref().unwrap().sync_guid.is_some() && custom.max_length == Some(48));

    let client = answered_with("ups-v4/schemas.response-200.json").await.unwrap();
    assert!(!client.provisioning().schemas().await.unwrap().is_empty());
    let client = answered_with("ups-v4/resource-types.response-200.json").await.unwrap();
    let types = client.provisioning().resource_types().await.unwrap();
    let required = types[0].schema_extensions.iter().filter(|extension| extension.required).count();
    assert_eq!((types[0].schema_extensions.len(), required), (9, 1));
}

#[tokio::test]
async fn published_expenses_of_all_three_versions_are_read() {
    let Some(client) = answered_with("expense-v4/report-get.response-200.json").await else { return };
    let report = "764428DD6A664AF0BFCB".into();
    let read = client.expense_reports().report(&someone(), &report).await.unwrap().unwrap();
    assert_eq!(read.business_purpose.as_deref(), Some("Facility cleaning and renovation"));
    assert_eq!(read.report_total.unwrap().value, Some(525.into()));

    for list in ["expenses-list", "itemizations-list"] {
        let client = answered_with(&format!("expense-v4/{list}.response-200.json")).await.unwrap();
        let page = client.expense_reports().expenses(&someone(), &report).await.unwrap();
        assert!(!page.items.is_empty() && page.unreadable.is_empty(), "{list}: {page:?}");
        assert!(page.items.iter().any(|expense| expense.business_purpose.is_some()), "{list}");
    }
    let client = answered_with("expense-v4/expense-get.response-200.json").await.unwrap();
    assert!(client.expense_reports().expense(&someone(), &report, "x").await.unwrap().is_some());

    let client = answered_with("expense-config-v4/policies.response-200.json").await.unwrap();
    assert_eq!(client.expense_config().policies(&someone()).await.unwrap().items.len(), 2);
    let client = answered_with("expense-config-v4/expense-types.response-200.json").await.unwrap();
    let types = client.expense_config().expense_types(&someone(), "p").await.unwrap().items;
    assert!(types.iter().any(|kind| kind.is_category == Some(true) && kind.spend_category_code.is_some()));

    let client = answered_with("expense-v3/reports-list.response-200.json").await.unwrap();
    let page = client.expenses().reports(&ReportQuery::default()).page(None).await.unwrap();
    assert!(!page.items.is_empty() && page.unreadable.is_empty(), "{page:?}");
    let client = answered_with("expense-v3/itemizations-list.response-200.json").await.unwrap();
    let page = client.expenses().itemizations(&ItemizationsOf::Report(report)).page(None).await.unwrap();
    assert!(!page.items.is_empty() && page.unreadable.is_empty(), "{page:?}");

    let details = answered_with("expense-v2/report-details.response-200.xml").await.unwrap();
    let details = details.report_details().unwrap();
    let read = details.report(&"425FE2ADB4954FCA90CD".into()).await.unwrap().unwrap();
    assert_eq!(read.purpose.as_deref(), Some("Sales meeting"));
    let entry = &read.entries[0];
    assert_eq!(entry.spend_category.as_deref(), Some("Entertainment"));
    assert_eq!((entry.posted_amount, entry.approved_amount), (Some(50.into()), None));
    assert_eq!(entry.itemizations.len(), 2);
}

#[test]
fn every_published_event_is_read_and_most_say_what_to_read_again() {
    let Some(folder) = samples() else { return };
    let mut seen = (0, 0);
    for file in std::fs::read_dir(folder.join("events")).unwrap() {
        let path = file.unwrap().path();
        let event = Event::from_json(&std::fs::read(&path).unwrap());
        let event = event.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        seen.0 += 1;
        let subject = event.subject().unwrap_or_else(|| panic!("{}: {}", path.display(), event.topic));
        if matches!(subject, EventSubject::Report { .. }) {
            seen.1 += 1;
        }
    }
    assert_eq!(seen, (16, 6));
}
