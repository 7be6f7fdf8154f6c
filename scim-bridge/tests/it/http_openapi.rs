//! The OpenAPI document beside the server that it describes. That answers are as described is seen to by `contract`, on
//! every answer of every test.

use std::collections::BTreeSet;

use reqwest::Method;
use scim_bridge::http::routes::{self, Access};
use serde_json::Value;

use crate::contract;
use crate::harness::{everywhere, send, token};

/// Method, path, and what is said of it.
fn described() -> Vec<(String, String, Value)> {
    let document = contract::document();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    all
}

#[test]
fn every_address_is_described_with_its_scope_and_no_other() {
    let told: BTreeSet<_> = described()
        .into_iter()
        .map(|(method, path, operation)| {
            let scope = operation["security"][0]["bearer"][0].as_str().unwrap_or_default().to_owned();
            (method, path, scope)
        })
        .collect();
    let served: BTreeSet<_> = routes::all()
        .into_iter()
        .filter(|route| route.path.starts_with("/api/v1/") && route.path != "/api/v1/openapi.json")
        .map(|route| match route.access {
            Access::Account(scope) | Access::Installation(scope) => {
                (route.method, route.path, scope.to_string())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, served);
}

#[test]
fn every_reference_leads_somewhere_and_every_name_is_used_once() {
    let document = contract::document();
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is not described");
    }
    let ids: Vec<_> =
        described().into_iter().map(|(.., it)| it["operationId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
}

#[test]
fn the_document_in_the_repository_is_the_one_that_is_served() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let kept = std::fs::read_to_string(&file).unwrap();
    let now = scim_bridge::http::openapi::document().to_pretty_json().unwrap();
    assert!(
        kept.trim_end() == now.trim_end(),
        "docs/openapi.json is not what the server says of itself; look at the difference, then \
         `cargo run -p scim-bridge -- openapi > docs/openapi.json`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_take_the_parameters_that_are_described_and_no_others() {
    everywhere(async |house| {
        assert_eq!(house.bare(Method::GET, "/api/v1/openapi.json").send().await.unwrap().status(), 200);
        let admin = token(house.store(), None, &["admin"]).await;
        for (method, path, operation) in described() {
            if method != "GET" || path.contains('{') {
                continue;
            }
            let told: BTreeSet<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|it| it["name"].as_str().unwrap())
                .collect();
            let asked = format!("{path}?colour=red");
            let asked = match path.as_str() {
                // The one that speaks for the whole installation.
                "/api/v1/accounts" => house.bare(Method::GET, &asked).bearer_auth(&admin),
                _ => house.request(Method::GET, &asked),
            };
            let refused = send(asked).await.expect(400);
            let detail = refused["detail"].as_str().unwrap();
            let taken = detail.split("there are ").nth(1).unwrap_or_default();
            let taken: BTreeSet<&str> = taken.split(", ").filter(|name| !name.is_empty()).collect();
            assert_eq!(taken, told, "{path}: {detail}");
        }
    })
    .await;
}
