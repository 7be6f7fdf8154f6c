//! Create, change, bulk, and every rule for reading a status.

use crate::support::{Server, connected, json};
use concur::{
    Error, ProvisionId,
    api::{BULK_BYTES_MAX, BULK_OPERATIONS_MAX},
    model::{BulkOperation, Op, PatchOperation, ProvisionOutcome, ProvisionStatus, Verdict},
};
use serde_json::{Value, json};

const USER: &str = "6f0e2f1c-9a44-4a55-8d0a-0c8f4d3d1a01";
const PROVISION: &str = "0d6fa5d6-6a5d-4a6e-9d5e-0b1c2d3e4f50";
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const SPEND: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:User";
const ROLE: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:Role";

fn title() -> PatchOperation {
    PatchOperation { op: Op::Replace, path: "title".to_owned(), value: Some(json!("Countess")) }
}

#[tokio::test]
async fn create_and_patch_return_the_user_the_provision_and_the_body() {
    let server = Server::start(|_| json(200, json!({"id": USER, "userName": "ada@example.org", "meta": {"provisionId": PROVISION, "version": 3}}))).await;
    let provisioning = connected(&server).provisioning();
    let created = provisioning.create_user(&json!({"userName": "ada@example.org"})).await.unwrap();
    assert_eq!(
        (created.id.to_string(), created.provision_id.to_string()),
        (USER.to_owned(), PROVISION.to_owned())
    );
    assert_eq!(created.body["meta"]["version"], 3);
    let remove = PatchOperation { op: Op::Remove, path: "nickName".to_owned(), value: None };
    let patched = provisioning.patch_user(&created.id, &[title(), remove]).await.unwrap();
    assert_eq!(patched.id, created.id);

    let [post, patch] = &server.requests()[..] else { panic!("two requests") };
    assert_eq!((post.method.as_str(), post.target.as_str()), ("POST", "/profile/v4/Users"));
    assert_eq!(
        (post.header("content-type"), post.header("transfer-encoding")),
        (Some("application/json"), None)
    );
    assert_eq!(post.header("content-length"), Some("30"));
    assert_eq!(
        (patch.method.as_str(), patch.target.as_str()),
        ("PATCH", format!("/profile/v4/Users/{USER}").as_str())
    );
    let operations = json!([{"op": "replace", "path": "title", "value": "Countess"}, {"op": "remove", "path": "nickName"}]);
    assert_eq!(
        patch.json(),
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
    );
}

#[tokio::test]
async fn a_bulk_is_submitted_by_its_id_whatever_its_counters_claim() {
    let server = Server::start(|_| {
        let counts = json!({"total": 1, "success": 1, "failed": 0, "pending": 0});
        json(202, json!({"id": PROVISION, "status": {"completed": true, "success": true}, "operationsCount": counts}))
    })
    .await;
    let operations = [
        BulkOperation::create("op-1", json!({"userName": "a"})),
        BulkOperation::patch("op-2", &USER.parse().unwrap(), &[title()]),
    ];
    let submitted = connected(&server).provisioning().bulk(&operations).await.unwrap();
    assert_eq!(submitted.provision_id.to_string(), PROVISION);
    let sent = server.requests()[0].json();
    assert_eq!(
        sent["Operations"][0],
        json!({"method": "POST", "path": "/Users", "bulkId": "op-1", "data": {"userName": "a"}})
    );
    assert_eq!(sent["Operations"][1]["path"], format!("/Users/{USER}"));
    assert!(sent.get("failOnErrors").is_none());
}

