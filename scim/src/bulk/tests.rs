//! Bulk by the RFC's examples and by what they leave open; the server is a function from calls to outcomes.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{BulkRequest, Call, DEFAULT_LIMITS, Limits, Method, Run, Success};
use crate::{Error, ScimType, urn};

const BASE: &str = "https://bridge.example/scim/v2";

fn request(operations: &Value) -> BulkRequest {
    let body = json!({"schemas": [urn::BULK_REQUEST], "Operations": operations});
    BulkRequest::parse(body, &DEFAULT_LIMITS).unwrap()
}

/// Gives `id-<operation>` to what is created.
#[expect(clippy::unnecessary_wraps, reason = "it stands where a server that can fail stands")]
fn succeed(call: &Call) -> Result<Success, Error> {
    let id = call.id.clone().unwrap_or_else(|| format!("id-{}", call.operation));
    let location = format!("{BASE}{}/{id}", call.resource_type.endpoint);
    let (status, version) = match call.method {
        Method::Post => (201, Some("W/\"1\"")),
        Method::Put | Method::Patch => (200, Some("W/\"2\"")),
        Method::Delete => (204, None),
    };
    Ok(Success { status, id, location, version: version.map(str::to_owned) })
}

/// All calls, and the answer.
fn play(request: BulkRequest, mut serve: impl FnMut(&Call) -> Result<Success, Error>) -> (Vec<Call>, Value) {
    let (mut run, mut calls) = (Run::new(request), Vec::new());
    while let Some(call) = run.next_call() {
        run.settle(serve(&call));
        calls.push(call);
    }
    (calls, run.into_response(BASE))
}

fn order(calls: &[Call]) -> Vec<(usize, &'static str)> {
    calls.iter().map(|call| (call.operation, call.method.as_str())).collect()
}

fn statuses(response: &Value) -> Vec<&str> {
    response["Operations"].as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect()
}

fn user(bulk_id: &str) -> Value {
    json!({"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": {"userName": bulk_id}})
}

fn group(bulk_id: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({"value": format!("bulkId:{id}")})).collect();
    json!({"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": {"displayName": bulk_id, "members": members}})
}

#[test]
fn the_four_methods_are_answered_as_the_rfc_prints_it() {
    let operations = json!([
        {"method": "POST", "path": "/Users", "bulkId": "qwerty", "data": {"userName": "Alice"}},
        {"method": "put", "path": "/Users/b7c1", "version": "W/\"3\"", "data": {"userName": "Bob"}},
        {"method": "PATCH", "path": "Users/5d8d/", "data": {"Operations": [{"op": "remove", "path": "nickName"}]}},
        {"method": "DELETE", "path": "/Users/e902", "version": "W/\"0\""}]);
    let (calls, response) = play(request(&operations), succeed);
    assert_eq!(order(&calls), [(0, "POST"), (1, "PUT"), (2, "PATCH"), (3, "DELETE")]);
    assert_eq!(calls[1].version.as_deref(), Some("W/\"3\""));
    assert_eq!(calls[2].id.as_deref(), Some("5d8d"));
    assert_eq!(
        response,
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"], "Operations": [
            {"method": "POST", "bulkId": "qwerty", "location": format!("{BASE}/Users/id-0"), "version": "W/\"1\"",
                "status": "201"},
            {"method": "PUT", "location": format!("{BASE}/Users/b7c1"), "version": "W/\"2\"", "status": "200"},
            {"method": "PATCH", "location": format!("{BASE}/Users/5d8d"), "version": "W/\"2\"", "status": "200"},
            {"method": "DELETE", "location": format!("{BASE}/Users/e902"), "status": "204"}]})
    );
}

