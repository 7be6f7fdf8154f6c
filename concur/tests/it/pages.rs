//! Expense v3: addresses, pages, streams, exact amounts, rows that cannot be read.

use crate::support::{Server, connected, json, with_header};
use concur::{
    Cursor, Error,
    api::{ExpenseUser, ItemizationsOf, ReportQuery},
};
use futures::{StreamExt, TryStreamExt};
use serde_json::json;

#[tokio::test]
async fn reports_are_asked_for_company_wide_and_followed_over_a_legacy_host() {
    let server = Server::start(|request| match request.target.as_str() {
        "/api/v3.0/expense/reports?limit=100&user=ALL&modifiedDateAfter=2026-01-31&modifiedDateBefore=2026-03-01" => {
            let next = "http://www.concursolutions.com/api/v3.0/expense/reports?offset=a%24b&limit=100&user=ALL";
            let first = r#"{"Items": [{"ID": "R1", "Total": 1234567890123456.78000000, "LastModifiedDate": "2026-02-01T10:00:00.57",
                "PaymentStatusCode": "P_PAYC", "LastComment": "", "Custom1": {"Type": "List", "Value": "x", "Code": "c"}, "Custom2": null}], "NextPage": "NEXT"}"#;
            with_header(json(200, first.replace("NEXT", next)), "Date", "Tue, 24 Nov 2026 08:00:01 GMT")
        }
        "/api/v3.0/expense/reports?offset=a%24b&limit=100&user=ALL" => {
            json(200, r#"{"Items": [{"ID": "R2", "Total": 0E-8, "PaymentStatusCode": "P_NOTP"}], "NextPage": null}"#)
        }
        other => panic!("{other}"),
    })
    .await;
    let query = ReportQuery {
        modified_after: Some("2026-01-31".parse().unwrap()),
        modified_before: Some("2026-03-01".parse().unwrap()),
        ..ReportQuery::default()
    };
    let expenses = connected(&server).expenses();
    let reports: Vec<_> = expenses.reports(&query).stream().try_collect().await.unwrap();
    assert_eq!(reports.iter().map(|report| report.id.as_str()).collect::<Vec<_>>(), ["R1", "R2"]);
    assert_eq!(reports[0].total.unwrap().to_string(), "1234567890123456.78");
    assert_eq!(reports[1].total.unwrap().to_string(), "0");
    assert_eq!((reports[0].is_paid(), reports[1].is_paid()), (true, false));
    assert_eq!(reports[0].raw["Custom1"]["Code"], "c");
    assert_eq!(
        reports[0].custom_fields().map(|(name, field)| (name, field.code)).collect::<Vec<_>>(),
        [("Custom1", Some("c".to_owned()))]
    );

    // Without it the legacy framework answers XML.
    assert!(server.requests().iter().all(|request| request.header("accept") == Some("application/json")));

    // The cursor survives a restart as text and holds no host.
    let first = expenses.reports(&query).page(None).await.unwrap();
    assert_eq!(first.server_time, Some("2026-11-24T08:00:01Z".parse().unwrap()));
    let stored = first.next.unwrap().as_str().to_owned();
    assert!(stored.starts_with("/api/v3.0/expense/reports?offset="), "{stored}");
    let second = expenses.reports(&query).page(Some(&Cursor::from_stored(stored))).await.unwrap();
    assert_eq!((second.items.len(), second.next), (1, None));
    assert!(server.requests().iter().all(|request| request.header("accept") == Some("application/json")));
}

