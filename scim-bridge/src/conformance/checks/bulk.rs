//! Bulk: RFC 7644 §3.7.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::Finding;
use super::super::client::{Client, ENTERPRISE, USER, ensure};
use super::checks;

const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

checks! {
    "RFC 7644 §3.7" [156, 157] every_operation_of_a_bulk_has_its_own_result;
    "RFC 7644 §3.7.2" [158] references_between_operations_are_resolved;
    "RFC 7644 §3.7.4" [159] a_bulk_above_the_limits_is_413;
}

/// Passes if Bulk is announced; else it must be refused properly.
async fn offered(client: &Client) -> Result<(), Finding> {
    let announced = client.offers("bulk");
    if announced.is_err() {
        let answer =
            client.send(Method::POST, "/Bulk", &json!({"schemas": [REQUEST], "Operations": []})).await?;
        ensure!(
            [404, 501].contains(&answer.status),
            "Bulk is not announced and is answered {}",
            answer.told()
        );
        answer.is_error()?;
    }
    announced
}

/// The results, after remembering what was made.
async fn bulk(client: &Client, operations: Value) -> Result<Vec<Value>, Finding> {
    let body = json!({"schemas": [REQUEST], "Operations": operations});
    let answer = client.send(Method::POST, "/Bulk", &body).await?;
    ensure!(answer.expect(200)?["schemas"] == json!([RESPONSE]), "not a BulkResponse: {}", answer.told());
    let results = answer.body["Operations"].as_array().cloned().unwrap_or_default();
    for result in &results {
        ensure!(result["status"].is_string(), "a result's status is no text: {result}");
        if result["status"] == "201" {
            let location = result["location"].as_str().unwrap_or_default();
            ensure!(!location.is_empty(), "a created resource without location: {result}");
            client.remember(location);
        }
    }
    Ok(results)
}

async fn every_operation_of_a_bulk_has_its_own_result(client: &Client) -> Result<(), Finding> {
    offered(client).await?;
    let create =
        |id: &str, data: Value| json!({"method": "POST", "path": "/Users", "bulkId": id, "data": data});
    let operations = json!([
        create("a", client.person()),
        create("b", json!({"schemas": [USER]})),
        create("c", client.person()),
    ]);
    let results = bulk(client, operations.clone()).await?;
    let told: Vec<(&Value, &Value)> = results.iter().map(|it| (&it["bulkId"], &it["status"])).collect();
    ensure!(told.len() == 3, "3 operations have {} results", told.len());
    ensure!(
        results[0]["status"] == "201" && results[2]["status"] == "201",
        "a failure stopped the others: {told:?}"
    );
    ensure!(results[1]["status"] == "400", "an operation that must fail: {told:?}");
    ensure!(results[0]["bulkId"] == "a", "bulkId is not echoed: {told:?}");
    let stop = json!({"schemas": [REQUEST], "failOnErrors": 1, "Operations": [
        create("d", json!({"schemas": [USER]})), create("e", client.person())]});
    let answer = client.send(Method::POST, "/Bulk", &stop).await?;
    let results = answer.expect(200)?["Operations"].as_array().map_or(0, Vec::len);
    ensure!(results == 1, "failOnErrors 1: {results} results");
    Ok(())
}

async fn references_between_operations_are_resolved(client: &Client) -> Result<(), Finding> {
    offered(client).await?;
    let mut report = client.person();
    report["schemas"] = json!([USER, ENTERPRISE]);
    report[ENTERPRISE] = json!({"manager": {"value": "bulkId:boss"}});
    let operations = json!([
        {"method": "POST", "path": "/Users", "bulkId": "report", "data": report},
        {"method": "POST", "path": "/Users", "bulkId": "boss", "data": client.person()},
    ]);
    let results = bulk(client, operations).await?;
    let location = |id: &str| {
        let result = results.iter().find(|it| it["bulkId"] == id);
        result.and_then(|it| it["location"].as_str()).unwrap_or_default().to_owned()
    };
    let (report, boss) = (location("report"), location("boss"));
    ensure!(!report.is_empty() && !boss.is_empty(), "not both were created: {results:?}");
    let tail = |location: &str| location.rsplit('/').next().unwrap_or_default().to_owned();
    let read = client.get(&format!("/Users/{}", tail(&report))).await?;
    let manager = &read.expect(200)?[ENTERPRISE]["manager"]["value"];
    ensure!(*manager == tail(&boss), "the manager is {manager} and not {}", tail(&boss));
    Ok(())
}

async fn a_bulk_above_the_limits_is_413(client: &Client) -> Result<(), Finding> {
    offered(client).await?;
    let most = client.config()["bulk"]["maxOperations"].as_u64().unwrap_or_default();
    ensure!(most > 0, "bulk.maxOperations is 0");
    if most > 5_000 {
        return Err(Finding::NotOffered(format!("maxOperations is {most}: too many to try")));
    }
    let one = json!({"method": "DELETE", "path": "/Users/no-such-id"});
    let operations: Vec<_> = (0..=most).map(|_| one.clone()).collect();
    let body = json!({"schemas": [REQUEST], "Operations": operations});
    client.send(Method::POST, "/Bulk", &body).await?.expect_error(413, None)
}