#[test]
fn a_reference_is_replaced_wherever_it_stands() {
    let extension = urn::ENTERPRISE_USER;
    let operations = json!([
        {"method": "POST", "path": "/Users", "bulkId": "bob", "data": {"userName": "Bob", "title": "no bulkId:x",
            extension: {"manager": {"value": "bulkId:alice", "$ref": "../Users/bulkId:alice"}}}},
        user("alice"),
        {"method": "PATCH", "path": "/Groups/g", "data": {"Operations": [
            {"op": "add", "path": "members", "value": [{"value": "bulkId:alice"}, {"value": "bulkId:bob"}]},
            {"op": "remove", "path": "members[value eq \"bulkId:alice\" or value eq \"bulkId:bob\"]"},
            {"op": "replace", "path": format!("{extension}:manager.value"), "value": "bulkId:bob"}]}},
        {"method": "PATCH", "path": "/Users/bulkId:alice", "data": {"Operations": []}}]);
    let (calls, response) = play(request(&operations), succeed);
    assert_eq!(order(&calls), [(1, "POST"), (0, "POST"), (2, "PATCH"), (3, "PATCH")]);
    assert_eq!(calls[1].data[extension]["manager"], json!({"value": "id-1", "$ref": "../Users/id-1"}));
    let operations = &calls[2].data["Operations"];
    assert_eq!(operations[0]["value"], json!([{"value": "id-1"}, {"value": "id-0"}]));
    assert_eq!(operations[1]["path"], "members[value eq \"id-1\" or value eq \"id-0\"]");
    assert_eq!(operations[2]["value"], "id-0");
    assert_eq!(calls[3].id.as_deref(), Some("id-1"));
    assert_eq!(response["Operations"][0]["bulkId"], "bob", "answers keep the order of the request");
}

#[test]
fn operations_on_one_resource_keep_their_order_even_if_the_first_has_to_wait() {
    let add = json!({"Operations": [{"op": "add", "path": "members", "value": [{"value": "bulkId:a"}]}]});
    let operations = json!([
        {"method": "PATCH", "path": "/Groups/g", "data": add},
        {"method": "DELETE", "path": "/Groups/g"},
        {"method": "DELETE", "path": "/Users/old"},
        user("a")]);
    let (calls, _) = play(request(&operations), succeed);
    assert_eq!(order(&calls), [(2, "DELETE"), (3, "POST"), (0, "PATCH"), (1, "DELETE")]);
}

#[test]
fn a_circle_is_created_without_the_reference_and_completed() {
    let (calls, response) = play(request(&json!([group("a", &["b"]), group("b", &["a"])])), succeed);
    assert_eq!(order(&calls), [(0, "POST"), (1, "POST"), (0, "PUT")]);
    assert_eq!(calls[0].data, json!({"displayName": "a", "members": []}));
    assert_eq!(calls[1].data["members"][0]["value"], "id-0");
    assert_eq!(calls[2].data, json!({"displayName": "a", "members": [{"value": "id-1"}]}));
    assert_eq!(calls[2].id.as_deref(), Some("id-0"));
    assert_eq!(statuses(&response), ["201", "201"]);
    assert_eq!(response["Operations"][0]["version"], "W/\"2\"", "that of the completed resource");
}

#[test]
fn one_may_be_ones_own_manager() {
    let extension = urn::ENTERPRISE_USER;
    let boss = json!({"method": "POST", "path": "/Users", "bulkId": "b", "data":
        {"userName": "b", extension: {"department": "d", "manager": {"value": "bulkId:b"}}}});
    let (calls, response) = play(request(&json!([boss])), succeed);
    assert_eq!(order(&calls), [(0, "POST"), (0, "PUT")]);
    assert_eq!(calls[0].data, json!({"userName": "b", extension: {"department": "d"}}));
    assert_eq!(calls[1].data[extension]["manager"]["value"], "id-0");
    assert_eq!(statuses(&response), ["201"]);
}

#[test]
fn a_circle_that_cannot_be_closed_is_409_and_leaves_nothing_half_made() {
    let refuse_put = |call: &Call| match call.method {
        Method::Put => Err(Error::invalid_value("groups have no groups")),
        _ => succeed(call),
    };
    let (calls, response) = play(request(&json!([group("a", &["b"]), group("b", &["a"])])), refuse_put);
    assert_eq!(order(&calls), [(0, "POST"), (1, "POST"), (0, "PUT"), (0, "DELETE")]);
    assert_eq!(statuses(&response), ["409", "201"]);
    assert_eq!(response["Operations"][0]["location"], Value::Null, "a failed POST has no address");

    let refuse_second = |call: &Call| match (call.operation, call.method) {
        (1, _) => Err(Error::uniqueness("taken")),
        _ => succeed(call),
    };
    let (calls, response) = play(request(&json!([group("a", &["b"]), group("b", &["a"])])), refuse_second);
    assert_eq!(order(&calls), [(0, "POST"), (1, "POST"), (0, "DELETE")]);
    assert_eq!(statuses(&response), ["409", "409"]);
}

