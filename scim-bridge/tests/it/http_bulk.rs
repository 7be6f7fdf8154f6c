//! Bulk over HTTP, RFC 7644 §3.7: each operation by itself, references, limits, and Concur's word on all of them at once.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{House, everywhere, send, user, with};

const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

async fn bulk(house: &House, operations: Value) -> Value {
    ask(house, &json!({"schemas": [BULK], "Operations": operations})).await.expect(200)
}

async fn ask(house: &House, body: &Value) -> crate::harness::Answer {
    house.write(Method::POST, "/scim/v2/Bulk", body).await
}

fn create(bulk_id: &str, data: &Value) -> Value {
    json!({"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data})
}

fn statuses(response: &Value) -> Vec<&str> {
    let operations = response["Operations"].as_array().unwrap();
    operations.iter().map(|operation| operation["status"].as_str().unwrap()).collect()
}

fn id_of(result: &Value) -> &str {
    result["location"].as_str().unwrap().rsplit('/').next().unwrap()
}

/// Checklist 156, 157.
#[tokio::test(flavor = "multi_thread")]
async fn each_operation_is_done_by_itself_and_answered_in_order() {
    everywhere(async |house| {
        let first = bulk(house, json!([create("a", &user("a@example.com")), create("b", &user("b@example.com"))])).await;
        assert_eq!(first["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]));
        assert_eq!(statuses(&first), ["201", "201"]);
        let (a, b) = (first["Operations"][0].clone(), first["Operations"][1].clone());
        assert_eq!((&a["bulkId"], &a["method"]), (&json!("a"), &json!("POST")));
        let read = house.get(&format!("/Users/{}", id_of(&a))).await.expect(200);
        assert_eq!((&read["userName"], &read["meta"]["location"]), (&json!("a@example.com"), &a["location"]));
        assert_eq!(read["meta"]["version"], a["version"]);

        let title = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "title", "value": "Lead"}]});
        let second = bulk(house, json!([
            {"method": "PATCH", "path": format!("/Users/{}", id_of(&a)), "version": a["version"], "data": title},
            {"method": "PATCH", "path": format!("/Users/{}", id_of(&a)), "version": a["version"], "data": title},
            {"method": "DELETE", "path": format!("/Users/{}", id_of(&b))},
            create("c", &user("A@example.com")),
            {"method": "PUT", "path": "/Users/unknown", "data": user("d@example.com")},
            create("e", &user("e@example.com")),
        ]))
        .await;
        assert_eq!(statuses(&second), ["200", "412", "204", "409", "404", "201"]);
        assert_eq!(second["Operations"][3]["response"]["scimType"], "uniqueness");
        assert_eq!(house.get(&format!("/Users/{}", id_of(&a))).await.expect(200)["title"], "Lead");
        house.get(&format!("/Users/{}", id_of(&b))).await.expect_error(404, None);
        assert_eq!(house.get("/Users").await.expect(200)["totalResults"], 2);
    })
    .await;
}

/// Checklist 158.
#[tokio::test(flavor = "multi_thread")]
async fn references_to_what_is_created_are_resolved_in_whatever_order_and_in_circles() {
    everywhere(async |house| {
        let managed = |name: &str, manager: &str| {
            let mut user = user(name);
            user[ENTERPRISE] = json!({"manager": {"value": format!("bulkId:{manager}")}});
            user
        };
        let response = bulk(
            house,
            json!([
                create("report", &managed("report@example.com", "boss")),
                create("boss", &user("boss@example.com")),
                create("x", &managed("x@example.com", "y")),
                create("y", &managed("y@example.com", "x")),
                create("z", &managed("z@example.com", "nobody")),
            ]),
        )
        .await;
        assert_eq!(&statuses(&response)[..4], ["201", "201", "201", "201"]);
        assert!(statuses(&response)[4].starts_with('4'), "{response}");
        let boss_of = async |n: usize| {
            let user = house.get(&format!("/Users/{}", id_of(&response["Operations"][n]))).await.expect(200);
            user[ENTERPRISE]["manager"]["value"].as_str().unwrap().to_owned()
        };
        assert_eq!(boss_of(0).await, id_of(&response["Operations"][1]));
        assert_eq!(boss_of(2).await, id_of(&response["Operations"][3]));
        assert_eq!(boss_of(3).await, id_of(&response["Operations"][2]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fail_on_errors_leaves_the_rest() {
    everywhere(async |house| {
        let twice = user("twice@example.com");
        let operations =
            json!([create("a", &twice), create("b", &twice), create("c", &user("c@example.com"))]);
        let body = json!({"schemas": [BULK], "failOnErrors": 1, "Operations": operations});
        let mut changed = body.clone();
        changed["Operations"][1]["data"]["title"] = "another".into();
        assert_eq!(statuses(&ask(house, &changed).await.expect(200)), ["201", "409"]);
        assert_eq!(house.get("/Users").await.expect(200)["totalResults"], 1);
    })
    .await;
}

/// Checklist 159.
#[tokio::test(flavor = "multi_thread")]
async fn beyond_its_limits_nothing_is_done_and_the_limits_are_announced() {
    let small = |config: &mut scim_bridge::config::Config| {
        config.limits.bulk_operations = 3;
        config.limits.bulk_body_bytes = 8 * 1024;
    };
    with(small, async |house| {
        let creates = |count: usize| -> Vec<Value> {
            (0..count).map(|n| create(&n.to_string(), &user(&format!("u{n}@example.com")))).collect()
        };
        ask(house, &json!({"schemas": [BULK], "Operations": creates(4)})).await.expect_error(413, None);
        let mut large = json!({"schemas": [BULK], "Operations": creates(1)});
        large["Operations"][0]["data"]["title"] = "x".repeat(8 * 1024).into();
        ask(house, &large).await.expect_error(413, None);
        assert_eq!(house.get("/Users").await.expect(200)["totalResults"], 0);
        assert_eq!(statuses(&bulk(house, creates(3).into()).await), ["201"; 3]);
        let offered = house.get("/scim/v2/ServiceProviderConfig").await.expect(200)["bulk"].clone();
        assert_eq!(offered, json!({"supported": true, "maxOperations": 3, "maxPayloadSize": 8 * 1024}));
        ask(house, &json!({"schemas": [BULK]})).await.expect_error(400, Some("invalidSyntax"));
        send(house.request(Method::GET, "/scim/v2/Bulk")).await.expect_error(405, None);
    })
    .await;
}

/// Concur keeps employee numbers unique in the company; SCIM does not, so only Concur can refuse.
#[tokio::test(flavor = "multi_thread")]
async fn what_concur_refuses_in_time_is_taken_back_and_says_so_in_its_result() {
    everywhere(async |house| {
        let numbered = |user_name: &str, number: &str| {
            let mut user = user(user_name);
            user[ENTERPRISE] = json!({"employeeNumber": number});
            user
        };
        let response = bulk(
            house,
            json!([
                create("a", &numbered("a@example.com", "E-1")),
                create("b", &numbered("b@example.com", "E-1")),
                create("c", &numbered("c@example.com", "E-2")),
            ]),
        )
        .await;
        let mut found = statuses(&response);
        assert_eq!(found.pop(), Some("201"));
        found.sort_unstable();
        assert_eq!(found, ["201", "409"], "{response}");
        assert_eq!(house.get("/Users").await.expect(200)["totalResults"], 2);
    })
    .await;
}