#[tokio::test]
async fn a_bulk_over_a_limit_is_not_sent() {
    let server = Server::start(|_| json(202, json!({"id": PROVISION}))).await;
    let provisioning = connected(&server).provisioning();
    let many = |count: usize| {
        (0..count).map(|n| BulkOperation::create(format!("op-{n}"), json!({}))).collect::<Vec<_>>()
    };
    let large = |bytes: usize| {
        let mut operation = BulkOperation::create("op", json!({"x": ""}));
        let rest = bytes
            - operation.encoded_len()
            - r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[]}"#.len()
            + 1;
        operation.data = json!({"x": "x".repeat(rest)});
        vec![operation]
    };
    let twice = vec![BulkOperation::create("same", json!({})), BulkOperation::create("same", json!({}))];
    for (operations, fits) in [
        (many(BULK_OPERATIONS_MAX), true),
        (many(BULK_OPERATIONS_MAX + 1), false),
        (large(BULK_BYTES_MAX), true),
        (large(BULK_BYTES_MAX + 1), false),
        (many(0), false),
        (twice, false),
        (vec![BulkOperation::create("", json!({}))], false),
    ] {
        let answer = provisioning.bulk(&operations).await;
        assert_eq!(answer.is_ok(), fits, "{answer:?}");
        assert!(fits || matches!(answer, Err(Error::Limit { .. })));
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_status_is_read_over_all_its_pages_and_only_for_the_id_that_was_asked() {
    let server = Server::start(|request| {
        let url = url::Url::parse(&format!("http://x{}", request.target)).unwrap();
        let query = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let start: usize = query("startIndex").map_or(0, |start| start.parse().unwrap());
        let operations: Vec<Value> = (start..=(start + 99).min(250))
            .filter(|_| query("attributes").as_deref() == Some("operations"))
            .map(|n| json!({"id": n.to_string(), "bulkId": format!("op-{n}"), "status": {"completed": true, "success": true}}))
            .collect();
        let counts = json!({"total": 250, "success": 250, "failed": 0});
        json(200, json!({"id": PROVISION, "status": {"completed": true, "success": true}, "operationsCount": counts, "totalResults": 250, "operations": operations}))
    })
    .await;
    let provisioning = connected(&server).provisioning();
    let id: ProvisionId = PROVISION.parse().unwrap();
    let status = provisioning.status(&id).await.unwrap();
    assert_eq!(status.operations.len(), 250);
    assert_eq!(server.requests().len(), 3);
    assert!(
        server.requests()[0]
            .target
            .starts_with(&format!("/profile/v4/provisions/{PROVISION}/status?attributes=operations"))
    );
    let summary = provisioning.status_summary(&id).await.unwrap();
    assert_eq!(summary.outcome(), ProvisionOutcome::Completed { success: true, operations: vec![] });
    assert!(!server.requests()[3].target.contains('?'));

    let error = provisioning.status(&USER.parse().unwrap()).await.unwrap_err();
    assert!(matches!(&error, Error::Decode { path, .. } if path == "id"), "{error}");
}

fn status(operations: &Value) -> ProvisionStatus {
    serde_json::from_value(
        json!({"id": PROVISION, "status": {"completed": true, "success": false}, "operations": operations}),
    )
    .unwrap()
}

fn failed(code: &str, message: Option<&str>, path: Option<&str>) -> Verdict {
    Verdict::Failed {
        code: Some(code.to_owned()),
        message: message.map(str::to_owned),
        path: path.map(str::to_owned),
    }
}

#[test]
fn a_status_is_pending_until_it_is_completed_and_its_counters_agree() {
    #[track_caller]
    fn check(body: &Value, pending: bool) {
        let status: ProvisionStatus = serde_json::from_value(body.clone()).unwrap();
        assert_eq!(status.outcome() == ProvisionOutcome::Pending, pending, "{body}");
    }
    let with = |completed: Value, counts: Value| json!({"id": PROVISION, "status": {"completed": completed, "success": true}, "operationsCount": counts});
    check(&with(json!(false), json!(null)), true);
    check(&with(json!(null), json!(null)), true);
    check(&json!({"id": PROVISION}), true);
    check(&with(json!(true), json!(null)), false);
    check(&with(json!(true), json!({"total": 10, "success": 8, "failed": 2})), false);
    check(&with(json!(true), json!({"total": 10, "success": 8, "failed": 1, "pending": 1})), false);
    check(&with(json!(true), json!({"total": 10, "success": 8, "failed": 1, "pending": 0})), true);
}

#[test]
fn each_operation_and_extension_gets_its_verdict() {
    #[track_caller]
    fn check(operation: Value, verdict: &Verdict, identity_failed: bool, extensions: &[(&str, Verdict)]) {
        let ProvisionOutcome::Completed { operations, .. } = status(&json!([operation])).outcome() else {
            panic!("completed")
        };
        let found: Vec<_> =
            operations[0].extensions.iter().map(|e| (e.name.as_str(), e.verdict.clone())).collect();
        assert_eq!((&operations[0].verdict, found), (verdict, extensions.to_vec()), "{operation}");
        assert_eq!(operations[0].identity_failed(), identity_failed, "{operation}");
    }
    let extension = |name: &str, result: &str| {
        let success = if result == "error" { json!(false) } else { json!(true) };
        json!({"name": name, "status": {"completed": true, "success": success, "code": if success == false { "400" } else { "200" }, "result": result}})
    };
    let operation = |success: Value, extensions: Value| json!({"id": "1", "bulkId": "b", "status": {"completed": true, "success": success}, "resource": {"id": USER, "type": "User"}, "extensions": extensions});
    let refusal = |name: &str| {
        let mut refused = extension(name, "error");
        refused["messages"] = json!([{"type": "warning", "message": "W"}, {"code": "INVALID_VALUE", "message": "Bad currency", "schemaPath": "x", "type": "error"}]);
        refused
    };
    let bad = failed("400", Some("Bad currency"), Some("x"));

    // All well; nothing to do; nothing listed.
    check(
        operation(json!(true), json!([extension(CORE, "success"), extension(ROLE, "no-op")])),
        &Verdict::Success,
        false,
        &[(CORE, Verdict::Success), (ROLE, Verdict::NoOp)],
    );
    check(
        operation(json!(true), json!([extension(CORE, "no-op")])),
        &Verdict::NoOp,
        false,
        &[(CORE, Verdict::NoOp)],
    );
    check(operation(json!(true), json!([])), &Verdict::Success, false, &[]);
    // Identity failed: nothing else was processed.
    check(
        operation(json!(false), json!([extension(SPEND, "no-op"), refusal(CORE)])),
        &bad,
        true,
        &[(SPEND, Verdict::Blocked), (CORE, bad.clone())],
    );
    // Spend failed: the identity is saved, roles were blocked by it.
    check(
        operation(
            json!(false),
            json!([extension(CORE, "success"), refusal(SPEND), extension(ROLE, "no-op")]),
        ),
        &bad,
        false,
        &[(CORE, Verdict::Success), (SPEND, bad.clone()), (ROLE, Verdict::Blocked)],
    );
    // "Success" with an extension in error is no success.
    check(operation(json!(true), json!([refusal(SPEND)])), &bad, false, &[(SPEND, bad.clone())]);
    // The operation alone has failed; its error is told in a member nobody has ever shown.
    let mut alone = operation(json!(false), json!([extension(SPEND, "no-op")]));
    (alone["status"]["code"], alone["error"]) = (json!(500), json!({"message": "Broken"}));
    check(alone, &failed("500", Some("Broken"), None), true, &[(SPEND, Verdict::Blocked)]);
    // Unfinished and untouched.
    check(
        operation(json!(null), json!([extension(SPEND, "processing")])),
        &Verdict::Pending,
        false,
        &[(SPEND, Verdict::Pending)],
    );
    check(
        operation(json!(true), json!([extension(CORE, "success"), extension(SPEND, "not-processed")])),
        &Verdict::NotProcessed,
        false,
        &[(CORE, Verdict::Success), (SPEND, Verdict::NotProcessed)],
    );
    check(
        json!({"bulkId": "b", "status": {"completed": true, "success": true}, "extensions": [{"name": CORE}]}),
        &Verdict::Pending,
        false,
        &[(CORE, Verdict::Pending)],
    );
}

#[test]
fn warnings_are_kept_with_success_and_messages_may_be_one_object() {
    let warning = json!({"code": "CIRCLE", "message": "The manager was dropped", "type": "WARNING"});
    let extension = json!({"name": SPEND, "status": {"completed": true, "success": true, "result": "success"}, "messages": warning});
    let body = json!([{"id": 1, "status": {"completed": true, "success": true}, "extensions": [extension]}]);
    let ProvisionOutcome::Completed { operations, .. } = status(&body).outcome() else { panic!("completed") };
    assert_eq!(operations[0].verdict, Verdict::Success);
    assert_eq!(operations[0].extensions[0].warnings[0].code.as_deref(), Some("CIRCLE"));
    assert_eq!((operations[0].user_id, &operations[0].bulk_id), (None, &None));
}

#[test]
fn the_documented_samples_can_be_read() {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/concur/examples/ups-v4");
    let Ok(files) = std::fs::read_dir(samples) else {
        println!("skipped: no reference material");
        return;
    };
    let mut read = 0;
    for file in files
        .map(|file| file.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("provision-status"))
    {
        let status: ProvisionStatus = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        assert!(status.counts_add_up(), "{}", file.display());
        let verdicts: Vec<_> =
            status.operations.iter().map(|operation| operation.outcome().verdict).collect();
        assert!(!verdicts.contains(&Verdict::Pending), "{}: {verdicts:?}", file.display());
        read += 1;
    }
    assert!(read >= 4, "{read}");
}