#[test]
fn who_refers_to_a_failed_operation_fails_and_the_others_go_on() {
    let operations = json!([user("a"), group("g", &["a"]), user("b"),
        {"method": "DELETE", "path": "/Groups/bulkId:g"}, group("h", &["nobody"])]);
    let fail_first =
        |call: &Call| if call.operation == 0 { Err(Error::uniqueness("taken")) } else { succeed(call) };
    let (calls, response) = play(request(&operations), fail_first);
    assert_eq!(order(&calls), [(0, "POST"), (2, "POST")]);
    assert_eq!(statuses(&response), ["409", "409", "201", "409", "400"]);
    let last = &response["Operations"][4]["response"];
    assert_eq!((&last["scimType"], &last["status"]), (&json!("invalidValue"), &json!("400")));
    assert_eq!(response["Operations"][3]["location"], format!("{BASE}/Groups/bulkId:g"));
}

#[test]
fn fail_on_errors_stops_and_what_was_not_processed_is_not_answered() {
    let check = |fail_on_errors: Value, expected: &[&str]| {
        let body = json!({"schemas": [urn::BULK_REQUEST], "FailOnErrors": fail_on_errors,
            "operations": [user("a"), user("b"), user("c"), user("d")]});
        let fail_odd = |call: &Call| match call.operation % 2 {
            0 => Err(Error::uniqueness("taken")),
            _ => succeed(call),
        };
        let (_, response) = play(BulkRequest::parse(body, &DEFAULT_LIMITS).unwrap(), fail_odd);
        assert_eq!(statuses(&response), expected);
    };
    check(json!(1), &["409"]);
    check(json!(0), &["409"]);
    check(json!(2), &["409", "201", "409"]);
    check(json!(3), &["409", "201", "409", "201"]);
    check(json!(null), &["409", "201", "409", "201"]);
}

#[test]
fn a_stop_leaves_no_half_made_resource_behind() {
    let body = json!({"schemas": [urn::BULK_REQUEST], "failOnErrors": 1,
        "Operations": [group("a", &["b"]), group("b", &["c"]), group("c", &["a"])]});
    let fail_third =
        |call: &Call| if call.operation == 2 { Err(Error::internal("no")) } else { succeed(call) };
    let (calls, response) = play(BulkRequest::parse(body, &DEFAULT_LIMITS).unwrap(), fail_third);
    assert_eq!(order(&calls), [(0, "POST"), (2, "POST"), (0, "DELETE")]);
    assert_eq!(statuses(&response), ["409", "500"]);
}

#[test]
fn a_broken_operation_is_answered_for_itself() {
    let cases = [
        (json!("POST"), 400),
        (json!({"path": "/Users", "bulkId": "x", "data": {}}), 400),
        (json!({"method": "GET", "path": "/Users/1"}), 400),
        (json!({"method": "POST", "bulkId": "x", "data": {}}), 400),
        (json!({"method": "POST", "path": "/Users", "data": {}}), 400),
        (json!({"method": "POST", "path": "/Users", "bulkId": "x"}), 400),
        (json!({"method": "POST", "path": "/Users", "bulkId": "x", "data": []}), 400),
        (json!({"method": "POST", "path": "/Users", "bulkId": "y".repeat(257), "data": {}}), 400),
        (json!({"method": "PUT", "path": "/Users/1", "version": 1, "data": {}}), 400),
        (json!({"method": "POST", "path": "/Users/1", "bulkId": "x", "data": {}}), 405),
        (json!({"method": "DELETE", "path": "/Users"}), 405),
        (json!({"method": "DELETE", "path": "/Robots/1"}), 404),
    ];
    for (broken, status) in cases {
        let (calls, response) = play(request(&json!([broken, user("a")])), succeed);
        assert_eq!(order(&calls), [(1, "POST")], "{broken}");
        let result = &response["Operations"][0];
        assert_eq!(result["status"], status.to_string(), "{broken}");
        assert_eq!(result["response"]["schemas"], json!([urn::ERROR]));
    }
}