#[tokio::test]
async fn a_foreign_cursor_and_a_foreign_next_page_are_refused() {
    let server = Server::start(|_| {
        json(200, r#"{"Items": [], "NextPage": "https://us2.api.concursolutions.com/other?offset=1"}"#)
    })
    .await;
    let reports = connected(&server).expenses().reports(&ReportQuery::default());
    let error = reports.page(Some(&Cursor::from_stored("/oauth2/v0/token?x=1"))).await.unwrap_err();
    assert!(matches!(error, Error::Paging { .. }), "{error}");
    assert!(server.requests().is_empty());
    let error = reports.page(None).await.unwrap_err();
    assert!(matches!(&error, Error::Decode { path, .. } if path == "NextPage"), "{error}");
}

#[tokio::test]
async fn a_repeated_next_page_ends_the_list_with_an_error() {
    let server = Server::start(|_| {
        json(200, r#"{"Items": [], "NextPage": "https://x.test/api/v3.0/expense/reports?offset=1"}"#)
    })
    .await;
    let pages: Vec<_> =
        connected(&server).expenses().reports(&ReportQuery::default()).pages(None).collect().await;
    assert_eq!(pages.len(), 2);
    assert!(matches!(pages[1], Err(Error::Paging { .. })));
}

#[tokio::test]
async fn one_unreadable_row_does_not_hide_the_others() {
    let body = r#"{"Items": [{"ID": "E1", "PostedAmount": 10.5}, {"ID": "E2", "PostedAmount": "ten"}, {"Name": "Ada"}, {"ID": "E4"}], "NextPage": null}"#;
    let server = Server::start(move |_| json(200, body)).await;
    let expenses = connected(&server).expenses();
    let page = expenses.entries(&"R1".into()).page(None).await.unwrap();
    assert_eq!(page.items.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["E1", "E4"]);
    let paths: Vec<_> = page.unreadable.iter().map(|row| row.path.as_str()).collect();
    assert_eq!(paths, ["Items[1].PostedAmount", "Items[2]"]);
    let rows: Vec<_> = expenses.entries(&"R1".into()).stream().collect().await;
    assert_eq!(rows.iter().filter(|row| row.is_ok()).count(), 2);
    assert!(
        rows.iter()
            .any(|row| matches!(row, Err(Error::Decode { path, .. }) if path == "Items[1].PostedAmount"))
    );
}

#[tokio::test]
async fn entries_and_itemizations_are_asked_for_by_their_parent() {
    let entry = r#"{"Items": [{"ID": "gWid$F", "ReportID": "R1", "VendorDescription": "ZOOM.US", "VendorListItemName": "",
        "TransactionDate": "2026-05-04T00:00:00", "TransactionCurrencyCode": "USD", "TransactionAmount": -12.340,
        "PostedAmount": 11.00000000, "HasItemizations": true, "LastModified": "2026-05-05T00:00:00"}], "NextPage": null}"#;
    let item = r#"{"Items": [{"ID": "gI", "EntryID": "gWid$F", "TransactionAmount": 3.1, "SpendCategoryCode": "COMPU"}]}"#;
    let server = Server::start(move |request| {
        json(200, if request.target.contains("/entries") { entry } else { item })
    })
    .await;
    let expenses = connected(&server).expenses();
    let entries: Vec<_> = expenses.entries(&"R 1".into()).stream().try_collect().await.unwrap();
    assert_eq!(entries[0].transaction_amount.unwrap().to_string(), "-12.34");
    assert_eq!(entries[0].transaction_date, Some("2026-05-04".parse().unwrap()));
    assert_eq!(
        (entries[0].vendor_description.as_deref(), entries[0].vendor_list_item_name.as_deref()),
        (Some("ZOOM.US"), None)
    );
    for of in [ItemizationsOf::Entry(entries[0].id.clone()), ItemizationsOf::Report("R1".into())] {
        let items: Vec<_> = expenses.itemizations(&of).stream().try_collect().await.unwrap();
        assert_eq!(items[0].entry_id, entries[0].id);
        assert_eq!(items[0].spend_category_code.as_deref(), Some("COMPU"));
    }
    let targets: Vec<_> = server.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(
        targets,
        [
            "/api/v3.0/expense/entries?reportID=R+1&user=ALL&limit=100",
            "/api/v3.0/expense/itemizations?entryID=gWid%24F&user=ALL&limit=100",
            "/api/v3.0/expense/itemizations?reportID=R1&user=ALL&limit=100",
        ]
    );
}

#[tokio::test]
async fn one_report_is_read_with_its_owner_and_a_deleted_one_is_none() {
    let server = Server::start(|request| {
        if request.target.contains("R%241") {
            json(200, r#"{"ID": "R$1", "Total": 1.10}"#)
        } else {
            json(404, json!({"Message": "Not found"}))
        }
    })
    .await;
    let expenses = connected(&server).expenses();
    let report = expenses.report(&"R$1".into(), Some("ada@example.org")).await.unwrap().unwrap();
    assert_eq!(report.total.unwrap().to_string(), "1.1");
    assert!(expenses.report(&"R2".into(), None).await.unwrap().is_none());
    let targets: Vec<_> = server.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(
        targets,
        ["/api/v3.0/expense/reports/R%241?user=ada%40example.org", "/api/v3.0/expense/reports/R2"]
    );
}

#[tokio::test]
async fn the_user_parameter_follows_the_query() {
    let server = Server::start(|_| json(200, r#"{"Items": null}"#)).await;
    let expenses = connected(&server).expenses();
    for user in [ExpenseUser::TokenOwner, ExpenseUser::Login("a+b@example.org".to_owned())] {
        let query = ReportQuery { user, limit: Some(5000), ..ReportQuery::default() };
        assert!(expenses.reports(&query).page(None).await.unwrap().items.is_empty());
    }
    let targets: Vec<_> = server.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(
        targets,
        [
            "/api/v3.0/expense/reports?limit=100",
            "/api/v3.0/expense/reports?limit=100&user=a%2Bb%40example.org"
        ]
    );
}