#[test]
fn a_broken_message_is_refused_as_a_whole() {
    let limits = Limits { max_operations: 2, ..DEFAULT_LIMITS };
    let check = |body: Value, status: u16, scim_type: Option<ScimType>| {
        let error = BulkRequest::parse(body.clone(), &limits).expect_err(&body.to_string());
        assert_eq!((error.status, error.scim_type), (status, scim_type), "{body}");
    };
    let syntax = Some(ScimType::InvalidSyntax);
    let body = |operations: Value| json!({"schemas": [urn::BULK_REQUEST], "Operations": operations});
    check(json!([]), 400, syntax);
    check(json!({"Operations": []}), 400, syntax);
    check(json!({"schemas": [urn::PATCH_OP], "Operations": []}), 400, syntax);
    check(json!({"schemas": [urn::BULK_REQUEST]}), 400, syntax);
    check(json!({"schemas": [urn::BULK_REQUEST], "failOnErrors": "1", "Operations": []}), 400, syntax);
    check(json!({"schemas": [urn::BULK_REQUEST], "failOnErrors": -1, "Operations": []}), 400, syntax);
    check(body(json!([user("a"), user("a")])), 400, syntax);
    check(body(json!([user("a"), user("b"), user("c")])), 413, None);
    assert_eq!(BulkRequest::parse(body(json!([user("a"), user("b")])), &limits).unwrap().len(), 2);
    assert!(BulkRequest::parse(body(json!([])), &limits).unwrap().is_empty());
}

#[test]
fn a_call_without_an_outcome_counts_as_failed() {
    let mut run = Run::new(request(&json!([user("a"), user("b")])));
    run.next_call();
    run.next_call();
    assert_eq!(statuses(&run.into_response(BASE)), ["500"]);
}

proptest! {
    /// Groups that refer to each other in any way: every creation happens once, no call carries a reference, and
    /// what succeeds has in the end exactly the members that were asked for.
    #[test]
    fn any_web_of_references_is_resolved(
        members in proptest::collection::vec(proptest::collection::vec(0_usize..8, 0..4), 1..8),
        failing in proptest::collection::btree_set(0_usize..8, 0..3),
    ) {
        let names: Vec<String> = (0..members.len()).map(|i| format!("g{i}")).collect();
        let wanted: Vec<BTreeSet<usize>> =
            members.iter().map(|list| list.iter().map(|m| m % names.len()).collect()).collect();
        let operations: Vec<Value> = wanted.iter().zip(&names).map(|(list, name)| {
            group(name, &list.iter().map(|i| names[*i].as_str()).collect::<Vec<_>>())
        }).collect();
        let mut held = vec![None; names.len()];
        let (calls, response) = play(request(&operations.into()), |call| {
            if failing.contains(&call.operation) {
                return Err(Error::uniqueness("taken"));
            }
            match call.method {
                Method::Delete => held[call.operation] = None,
                _ => held[call.operation] = Some(call.data["members"].clone()),
            }
            succeed(call)
        });
        prop_assert!(calls.iter().all(|call| !call.data.to_string().contains("bulkId:")));
        for i in 0..names.len() {
            let creations = calls.iter().filter(|c| c.operation == i && c.method == Method::Post).count();
            prop_assert!(creations <= 1);
            let status = response["Operations"][i]["status"].as_str().unwrap().to_owned();
            let ids: Vec<Value> = wanted[i].iter().map(|m| json!({"value": format!("id-{m}")})).collect();
            prop_assert_eq!(&held[i], &(status == "201").then(|| Value::from(ids)));
            if failing.is_empty() {
                prop_assert_eq!(status, "201");
            }
        }
    }
}
